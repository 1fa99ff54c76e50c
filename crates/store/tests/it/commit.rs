//! What a commit leaves.

use docmill_model::{Code, Stage, State, Warning};
use docmill_store::{Ocr, Output};
use serde_json::json;

use crate::world::{World, chars, chunks, clean, failure, member, mentions, node, output, pages, referents, relations};

const FIRST: Stage = Stage::ProcessOcr;
const TEXT: &str = "Anna met Ben. \u{c}Ben wrote to Änne";

pub async fn each_output_comes_back_as_it_was(w: &World<'_>) {
    let id = w.add("a.pdf", TEXT).await;
    assert_eq!(w.store.media_type(id).await.unwrap(), docmill_model::MediaType::Pdf);
    let given = pages(TEXT);
    let (raw, rows, blocks) = w.store.raw(id).await.unwrap();
    assert_eq!(raw, clean(TEXT));
    assert_eq!(rows, w.store.page_rows(id).await.unwrap());
    let mut at = 0;
    for (page, row) in given.iter().zip(&rows) {
        let size = page.size.map(|s| (s.width, s.height));
        assert_eq!((row.number, row.size, row.rotation, row.span.start), (page.number, size, page.rotation, at));
        at += chars(&page.text);
        assert_eq!(row.span.end, at);
        let words = w.store.page_words(id, page.number, page.number).await.unwrap().remove(0).words;
        let moved: Vec<_> = page
            .words
            .iter()
            .map(|word| docmill_model::Word { span: word.span.shift(row.span.start), ..word.clone() })
            .collect();
        assert_eq!(words, moved);
    }
    assert_eq!(blocks.iter().map(|b| b.span).collect::<Vec<_>>(), rows.iter().map(|p| p.span).collect::<Vec<_>>());
    let spans: Vec<_> = rows.iter().map(|row| (row.number, row.span)).collect();
    assert_eq!(w.store.page_spans(id).await.unwrap(), spans);

    let node = node(TEXT);
    assert_eq!(w.store.clean(id).await.unwrap(), (clean(TEXT), node.map.clone()));
    assert_eq!(w.store.clean_map(id).await.unwrap(), node.map);
    let row = w.store.document(id).await.unwrap();
    assert_eq!((row.language, row.category, row.pages), (node.language, node.category, 2));
    let block = w.store.blocks(id).await.unwrap().remove(0);
    assert_eq!((block.kind, block.span, block.path.as_str()), (node.blocks[0].kind, node.blocks[0].span, "h1"));
    assert_eq!(w.store.chunks(id).await.unwrap(), chunks(id, TEXT));
    assert_eq!(w.store.mentions(id).await.unwrap(), mentions(id, TEXT));
    assert_eq!(w.store.referents(id).await.unwrap(), referents(id, TEXT));
    w.fold().await;
    let stored = w.relations(Default::default()).await;
    let mut given: Vec<_> = relations(id, TEXT).into_iter().map(|r| r.evidence.mentions).collect();
    given.sort();
    let mut mentions: Vec<_> = stored.iter().map(|r| r.mentions).collect();
    mentions.sort();
    assert_eq!(mentions, given);
    let versions: Vec<_> = row.stages.into_iter().collect();
    assert_eq!(versions, crate::world::versions().into_iter().collect::<Vec<_>>());
}

pub async fn texts_longer_than_a_segment_come_back_whole(w: &World<'_>) {
    let first = "ä€😀".repeat(250_000);
    let text = format!("{first} \u{c}Zuletzt Needle hier");
    let id = w.add("long.pdf", &text).await;
    assert!(first.len() > 2 * docmill_model::Text::SEGMENT);
    assert!(w.store.raw(id).await.unwrap().0 == clean(&text));
    assert!(w.store.clean(id).await.unwrap().0 == clean(&text));
    assert_eq!(w.search("needle", 9).await[0].text, "Zuletzt Needle hier");
    let whole = w.search("ä", 9).await.remove(0).text;
    assert!(whole == format!("{first} "), "a chunk over several segments");
}

pub async fn a_stage_with_the_same_output_ends_the_flow_there(w: &World<'_>) {
    let id = w.add("a.txt", TEXT).await;
    for stage in Stage::ALL {
        assert_eq!(w.store.reprocess(Some(stage)).await.unwrap(), 1);
        assert_eq!(w.finish(id, TEXT).await, [stage]);
        assert_eq!((w.state(id).await, w.waiting().await.len()), (State::Done, 0));
    }
}

pub async fn a_stage_with_another_output_goes_on(w: &World<'_>) {
    let id = w.add("a.txt", "Anna met Ben").await;
    w.store.reprocess(Some(Stage::ExtractEntities)).await.unwrap();
    assert_eq!(w.finish(id, "anna met Ben").await, &Stage::ALL[3..]);
    assert_eq!(w.store.mentions(id).await.unwrap().len(), 1);
    w.store.reprocess(Some(Stage::ProcessOcr)).await.unwrap();
    assert_eq!(w.finish(id, "Anna met Carl").await, Stage::ALL);
    w.store.reprocess(Some(Stage::ProcessChunking)).await.unwrap();
    // The chunks are others; the mentions are as before, and nothing follows.
    let claim = w.claim(id, Stage::ProcessChunking).await;
    let mut other = chunks(id, "Anna met Carl");
    other[0].section = None;
    w.store.commit(claim.done(Output::Chunks(other.into()), vec![], json!({}))).await.unwrap();
    assert_eq!(w.finish(id, "Anna met Carl").await, [Stage::ExtractEntities]);
}

pub async fn a_stage_without_an_output_leaves_nothing_of_an_earlier_one(w: &World<'_>) {
    let id = w.submit("a.txt", TEXT).await.document();
    w.finish_with(id, TEXT, vec![member("child.txt", "child")]).await;
    w.fold().await;
    w.store.reprocess(Some(FIRST)).await.unwrap();
    let claim = w.claim(id, FIRST).await;
    w.store.commit(claim.failed(failure(Code::DAMAGED))).await.unwrap();
    w.fold().await;
    let fresh = w.submit("b.txt", "other").await.document();
    let claim = w.claim(fresh, FIRST).await;
    w.store.commit(claim.failed(failure(Code::DAMAGED))).await.unwrap();
    let (a, b) = (w.store.document(id).await.unwrap(), w.store.document(fresh).await.unwrap());
    assert_eq!(
        (a.state, a.media_type, a.language, a.category, a.pages, &a.warnings, &a.stages),
        (b.state, b.media_type, b.language, b.category, b.pages, &b.warnings, &b.stages),
        "it is as if it had failed at once"
    );
    assert!(w.store.children(id).await.unwrap().is_empty());
    assert!(w.store.page_rows(id).await.unwrap().is_empty() && w.store.blocks(id).await.unwrap().is_empty());
    assert_eq!(w.store.clean(id).await.unwrap().0, "");
    assert!(w.store.chunks(id).await.unwrap().is_empty() && w.search("met", 9).await.is_empty());
    assert!(w.store.mentions(id).await.unwrap().is_empty() && w.store.referents(id).await.unwrap().is_empty());
    assert!(w.entity_names().await.is_empty());
}

pub async fn warnings_of_pages_join_those_of_the_document_and_a_loss_makes_it_partial(w: &World<'_>) {
    for (code, state) in [(Code::NEEDS_OCR, State::Partial), (Code::EMPTY_FILE, State::Done)] {
        let id = w.submit(code.as_str(), code.as_str()).await.document();
        let claim = w.claim(id, FIRST).await;
        let mut all = pages(TEXT);
        all[0].warnings.push(Warning::on_page(code, "of page 1", 1));
        w.store.checkpoint(claim.lease(), all[..1].to_vec()).await.unwrap();
        let Output::Ocr(ocr) = output(id, FIRST, TEXT) else { unreachable!() };
        let rest = Output::Ocr(Ocr { pages: all[1..].to_vec(), ..ocr });
        let own = Warning::new(Code::NO_TEXT, "of the document");
        w.store.commit(claim.done(rest, vec![own.clone()], json!({}))).await.unwrap();
        w.finish(id, TEXT).await;
        assert_eq!(w.state(id).await, state, "{code}");
        let warnings = w.store.document(id).await.unwrap().warnings;
        assert_eq!(warnings, [own, Warning::on_page(code, "of page 1", 1)]);
        let told = w.store.stage_rows(id).await.unwrap()[0].code;
        assert_eq!(
            told,
            (state == State::Partial).then_some(code),
            "the stage names the loss, not what stands before it"
        );
    }
}

pub async fn each_attempt_is_in_the_history_with_its_chain(w: &World<'_>) {
    let id = w.submit("a.txt", "Anna").await.document();
    let claim = w.claim(id, FIRST).await;
    w.store.commit(claim.again(failure(Code::CHILD_MEMORY), true)).await.unwrap();
    let row = w.store.stage_rows(id).await.unwrap().remove(0);
    assert_eq!((row.state, row.attempt, row.code), (State::Pending, 1, Some(Code::CHILD_MEMORY)));
    assert_eq!((row.chain, row.version.as_str(), row.stage), (failure(Code::CHILD_MEMORY).chain, "1", FIRST));
    w.finish(id, "Anna").await;
    let history = w.store.history(id).await.unwrap();
    let told: Vec<_> = history.iter().map(|a| (a.stage, a.attempt, a.state, a.code)).collect();
    assert_eq!(told[0], (FIRST, 1, State::Failed, Some(Code::CHILD_MEMORY)));
    assert_eq!(told[1], (FIRST, 2, State::Done, None));
    assert_eq!((told.len(), &history[0].chain), (7, &failure(Code::CHILD_MEMORY).chain));
    assert!(history.iter().all(|a| a.started_ms > 0 && a.started_ms <= a.ended_ms));
    let row = w.store.stage_rows(id).await.unwrap().remove(0);
    assert_eq!((row.state, row.code, row.chain.len()), (State::Done, None, 0));
}

pub async fn members_become_documents_and_follow_their_container(w: &World<'_>) {
    let id = w.submit("a.eml", "mail").await.document();
    let run = async |members: Vec<docmill_store::MemberFile>| {
        let Output::Ocr(ocr) = output(id, FIRST, "Anna") else { unreachable!() };
        w.run(id, FIRST, Output::Ocr(Ocr { members, ..ocr })).await
    };
    let messages = run(vec![member("a", "one"), member("b", "two"), member("c", "one")]).await;
    assert_eq!(messages.iter().filter(|m| m.key.stage == FIRST).count(), 3, "a message each, one of them twice");
    let children = w.store.children(id).await.unwrap();
    assert_eq!(children.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    let (one, two) = (children[0].1, children[1].1);
    assert_eq!((one, w.store.document(one).await.unwrap().name()), (children[2].1, "a"));
    w.finish(id, "Anna").await;

    // `b` has other bytes now, `a` and `c` are gone, their bytes have a new name.
    assert_eq!(w.store.reprocess(Some(FIRST)).await.unwrap(), 1, "its children have not ended");
    w.finish(one, "Ben").await;
    run(vec![member("b", "three"), member("d", "one")]).await;
    let children = w.store.children(id).await.unwrap();
    assert_eq!(children.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["b", "d"]);
    assert_eq!(children[1].1, one);
    assert!(w.store.document(two).await.is_err());
    assert_eq!(w.state(one).await, State::Done, "a new name is no reason to read it again");
}

pub async fn a_container_that_holds_itself_is_no_member_of_itself(w: &World<'_>) {
    let id = w.submit("quine.zip", "quine").await.document();
    w.finish_with(id, "", vec![member("quine.zip", "quine"), member("b", "other")]).await;
    assert_eq!(w.store.children(id).await.unwrap().len(), 1);
    assert_eq!(w.store.forget(vec![id]).await.unwrap().len(), 2);
}
