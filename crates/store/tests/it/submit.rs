//! Registering bytes and where they lie.

use docmill_model::{Code, Digest, DocumentId, ExternalId, Origin, Stage, State};
use docmill_store::{StageKey, Submitted, Unread, task_id};

use crate::world::{PROJECT, World, absolute, failure, submission};

pub async fn new_bytes_become_a_document_with_a_message_for_its_first_stage(w: &World<'_>) {
    let id = DocumentId::new(PROJECT, &Digest::of(b"text"));
    assert_eq!(w.submit("a.txt", "text").await, Submitted::New(id));
    let row = w.store.document(id).await.unwrap();
    assert_eq!((row.state, row.bytes, row.name(), row.project.as_str()), (State::Pending, 4, "a.txt", PROJECT));
    assert_eq!((row.media_type, row.pages, row.sha256), (None, 0, Digest::of(b"text")));
    assert_eq!(row.sources, [Origin::Path { absolute: absolute("a.txt"), shown: "a.txt".into() }]);
    let key = StageKey { document: id, stage: Stage::ProcessOcr };
    let waiting = w.waiting().await;
    assert_eq!(waiting.iter().map(|m| (m.key, m.alone)).collect::<Vec<_>>(), [(key, false)]);
    let input = docmill_store::input_digest(key.stage, "1", &[Digest::of(b"text")]);
    assert_eq!(waiting[0].task_id, task_id(key, &input, 0), "the task's id follows from its input");
}

pub async fn the_same_bytes_are_one_document_wherever_they_lie(w: &World<'_>) {
    let id = w.submit("a.txt", "text").await.document();
    assert_eq!(w.submit("a.txt", "text").await, Submitted::Known(id));
    assert_eq!(w.submit("b.txt", "text").await, Submitted::Known(id));
    let row = w.store.document(id).await.unwrap();
    assert_eq!((row.sources.len(), row.name()), (2, "a.txt"));
    assert_eq!(w.waiting().await.len(), 1);
    let batch = vec![submission(PROJECT, "c.txt", "other"), submission(PROJECT, "d.txt", "other")];
    let submitted = w.store.submit(batch).await.unwrap();
    assert!(matches!(submitted[..], [Submitted::New(a), Submitted::Known(b)] if a == b), "{submitted:?}");
}

pub async fn a_changed_file_takes_its_path_over_and_the_old_document_leaves(w: &World<'_>) {
    let old = w.add("a.txt", "Anna").await;
    let new = w.submit("a.txt", "Ben").await.document();
    assert_eq!(w.store.document_ids(None, 9).await.unwrap(), [new]);
    assert!(w.store.document(old).await.is_err());
    assert_eq!(w.waiting().await.len(), 1);
    let at = w.store.source_at(PROJECT, absolute("a.txt")).await.unwrap().unwrap();
    assert_eq!((at.document, at.stamp.size), (new, 3));
}

pub async fn a_document_stays_while_one_source_is_left(w: &World<'_>) {
    let old = w.submit("a.txt", "Anna").await.document();
    w.submit("b.txt", "Anna").await;
    w.submit("a.txt", "Ben").await;
    assert_eq!(w.store.document(old).await.unwrap().name(), "b.txt");
}

pub async fn the_same_path_in_two_projects_is_two_sources(w: &World<'_>) {
    let one = w.submit("a.txt", "text").await.document();
    let two = w.submit_into("other", "a.txt", "text").await.document();
    assert_ne!(one, two);
    w.submit_into("other", "a.txt", "changed").await;
    assert_eq!(w.store.document(one).await.unwrap().sources.len(), 1);
    assert!(w.store.document(two).await.is_err());
    assert!(w.store.source_at("third", absolute("a.txt")).await.unwrap().is_none());
}

pub async fn what_failed_for_want_of_its_bytes_is_tried_again_when_they_are_seen(w: &World<'_>) {
    for (code, again) in [
        (Code::SOURCE_GONE, true),
        (Code::SOURCE_CHANGED, true),
        (Code::PERMISSION_DENIED, true),
        (Code::READ_ERROR, true),
        (Code::DISK_FULL, true),
        (Code::DAMAGED, false),
        (Code::CHILD_CRASH, false),
    ] {
        let path = code.as_str();
        let id = w.submit(path, path).await.document();
        let claim = w.claim(id, Stage::ProcessOcr).await;
        w.store.commit(claim.failed(failure(code))).await.unwrap();
        assert_eq!(w.store.source_at(PROJECT, absolute(path)).await.unwrap().unwrap().wanting, again, "{code}");
        let expected = if again { Submitted::Again(id) } else { Submitted::Known(id) };
        assert_eq!(w.submit(path, path).await, expected, "{code}");
        assert_eq!(w.state(id).await, if again { State::Pending } else { State::Failed }, "{code}");
        assert_eq!(w.waiting().await.iter().any(|m| m.key.document == id), again, "{code}");
    }
}

pub async fn sources_are_listed_below_a_folder_in_the_order_of_their_bytes(w: &World<'_>) {
    for path in ["b/2", "b/10", "b0", "a/1", "b/\u{ff}", "c/1"] {
        w.submit(path, path).await;
    }
    let below = async |prefix: &str, limit| {
        let (mut found, mut after) = (Vec::new(), Vec::new());
        loop {
            let page = w.store.sources_below(absolute(prefix), after, limit).await.unwrap();
            let Some(last) = page.last() else { return found };
            after = last.absolute.clone();
            found.extend(page.into_iter().map(|source| source.shown));
        }
    };
    for limit in [1, 2, 9] {
        assert_eq!(below("b/", limit).await, ["b/10", "b/2", "b/\u{ff}"]);
        assert_eq!(below("", limit).await.len(), 6);
        assert!(below("nothing", limit).await.is_empty());
    }
    assert_eq!(w.store.sources_below(vec![], vec![], 9).await.unwrap().len(), 6);
    assert!(w.store.sources_below(vec![0xff], vec![], 9).await.unwrap().is_empty());
}

pub async fn a_file_that_cannot_be_read_is_noted_until_it_can(w: &World<'_>) {
    let note = |path: &str, code| Unread {
        absolute: absolute(path),
        shown: path.into(),
        code,
        message: format!("{path} is closed"),
    };
    for path in ["b", "a", "c"] {
        w.store.note_unread(note(path, Code::READ_ERROR)).await.unwrap();
    }
    w.store.note_unread(note("a", Code::PERMISSION_DENIED)).await.unwrap();
    let noted = w.store.unread().await.unwrap();
    assert_eq!(noted[0], note("a", Code::PERMISSION_DENIED));
    assert_eq!((noted.len(), w.store.overview().await.unwrap().unread), (3, 3));
    w.store.clear_unread(absolute("a")).await.unwrap();
    w.submit("b", "now readable").await;
    w.store.forget_sources(vec![absolute("c")]).await.unwrap();
    assert!(w.store.unread().await.unwrap().is_empty());
}

pub async fn callers_names_come_back_as_they_came(w: &World<'_>) {
    let id = w.submit("a.txt", "text").await.document();
    let other = w.submit("b.txt", "other").await.document();
    let name = |value: &str, document| ExternalId { scheme: "uuid".into(), value: value.into(), document };
    for value in ["ÄB-1", "00042", "zz"] {
        w.store.name_document(name(value, id)).await.unwrap();
    }
    w.store.name_document(name("zz", other)).await.unwrap();
    let values: Vec<_> = w.store.external_ids(id).await.unwrap().into_iter().map(|row| row.value).collect();
    assert_eq!(values, ["00042", "ÄB-1"]);
    assert_eq!(w.store.find_documents("zz", 9).await.unwrap(), [other]);
    let unknown = DocumentId::new(PROJECT, &Digest::of(b"nowhere"));
    assert!(w.store.name_document(name("x", unknown)).await.is_err());
}
