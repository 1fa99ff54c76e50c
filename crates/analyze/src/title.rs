//! What a document calls itself.

use docmill_model::{Block, BlockKind, Text};

/// Characters of the text among which a title begins: a heading further on is that of a part.
const REACH: u32 = 1000;
/// Characters kept of a title.
const LONGEST: usize = 200;

/// The subject of a mail, or else the first heading at the beginning of the text. In one line.
pub fn title(text: &Text, blocks: &[Block]) -> Option<String> {
    let first = blocks.iter().take_while(|block| block.span.start < REACH);
    let header = blocks.first().filter(|block| block.kind == BlockKind::MailHeader);
    let title = match header {
        Some(header) => text.slice(header.span).lines().rev().find_map(|line| line.strip_prefix("Subject:")),
        None => first.into_iter().find(|b| b.kind == BlockKind::Heading).map(|heading| text.slice(heading.span)),
    }?;
    let line = title.split_whitespace().collect::<Vec<_>>().join(" ");
    let short: String = line.chars().take(LONGEST).collect();
    (!short.is_empty()).then(|| short.trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use docmill_model::Span;

    use super::*;

    #[test]
    fn a_mail_is_called_by_its_subject_and_another_document_by_its_first_heading() {
        let check = |parts: &[(BlockKind, &str)], expected: Option<&str>| {
            let (mut text, mut blocks) = (String::new(), Vec::new());
            for (kind, body) in parts {
                let start = text.chars().count() as u32;
                text.push_str(body);
                blocks.push(Block {
                    kind: *kind,
                    span: Span::new(start, text.chars().count() as u32),
                    path: String::new(),
                });
                text.push('\n');
            }
            assert_eq!(title(&Text::new(text), &blocks).as_deref(), expected, "{parts:?}");
        };
        use BlockKind::{Heading, MailHeader, Paragraph};
        check(&[(MailHeader, "From: a@b.org\nSubject:  Net   rent "), (Heading, "Hello")], Some("Net rent"));
        check(&[(MailHeader, "From: a@b.org"), (Heading, "Hello")], None);
        check(&[(MailHeader, "Subject: "), (Heading, "Hello")], None);
        check(&[(Paragraph, "ACME"), (Heading, "Lease\nof a flat"), (Heading, "Rent")], Some("Lease of a flat"));
        check(&[(Paragraph, &"x".repeat(1000)), (Heading, "Rent")], None);
        check(&[(Heading, &"ä ".repeat(500))], Some(format!("{}ä", "ä ".repeat(99)).as_str()));
        check(&[], None);
    }
}
