//! Documents with the mentions in them and who they are.

use docmill_model::{Digest, MentionId, Role, Span};
use proptest::prelude::*;

use super::*;
use crate::name;
use MentionType::{Case, Date, Email, Location, Org, Person};

pub(crate) fn document() -> DocumentId {
    DocumentId::new("test", &Digest::of(b""))
}

fn normal(kind: MentionType, raw: &str) -> String {
    let normal = match kind {
        Person => name::person(raw).map(|n| n.normal),
        Org => name::organisation(raw).map(|n| n.normal),
        Location => name::place(raw).map(|n| n.normal),
        _ => None,
    };
    normal.unwrap_or_else(|| name::fold(raw))
}

/// Makes a mention of ten characters; `email` becomes its identifier.
pub(crate) fn mention(kind: MentionType, at: u32, name: &str, email: Option<&str>, role: Option<Role>) -> Mention {
    let span = Span::new(at, at + 10);
    Mention {
        id: MentionId::new(document(), kind, span, "rule/test@1"),
        chunk: 0,
        span,
        kind,
        normal: match kind {
            Person | Org | Location => normal(kind, name),
            _ => name.to_lowercase(),
        },
        name: name.to_owned(),
        identifiers: email.map(|e| Identifier { scheme: "email".into(), value: e.into() }).into_iter().collect(),
        role,
        confidence: 900,
        extractor: "rule/test@1".to_owned(),
    }
}

/// The mentions of a text, given in its order; addresses identify themselves.
fn mentions(text: &str, names: &[(MentionType, &str)]) -> Vec<Mention> {
    let (mut from, mut start) = (0, 0);
    let mut found = |kind, name: &str| {
        let at = from + text[from..].find(name).unwrap_or_else(|| panic!("{name:?} is not in {:?}", &text[from..]));
        start += text[from..at].chars().count() as u32;
        let span = Span::new(start, start + name.chars().count() as u32);
        (from, start) = (at + name.len(), span.end);
        let email = (kind == Email).then_some(name);
        Mention {
            span,
            id: MentionId::new(document(), kind, span, "rule/test@1"),
            ..mention(kind, 0, name, email, None)
        }
    };
    names.iter().map(|(kind, name)| found(*kind, name)).collect()
}

/// Asserts the referents of a text: normal form, address and the mentions' names of each, in any order.
fn check(text: &str, names: &[(MentionType, &str)], expected: &[(&str, &str, &[&str])]) {
    let mentions = mentions(text, names);
    let text = Text::from(text);
    let found = referents(document(), &text, &mentions);
    let mut shown: Vec<(&str, &str, Vec<&str>)> = found
        .iter()
        .map(|r| {
            let of = |id: &MentionId| mentions.iter().find(|m| m.id == *id).expect("a mention that was given");
            assert_eq!(r.id, ReferentId::new(document(), r.kind, of(&r.mentions[0]).span));
            let email = r.identifiers.first().map_or("", |i| i.value.as_str());
            (r.normal.as_str(), email, r.mentions.iter().map(|id| of(id).name.as_str()).collect())
        })
        .collect();
    shown.sort();
    let mut expected: Vec<_> = expected.iter().map(|(n, e, m)| (*n, *e, m.to_vec())).collect();
    expected.sort();
    assert_eq!(shown, expected);
    assert!(found.is_sorted_by_key(|r| r.id));
    let mut reversed = mentions.clone();
    reversed.reverse();
    assert_eq!(referents(document(), &text, &reversed), found);
}

#[test]
fn mentions_with_the_same_type_and_normal_form_are_one() {
    check(
        "2024-01-08 Acme ACME Acme 2024-01-08",
        &[(Date, "2024-01-08"), (Org, "Acme"), (Org, "ACME"), (Person, "Acme"), (Date, "2024-01-08")],
        &[("2024-01-08", "", &["2024-01-08", "2024-01-08"]), ("acme", "", &["Acme", "ACME"]), ("acme", "", &["Acme"])],
    );
    check("", &[], &[]);
}

#[test]
fn a_part_of_a_name_is_the_one_whose_part_it_is() {
    check(
        "Eleanor Whitcombe met Daniel Okafor. Whitcombe and Ms. Whitcombe, E. Whitcombe, Daniel; Dr. Okafor.",
        &[
            (Person, "Eleanor Whitcombe"),
            (Person, "Daniel Okafor"),
            (Person, "Whitcombe"),
            (Person, "Whitcombe"),
            (Person, "E. Whitcombe"),
            (Person, "Daniel"),
            (Person, "Okafor"),
        ],
        &[
            ("eleanor whitcombe", "", &["Eleanor Whitcombe", "Whitcombe", "Whitcombe", "E. Whitcombe"]),
            ("daniel okafor", "", &["Daniel Okafor", "Daniel", "Okafor"]),
        ],
    );
    check(
        "Ursula von der Leyen, von der Leyen, Bob Ashdown, Robert Ashdown, Rob, Higuchi Ichiyo, Ichiyo Higuchi",
        &[
            (Person, "Ursula von der Leyen"),
            (Person, "von der Leyen"),
            (Person, "Bob Ashdown"),
            (Person, "Robert Ashdown"),
            (Person, "Rob"),
            (Person, "Higuchi Ichiyo"),
            (Person, "Ichiyo Higuchi"),
        ],
        &[
            ("ursula von der leyen", "", &["Ursula von der Leyen", "von der Leyen"]),
            ("robert ashdown", "", &["Bob Ashdown", "Robert Ashdown", "Rob"]),
            ("higuchi ichiyo", "", &["Higuchi Ichiyo", "Ichiyo Higuchi"]),
        ],
    );
}

#[test]
fn a_surname_of_two_is_nobody_unless_one_is_named_far_more() {
    let names = [(Person, "Anna Schmidt"), (Person, "Otto Schmidt"), (Person, "Schmidt")];
    let apart: &[(&str, &str, &[&str])] = &[
        ("anna schmidt", "", &["Anna Schmidt"]),
        ("otto schmidt", "", &["Otto Schmidt"]),
        ("schmidt", "", &["Schmidt"]),
    ];
    check("Anna Schmidt, Otto Schmidt. Schmidt left.", &names, apart);
    check(
        "Anna Schmidt, Anna Schmidt, Otto Schmidt. Schmidt left.",
        &[(Person, "Anna Schmidt"), (Person, "Anna Schmidt"), (Person, "Otto Schmidt"), (Person, "Schmidt")],
        &[("anna schmidt", "", &["Anna Schmidt", "Anna Schmidt", "Schmidt"]), ("otto schmidt", "", &["Otto Schmidt"])],
    );
}

#[test]
fn titles_say_which_of_two_is_meant() {
    check(
        "Judge Anna Schmidt, Otto Schmidt; Judge Schmidt, the judge.",
        &[(Person, "Anna Schmidt"), (Person, "Otto Schmidt"), (Person, "Schmidt")],
        &[("anna schmidt", "", &["Anna Schmidt", "Schmidt"]), ("otto schmidt", "", &["Otto Schmidt"])],
    );
    check(
        "Mr. Schmidt and Mrs. Schmidt",
        &[(Person, "Schmidt"), (Person, "Schmidt")],
        &[("schmidt", "", &["Schmidt"]), ("schmidt", "", &["Schmidt"])],
    );
    check(
        "President Anna Schmidt spoke. President!",
        &[(Person, "President Anna Schmidt"), (Person, "President")],
        &[("anna schmidt", "", &["President Anna Schmidt", "President"])],
    );
}

#[test]
fn contradictions_keep_persons_apart() {
    check(
        "John Smith Jr., John Smith Sr., William W. Frost, William G. Frost, William Frost, Anna and Otto Ellery, Otto",
        &[
            (Person, "John Smith Jr."),
            (Person, "John Smith Sr."),
            (Person, "William W. Frost"),
            (Person, "William G. Frost"),
            (Person, "William Frost"),
            (Person, "Anna and Otto Ellery"),
            (Person, "Otto"),
        ],
        &[
            ("john smith jr", "", &["John Smith Jr."]),
            ("john smith sr", "", &["John Smith Sr."]),
            ("william w frost", "", &["William W. Frost"]),
            ("william g frost", "", &["William G. Frost"]),
            ("william frost", "", &["William Frost"]),
            ("anna and otto ellery", "", &["Anna and Otto Ellery"]),
            ("otto", "", &["Otto"]),
        ],
    );
}

#[test]
fn an_address_beside_a_name_is_the_persons() {
    check(
        "Annika Vogt <av@x.net> wrote. Vogt agreed.",
        &[(Person, "Annika Vogt"), (Email, "av@x.net"), (Person, "Vogt")],
        &[("annika vogt", "av@x.net", &["Annika Vogt", "Vogt"]), ("av@x.net", "av@x.net", &["av@x.net"])],
    );
    check(
        "Jörg Morgenroth\nManaging Director\n\nBerlin, joerg.morgenroth@x.net",
        &[(Person, "Jörg Morgenroth"), (Location, "Berlin"), (Email, "joerg.morgenroth@x.net")],
        &[
            ("jorg morgenroth", "joerg.morgenroth@x.net", &["Jörg Morgenroth"]),
            ("berlin", "", &["Berlin"]),
            ("joerg.morgenroth@x.net", "joerg.morgenroth@x.net", &["joerg.morgenroth@x.net"]),
        ],
    );
    // Which of the two she is, or whether she is either, the text does not say.
    check(
        "Annika Vogt writes from annika.vogt@x.net; this came from annika.vogt@x.com",
        &[(Person, "Annika Vogt"), (Email, "annika.vogt@x.net"), (Email, "annika.vogt@x.com")],
        &[
            ("annika vogt", "", &["Annika Vogt"]),
            ("annika.vogt@x.net", "annika.vogt@x.net", &["annika.vogt@x.net"]),
            ("annika.vogt@x.com", "annika.vogt@x.com", &["annika.vogt@x.com"]),
        ],
    );
}

#[test]
fn an_address_that_may_be_somebody_elses_is_nobodys() {
    let bare = |text: &str, names: &[(MentionType, &str)]| {
        let text_mentions = mentions(text, names);
        let found = referents(document(), &Text::from(text), &text_mentions);
        let known = |r: &&Referent| r.kind == Person && !r.identifiers.is_empty();
        assert_eq!(found.iter().find(known), None, "{text}");
    };
    for text in [
        "Annika Vogt sent the invoice. A week later a message from annika.vogt@x.com came, which is not hers.",
        "Annika Vogt sent the invoice of January.\n\nFrom annika.vogt@x.com came another one.",
        "Annika Vogt. My address is annika.vogt@x.com",
        "Annika Vogt <wrote>, annika.vogts@x.com",
    ] {
        let address = text.split([' ', ',']).find(|word| word.contains('@')).unwrap_or_default();
        bare(text, &[(Person, "Annika Vogt"), (Email, address)]);
    }
    let shared = [(Person, "Arno Vogt"), (Person, "Annika Vogt"), (Email, "a.vogt@x.net")];
    bare("Arno Vogt, Annika Vogt, a.vogt@x.net", &shared);
    check(
        "A. Vogt, Annika Vogt writes from a.vogt@x.net",
        &[(Person, "A. Vogt"), (Person, "Annika Vogt"), (Email, "a.vogt@x.net")],
        &[
            ("annika vogt", "a.vogt@x.net", &["A. Vogt", "Annika Vogt"]),
            ("a.vogt@x.net", "a.vogt@x.net", &["a.vogt@x.net"]),
        ],
    );
}

/// Asserts the discriminator and docket of each person of a document: whether each is known there alone, and in which
/// case.
fn check_case(names: &[(MentionType, &str)], expected: &[(&str, bool, Option<&str>)]) {
    let text: String = names.iter().map(|(_, name)| format!("{name}; ")).collect();
    let found = referents(document(), &Text::default(), &mentions(&text, names));
    let mut shown: Vec<(&str, bool, Option<&str>)> = found
        .iter()
        .filter(|r| r.kind == Person)
        .map(|r| {
            let docket = r.identifiers.iter().find(|i| i.scheme == Identifier::DOCKET);
            assert!(r.identifiers.is_sorted());
            (r.normal.as_str(), !r.discriminator.is_empty(), docket.map(|d| d.value.as_str()))
        })
        .collect();
    shown.sort_unstable();
    assert_eq!(shown, expected, "{text}");
}

#[test]
fn a_surname_alone_is_known_in_the_case_of_its_document() {
    const NUMBER: &str = "2:24-cv-99017";
    let case = Some(NUMBER);
    check_case(
        &[(Case, NUMBER), (Person, "Priya Raman"), (Person, "Grünwald"), (Person, "Robert"), (Case, NUMBER)],
        &[("grunwald", false, case), ("priya raman", false, case), ("robert", true, None)],
    );
    // Other decisions are cited in each document of a case.
    check_case(&[(Case, NUMBER), (Case, "549 us 118"), (Person, "Raman")], &[("raman", false, case)]);
    check_case(&[(Case, NUMBER), (Case, "1:19-cv-00001"), (Person, "Raman")], &[("raman", true, None)]);
    check_case(&[(Case, "549 us 118"), (Person, "Raman")], &[("raman", true, None)]);
    check_case(&[(Case, NUMBER), (Person, "R"), (Person, "Judge")], &[("judge", true, None), ("r", true, None)]);
    check_case(&[(Case, NUMBER), (Person, "Anna and Otto Ellery")], &[("anna and otto ellery", false, None)]);
    let two = [("vogt", true, None), ("vogt", true, None)];
    check_case(&[(Case, NUMBER), (Person, "Mr. Vogt"), (Person, "Mrs. Vogt")], &two);
}

#[test]
fn two_with_one_name_and_two_addresses_are_two() {
    check(
        "Annika Vogt <a@x.net>, Annika Vogt <a@x.com>, Annika Vogt, Vogt",
        &[
            (Person, "Annika Vogt"),
            (Email, "a@x.net"),
            (Person, "Annika Vogt"),
            (Email, "a@x.com"),
            (Person, "Annika Vogt"),
            (Person, "Vogt"),
        ],
        &[
            ("annika vogt", "a@x.net", &["Annika Vogt"]),
            ("annika vogt", "a@x.com", &["Annika Vogt"]),
            ("annika vogt", "", &["Annika Vogt", "Vogt"]),
            ("a@x.net", "a@x.net", &["a@x.net"]),
            ("a@x.com", "a@x.com", &["a@x.com"]),
        ],
    );
}

#[test]
fn one_address_joins_names_that_fit() {
    check(
        "Annika Vogt <a@x>, A. Vogt <a@x>, Otto Li <a@x>",
        &[
            (Person, "Annika Vogt"),
            (Email, "a@x"),
            (Person, "A. Vogt"),
            (Email, "a@x"),
            (Person, "Otto Li"),
            (Email, "a@x"),
        ],
        &[
            ("annika vogt", "a@x", &["Annika Vogt", "A. Vogt"]),
            ("otto li", "a@x", &["Otto Li"]),
            ("a@x", "a@x", &["a@x", "a@x", "a@x"]),
        ],
    );
}

#[test]
fn short_names_of_organisations_find_the_long_ones() {
    check(
        "Harrow Point Museum of Navigation (HPMN), HPMN, Harrow Point Museum, Pellworm & Stagg Underwriting Ltd, \
         Pellworm & Stagg, Deutsche Bank AG, Deutsche Bank GmbH, Deutsche Bank",
        &[
            (Org, "Harrow Point Museum of Navigation"),
            (Org, "HPMN"),
            (Org, "HPMN"),
            (Org, "Harrow Point Museum"),
            (Org, "Pellworm & Stagg Underwriting Ltd"),
            (Org, "Pellworm & Stagg"),
            (Org, "Deutsche Bank AG"),
            (Org, "Deutsche Bank GmbH"),
            (Org, "Deutsche Bank"),
        ],
        &[
            (
                "harrow point museum of navigation",
                "",
                &["Harrow Point Museum of Navigation", "HPMN", "HPMN", "Harrow Point Museum"],
            ),
            ("pellworm and stagg underwriting ltd", "", &["Pellworm & Stagg Underwriting Ltd", "Pellworm & Stagg"]),
            ("deutsche bank ag", "", &["Deutsche Bank AG"]),
            ("deutsche bank gmbh", "", &["Deutsche Bank GmbH"]),
            ("deutsche bank", "", &["Deutsche Bank"]),
        ],
    );
}

#[test]
fn a_text_may_define_short_names_of_its_own() {
    check(
        "Linsenwerkstatt Morgenroth GmbH (the “Workshop”) and Raman Ellery LLP (not Workshop) met. Workshop!",
        &[
            (Org, "Linsenwerkstatt Morgenroth GmbH"),
            (Org, "Workshop"),
            (Org, "Raman Ellery LLP"),
            (Org, "Workshop"),
            (Org, "Workshop"),
        ],
        &[
            (
                "linsenwerkstatt morgenroth gmbh",
                "",
                &["Linsenwerkstatt Morgenroth GmbH", "Workshop", "Workshop", "Workshop"],
            ),
            ("raman ellery llp", "", &["Raman Ellery LLP"]),
        ],
    );
}

#[test]
fn a_country_is_not_short_for_its_departments() {
    check(
        "United States, U.S., Department of State, United States Department of State, Republic of Albania, Albania",
        &[
            (Location, "United States"),
            (Location, "U.S."),
            (Org, "United States Department of State"),
            (Location, "Republic of Albania"),
            (Location, "Albania"),
        ],
        &[
            ("united states", "", &["United States", "U.S."]),
            ("united states department of state", "", &["United States Department of State"]),
            ("republic of albania", "", &["Republic of Albania", "Albania"]),
        ],
    );
}

#[test]
fn a_single_word_is_known_in_its_document_alone() {
    let mentions = mentions("Otto, Anna Li", &[(Person, "Otto"), (Person, "Anna Li")]);
    let found = referents(document(), &Text::default(), &mentions);
    let discriminator = |normal: &str| found.iter().find(|r| r.normal == normal).map(|r| r.discriminator.clone());
    assert_eq!(discriminator("otto"), Some(document().to_string()));
    assert_eq!(discriminator("anna li"), Some(String::new()));
}

#[test]
fn forms_are_counted_and_sorted() {
    let names: Vec<Mention> =
        ["B Bo", "b bo", "B Bo"].into_iter().zip(0..).map(|(n, i)| mention(Person, i * 10, n, None, None)).collect();
    let found = referents(document(), &Text::default(), &names);
    assert_eq!(found[0].forms, [("B Bo".to_owned(), 2), ("b bo".to_owned(), 1)]);
}

#[test]
fn names_of_several_types_are_clustered_each_in_its_own() {
    check(
        "Anna Li, Acme GmbH, Li, Acme, Bo",
        &[(Person, "Anna Li"), (Org, "Acme GmbH"), (Person, "Li"), (Org, "Acme"), (Person, "Bo")],
        &[("anna li", "", &["Anna Li", "Li"]), ("acme gmbh", "", &["Acme GmbH", "Acme"]), ("bo", "", &["Bo"])],
    );
    check("", &[(Person, ""), (Org, ""), (Location, "")], &[("", "", &[""]), ("", "", &[""]), ("", "", &[""])]);
}

/// Lists with thousands of names of one surname, one given name, one initial, one beginning: each step looks at few of
/// them for one name. The time of a quadratic step would be minutes.
#[test]
fn long_lists_of_names_that_are_much_alike_take_no_time() {
    let letters = |i: u32| -> String { i.to_string().bytes().map(|b| char::from(b - b'0' + b'a')).collect() };
    let kinds: [&dyn Fn(u32) -> (MentionType, String); 6] = [
        &|i| (Person, format!("A{} Li", letters(i))),
        &|i| (Person, format!("Anna B{} Li", letters(i))),
        &|i| (Person, format!("Anna B{}", letters(i))),
        &|i| (Person, format!("A. B{} Li", letters(i % 100))),
        &|i| (Org, format!("Acme Harbour B{}", letters(i))),
        &|_| (Person, "Li".to_owned()),
    ];
    for make in kinds {
        let made: Vec<(MentionType, String)> = (0..2_000).map(make).chain([(Person, "Li".to_owned())]).collect();
        let names: Vec<(MentionType, &str)> = made.iter().map(|(kind, name)| (*kind, name.as_str())).collect();
        let text = names.iter().map(|(_, name)| *name).collect::<Vec<_>>().join("\n");
        let found = referents(document(), &Text::from(text.as_str()), &mentions(&text, &names));
        assert_eq!(found.iter().map(|r| r.mentions.len()).sum::<usize>(), 2_001);
    }
    // Contact data: who has which address, when all have the same name or the same address.
    let (mut text, mut names) = (String::new(), Vec::new());
    for i in 0..2_000 {
        for (kind, name) in [(Person, "Anna Li".to_owned()), (Email, format!("anna.li@{}.org", letters(i)))] {
            text.push_str(&name);
            text.push('\n');
            names.push((kind, name));
        }
    }
    let names: Vec<(MentionType, &str)> = names.iter().map(|(kind, name)| (*kind, name.as_str())).collect();
    assert_eq!(referents(document(), &Text::from(text.as_str()), &mentions(&text, &names)).len(), 2_001);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_mentions_of_any_text_are_in_one_referent_each(
        text in "(Anna|Schmidt|Mr\\.|[(<\"“ ,.\n]|a@x\\.org|\\PC){0,40}",
        specs in prop::collection::vec((0u32..40, 0u32..8, 0usize..12, "(Anna|A\\.|Schmidt|Acme|GmbH|AC|the|of| |\\PC){0,5}", 0u8..4), 0..24),
    ) {
        let text = Text::new(text);
        // A document has a mention once: two of one id are one.
        let mut ids = BTreeSet::new();
        let mentions: Vec<Mention> = specs
            .iter()
            .map(|(at, length, kind, name, email)| {
                let kind = MentionType::ALL[*kind];
                let email = (*email > 1).then(|| format!("{email}@x"));
                let span = Span::new(*at, at + length);
                Mention { span, id: MentionId::new(document(), kind, span, name), ..mention(kind, 0, name, email.as_deref(), None) }
            })
            .filter(|mention| ids.insert(mention.id))
            .collect();
        let found = referents(document(), &text, &mentions);
        let mut seen: Vec<MentionId> = found.iter().flat_map(|r| r.mentions.clone()).collect();
        let mut given: Vec<MentionId> = mentions.iter().map(|m| m.id).collect();
        seen.sort_unstable();
        given.sort_unstable();
        prop_assert_eq!(seen, given);
        for referent in &found {
            let kinds: BTreeSet<MentionType> =
                mentions.iter().filter(|m| referent.mentions.contains(&m.id)).map(|m| m.kind).collect();
            prop_assert_eq!(kinds.len(), 1);
            let emails = referent.identifiers.iter().filter(|i| i.scheme == "email").count();
            prop_assert!(referent.kind != Person || emails <= 1, "{:?}", referent);
        }
        let mut reversed = mentions;
        reversed.reverse();
        prop_assert_eq!(referents(document(), &text, &reversed), found);
    }
}
