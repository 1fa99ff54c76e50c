use std::time::{Duration, Instant};

use docmill_model::{MentionType, Referent, ReferentId, Role};
use proptest::prelude::*;

use super::header::MAX_SENDERS;
use super::*;
use crate::referent::referents;
use crate::referent::tests::{document, mention};

/// Asserts who wrote to whom, by the normal forms of the referents, and the range that says so.
fn check(mentions: &[Mention], expected: &[(&str, &str, (u32, u32))]) {
    let referents = referents(document(), &docmill_model::Text::default(), mentions);
    let normal =
        |id| referents.iter().find(|r| r.id == id).map(|r| r.normal.as_str()).expect("a referent that was given");
    let relations = relations(&Text::default(), &[], mentions, &referents);
    let found: Vec<_> = relations
        .iter()
        .map(|r| (normal(r.from), normal(r.to), (r.evidence.span.start, r.evidence.span.end)))
        .collect();
    assert_eq!(found, expected);
    for relation in &relations {
        assert_eq!((relation.confidence, relation.extractor.as_str()), (1000, "rule/mail_header@1"));
    }
}

use MentionType::{Date, Email, Person};
const SENDER: Option<Role> = Some(Role::Sender);
const RECIPIENT: Option<Role> = Some(Role::Recipient);

#[test]
fn a_mail_relates_its_sender_to_each_recipient_once() {
    check(
        &[
            mention(Person, 0, "Anna", Some("a@x"), SENDER),
            mention(Email, 10, "a@x", Some("a@x"), SENDER),
            mention(Person, 20, "Bo", Some("b@x"), RECIPIENT),
            mention(Email, 30, "b@x", Some("b@x"), RECIPIENT),
            mention(Email, 40, "c@x", Some("c@x"), RECIPIENT),
            mention(Person, 50, "Bo", Some("b@x"), RECIPIENT),
            mention(Email, 60, "b@x", Some("b@x"), RECIPIENT),
            mention(Date, 70, "2024", None, None),
            mention(Email, 80, "d@x", Some("d@x"), None),
        ],
        &[("anna", "bo", (0, 30)), ("anna", "c@x", (0, 50))],
    );
}

#[test]
fn nobody_writes_to_himself() {
    check(
        &[
            mention(Person, 0, "Anna", Some("a@x"), SENDER),
            mention(Email, 10, "a@x", Some("a@x"), RECIPIENT),
            mention(Person, 20, "Anna", Some("a@x"), RECIPIENT),
        ],
        &[],
    );
}

#[test]
fn addresses_stand_for_those_who_are_not_named() {
    let (to, from) = (mention(Email, 0, "b@x", Some("b@x"), RECIPIENT), mention(Email, 20, "a@x", Some("a@x"), SENDER));
    check(&[to.clone(), from], &[("a@x", "b@x", (0, 30))]);
    check(&[to], &[]);
}

#[test]
fn a_header_with_many_senders_gives_no_more_pairs_than_it_has_recipients_times_the_limit() {
    let mut mentions = Vec::new();
    for i in 0..100 {
        let (from, to) = (format!("s{i}@x"), format!("r{i}@x"));
        mentions.push(mention(Email, i * 10, &from, Some(&from), SENDER));
        mentions.push(mention(Email, 1000 + i * 10, &to, Some(&to), RECIPIENT));
    }
    mentions.sort_by_key(|m| m.span);
    let referents = referents(document(), &docmill_model::Text::default(), &mentions);
    assert_eq!(relations(&Text::default(), &[], &mentions, &referents).len(), MAX_SENDERS * 100);
}

/// Reads `[P:Anna Vogt]` as a mention of a person, O, L, M, D and C as an organisation, a place, money, a date and a
/// case. Equal names of one type are one referent.
fn marked(text: &str) -> (Text, Vec<Mention>, Vec<Referent>) {
    let mut plain = String::new();
    let mut mentions: Vec<Mention> = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('[') {
        plain.push_str(&rest[..open]);
        let close = open + rest[open..].find(']').expect("a mark is closed");
        let (kind, name) = rest[open + 1..close].split_once(':').expect("a mark has a type");
        let kind = match kind {
            "P" => MentionType::Person,
            "O" => MentionType::Org,
            "L" => MentionType::Location,
            "M" => MentionType::Money,
            "D" => MentionType::Date,
            _ => MentionType::Case,
        };
        let start = plain.chars().count() as u32;
        plain.push_str(name);
        let span = Span::new(start, plain.chars().count() as u32);
        let id = MentionId::new(document(), kind, span, "rule/test@1");
        mentions.push(Mention {
            id,
            span,
            kind,
            normal: name.to_lowercase(),
            name: name.into(),
            ..mention(kind, 0, name, None, None)
        });
        rest = &rest[close + 1..];
    }
    plain.push_str(rest);
    let mut referents: Vec<Referent> = Vec::new();
    for mention in &mentions {
        match referents.iter_mut().find(|r| (r.kind, &r.normal) == (mention.kind, &mention.normal)) {
            Some(referent) => referent.mentions.push(mention.id),
            None => referents.push(Referent {
                id: ReferentId::new(document(), mention.kind, mention.span),
                kind: mention.kind,
                normal: mention.normal.clone(),
                identifiers: vec![],
                forms: vec![(mention.name.clone(), 1)],
                mentions: vec![mention.id],
                discriminator: String::new(),
            }),
        }
    }
    (Text::new(plain), mentions, referents)
}

/// What all patterns find, on or off, as `TYPE from > to` with the attributes behind.
fn found(text: &str) -> Vec<String> {
    let (text, mentions, referents) = marked(text);
    let body = body(&text, &[]);
    let named = with_terms(&text, &body, named(&text, &mentions, &referents));
    let sentences = sentences(&text, &[], &named);
    let said = Said { text: &text, named: &named, referents: &referents };
    let all: Vec<&Pattern> = PATTERNS.iter().collect();
    let name =
        |id: ReferentId| referents.iter().find(|r| r.id == id).map(|r| r.forms[0].0.as_str()).unwrap_or_default();
    let mut out: Vec<String> = said
        .by_patterns(&all, &body, &sentences)
        .iter()
        .map(|r| {
            let attributes: Vec<_> = r.attributes.iter().map(|(k, v)| format!(" {k}={v}")).collect();
            format!("{} {} > {}{}", r.kind.as_str(), name(r.from), name(r.to), attributes.concat())
        })
        .collect();
    out.sort();
    out
}

fn check_said(text: &str, expected: &[&str]) {
    assert_eq!(found(text), expected, "in {text:?}");
}

#[test]
fn an_office_is_said_in_many_ways() {
    for text in [
        "[P:Anna], the director of [O:Acme], left.",
        "[P:Anna], 45, director of [O:Acme], left.",
        "[P:Anna] (director at the [O:Acme]) left.",
        "[P:Anna] is the director of [O:Acme].",
        "[P:Anna] was appointed director of [O:Acme].",
        "[P:Anna], director, [O:Acme]",
        "The director of [O:Acme], [P:Anna], left.",
        "Director [P:Anna] of [O:Acme] left.",
        "[O:Acme] director [P:Anna] left.",
        "[O:Acme]'s director [P:Anna] left.",
        "[O:Acme]’s director, [P:Anna], left.",
        "For [O:Acme]: [P:Anna], director, anna@x.org; and others",
        "Yours sincerely\n[P:Anna]\nDirector\n[O:Acme]",
        "Best wishes\n\n--\n[P:Anna], director\n[O:Acme], Berlin",
    ] {
        check_said(text, &["WORKS_FOR Anna > Acme role=director"]);
    }
    check_said("[P:Anna], director of marketing at [O:Acme], left.", &["WORKS_FOR Anna > Acme role=director"]);
    check_said("[P:Ray], mayor of [L:Bath], left.", &["WORKS_FOR Ray > Bath role=mayor"]);
    check_said("[P:Anna] works for [O:Acme].", &["WORKS_FOR Anna > Acme"]);
    check_said("[P:Anna] of [O:Acme] left.", &["WORKS_FOR Anna > Acme"]);
}

#[test]
fn an_office_is_not_said_where_it_is_asked_supposed_denied_or_of_another() {
    for text in [
        "Is [P:Anna] the director of [O:Acme]?",
        "[P:Anna], the director of [O:Acme]?",
        "If [P:Anna] is the director of [O:Acme], we lose.",
        "We do not know whether [P:Anna] is the director of [O:Acme].",
        "[P:Anna] is not the director of [O:Acme].",
        "[P:Anna] could be the director of [O:Acme].",
        "[P:Anna], the director of [O:Acme]'s rival, left.",
        "[P:Anna], wife of the director of [O:Acme], left.",
        "[P:Anna], director of [L:Berlin], left.",
        "[O:Acme]'s director and [P:Anna] left.",
        "[O:Acme]'s director, [P:Anna] said, left.",
        "[P:Anna] and [O:Acme] left.",
        "[P:Anna]\n[O:Acme]",
    ] {
        check_said(text, &[]);
    }
}

#[test]
fn counsel_and_client_are_told_apart() {
    for text in [
        "[P:Anna], counsel for [O:Acme], spoke.",
        "[O:Acme]'s lawyer [P:Anna] spoke.",
        "[P:Anna] represents [O:Acme].",
        "[P:Anna] argued the cause and filed briefs for [O:Acme].",
        "[O:Acme], represented by [P:Anna], agreed.",
        "[O:Acme] (\"Acme\"), through its attorneys, [P:Anna], agreed.",
    ] {
        check_said(text, &["REPRESENTS Anna > Acme"]);
    }
    check_said(
        "[P:Anna Lee], [O:Lee LLP], [L:Boston], for amicus curiae [O:Acme].",
        &["LOCATED_IN Lee LLP > Boston", "REPRESENTS Anna Lee > Acme", "REPRESENTS Lee LLP > Acme"],
    );
    check_said("If [P:Anna] represents [O:Acme], we lose.", &[]);
    check_said("[P:Anna], Counsel of Record, [P:Bo]", &[]);
}

#[test]
fn a_caption_names_the_parties_their_case_and_their_counsel() {
    let parties =
        ["OPPOSES Acme > Bolt", "PARTY_TO Acme > 2:24-cv-1 role=plaintiff", "PARTY_TO Bolt > 2:24-cv-1 role=defendant"];
    check_said("[O:Acme], Plaintiff,\nv.\n[O:Bolt], Defendant.\n\nCase No. [C:2:24-cv-1]", &parties);
    check_said(
        "[O:Acme] v. [O:Bolt], [C:2:24-cv-1]",
        &["OPPOSES Acme > Bolt", "PARTY_TO Acme > 2:24-cv-1", "PARTY_TO Bolt > 2:24-cv-1"],
    );
    let text = "[O:Acme], Plaintiff,\nv.\n[O:Bolt], Defendant.\n\nCase No. [C:2:24-cv-1]\n\nPLAINTIFF'S MOTION TO DISMISS\n\n\
                Defendant's clerk, [P:Bo], lied.\n\nRespectfully submitted,\n[P:Anna Lee]";
    let mut expected = parties.to_vec();
    expected.extend(["REPRESENTS Anna Lee > Acme", "WORKS_FOR Bo > Bolt role=clerk"]);
    check_said(text, &expected);
    check_said("[O:Arsenal] v. [O:Chelsea]", &[]);
    check_said("[O:Acme] v. [O:Bolt], see [C:Conley v. Gibson, 355 U.S. 41]", &["OPPOSES Acme > Bolt"]);
}

#[test]
fn a_defined_term_stands_for_its_name_if_it_has_only_one() {
    let text = "[O:Acme Ltd], 1 High Street (the \"Company\"), sells.\n\n[P:Anna], director of the Company, left.";
    check_said(text, &["WORKS_FOR Anna > Acme Ltd role=director"]);
    let text = "[O:Acme Ltd] and [O:Bolt Ltd] (the \"Company\") sell.\n\n[P:Anna], director of the Company, left.";
    check_said(text, &[]);
}

#[test]
fn companies_have_holders_and_seats() {
    for text in [
        "[O:Acme], a wholly owned subsidiary of [O:Bolt], sells.",
        "[O:Acme] is owned by [O:Bolt].",
        "[O:Bolt]'s subsidiary [O:Acme] sells.",
    ] {
        check_said(text, &["SUBSIDIARY_OF Acme > Bolt"]);
    }
    check_said("If [O:Acme] is a subsidiary of [O:Bolt], sell.", &[]);
    for text in [
        "[O:Acme Ltd], based in [L:Bath], sells.",
        "The [L:Bath]-based [O:Acme Ltd] sells.",
        "[O:Acme Ltd] of [L:Bath] sells.",
        "[O:Acme Ltd], Dorfstrasse 5, 12345 [L:Bath], sells.",
    ] {
        check_said(text, &["LOCATED_IN Acme Ltd > Bath"]);
    }
    check_said(
        "[O:Acme Museum], [L:1 High Road], [L:Bath], [L:Maine], sells.",
        &["LOCATED_IN Acme Museum > Bath", "LOCATED_IN Acme Museum > Maine", "LOCATED_IN Bath > Maine"],
    );
    check_said("[O:Acme Ltd], [L:Dorfstrasse] 14", &[]);
    check_said("[O:Army] in [L:Korea]", &[]);
    check_said("[L:Toronto], [L:Omaha], [L:New York], [L:Houston]", &[]);
    check_said("In [L:Gaza], [L:Israel] goes on.", &[]);
}

#[test]
fn other_names_and_payments_are_told() {
    check_said("[P:Abdul], also known as [P:Jafar], left.", &["ALSO_KNOWN_AS Abdul > Jafar"]);
    check_said("A part of [O:Acme] known as [O:Bolt] left.", &[]);
    check_said(
        "The [O:Federal Trade Commission] (the \"[O:FTC]\") left.",
        &["ALSO_KNOWN_AS Federal Trade Commission > FTC"],
    );
    let paid = "PAID Acme > Bolt amount=eur 5 date=3 may";
    for text in [
        "[O:Acme] paid [O:Bolt] [M:EUR 5] on [D:3 May].",
        "[O:Acme] paid [M:EUR 5] to [O:Bolt] on [D:3 May].",
        "[M:EUR 5] was paid by [O:Acme] to [O:Bolt] on [D:3 May].",
        "[O:Bolt] received [M:EUR 5] from [O:Acme] on [D:3 May].",
    ] {
        check_said(text, &[paid]);
    }
    check_said("[O:Acme] has not paid [M:EUR 5] to [O:Bolt].", &[]);
    check_said("If [O:Acme] paid [M:EUR 5] to [O:Bolt], fine.", &[]);
}

#[test]
fn names_of_one_sentence_stand_together_and_no_more_than_three_times() {
    let text = "[P:Anna] met [P:Bo] in [L:Bath]. ".repeat(5) + "[P:Cleo] left. See [D:2024].";
    let (text, mentions, referents) = marked(&text);
    let found = relations(&text, &[], &mentions, &referents);
    assert_eq!(found.len(), 9);
    for relation in &found {
        assert_eq!((relation.kind, relation.extractor.as_str()), (RelationType::CoMentioned, "rule/same_sentence@1"));
        assert_eq!(text.slice(relation.evidence.span), "Anna met Bo in Bath.");
    }
}

#[test]
fn cells_of_one_row_stand_together() {
    let (text, mentions, referents) = marked("[P:Anna]\t[O:Acme]\n[P:Bo]\t[O:Bolt]");
    let cells = ["r1/c1", "r1/c2", "r2/c1", "r2/c2"];
    let block =
        |(cell, m): (&&str, &Mention)| Block { kind: BlockKind::Cell, span: m.span, path: format!("t1/{cell}") };
    let blocks: Vec<Block> = cells.iter().zip(&mentions).map(block).collect();
    let found = relations(&text, &blocks, &mentions, &referents);
    let said: Vec<_> = found.iter().map(|r| (r.extractor.as_str(), text.slice(r.evidence.span))).collect();
    assert_eq!(said, [("rule/same_row@1", "Anna\tAcme"), ("rule/same_row@1", "Bo\tBolt")]);
}

#[test]
fn a_pattern_is_on_if_enough_was_checked_and_right() {
    let table = include_str!("../../../../docs/relations.md");
    for pattern in PATTERNS {
        let measured = pattern.checked >= 20 && pattern.right * 5 >= pattern.checked * 4;
        assert_eq!(pattern.on, measured, "{}", pattern.id);
        let on = if pattern.on { "yes" } else { "no" };
        let row = format!(
            "| `{}` | {} | {} | {} | {on} |",
            pattern.id,
            pattern.kind.as_str(),
            pattern.checked,
            pattern.right
        );
        assert!(table.contains(&row), "docs/relations.md has no row {row}");
    }
}

#[test]
fn a_list_of_thousands_of_names_gives_no_more_than_a_sentence_holds() {
    let name = |n: u32| format!("[P:Anna {n}]");
    let list: Vec<String> = (0..5_000).map(name).collect();
    for text in [
        list.join(", "),
        list.join(" v. "),
        list.join(" and "),
        list.join(", counsel for "),
        list.join("\nRespectfully\n"),
    ] {
        let start = Instant::now();
        let (text, mentions, referents) = fast(&text);
        let found = relations(&text, &[], &mentions, &referents);
        assert!(found.len() <= 12_000, "{} relations", found.len());
        // Far more than is needed, far less than quadratic time would take.
        assert!(start.elapsed() < Duration::from_secs(20));
    }
}

/// As [`marked`], for names that are all different.
fn fast(text: &str) -> (Text, Vec<Mention>, Vec<Referent>) {
    let mut plain = String::new();
    let mut mentions = Vec::new();
    for (index, part) in text.split(['[', ']']).enumerate() {
        let Some(name) = part.strip_prefix("P:").filter(|_| index % 2 == 1) else {
            plain.push_str(part);
            continue;
        };
        let span = Span::new(plain.len() as u32, (plain.len() + name.len()) as u32);
        plain.push_str(name);
        let id = MentionId::new(document(), MentionType::Person, span, "rule/test@1");
        mentions.push(Mention { id, span, ..mention(MentionType::Person, 0, name, None, None) });
    }
    let referent = |m: &Mention| Referent {
        id: ReferentId::new(document(), m.kind, m.span),
        kind: m.kind,
        normal: m.normal.clone(),
        identifiers: vec![],
        forms: vec![],
        mentions: vec![m.id],
        discriminator: String::new(),
    };
    let referents = mentions.iter().map(referent).collect();
    (Text::new(plain), mentions, referents)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn evidence_of_any_text_holds_both_mentions_and_joins_two_things(
        text in "(\\[[POLMDC]:[A-Z][a-zéß]{1,5}\\]|, | v\\. |'s |director|lawyer| of | for |paid|\\(the \"Firm\"\\)|Firm|\n\n|\n|Yours|\\. |\\? |é|-based ){0,40}",
    ) {
        let (text, mentions, referents) = marked(&text);
        for r in relations(&text, &[], &mentions, &referents) {
            prop_assert!(r.from != r.to && r.confidence <= 1000 && r.evidence.span.end <= text.chars());
            for (id, end) in r.evidence.mentions.iter().zip([r.from, r.to]) {
                let mention = mentions.iter().find(|m| m.id == *id).expect("a mention that was given");
                prop_assert!(r.evidence.span.start <= mention.span.start && mention.span.end <= r.evidence.span.end);
                let referent = referents.iter().find(|r| r.id == end).expect("a referent that was given");
                prop_assert!(referent.mentions.contains(id));
            }
        }
    }
}
