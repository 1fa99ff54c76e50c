//! The pages of `docs/errors`, one for each code.

use docmill_model::Code;

/// (code, text), sorted; made by the build script.
static PAGES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/error_pages.rs"));

/// The page of a code; empty for none, which a test excludes.
pub fn of(code: Code) -> &'static str {
    PAGES.binary_search_by_key(&code.as_str(), |(word, _)| word).map_or("", |index| PAGES[index].1)
}

/// The code that someone probably meant.
pub fn nearest_code(word: &str) -> Option<Code> {
    let known = Code::ALL.iter().map(|code| code.as_str());
    crate::config::nearest(word, known).and_then(|near| Code::parse(&near))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_pages_are_equal() {
        let mut codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        codes.sort();
        let pages: Vec<&str> = PAGES.iter().map(|(word, _)| *word).collect();
        assert_eq!(pages, codes);
        for code in Code::ALL {
            assert!(of(*code).starts_with(&format!("# {code}\n")), "{code}");
        }
    }

    #[test]
    fn a_slip_of_the_pen_finds_its_code() {
        assert_eq!(nearest_code("need_ocr"), Some(Code::NEEDS_OCR));
        assert_eq!(nearest_code("needs-ocr"), Some(Code::NEEDS_OCR));
        assert_eq!(nearest_code("zzzzzzzz"), None);
        assert_eq!(nearest_code(&"x".repeat(1 << 20)), None);
    }
}
