//! Profiles and their links, and entities as people look at them.

use docmill_model::{EntityId, Link, Profile, ProfileId};
use docmill_store::{Relink, Stop};

use crate::fold::{blocks, folded};
use crate::world::{PROJECT, World};

async fn count(w: &World<'_>) {
    while w.store.count_documents(1).await.unwrap() > 0 {}
}

/// All living profiles, by normal form.
async fn profiles(w: &World<'_>) -> Vec<(Stop, Profile)> {
    count(w).await;
    let mut all = w.unfolded().await;
    all.sort_by(|a, b| a.1.key.normal.cmp(&b.1.key.normal));
    all
}

fn link(a: ProfileId, b: ProfileId, score: u16) -> Link {
    let reasons = vec!["initials".to_owned(), "spelling".to_owned()];
    Link { a: a.min(b), b: a.max(b), score, reasons, veto: None, refused: None }
}

/// Links all profiles that are not linked yet, with these links.
async fn relink(w: &World<'_>, new: Vec<Link>) -> bool {
    let unlinked = w.store.unlinked(99).await.unwrap().unwrap();
    let in_blocks = |(id, key): (ProfileId, docmill_model::ProfileKey)| (id, blocks(&key));
    let relink = Relink {
        project: unlinked.project,
        turn: unlinked.turn,
        come: unlinked.come.into_iter().map(in_blocks).collect(),
        gone: unlinked.gone.into_iter().map(in_blocks).collect(),
        new,
        parted: vec![],
    };
    w.store.relink(relink).await.unwrap()
}

pub async fn profiles_add_up_what_complete_documents_say(w: &World<'_>) {
    let one = w.add("a.txt", "Anna met Anna").await;
    w.add("b.txt", "Anna met Ben").await;
    let begun = w.submit("c.txt", "Ben").await.document();
    for stage in &docmill_model::Stage::ALL[..5] {
        w.run(begun, *stage, crate::world::output(begun, *stage, "Ben")).await;
    }
    let check = |profiles: &[(Stop, Profile)], expected: &[(&str, u32, u32)]| {
        let found: Vec<_> = profiles.iter().map(|(_, p)| (p.key.normal.as_str(), p.documents, p.mentions)).collect();
        assert_eq!(found, expected);
        // Each has one form, which is all that is mentioned.
        assert!(profiles.iter().all(|(_, p)| p.forms.len() == 1 && p.forms[0].1 == p.mentions));
    };
    check(&profiles(w).await, &[("anna", 2, 3), ("ben", 1, 1)]);
    let mut referents = Vec::new();
    for id in w.store.document_ids(None, 9).await.unwrap() {
        referents.extend(w.store.referents(id).await.unwrap().into_iter().filter(|r| r.normal == "anna"));
    }
    let least = |leaves: docmill_model::DocumentId| {
        let left = |r: &&docmill_model::Referent| {
            r.id != docmill_model::ReferentId::new(leaves, r.kind, docmill_model::Span::new(0, 4))
        };
        referents.iter().filter(left).map(|r| r.id).min().unwrap()
    };
    assert_eq!(profiles(w).await[0].1.least, referents.iter().map(|r| r.id).min().unwrap());
    w.store.forget(vec![one]).await.unwrap();
    let left = profiles(w).await;
    check(&left, &[("anna", 1, 1), ("ben", 1, 1)]);
    assert_eq!(left[0].1.least, least(one));
}

pub async fn links_are_seen_from_both_sides_and_leave_with_their_profiles(w: &World<'_>) {
    w.add("a.txt", "Anna met Ben").await;
    let gone = w.add("b.txt", "Alma").await;
    let all = profiles(w).await;
    let [alma, anna, ben] = [0, 1, 2].map(|at| all[at].1.id);
    assert!(relink(w, vec![link(alma, anna, 900), link(anna, ben, 700)]).await);
    let members = w.store.profile_blocks(blocks(&all[0].1.key).into_iter().map(|b| (b, 9)).collect()).await;
    let mut members: Vec<usize> = members.unwrap().into_iter().map(|(_, members)| members.len()).collect();
    members.sort_unstable();
    assert_eq!(members, [1, 2], "Alma alone, and with Anna under their letter");

    let seen = w.store.neighbourhood(PROJECT, vec![anna], 0).await.unwrap();
    assert_eq!(seen.links.len(), 2);
    assert_eq!(w.store.neighbourhood(PROJECT, vec![ben], 0).await.unwrap().links, [link(anna, ben, 700)]);
    assert!(w.store.neighbourhood(PROJECT, vec![ben], 701).await.unwrap().links.is_empty());
    assert_eq!(w.store.profile_links(PROJECT, vec![anna, ben]).await.unwrap().len(), 2);

    w.store.forget(vec![gone]).await.unwrap();
    count(w).await;
    assert_eq!(w.store.neighbourhood(PROJECT, vec![anna, alma], 0).await.unwrap().stops.len(), 1);
    let unlinked = w.store.unlinked(9).await.unwrap().unwrap();
    assert_eq!((unlinked.come.len(), unlinked.gone[0].0), (0, alma));
    assert!(relink(w, vec![]).await);
    assert_eq!(w.store.profile_links(PROJECT, vec![anna, ben]).await.unwrap(), [link(anna, ben, 700)]);
    w.fold().await;
    assert!(w.is_folded().await);
}

pub async fn links_that_were_computed_of_an_older_state_are_refused(w: &World<'_>) {
    w.add("a.txt", "Anna").await;
    count(w).await;
    let unlinked = w.store.unlinked(9).await.unwrap().unwrap();
    let late = Relink {
        project: unlinked.project,
        turn: unlinked.turn,
        come: unlinked.come.into_iter().map(|(id, key)| (id, blocks(&key))).collect(),
        ..Relink::default()
    };
    w.add("b.txt", "Alma").await;
    count(w).await;
    assert!(relink(w, vec![]).await);
    assert!(!w.store.relink(late).await.unwrap());
}

/// The profiles of some documents as one entity, whatever they are.
async fn fold_into_one(w: &World<'_>) -> EntityId {
    let all = profiles(w).await;
    let component = folded(PROJECT, &all);
    let id = component.fold.entities[0].entity.id;
    w.store.put_fold(PROJECT, vec![component], vec![]).await.unwrap();
    id
}

pub async fn a_document_that_has_two_profiles_of_an_entity_counts_once(w: &World<'_>) {
    w.add("a.txt", "Anna met Ben").await;
    w.add("b.txt", "Ben alone").await;
    w.add("c.txt", "Carl met Anna and Ben").await;
    let all = profiles(w).await;
    let [anna, ben, carl] = [0, 1, 2].map(|at| all[at].1.id);
    let groups = vec![vec![anna], vec![anna, ben], vec![carl, anna], vec![ben, carl, anna], vec![]];
    assert_eq!(w.store.documents_of(PROJECT, groups).await.unwrap(), [2, 3, 2, 3, 0]);
}

pub async fn an_id_that_an_entity_had_leads_to_what_it_became(w: &World<'_>) {
    w.add("a.txt", "Anna").await;
    w.add("b.txt", "Ben met Ben").await;
    w.fold().await;
    let before: Vec<EntityId> = w.store.entity_rows(None, 9).await.unwrap().iter().map(|row| row.entity.id).collect();
    w.add("c.txt", "Ben and Anna").await;
    let id = fold_into_one(w).await;
    assert_eq!(w.store.entity_rows(None, 9).await.unwrap().len(), 1);
    for old in before {
        assert_eq!(w.store.entity_row(old).await.unwrap().unwrap().entity.id, id);
    }
    let profiles = w.store.profile_rows(id).await.unwrap();
    assert_eq!(profiles.iter().map(|p| (p.documents, p.reasons.len())).max(), Some((2, 1)));
    assert_eq!(profiles.iter().filter(|p| p.reasons.is_empty()).count(), 1);
    let merges = w.merges().await;
    assert_eq!(merges.len(), 3, "of four referents all but the least");
    let all = w.store.document_ids(None, 9).await.unwrap();
    w.store.forget(all).await.unwrap();
    w.fold().await;
    assert_eq!(w.store.entity_row(id).await.unwrap(), None);
}

pub async fn doubtful_pairs_are_told_once_with_their_best_link(w: &World<'_>) {
    w.add("a.txt", "Anna met Ben").await;
    w.add("b.txt", "Alma").await;
    let all = profiles(w).await;
    let [alma, anna, ben] = [0, 1, 2].map(|at| all[at].1.id);
    let vetoed = Link { veto: Some("other_name".into()), ..link(anna, ben, 720) };
    assert!(relink(w, vec![link(alma, anna, 700), link(alma, ben, 710), vetoed]).await);
    w.fold().await;
    let rows = w.store.possible_rows(None, 9).await.unwrap();
    assert!(rows.len() == 3 && rows.iter().all(|row| row.a < row.b) && rows.is_sorted_by_key(|row| (row.a, row.b)));
    let mut told: Vec<_> = rows.iter().map(|row| (row.score, row.refused.as_str(), row.reasons.len())).collect();
    told.sort_unstable();
    assert_eq!(told, [(700, "score", 2), (710, "score", 2), (720, "other_name", 2)]);
    let mut paged = Vec::new();
    while let Some(row) =
        w.store.possible_rows(paged.last().map(|r: &docmill_store::PossibleRow| (r.a, r.b)), 1).await.unwrap().pop()
    {
        paged.push(row);
    }
    assert_eq!(paged, rows);
    let of_one = w.store.possible_of(rows[0].a, 9).await.unwrap();
    assert!(of_one.len() == 2 && of_one[0].score > of_one[1].score);

    // Anna and Alma become one: what is left between that and Ben is told once.
    w.add("c.txt", "Alma and Anna").await;
    let pair: Vec<_> = profiles(w).await;
    w.store.put_fold(PROJECT, vec![folded(PROJECT, &pair)], vec![]).await.unwrap();
    let rows = w.store.possible_rows(None, 9).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.score).collect::<Vec<_>>(), [720]);
}

pub async fn members_and_mentions_are_found_by_their_entity(w: &World<'_>) {
    for name in ["a", "b", "c"] {
        w.add(name, &format!("Anna {name} Anna")).await;
    }
    w.fold().await;
    let id = w.store.entity_rows(None, 9).await.unwrap()[0].entity.id;
    let members = w.store.member_rows(id, None, 9).await.unwrap();
    assert!(members.len() == 3 && members.is_sorted_by_key(|m| (m.document, m.referent)));
    let first = (members[0].document, members[0].referent);
    assert_eq!(w.store.member_rows(id, Some(first), 9).await.unwrap(), members[1..]);
    let row = w.store.find_mention(members[2].mentions[1]).await.unwrap().unwrap();
    assert_eq!((row.document, row.referent, row.entity), (members[2].document, members[2].referent, Some(id)));
    assert_eq!(w.store.find_mention(docmill_model::MentionId(uuid::Uuid::nil())).await.unwrap(), None);
}
