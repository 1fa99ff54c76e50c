//! Where sentences end: rules for prose and for legal writing, which is full of points that end nothing.

use docmill_model::ByteSpan;

/// Words whose point ends no sentence, whatever follows: titles, reporters, citation words, English, German, French.
/// Lower case, without the point, sorted.
#[rustfmt::skip]
const NEVER: &[&str] = &[
    "abb", "abs", "abt", "acct", "adm", "admin", "aff", "ala", "alt", "amend", "anh", "anl", "ann", "app", "apr",
    "arg", "ariz", "ark", "art", "arts", "assn", "atty", "aufl", "aug", "ave", "bd", "bes", "betr", "br", "bzgl",
    "bzw", "ca", "capt", "cas", "cf", "ch", "chap", "cir", "civ", "cl", "col", "colo", "comm", "compl", "conf",
    "cong", "conn", "const", "crim", "dec", "decl", "def", "defs", "dept", "dev", "dist", "distrib", "div", "dkt",
    "doc", "docs", "dr", "ed", "eds", "eg", "elec", "envtl", "esp", "et", "evid", "evtl", "ex", "exch", "exh", "feb",
    "fed", "ff", "fig", "figs", "fla", "fn", "fr", "gem", "gen", "ges", "ggf", "gov", "govt", "harv", "hon", "hr",
    "hrsg", "ie", "ill", "indus", "inkl", "ins", "insb", "inst", "int", "intl", "jan", "jul", "jun", "kap", "lit",
    "lt", "maj", "mar", "mass", "maßg", "messrs", "mfg", "mich", "minn", "mio", "mlle", "mme", "mot", "mr", "mrd",
    "mrs", "ms", "mt", "nat", "natl", "neb", "nev", "nn", "nos", "nov", "nr", "num", "oct", "okla", "op", "opp",
    "ord", "pa", "par", "para", "paras", "pers", "pet", "pg", "pgs", "pp", "pres", "proc", "prods", "prof", "pt",
    "pub", "rdnr", "reg", "rel", "rep", "resp", "rev", "rn", "rspr", "sch", "sec", "secs", "sect", "sen", "sep",
    "sept", "serv", "sess", "sgt", "sog", "st", "stat", "stip", "str", "subd", "subsec", "supp", "tech", "tel",
    "tenn", "tex", "tit", "tr", "trans", "univ", "usw", "va", "vet", "vgl", "viz", "vol", "vols", "vs", "wash", "wis",
    "zb", "ziff", "zit", "zzgl",
];

/// Words whose point may also end a sentence: it does when a word follows that begins sentences. Sorted.
#[rustfmt::skip]
const MAYBE: &[&str] = &[
    "ag", "al", "am", "bros", "cal", "cert", "cie", "co", "corp", "ct", "cts", "esq", "etc", "ft", "inc", "jr", "ltd",
    "md", "mo", "pen", "phd", "plc", "rec", "seq", "so", "sq", "sr", "wall",
];

/// Words that begin sentences far more often than they follow an abbreviation. Sorted.
#[rustfmt::skip]
const STARTERS: &[&str] = &[
    "A", "According", "After", "All", "Although", "An", "And", "Any", "As", "At", "Because", "Before", "But", "By",
    "Ce", "Das", "Der", "Die", "Dies", "Diese", "During", "Each", "Ein", "Eine", "Er", "Es", "Finally", "First",
    "For", "From", "Furthermore", "Given", "He", "Her", "Here", "His", "How", "However", "I", "Id", "If", "Il", "Im",
    "In", "Indeed", "It", "Its", "La", "Le", "Les", "Moreover", "Most", "No", "Nor", "Not", "Nothing", "Now", "Of",
    "On", "Once", "One", "Or", "Our", "Plaintiff", "Respondent", "See", "She", "Sie", "Since", "So", "Some", "Still",
    "Such", "That", "The", "Their", "Then", "There", "Therefore", "These", "They", "This", "Those", "Though", "Thus",
    "To", "Under", "Unlike", "We", "What", "When", "Where", "Whether", "Which", "While", "Who", "Why", "Wir", "With",
    "Yet", "You",
];

/// The sentences of a text in order, without the white space between them. Every character that is not white
/// space lies in exactly one. An empty line ends a sentence; a single line feed does not. Linear time.
pub fn sentences(text: &str) -> Vec<ByteSpan> {
    let mut out = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = match c {
            '\n' if chars.peek().is_some_and(|&(_, next)| next == '\n') => at,
            '.' | '!' | '?' | '…' => {
                let mut end = at + c.len_utf8();
                // The points of an ellipsis may have spaces between.
                while let Some(&(at, c)) = chars.peek()
                    && (is_terminator(c) || is_closer(c) || c == ' ' && text[at + 1..].starts_with('.'))
                {
                    end = at + c.len_utf8();
                    chars.next();
                }
                if !ends_sentence(&text[start..at], &text[at..end], &text[end..]) {
                    continue;
                }
                end
            }
            '。' | '！' | '？' | '।' | '॥' | '۔' | '؟' => {
                let mut end = at + c.len_utf8();
                while let Some(&(at, c)) = chars.peek()
                    && is_closer(c)
                {
                    end = at + c.len_utf8();
                    chars.next();
                }
                end
            }
            _ => continue,
        };
        push(&mut out, text, start, end);
        start = end;
    }
    push(&mut out, text, start, text.len());
    out
}

fn push(out: &mut Vec<ByteSpan>, text: &str, start: usize, end: usize) {
    let piece = &text[start..end];
    let trimmed = piece.trim();
    if !trimmed.is_empty() {
        let start = start + (piece.len() - piece.trim_start().len());
        out.push(ByteSpan::new(start, start + trimmed.len()));
    }
}

fn is_terminator(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…')
}

fn is_closer(c: char) -> bool {
    matches!(c, '"' | '\'' | ')' | ']' | '}' | '”' | '’' | '»' | '“' | '」' | '』' | '）')
}

/// How far words are looked at, in bytes: longer ones are no abbreviations, and the whole stays linear.
const WORD: usize = 40;

/// Whether `mark` (terminators and closers) ends the sentence between `before` and `after`.
fn ends_sentence(before: &str, mark: &str, after: &str) -> bool {
    let Some(first) = after.chars().next() else { return true };
    if !first.is_whitespace() {
        return false;
    }
    let after = &after[..after.floor_char_boundary(WORD * 2)];
    let next = after.trim_start();
    let Some(head) = next.trim_start_matches(|c: char| "\"'“‘„«([".contains(c)).chars().next() else {
        return true;
    };
    if mark.starts_with(['!', '?']) {
        return !head.is_lowercase();
    }
    if head.is_lowercase() || ",;:)§¶".contains(head) {
        return false;
    }
    if mark.starts_with("..") || mark.starts_with(". .") || mark.starts_with('…') || mark.chars().any(is_closer) {
        return true;
    }
    let word = last_word(before);
    !continues(word, next, head)
}

/// Whether the point behind `word` belongs to it, and the sentence goes on with `next`.
fn continues(word: &str, next: &str, head: char) -> bool {
    let bare = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    let starts = || {
        let end = next.find(|c: char| !c.is_alphanumeric()).unwrap_or(next.len());
        STARTERS.binary_search(&&next[..end]).is_ok() && !next[end..].starts_with('.')
    };
    if bare.is_empty() {
        return false;
    }
    if bare.chars().all(|c| c.is_ascii_digit()) {
        // "3. März", "1. Introduction" at a line's start, but not "in 2019. The": ordinals are short.
        return bare.len() <= 2 && (head.is_ascii_digit() || is_month(next) || word.len() == bare.len() && !starts());
    }
    let lower = bare.to_lowercase();
    let plain: String = lower.chars().filter(|c| *c != '.').collect();
    if plain == "v" || NEVER.binary_search(&plain.as_str()).is_ok() {
        return true;
    }
    if plain == "no" {
        return head.is_ascii_digit() || head.is_uppercase() && !starts();
    }
    let initials = bare.split('.').all(|part| part.chars().count() <= 1);
    if initials || lower.contains('.') || MAYBE.binary_search(&plain.as_str()).is_ok() {
        return head.is_ascii_digit() || !starts();
    }
    false
}

/// The characters behind the last white space of a text, cut to [`WORD`] bytes.
fn last_word(before: &str) -> &str {
    let tail = &before[before.ceil_char_boundary(before.len().saturating_sub(WORD))..];
    tail.rfind(char::is_whitespace).map_or(tail, |at| tail[at..].trim_start())
}

fn is_month(next: &str) -> bool {
    const MONTHS: [&str; 17] = [
        "Jan", "Jän", "Feb", "Mar", "Mär", "Apr", "May", "Mai", "Jun", "Jul", "Aug", "Sep", "Oct", "Okt", "Nov", "Dec",
        "Dez",
    ];
    MONTHS.iter().any(|m| next.starts_with(m))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(expected: &[&str]) {
        let text = expected.join(" ");
        let found: Vec<_> = sentences(&text).into_iter().map(|s| &text[s.start..s.end]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn points_that_end_nothing_are_known() {
        for expected in [
            &["The motion is denied.", "It was late."][..],
            &["See Smith v. Jones, 410 U.S. 113, 120 (1973).", "The court agreed."],
            &["In Doe v. Roe, 12 F. Supp. 2d 34 (S.D.N.Y. 1998), it held so.", "We agree."],
            &["Mr. John Q. Public paid Acme Inc. on Jan. 5.", "The rest is due."],
            &["Am 3. Dezember 2024 kam Nr. 3.", "Der Rest folgte."],
            &["Exhibit No. 5 shows 3.14 and 1.234,50 EUR.", "No. 6 does not."],
            &["It works for Acme Corp.", "The firm is old."],
            &["Am 3. März 2024 trat Dr. Meyer gem. § 5 Abs. 2 zurück.", "Der Vertrag endete z. B. nicht."],
            &["The words . . . do not matter.", "Pub.L. No. 5, 38 Fed. Reg. 12, id. § 5 says so."],
            &["He waited ... and left.", "\"Why?\" she asked.", "\"Go!\"", "They went."],
            &["It ended in 2019.", "Then it began (again).", "Was it so?", "Yes!"],
            &["これは文です。", "次の文です。"],
            &["Visit www.example.org now.", "It is free."],
        ] {
            check(expected);
        }
    }

    #[test]
    fn an_empty_line_ends_a_sentence_and_a_line_feed_does_not() {
        let text = "A heading\n\nA line\ngoes on. Next";
        let found: Vec<_> = sentences(text).into_iter().map(|s| &text[s.start..s.end]).collect();
        assert_eq!(found, ["A heading", "A line\ngoes on.", "Next"]);
    }

    #[test]
    fn the_word_lists_are_sorted() {
        for list in [NEVER, MAYBE, STARTERS] {
            assert!(list.is_sorted_by(|a, b| a < b));
        }
        assert!(MAYBE.iter().all(|word| NEVER.binary_search(word).is_err()), "what never ends one is not asked again");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn sentences_hold_every_visible_character_once(text in "([.!?…\n \"']|[A-Za-z0-9]{1,4}|\\PC){0,80}") {
            let mut end = 0;
            for span in sentences(&text) {
                prop_assert!(span.start >= end && span.start < span.end);
                prop_assert!(text[end..span.start].trim().is_empty());
                end = span.end;
            }
            prop_assert!(text[end..].trim().is_empty());
        }
    }
}
