//! The rule recognisers: dates, sums of money, addresses, identifiers, laws and cases, in any language whose forms
//! are in the tables.
//!
//! Each family is a table of patterns in a file of its own. Precision goes before recall: what is not clear from
//! the text itself is left out, or kept with a low confidence. Time is linear in the text; no input is refused.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use docmill_model::{ByteSpan, Identifier, MentionType};

mod case;
mod country;
mod date;
mod email;
mod identifier;
mod law;
mod money;
mod pattern;
mod phone;
mod proper;
mod url;

pub(crate) use case::is_docket;
use pattern::{Family, Reading, Scope, around_digits};

/// A place of the text that names something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub span: ByteSpan,
    pub kind: MentionType,
    /// The form by which mentions are the same thing; each family says what it looks like.
    pub normal: String,
    /// The text of the span with its white space folded.
    pub name: String,
    pub identifiers: Vec<Identifier>,
    /// In thousandths.
    pub confidence: u16,
    /// Recogniser and its version, such as `rule/date@1`.
    pub extractor: &'static str,
}

impl Found {
    fn new(text: &str, kind: MentionType, extractor: &'static str, reading: Reading) -> Self {
        let Reading { span, normal, identifiers, confidence } = reading;
        let name = fold(&text[span.start..span.end]);
        Self { span, kind, normal, name, identifiers, confidence, extractor }
    }
}

static FAMILIES: LazyLock<[Family; 8]> = LazyLock::new(|| {
    [
        date::family(),
        money::family(),
        phone::family(),
        identifier::family(),
        identifier::family_without_digits(),
        law::family(),
        law::family_without_digits(),
        case::family(),
    ]
});

/// Finds what the rules know, sorted by span and without overlaps: of two mentions that overlap the longer one
/// is kept, of equally long ones that of the type that stands first in identifier, case, law, e-mail, URL, date,
/// money, phone, and then the one that starts first.
pub fn recognise(text: &str) -> Vec<Found> {
    let mut found = Vec::new();
    email::find(text, &mut found);
    url::find(text, &mut found);
    money::find_words(text, &mut found);
    let everything = ByteSpan::new(0, text.len());
    for family in FAMILIES.iter().filter(|family| family.scope == Scope::Everywhere) {
        family.find(text, everything, &mut found);
    }
    for part in around_digits(text) {
        for family in FAMILIES.iter().filter(|family| family.scope == Scope::Digits) {
            family.find(text, part, &mut found);
        }
    }
    law::attach_sections(text, &mut found);
    without_overlaps(found)
}

fn without_overlaps(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by(|a, b| {
        let key = |f: &Found| (std::cmp::Reverse(f.span.end - f.span.start), rank(f.kind), f.span.start);
        key(a).cmp(&key(b)).then_with(|| b.confidence.cmp(&a.confidence)).then_with(|| a.normal.cmp(&b.normal))
    });
    first_come(found, |f| f.span).collect()
}

/// Of items in the order of their rank those that overlap none that was taken before, in the order of the text.
pub(crate) fn first_come<T>(ranked: Vec<T>, span: impl Fn(&T) -> ByteSpan) -> impl Iterator<Item = T> {
    let mut taken = BTreeMap::<usize, T>::new();
    for item in ranked {
        let ByteSpan { start, end } = span(&item);
        if taken.range(..end).next_back().is_none_or(|(_, before)| span(before).end <= start) {
            taken.insert(start, item);
        }
    }
    taken.into_values()
}

fn rank(kind: MentionType) -> u8 {
    match kind {
        MentionType::Identifier => 0,
        MentionType::Case => 1,
        MentionType::Law => 2,
        MentionType::Email => 3,
        MentionType::Url => 4,
        MentionType::Date => 5,
        MentionType::Money => 6,
        MentionType::Phone => 7,
        MentionType::Person | MentionType::Org | MentionType::Location | MentionType::Other => 8,
    }
}

/// Every run of white space as one space, none at the ends.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// The table form of the families' tests.
#[cfg(test)]
mod table {
    use super::*;

    /// Asserts that each text gives exactly these (text, normal form) pairs of a type.
    pub fn check(kind: MentionType, cases: &[(&str, &[(&str, &str)])]) {
        for (text, expected) in cases {
            let all = recognise(text);
            let got: Vec<_> =
                all.iter().filter(|f| f.kind == kind).map(|f| (f.name.as_str(), f.normal.as_str())).collect();
            assert_eq!(&got, expected, "in {text:?}, where all that was found is {all:#?}");
        }
    }

    /// Asserts that no text gives anything of a type.
    pub fn check_none(kind: MentionType, texts: &[&str]) {
        for text in texts {
            check(kind, &[(text, &[])]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assert_sound(text: &str) {
        let found = recognise(text);
        let mut end = 0;
        for f in &found {
            assert!(end <= f.span.start && f.span.start < f.span.end, "{text:?} gives {found:#?}");
            assert_eq!(f.name, fold(&text[f.span.start..f.span.end]));
            assert!(!f.normal.is_empty() && f.confidence <= 1000);
            end = f.span.end;
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_text_gives_sorted_spans_without_overlap(text in "\\PC{0,300}") {
            assert_sound(&text);
        }

        #[test]
        fn any_mixture_of_fragments_gives_sorted_spans_without_overlap(
            parts in proptest::collection::vec(proptest::sample::select(FRAGMENTS), 0..60)
        ) {
            assert_sound(&parts.concat());
        }
    }

    /// Beginnings and ends of what the tables look for: their mixtures come near to every pattern.
    const FRAGMENTS: &[&str] = &[
        "1",
        "2024",
        "03",
        "12",
        "9",
        "DE89 3704 0044 0532 0130 00",
        " ",
        "\n",
        "\n\n",
        "-",
        "–",
        "/",
        ".",
        ",",
        ":",
        "(",
        ")",
        "[",
        "]",
        "@",
        "http://",
        "www.",
        "é",
        "März",
        "March",
        " v. ",
        "Smith",
        "U.S.",
        " U.S.C. ",
        "§",
        "§§ ",
        "Art. ",
        " BGB",
        "Abs. 1",
        "$",
        "€",
        "EUR",
        " Mio. ",
        "+49",
        "Tel. ",
        "No. ",
        "Case ",
        "cv",
        "Q3",
        "0x",
        "10.1000/",
        "ISBN ",
        "\u{1F600}",
        "\u{a0}",
        " million",
        " dollars",
        "dollars",
        "and",
        "one",
        "Act ",
        " of ",
        "the ",
        "ECLI:",
        "Regulation (EU) ",
        "x",
        "Code ",
    ];

    #[test]
    fn of_overlapping_mentions_the_longer_one_stays() {
        let found = recognise("BGH, Urteil vom 3. März 2020 – XI ZR 12/19, ab 3. März 2020");
        let kinds: Vec<_> = found.iter().map(|f| (f.kind, f.normal.as_str())).collect();
        assert_eq!(kinds, [(MentionType::Case, "xi zr 12/19"), (MentionType::Date, "2020-03-03")]);
    }

    #[test]
    fn long_hostile_texts_give_sound_mentions() {
        let hostile = [
            "1",
            "1.",
            "1,",
            "1 ",
            "a@",
            "http://",
            "(",
            "§ 1",
            "A v. ",
            "DE89 ",
            "10.1000/",
            "+1 ",
            "$1-",
            "A",
            "Act ",
            "one ",
            "No. ",
            "\n",
            "1/1/",
            "é1",
            "U.S.",
            "1 U.S. 1, ",
            "www.",
            "@a.",
            "0x0",
            "hundred thousand ",
        ];
        for part in hostile {
            assert_sound(&part.repeat(40_000 / part.len()));
        }
    }

    #[test]
    fn names_fold_white_space_and_spans_do_not() {
        let found = recognise("signed on 3\nMarch 2024.");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "3 March 2024");
        assert_eq!(found[0].span, ByteSpan::new(10, 22));
        assert_eq!(found[0].extractor, "rule/date@1");
    }
}
