//! Documents that misbehave on demand, so that tests can see a child die in each way. Only in builds with the feature
//! `mock`, which nothing but tests asks for.
//!
//! A file that begins with `docmill-mock: ` and one of these words does, inside the child, what the word says:
//! `abort`, `exit`, `stack`, `hang`, `memory`, `output`, or `step`, which reads one page more than the attempt before,
//! dies, and comes to its end at the fifth page.

use std::time::Duration;

use docmill_extract::{Flow, Member, Options, Sink, Summary};
use docmill_model::{Block, BlockKind, MediaType, Page, PageSize, Span};

use super::{ChildSink, Frame};

const HEAD: &str = "docmill-mock: ";
/// Pages that `step` has: more than the deaths after which a document is given up.
const STEPS: u32 = 5;

/// Does what the bytes ask for; `true` when the document was read by that.
pub(super) fn reads(bytes: &[u8], options: &Options, sink: &mut ChildSink<'_>) -> bool {
    let word = std::str::from_utf8(bytes).ok().and_then(|text| text.strip_prefix(HEAD)?.split_whitespace().next());
    match word {
        Some("abort") => std::process::abort(),
        Some("exit") => std::process::exit(7),
        Some("stack") => drop(descend(1)),
        Some("hang") => loop {
            std::thread::sleep(Duration::from_secs(1));
        },
        Some("memory") => {
            let mut held = Vec::new();
            loop {
                held.push(vec![1_u8; 1 << 20]);
            }
        }
        Some("output") => {
            let piece = vec![b'x'; 1 << 16];
            let mut number = 0;
            while sink.member(Member { name: format!("{number}.txt") }, &piece) == Flow::Continue {
                number += 1;
            }
        }
        Some("step") => {
            step(options.first_page, sink);
            return true;
        }
        _ => {}
    }
    false
}

/// Has no end but that of the stack.
#[allow(unconditional_recursion)]
fn descend(depth: u64) -> u64 {
    let here = std::hint::black_box([depth; 64]);
    descend(depth + 1) + here[0]
}

fn step(first: u32, sink: &mut ChildSink<'_>) {
    let page = |number| {
        let text = format!("Paid on {number} May 2024.\n");
        let span = Span::new(0, text.chars().count() as u32 - 1);
        let block = Block { kind: BlockKind::Paragraph, span, path: String::new() };
        let size = Some(PageSize { width: 59_500, height: 84_200 });
        Page { number, size, text, blocks: vec![block], ..Page::default() }
    };
    let _ = sink.page(page(first));
    if first < STEPS {
        // What is sent is saved when the next page comes.
        let _ = sink.page(page(first + 1));
        std::process::abort();
    }
    sink.send(&Frame::End(Ok(Summary { media_type: MediaType::Text, pages: STEPS, warnings: Vec::new() })));
}
