//! Plain text in any charset. The page's text is the file's own, character by character: only bytes that are
//! no characters are replaced, and a line feed is added at the end when it is missing.

mod charset;

use docmill_model::MediaType;

pub(crate) use charset::{Decoder, decode, is_control};

use crate::draft::{Draft, replaced};
use crate::{Bytes, Error, Options, Sink, Summary};

pub fn extract(bytes: &Bytes, options: &Options, sink: &mut dyn Sink) -> Result<Summary, Error> {
    extract_as(MediaType::Text, bytes.as_ref().as_ref(), options, sink)
}

/// Reads text of some other type as it stands.
pub(crate) fn extract_as(
    media_type: MediaType,
    bytes: &[u8],
    options: &Options,
    sink: &mut dyn Sink,
) -> Result<Summary, Error> {
    let decoded = decode(bytes, None, options.max_chars);
    let mut text = decoded.text;
    let cut = decoded.cut || (!text.ends_with('\n') && text.chars().count() >= options.max_chars as usize);
    if cut && !text.ends_with('\n') {
        // Room for the line feed at the end.
        text.pop();
    }
    let draft = Draft::of_paragraphs(text, options, cut);
    draft.deliver(media_type, replaced(decoded.replaced).into_iter().collect(), options, sink)
}

#[cfg(test)]
mod tests {
    use docmill_model::Code;

    use crate::testing::{extract_as, paths};
    use crate::{Options, text};

    fn check(bytes: &[u8], expected: &str, blocks: &[&str]) {
        let (page, summary) = extract_as(text::extract, bytes, &Options::default());
        assert_eq!(page.text, expected);
        assert_eq!(paths(&page), blocks);
        assert_eq!(summary.pages, 1);
    }

    #[test]
    fn paragraphs_end_at_blank_lines_whatever_the_line_ends() {
        check(b"one\ntwo\n\n \nthree", "one\ntwo\n\n \nthree\n", &["p1: one\ntwo", "p2: three"]);
        check(b"one\r\ntwo\r\n\r\nthree\r\n", "one\r\ntwo\r\n\r\nthree\r\n", &["p1: one\r\ntwo", "p2: three"]);
        check(b"one\rtwo\r\rthree", "one\rtwo\r\rthree\n", &["p1: one\rtwo", "p2: three"]);
        check(b"a\x0cb", "a\x0cb\n", &["p1: a\x0cb"]);
    }

    #[test]
    fn white_space_alone_is_no_text() {
        let (page, summary) = extract_as(text::extract, b" \n\t\r\n", &Options::default());
        assert_eq!(page.text, "");
        assert_eq!(summary.warnings[0].code, Code::NO_TEXT);
    }

    #[test]
    fn text_past_the_limit_is_cut_and_told() {
        let options = Options { max_chars: 5, ..Options::default() };
        for (source, expected, cut) in [
            ("abcd", "abcd\n", false),
            ("abcd\n", "abcd\n", false),
            ("abcde", "abcd\n", true),
            ("äöüßé", "äöüß\n", true),
            ("abc\n\ndef", "abc\n\n", true),
        ] {
            let (page, summary) = extract_as(text::extract, source.as_bytes(), &options);
            assert_eq!(page.text, expected);
            let codes: Vec<Code> = summary.warnings.iter().map(|w| w.code).collect();
            assert_eq!(codes.contains(&Code::TEXT_LIMIT), cut, "{source}");
        }
    }

    #[test]
    fn bytes_that_are_no_characters_are_counted() {
        let (page, summary) = extract_as(text::extract, "caf\u{e9} na\u{ef}ve\0".as_bytes(), &Options::default());
        assert_eq!(page.text, "café naïve\u{fffd}\n");
        assert_eq!(summary.warnings[0].message, "1 character could not be decoded");
    }
}
