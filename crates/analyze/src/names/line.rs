//! Line ends that part what they stand between, as in lists and signatures, told from those where prose merely reached the
//! edge of the page.

use docmill_model::ByteSpan;

/// Where the longest line has fewer bytes, lines are taken for items of a list, unless one in four begins with a small
/// letter, as the lines of a narrow column do.
const NARROW: usize = 50;

/// Words with which no item of a list ends: a line that ends with one goes on in the next.
const OPEN: &[&str] = &["&", "and", "at", "by", "for", "in", "of", "on", "the", "to", "with"];

/// Cuts a stretch of a text at tabs, empty lines, and the line ends that its author made: those of lines in which the
/// next word would still have had room. Linear time.
pub(super) fn lines(text: &str, stretch: ByteSpan) -> Vec<ByteSpan> {
    let mut out = Vec::new();
    let mut at = stretch.start;
    for paragraph in text[stretch.start..stretch.end].split("\n\n") {
        cut(text, ByteSpan::new(at, at + paragraph.len()), &mut out);
        at += paragraph.len() + "\n\n".len();
    }
    out.retain(|piece| !text[piece.start..piece.end].trim().is_empty());
    out
}

fn cut(text: &str, paragraph: ByteSpan, out: &mut Vec<ByteSpan>) {
    let lines: Vec<&str> = text[paragraph.start..paragraph.end].split_inclusive(['\n', '\t']).collect();
    let width = lines.iter().map(|line| line.len()).max().unwrap_or(0);
    let small = lines.iter().skip(1).filter(|line| line.trim_start().starts_with(char::is_lowercase)).count();
    let wrapped = width >= NARROW || small * 4 >= lines.len();
    let goes_on = |line: &str, next: &str| {
        let Some(first) = next.split_whitespace().next() else { return false };
        let last = line.split_whitespace().next_back().unwrap_or_default();
        // Proportional type and ragged edges: three quarters of the longest line count as full.
        let full = (line.len() + first.len()) * 4 > width * 3;
        !line.ends_with('\t') && (wrapped && full || OPEN.iter().any(|word| last.eq_ignore_ascii_case(word)))
    };
    let (mut start, mut end) = (paragraph.start, paragraph.start);
    for (index, line) in lines.iter().enumerate() {
        end += line.len();
        if !lines.get(index + 1).is_some_and(|next| goes_on(line, next)) {
            out.push(ByteSpan::new(start, end));
            start = end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<_> =
            lines(text, ByteSpan::new(0, text.len())).iter().map(|p| text[p.start..p.end].trim()).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn a_line_with_room_for_the_next_word_ends_what_stands_on_it() {
        check("", &[]);
        check("one line", &["one line"]);
        let prose = "The restoration of the lens of Harrow Point was begun in\n1979 by the firm of Okafor and its partners, who had been\nasked by the trustees.";
        check(prose, &[prose]);
        check("Trustees of the Museum of\nNavigation\nHarrow", &["Trustees of the Museum of\nNavigation", "Harrow"]);
        check("a narrow column\nof a leaflet that\nhas names", &["a narrow column\nof a leaflet that\nhas names"]);
        check("Date\tPayee of\tAcme", &["Date", "Payee of", "Acme"]);
        check("Anna Schmidt\nBo Li\nDirector\nAcme", &["Anna Schmidt", "Bo Li", "Director", "Acme"]);
        check(
            "Kind regards from all of us here at the Harrow Point Museum\n\nAnna Schmidt\nDirector",
            &["Kind regards from all of us here at the Harrow Point Museum", "Anna Schmidt", "Director"],
        );
    }
}
