//! Markdown, by its marks. Every text is valid Markdown, so that only a text that uses marks on purpose is taken
//! as such.

/// Lines that are looked at.
const MAX_LINES: usize = 2_000;

#[derive(Default)]
struct Signals {
    headings: u32,
    /// Headings below the first level, which comments hardly look like.
    subheadings: u32,
    fences: u32,
    links: u32,
    tables: u32,
    emphasis: u32,
    items: u32,
    quotes: u32,
}

/// Whether marks of two kinds are there, one of them a kind that plain text does not use by itself; or marks that
/// nothing else has.
pub(super) fn is_markdown(text: &str) -> bool {
    // A program's first line, whose comments look like headings.
    if text.starts_with("#!") {
        return false;
    }
    let s = signals(text);
    let strong = [s.headings > 0, s.fences >= 2, s.links > 0, s.emphasis > 0].into_iter().filter(|&b| b).count();
    let weak = s.items >= 2 || s.quotes > 0;
    let sections = s.headings >= 2 && s.subheadings > 0;
    s.tables > 0 || sections || strong >= 2 || (weak && (s.headings > 0 || s.fences >= 2 || s.links > 0))
}

fn signals(text: &str) -> Signals {
    let mut s = Signals::default();
    let mut fenced = false;
    let mut previous = "";
    let mut lines = text.lines().take(MAX_LINES).peekable();
    while let Some(line) = lines.next() {
        let body = line.trim_start();
        if body.starts_with("```") || body.starts_with("~~~") {
            s.fences += 1;
            fenced = !fenced;
        } else if !fenced {
            let next = lines.peek().copied().unwrap_or("");
            // Headings stand apart; comments of a program stand on the code they explain.
            let apart = previous.trim().is_empty() || next.trim().is_empty();
            if apart && is_heading(line) {
                s.headings += 1;
                s.subheadings += u32::from(line.starts_with("##"));
            }
            s.tables += u32::from(line.contains('|') && is_table_rule(body) && previous.contains('|'));
            s.items += u32::from(is_item(body));
            s.quotes += u32::from(body.starts_with("> "));
            s.links += count_links(body);
            s.emphasis += u32::from(has_emphasis(body));
        }
        previous = line;
    }
    s
}

fn is_heading(line: &str) -> bool {
    let rest = line.trim_start_matches('#');
    let marks = line.len() - rest.len();
    // `####...` is a rule, `# ---` too.
    (1..=6).contains(&marks) && rest.starts_with(' ') && rest.contains(char::is_alphanumeric)
}

/// `|---|:--:|`, which stands below the first row of a table.
fn is_table_rule(line: &str) -> bool {
    line.contains("--") && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '\t'))
}

fn is_item(line: &str) -> bool {
    let numbered = line.trim_start_matches(|c: char| c.is_ascii_digit());
    ["- ", "* ", "+ "].iter().any(|mark| line.starts_with(mark))
        || (numbered.len() < line.len() && numbered.starts_with(". "))
}

/// `[text](target)` and `[label]: target`.
fn count_links(line: &str) -> u32 {
    let inline = line.match_indices("](").filter(|&(at, _)| {
        let target = &line[at + 2..];
        line[..at].contains('[') && target.find(')').is_some_and(|end| end > 0 && !target[..end].contains(' '))
    });
    let defined = line.starts_with('[') && line.split_once("]: ").is_some_and(|(_, rest)| rest.contains("://"));
    inline.count() as u32 + u32::from(defined)
}

/// `**strong**`, `__strong__` or `` `code` `` with something next to the marks on the inside.
fn has_emphasis(line: &str) -> bool {
    ["**", "__", "`"].iter().any(|mark| {
        let mut parts = line.split(mark).skip(1);
        // Every second part stands between two marks.
        let inside = parts.next().filter(|_| parts.next().is_some());
        inside.is_some_and(|text| {
            !text.is_empty() && !text.starts_with([' ', '*', '_']) && !text.ends_with([' ', '*', '_'])
        })
    })
}
