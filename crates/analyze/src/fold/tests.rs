//! Components folded, with the real measure of likeness behind the vetoes.

use docmill_model::{DecisionId, Digest, DocumentId, Link, MentionType, ProfileKey, ReferentId, Span};
use proptest::prelude::*;

use super::*;

fn project() -> ProjectId {
    ProjectId::new("test")
}

/// A person in so many documents; `email` may be empty.
fn person(name: &str, email: &str, documents: u32) -> Profile {
    let identifiers = match email {
        "" => vec![],
        email => vec![Identifier { scheme: "email".into(), value: email.into() }],
    };
    let normal = crate::name::person(name).map_or_else(|| name.to_lowercase(), |name| name.normal);
    let key =
        ProfileKey { kind: docmill_model::MentionType::Person, normal, identifiers, discriminator: String::new() };
    let document = DocumentId::new("test", &key.digest());
    Profile {
        id: ProfileId::new(&key.digest()),
        documents,
        mentions: 2 * documents,
        forms: vec![(name.to_owned(), documents)],
        least: ReferentId::new(document, MentionType::Person, Span::new(0, 1)),
        key,
    }
}

fn link(a: &Profile, b: &Profile, score: u16) -> Link {
    let (a, b) = (a.id.min(b.id), a.id.max(b.id));
    Link { a, b, score, reasons: vec![format!("score_{score}")], veto: None, refused: None }
}

fn ruling(number: u8, action: Action, a: &[&Profile], b: &[&Profile]) -> Ruling {
    let ids = |side: &[&Profile]| {
        let mut ids: Vec<_> = side.iter().map(|p| p.id).collect();
        ids.sort();
        ids
    };
    let decision = DecisionId::new(&Digest::of(&[number]));
    Ruling { decision, at_ms: i64::from(number), action, a: ids(a), b: ids(b) }
}

fn component(profiles: &[&Profile], links: Vec<Link>, rulings: Vec<Ruling>) -> Component {
    let mut profiles: Vec<Profile> = profiles.iter().map(|p| (*p).clone()).collect();
    profiles.sort_by_key(|p| p.id);
    Component { profiles, links, rulings, threshold: THRESHOLDS[0] }
}

/// Folds and asserts who is one: the names of each entity's profiles, in order.
fn check(component: &Component, expected: &[&[&str]]) -> Fold {
    let fold = fold(project(), component);
    let name = |id: ProfileId| {
        let profile = component.profiles.iter().find(|p| p.id == id).expect("it was given");
        let email = profile.key.identifiers.first().map_or("", |i| i.value.as_str());
        format!("{} {email}", profile.forms[0].0).trim().to_owned()
    };
    let mut found: Vec<Vec<String>> = fold
        .entities
        .iter()
        .map(|folded| {
            let mut names: Vec<String> = folded.members.iter().map(|m| name(m.profile)).collect();
            names.sort();
            names
        })
        .collect();
    found.sort();
    assert_eq!(found, expected, "{:?}", component.rulings);
    fold
}

#[test]
fn links_join_profiles_and_say_why() {
    let (a, b, c) = (person("Anna Berg", "", 5), person("Anna Q. Berg", "", 2), person("Anna Berg", "a@x", 1));
    let links = vec![link(&a, &b, 900), link(&a, &c, 1000)];
    let fold = check(&component(&[&a, &b, &c], links, vec![]), &[&["Anna Berg", "Anna Berg a@x", "Anna Q. Berg"]]);
    let folded = &fold.entities[0];
    let least = [&a, &b, &c].map(|p| p.least).into_iter().min().unwrap();
    assert_eq!((folded.least, folded.entity.id), (least, EntityId::new(project(), least)));
    assert_eq!(
        (folded.entity.name.as_str(), folded.entity.aliases.as_slice()),
        ("Anna Berg", &["Anna Q. Berg".to_owned()][..])
    );
    assert_eq!((folded.entity.documents, folded.entity.mentions), (8, 16));
    assert_eq!(folded.entity.identifiers, c.key.identifiers);
    let told: Vec<_> = folded.members.iter().map(|m| (m.reasons.len(), m.score)).collect();
    assert_eq!(told.iter().filter(|(reasons, _)| *reasons == 0).count(), 1, "the one that the entity is named after");
    let mut scores: Vec<u16> = folded.members.iter().filter(|m| !m.reasons.is_empty()).map(|m| m.score).collect();
    scores.sort_unstable();
    assert_eq!(scores, [900, 1000]);
}

#[test]
fn a_bare_name_goes_to_the_one_that_is_spoken_of_more() {
    for (few, many) in [(1, 9), (9, 1)] {
        let (bare, one, other) =
            (person("Anna Berg", "", 3), person("Anna Berg", "a@x", few), person("Anna Berg", "b@x", many));
        let links = vec![link(&bare, &one, 900), link(&bare, &other, 900)];
        let joined = if few > many { "a@x" } else { "b@x" };
        let apart = if few > many { "b@x" } else { "a@x" };
        let (joined, apart) = (format!("Anna Berg {joined}"), format!("Anna Berg {apart}"));
        let expected: &[&[&str]] = &[&["Anna Berg", &joined], &[&apart]];
        let fold = check(&component(&[&bare, &one, &other], links, vec![]), expected);
        let refused: Vec<_> = fold.refusals.iter().map(|r| r.why.as_deref()).collect();
        assert_eq!(refused, [Some("other_identifier")]);
    }
}

#[test]
fn a_surname_that_its_case_joins_to_two_goes_to_neither() {
    let by_case = |a: &Profile, b: &Profile| Link { reasons: vec!["same_case".into()], ..link(a, b, 850) };
    let (bare, one, other) = (person("Berg", "", 5), person("Anna Berg", "", 9), person("Otto Berg", "", 1));
    let (again, same) = (person("Berg", "b@x", 1), person("Anna Q. Berg", "", 1));
    let refused = |fold: Fold| -> Vec<Option<String>> { fold.refusals.into_iter().map(|r| r.why).collect() };

    let links = || vec![by_case(&bare, &one), by_case(&bare, &other), by_case(&bare, &again)];
    let apart: &[&[&str]] = &[&["Anna Berg"], &["Berg"], &["Berg b@x"], &["Otto Berg"]];
    let fold = check(&component(&[&bare, &one, &other, &again], links(), vec![]), apart);
    assert_eq!(refused(fold), vec![Some("ambiguous".to_owned()); 3]);

    // Two spellings of one are no two, and whom a person excludes does not count.
    let links = vec![by_case(&bare, &one), by_case(&bare, &same), link(&one, &same, 900)];
    check(&component(&[&bare, &one, &same], links, vec![]), &[&["Anna Berg", "Anna Q. Berg", "Berg"]]);
    let links = vec![by_case(&bare, &one), by_case(&bare, &other)];
    let different = ruling(1, Action::Different, &[&bare], &[&one]);
    let fold =
        check(&component(&[&bare, &one, &other], links, vec![different]), &[&["Anna Berg"], &["Berg", "Otto Berg"]]);
    assert_eq!(refused(fold), [Some("decision".to_owned())]);
}

#[test]
fn dockets_are_not_what_an_entity_is_known_by() {
    let mut profile = person("Anna Berg", "a@x", 1);
    let own = profile.key.identifiers.clone();
    profile.key.identifiers.insert(0, Identifier { scheme: Identifier::DOCKET.into(), value: "2:24-cv-99017".into() });
    let fold = fold(project(), &component(&[&profile], vec![], vec![]));
    assert_eq!(fold.entities[0].entity.identifiers, own);
}

#[test]
fn nothing_crosses_a_veto_between_any_two_members() {
    let (father, son, bare) =
        (person("John Berg Sr.", "", 2), person("John Berg Jr.", "", 2), person("John Berg", "", 1));
    let links = || vec![link(&father, &bare, 950), link(&son, &bare, 900)];
    check(&component(&[&father, &son, &bare], links(), vec![]), &[&["John Berg", "John Berg Sr."], &["John Berg Jr."]]);
    // A person may.
    let same = ruling(1, Action::Same, &[&father], &[&son]);
    let all: &[&[&str]] = &[&["John Berg", "John Berg Jr.", "John Berg Sr."]];
    check(&component(&[&father, &son, &bare], links(), vec![same]), all);
}

#[test]
fn of_two_decisions_that_contradict_each_other_the_newer_one_holds() {
    let (a, b, c) = (person("Anna Berg", "", 3), person("Anna Q. Berg", "", 1), person("Bruno Tal", "", 1));
    let profiles = [&a, &b, &c];
    let links = || vec![link(&a, &b, 1000)];
    let same = |number| ruling(number, Action::Same, &[&a], &[&c]);
    let different = |number, one, other| ruling(number, Action::Different, &[one], &[other]);
    let one: &[&[&str]] = &[&["Anna Berg", "Anna Q. Berg", "Bruno Tal"]];
    let two: &[&[&str]] = &[&["Anna Berg", "Anna Q. Berg"], &["Bruno Tal"]];
    let three: &[&[&str]] = &[&["Anna Berg"], &["Anna Q. Berg"], &["Bruno Tal"]];
    for (rulings, expected) in [
        (vec![], two),
        (vec![same(1), different(0, &a, &c)], &[&["Anna Berg", "Bruno Tal"][..], &["Anna Q. Berg"]][..]),
        (vec![same(1), different(2, &a, &c)], two),
        (vec![different(1, &a, &b)], three),
        (vec![different(1, &b, &a), same(2)], &[&["Anna Berg", "Bruno Tal"], &["Anna Q. Berg"]]),
        (vec![different(1, &b, &c)], two),
        (vec![same(1), ruling(2, Action::Same, &[&b, &c], &[])], one),
    ] {
        // A veto between the names of Anna and Bruno stands against links alone.
        let fold = check(&component(&profiles, links(), rulings.clone()), expected);
        let decided = fold.entities.iter().flat_map(|e| &e.members).any(|m| m.reasons == ["decision"]);
        assert_eq!(decided, expected.iter().any(|e| e.contains(&"Bruno Tal") && e.len() > 1), "{rulings:?}");
    }
}

#[test]
fn a_name_that_a_person_gave_last_is_shown() {
    let (a, b) = (person("Anna Berg", "", 3), person("Anna Q. Berg", "", 1));
    let rename = |number, profile, name: &str| ruling(number, Action::Rename { name: name.into() }, &[profile], &[]);
    let rulings = vec![rename(1, &a, "A."), rename(3, &b, "Frau Berg"), rename(2, &a, "B.")];
    let fold = check(&component(&[&a, &b], vec![link(&a, &b, 900)], rulings), &[&["Anna Berg", "Anna Q. Berg"]]);
    let entity = &fold.entities[0].entity;
    assert_eq!((entity.name.as_str(), entity.aliases.len()), ("Frau Berg", 2));
}

#[test]
fn what_leads_out_of_a_component_was_cut_for_its_size() {
    let (a, b, outside) = (person("Anna Berg", "", 3), person("Anna Q. Berg", "", 1), person("Anna Berg", "a@x", 1));
    let mut one = component(&[&a, &b], vec![link(&a, &b, 850), link(&a, &outside, 850)], vec![]);
    one.threshold = THRESHOLDS[1];
    let fold = check(&one, &[&["Anna Berg"], &["Anna Q. Berg"]]);
    assert!(fold.refusals.len() == 2 && fold.refusals.iter().all(|r| r.why.as_deref() == Some("size")));
    one.links.iter_mut().for_each(|link| link.refused = Some("size".into()));
    assert!(super::fold(project(), &one).refusals.is_empty(), "only what changes is told");
    one.threshold = THRESHOLDS[0];
    one.links.pop();
    assert_eq!(super::fold(project(), &one).refusals[0].why, None);
}

#[test]
fn the_name_is_the_most_frequent_form_then_the_longest_then_the_least() {
    for (forms, name) in [
        (&[("Bo", 3), ("Bo Li", 1)][..], "Bo"),
        (&[("Bo", 1), ("BO Li", 1), ("Bo Li", 1)], "BO Li"),
        (&[("éé", 1), ("zzz", 1)], "zzz"),
    ] {
        let mut profile = person("Bo Li", "", 1);
        profile.forms = forms.iter().map(|(form, count)| ((*form).to_owned(), *count)).collect();
        let fold = fold(project(), &component(&[&profile], vec![], vec![]));
        let entity = &fold.entities[0].entity;
        assert_eq!(entity.name, name);
        assert!(entity.aliases.is_sorted() && entity.aliases.len() == forms.len() - 1);
    }
}

#[test]
fn a_person_is_named_in_full_however_often_the_surname_stands_alone() {
    let (full, bare) = (person("Anna Berg", "", 1), person("Berg", "", 9));
    for (profiles, name) in [(&[&full, &bare][..], "Anna Berg"), (&[&bare], "Berg")] {
        let same = ruling(1, Action::Same, profiles, &[]);
        let fold = fold(project(), &component(profiles, vec![], vec![same]));
        assert_eq!(fold.entities[0].entity.name, name);
    }
}

#[test]
fn of_many_forms_the_most_frequent_are_kept() {
    let mut profiles: Vec<Profile> = (0..3).map(|at| person("Bo Li", &format!("{at}@x"), 1)).collect();
    for (at, profile) in profiles.iter_mut().enumerate() {
        profile.forms = (0..64).map(|form| (format!("Bo {at} {form}"), 1 + form)).collect();
    }
    let all: Vec<&Profile> = profiles.iter().collect();
    let same = ruling(1, Action::Same, &all, &[]);
    let fold = fold(project(), &component(&all, vec![], vec![same]));
    let entity = &fold.entities[0].entity;
    assert_eq!((entity.aliases.len(), entity.aliases.iter().any(|form| form.ends_with(" 3"))), (MAX_ALIASES, false));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_order_of_what_is_given_does_not_matter(
        links in prop::collection::vec((0_usize..8, 0_usize..8, 800_u16..1000), 0..20),
        rulings in prop::collection::vec((0_usize..8, 0_usize..8, prop::bool::ANY), 0..5),
        turn in 0_usize..20,
    ) {
        let profiles: Vec<Profile> = (0..8)
            .map(|at| person(["Anna Berg", "Anna Q. Berg", "Dr. Anna R. Berg"][at % 3], ["", "a@x", "b@x"][at / 3], 1 + at as u32))
            .collect();
        let ends = |a: usize, b: usize| (a != b).then(|| (&profiles[a], &profiles[b]));
        let mut all: Vec<Link> = links.iter().filter_map(|(a, b, score)| {
            let (a, b) = ends(*a, *b)?;
            Some(link(a, b, *score))
        }).collect();
        all.sort();
        all.dedup_by_key(|link| (link.a, link.b));
        let decided: Vec<Ruling> = rulings.iter().enumerate().filter_map(|(at, (a, b, same))| {
            let (a, b) = ends(*a, *b)?;
            Some(ruling(at as u8, if *same { Action::Same } else { Action::Different }, &[a], &[b]))
        }).collect();
        let straight = component(&profiles.iter().collect::<Vec<_>>(), all, decided);
        let mut turned = straight.clone();
        let count = turned.links.len();
        turned.links.rotate_left(turn.min(count));
        turned.rulings.reverse();
        let (one, mut other) = (fold(project(), &straight), fold(project(), &turned));
        let order = |r: &Refusal| (r.a, r.b);
        let mut refusals = one.refusals.clone();
        refusals.sort_by_key(order);
        other.refusals.sort_by_key(order);
        prop_assert_eq!(&one.entities, &other.entities);
        prop_assert_eq!(refusals, other.refusals);
        // Each profile is in one entity, and a decision of the last turn holds.
        let members: usize = one.entities.iter().map(|e| e.members.len()).sum();
        prop_assert_eq!(members, straight.profiles.len());
        if let Some(last) = straight.rulings.last() {
            let home = |id| one.entities.iter().position(|e| e.members.iter().any(|m| m.profile == id));
            prop_assert_eq!(home(last.a[0]) == home(last.b[0]), last.action == Action::Same);
        }
    }
}
