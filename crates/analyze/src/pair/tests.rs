//! Pairs of names with what they must give.

use docmill_model::{Identifier, MentionType};
use proptest::prelude::*;

use super::reason::*;
use super::*;
use crate::name;

use MentionType::{Date, Location, Org, Person};

/// What becomes of a pair without a person's help.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// One thing.
    One,
    /// A person is asked.
    Ask,
    /// Two things.
    Two,
}

use Verdict::{Ask, One, Two};

fn profile(kind: MentionType, raw: &str, email: Option<&str>) -> ProfileKey {
    let normal = match kind {
        Person => name::person(raw).map(|n| n.normal),
        Org => name::organisation(raw).map(|n| n.normal),
        Location => name::place(raw).map(|n| n.normal),
        _ => None,
    };
    let normal = normal.unwrap_or_else(|| raw.to_owned());
    let identifiers = email.map(|e| Identifier { scheme: "email".into(), value: e.into() }).into_iter().collect();
    ProfileKey { kind, normal, identifiers, discriminator: String::new() }
}

fn verdict(likeness: &Likeness) -> Verdict {
    match likeness {
        Likeness { score: MERGE.., veto: None, .. } => One,
        Likeness { score: POSSIBLE.., .. } => Ask,
        _ => Two,
    }
}

/// Asserts what two profiles give from both sides, with the reasons or the veto, and that likely pairs share a key.
fn check_profiles(a: &ProfileKey, b: &ProfileKey, expected: Verdict, why: &[&str]) {
    let likeness = pair(a, b);
    assert_eq!(likeness, pair(b, a), "{a:?} {b:?}");
    assert_eq!(verdict(&likeness), expected, "{} | {}: {likeness:?}", a.normal, b.normal);
    let said: Vec<&str> = likeness.reasons.iter().copied().chain(likeness.veto).collect();
    assert!(why.iter().all(|w| said.contains(w)), "{} | {}: {said:?} without one of {why:?}", a.normal, b.normal);
    if expected != Two {
        let (x, y) = (keys(a), keys(b));
        assert!(x.iter().any(|k| y.contains(k)), "{} | {}: no common key in {x:?} and {y:?}", a.normal, b.normal);
    }
}

fn check(kind: MentionType, cases: &[(&str, &str, Verdict, &[&str])]) {
    for (a, b, expected, why) in cases {
        let expected = match expected {
            One => One,
            Ask => Ask,
            Two => Two,
        };
        check_profiles(&profile(kind, a, None), &profile(kind, b, None), expected, why);
    }
}

#[test]
fn spellings_of_one_person_are_one() {
    check(
        Person,
        &[
            ("Anna Schmidt", "Schmidt, Anna", One, &[SAME_NAME]),
            ("Jörg Morgenroth", "Joerg Morgenroth", One, &[TRANSLITERATION]),
            ("Łukasz Ødegård", "Lukasz Odegard", One, &[TRANSLITERATION]),
            ("Володимир Зеленський", "Volodymyr Zelenskyi", One, &[TRANSLITERATION]),
            ("Robert Ashdown", "Bob Ashdown", One, &[NICKNAME]),
            ("Igor Sechin", "Ig0r Sech1n", One, &[SCAN]),
            ("Claire Barnes", "Claire Bames", One, &[SCAN]),
            ("Jan Daniel Bothma", "JanDaniel Bothma", One, &[JOINED_WORDS]),
            ("Alisher Usmanov", "AlisherUsmanov", One, &[JOINED_WORDS]),
            ("Hans Joachim Friedrich", "Hans Friedrich", One, &[MISSING_WORDS]),
            ("Salman Mohammed", "Mohammed Salman", One, &[WORD_ORDER]),
            ("Maria Teresa Lindenberg", "Maria Teresa Lindenburg", One, &[SPELLING]),
        ],
    );
}

#[test]
fn names_that_are_a_letter_apart_are_asked_about() {
    check(
        Person,
        &[
            ("Anna Schmidt", "Anna Schmitt", Ask, &[SPELLING]),
            ("Anna Schmidt", "Anne Schmidt", Ask, &[SPELLING]),
            ("Anna Schmitt", "Anne Schmidt", Ask, &[SPELLING]),
            ("Anna Schmidt", "A. Schmidt", Ask, &[INITIALS]),
            ("Jean-Claude Juncker", "J.-C. Juncker", Ask, &[INITIALS]),
            ("Jean-Claude Juncker", "JC Juncker", Ask, &[INITIALS]),
            ("Omar bin Abdullah al-Masri", "Abdullah bin Omar al-Masri", Ask, &[WORD_ORDER]),
            ("Schmidt", "Anna Schmidt", Ask, &[MISSING_WORDS]),
            ("John Smith", "John Smith Jr.", Ask, &[MISSING_WORDS]),
            ("Thomas James", "James Thomas", Ask, &[WORD_ORDER]),
        ],
    );
}

#[test]
fn persons_who_contradict_are_two() {
    check(
        Person,
        &[
            ("John Smith Jr.", "John Smith Sr.", Two, &[OTHER_GENERATION]),
            ("John Smith II", "John Smith III", Two, &[OTHER_GENERATION]),
            ("Anna Schmidt", "Otto Schmidt", Two, &[OTHER_NAME]),
            ("Allen Schmidt", "Ellen Schmidt", Two, &[OTHER_NAME]),
            ("William W. Frost", "William G. Frost", Two, &[OTHER_NAME]),
            ("A. Schmidt", "Otto Schmidt", Two, &[]),
            ("Barack Obama", "Michelle Obama", Two, &[OTHER_NAME]),
            ("Anna", "Anna Schmidt", Two, &[]),
            ("", "Anna", Two, &[]),
        ],
    );
}

#[test]
fn a_single_word_is_nobody_alone() {
    check(Person, &[("Hannibal", "Hannibal", Ask, &[SAME_NAME]), ("Hannibal", "Hanniball", Two, &[])]);
    let known = |name, email| profile(Person, name, Some(email));
    check_profiles(&known("Bo", "b@x"), &known("Bo", "b@x"), One, &[SAME_IDENTIFIER]);
}

#[test]
fn a_surname_alone_is_the_one_of_its_case() {
    let named = |name, email, docket: Option<&str>| {
        let mut key = profile(Person, name, email);
        key.identifiers.extend(docket.map(|d| Identifier { scheme: Identifier::DOCKET.into(), value: d.into() }));
        key.identifiers.sort_unstable();
        key
    };
    let (one, other) = (Some("2:24-cv-99017"), Some("1:19-cv-00001"));
    for (a, a_email, b, b_email, b_docket, expected, why) in [
        ("Raman", None, "Priya Raman", Some("p@x"), one, One, &[SAME_CASE, MISSING_WORDS][..]),
        ("Gruenwald", None, "Matthias Grünwald", None, one, One, &[SAME_CASE, TRANSLITERATION]),
        ("Raman", None, "Raman", Some("p@x"), one, One, &[SAME_CASE, SAME_NAME]),
        ("Raman", None, "Priya Raman", None, other, Ask, &[MISSING_WORDS]),
        ("Raman", None, "Priya Raman", None, None, Ask, &[MISSING_WORDS]),
        ("Raman", Some("r@x"), "Priya Raman", Some("p@x"), one, Ask, &[OTHER_IDENTIFIER]),
        ("Joerg", None, "Jörg Morgenroth", None, one, Ask, &[MISSING_WORDS, TRANSLITERATION]),
        ("Robert", None, "Robert Ashdown", None, one, Two, &[]),
        ("Robert", None, "Anna Robert", None, one, Ask, &[MISSING_WORDS]),
        // A docket is nobody's own: it neither joins nor parts.
        ("Anna Schmidt", None, "Otto Schmidt", None, one, Two, &[OTHER_NAME]),
        ("Anna Schmidt", None, "A. Schmidt", None, one, Ask, &[INITIALS]),
        ("Anna Schmidt", None, "Anna Schmidt", None, other, One, &[SAME_NAME]),
    ] {
        check_profiles(&named(a, a_email, one), &named(b, b_email, b_docket), expected, why);
    }
    let likeness = pair(&named("Raman", None, one), &named("Priya Raman", None, one));
    assert!(!likeness.reasons.contains(&SAME_IDENTIFIER) && likeness.score < 900, "{likeness:?}");
}

#[test]
fn addresses_join_what_names_allow_and_keep_namesakes_apart() {
    let known = |name, email| profile(Person, name, Some(email));
    let bare = |name| profile(Person, name, None);
    check_profiles(&known("Annika Vogt", "a@x.net"), &known("Annika Vogt", "a@x.com"), Ask, &[OTHER_IDENTIFIER]);
    check_profiles(&known("Annika Vogt", "a@x.net"), &bare("Annika Vogt"), One, &[SAME_NAME]);
    check_profiles(&known("Annika Vogt", "a@x.net"), &known("A. Vogt", "a@x.net"), One, &[SAME_IDENTIFIER]);
    check_profiles(&known("Annika Vogt", "a@x.net"), &known("Otto Vogt", "a@x.net"), Ask, &[SAME_IDENTIFIER]);
    check_profiles(&known("John Vogt Jr.", "a@x"), &known("John Vogt Sr.", "a@x"), Two, &[OTHER_GENERATION]);
}

#[test]
fn spellings_of_one_organisation_are_one() {
    check(
        Org,
        &[
            ("Siemens AG", "Siemens", One, &[LEGAL_FORM]),
            ("Siemens AG", "Siemens Aktiengesellschaft", One, &[SAME_NAME]),
            ("Vander Bilt Company", "VanderBilt Co.", One, &[JOINED_WORDS]),
            ("ОАО Газпром", "OAO Gazprom", One, &[TRANSLITERATION]),
            ("Nanshan Group Co Ltd", "Nanshan Group", One, &[LEGAL_FORM]),
            ("Sachsenring Holding", "Sachsenring", One, &[MISSING_WORDS]),
            ("Pellworm & Stagg Underwriting Ltd", "Pellworm and Stagg Underwriting Limited", One, &[SAME_NAME]),
            ("Tactical Missiles Production", "Tactical Misiles Production", One, &[SPELLING]),
        ],
    );
}

#[test]
fn organisations_that_may_be_one_are_asked_about() {
    check(
        Org,
        &[
            ("Harrow Point Museum of Navigation", "HPMN", Ask, &[ACRONYM]),
            ("Deutsche Bank AG", "Deutsche Bank GmbH", Ask, &[OTHER_LEGAL_FORM]),
            ("China Railway Construction", "China Railway Constructors", Ask, &[SPELLING]),
            ("Glenmore plc", "Glencore plc", Ask, &[SPELLING]),
            ("Harrow Point Museum", "Harrow Point Museum of Navigation", Ask, &[MISSING_WORDS]),
        ],
    );
}

#[test]
fn organisations_that_contradict_are_two() {
    check(
        Org,
        &[
            ("Brigade 43", "Brigade Forty-Four", Two, &[OTHER_NUMBER]),
            ("Harbour Capital Fund II", "Harbour Capital Fund III", Two, &[OTHER_NUMBER]),
            ("Volkswagen AG", "Siemens AG", Two, &[OTHER_NAME]),
            ("Bank of China", "Bank of Chad", Two, &[OTHER_NAME]),
            ("ABC Company", "NBC Company", Two, &[OTHER_NAME]),
            ("AG", "GmbH", Two, &[]),
        ],
    );
}

#[test]
fn places_are_one_only_when_all_words_are_the_same() {
    check(
        Location,
        &[
            ("USA", "United States of America", One, &[SAME_NAME]),
            ("Москва", "Moskva", One, &[TRANSLITERATION]),
            ("Stratford-upon-Avon", "Stratford upon Avon", One, &[SAME_NAME]),
            ("Marseille", "Marseilles", Ask, &[SPELLING]),
            ("York", "New York", Two, &[OTHER_NAME]),
        ],
    );
}

#[test]
fn types_do_not_mix_and_exact_ones_have_no_keys() {
    let likeness = pair(&profile(Person, "Acme", None), &profile(Org, "Acme", None));
    assert_eq!((likeness.score, likeness.veto), (0, Some(OTHER_TYPE)));
    let (a, b) = (profile(Date, "2024-01-08", None), profile(Date, "2024-01-09", None));
    assert_eq!(pair(&a, &b).veto, Some(OTHER_NAME));
    assert!(keys(&a).is_empty());
}

#[test]
fn names_of_any_length_are_compared_in_no_time() {
    let long = |word: &str| profile(Org, &word.repeat(10_000), None);
    for (a, b) in [("a", "b"), ("ab ", "ba "), ("Acme ", "Acne "), ("1 ", "2 ")] {
        check_profiles(&long(a), &long(b), Two, &[]);
        assert!(keys(&long(a)).iter().all(|k| k.len() < 1000));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_two_names_give_the_same_from_both_sides(
        a in "([A-Za-zÀ-ÿА-я0-9 .,'-]|Anna |Schmidt|GmbH|Jr\\.|\\PC){0,24}",
        b in "([A-Za-zÀ-ÿА-я0-9 .,'-]|Anna |Schmidt|GmbH|Jr\\.|\\PC){0,24}",
        kind in prop::sample::select(vec![Person, Org, Location]),
    ) {
        let (x, y) = (profile(kind, &a, None), profile(kind, &b, None));
        let likeness = pair(&x, &y);
        prop_assert_eq!(&likeness, &pair(&y, &x));
        prop_assert!(likeness.score <= 1000 && likeness.reasons.is_sorted());
        prop_assert!(pair(&x, &x).veto.is_none());
        for profile in [x, y] {
            let keys = keys(&profile);
            prop_assert!(keys.len() <= 24 && keys.windows(2).all(|w| w[0] < w[1]));
        }
    }
}
