//! Whole runs.

use crate::pile::{LETTER, MAIL, Pile, export, field, intake, run_all, take_in};

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_gives_its_attachment_its_people_and_who_wrote_to_whom() {
    let pile = Pile::new(&[("mail/rent.eml", MAIL), ("letter.txt", LETTER)]);
    let workspace = pile.workspace();
    let report = run_all(&workspace, &pile.documents()).await;
    assert_eq!((report.intake.files, report.intake.new, report.interrupted), (2, 2, false));
    let export = export(&workspace).await;
    assert_eq!(
        field(&export, "document", "name"),
        ["letter.txt", "note.txt", "rent.eml"].map(String::from).into(),
        "{export}"
    );
    assert_eq!(field(&export, "document", "state"), ["done".to_owned()].into(), "{export}");
    let types = field(&export, "mention", "type");
    for kind in ["PERSON", "EMAIL", "DATE", "MONEY"] {
        assert!(types.contains(kind), "{types:?}\n{export}");
    }
    assert_eq!(field(&export, "relation", "type"), ["WROTE_TO".to_owned()].into(), "{export}");
    assert_eq!(field(&export, "relation", "id").len(), 2, "one to each recipient\n{export}");
    assert!(!field(&export, "mention", "entity").contains("null"), "each mention has an entity\n{export}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_run_finds_everything_unchanged() {
    let pile = Pile::new(&[("a.txt", LETTER), ("b.eml", MAIL)]);
    let workspace = pile.workspace();
    // Stamps that are two seconds old prove that nothing changed; younger ones are read again.
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    for name in ["a.txt", "b.eml"] {
        std::fs::File::options().append(true).open(pile.documents().join(name)).unwrap().set_modified(old).unwrap();
    }
    run_all(&workspace, &pile.documents()).await;
    let first = export(&workspace).await;
    let report = run_all(&workspace, &pile.documents()).await;
    assert_eq!((report.intake.unchanged, report.intake.new), (2, 0));
    assert_eq!(export(&workspace).await, first);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_a_new_document_and_the_old_one_leaves() {
    let pile = Pile::new(&[("a.txt", LETTER), ("b.txt", "Another letter of 7 May 2023.")]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    pile.put("a.txt", b"Paid on 4 April 2025.");
    run_all(&workspace, &pile.documents()).await;
    let changed = export(&workspace).await;

    let fresh = Pile::new(&[("a.txt", "Paid on 4 April 2025."), ("b.txt", "Another letter of 7 May 2023.")]);
    let other = fresh.workspace();
    run_all(&other, &fresh.documents()).await;
    assert_eq!(changed, export(&other).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn forgetting_a_mail_takes_its_attachment_and_adding_it_again_brings_both_back() {
    let pile = Pile::new(&[("a.txt", LETTER), ("b.eml", MAIL)]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let whole = export(&workspace).await;

    let mail = workspace.store().find_documents("b.eml", 2).await.unwrap();
    let gone = workspace.store().forget(mail).await.unwrap();
    assert_eq!(gone.len(), 2, "the mail and its attachment");
    let without = export(&workspace).await;
    let alone = Pile::new(&[("a.txt", LETTER)]);
    let other = alone.workspace();
    run_all(&other, &alone.documents()).await;
    assert_eq!(without, export(&other).await);

    run_all(&workspace, &pile.documents()).await;
    assert_eq!(export(&workspace).await, whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_and_one_inside_it_give_the_same_in_either_order() {
    let pile = Pile::new(&[("a.txt", LETTER), ("mail/b.eml", MAIL)]);
    let inner = pile.documents().join("mail");
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let first = export(&workspace).await;
    let report = run_all(&workspace, &inner).await;
    assert_eq!((report.intake.unchanged, report.intake.duplicates), (1, 0));
    assert_eq!(export(&workspace).await, first);

    let other = Pile::new(&[("a.txt", LETTER), ("mail/b.eml", MAIL)]);
    let workspace = other.workspace();
    run_all(&workspace, &other.documents().join("mail")).await;
    run_all(&workspace, &other.documents()).await;
    assert_eq!(export(&workspace).await, first);
}

/// Every file of a folder, one behind the other.
fn all_bytes(folder: &std::path::Path) -> Vec<u8> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            out.extend(all_bytes(&entry.path()));
        } else {
            out.extend(std::fs::read(entry.path()).unwrap());
        }
    }
    out
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_forgotten_document_can_be_read_from_the_workspace() {
    use std::os::unix::fs::PermissionsExt;
    let secret = MAIL.replace("The invoice", "Zanzibarsecret").replace("Please pay", "Mauritiussecret");
    let pile = Pile::new(&[("a.txt", LETTER), ("b.eml", &secret)]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let holds = |word: &str| {
        let bytes = all_bytes(workspace.folder()).to_ascii_lowercase();
        bytes.windows(word.len()).any(|window| window == word.as_bytes())
    };
    assert!(holds("zanzibarsecret") && holds("mauritiussecret"));
    let mail = workspace.store().find_documents("b.eml", 2).await.unwrap();
    let lock = workspace.lock().unwrap();
    docmill_engine::forget(&workspace, mail).await.unwrap();
    drop(lock);
    assert!(!holds("zanzibarsecret") && !holds("mauritiussecret"));
    assert!(holds("to whom it may concern"));
    assert_eq!(workspace.store().overview().await.unwrap().relations, 0);
    let mode = std::fs::metadata(workspace.folder()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0, "the workspace is its owner's alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_bytes_at_two_places_are_one_document_until_both_are_gone() {
    let pile = Pile::new(&[("a.txt", LETTER), ("copy/b.txt", LETTER)]);
    let workspace = pile.workspace();
    let report = run_all(&workspace, &pile.documents()).await;
    assert_eq!((report.intake.new, report.intake.duplicates), (1, 1));
    pile.remove("a.txt");
    let report = run_all(&workspace, &pile.documents()).await;
    assert_eq!(report.intake.vanished, ["a.txt"]);
    assert_eq!(field(&export(&workspace).await, "document", "name").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_gone_when_its_folder_has_become_a_file() {
    let pile = Pile::new(&[("a/b.txt", LETTER), ("c.txt", "Another letter of 7 May 2023.")]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    std::fs::remove_dir_all(pile.documents().join("a")).unwrap();
    pile.put("a", b"Paid on 4 April 2025.");
    let report = run_all(&workspace, &pile.documents()).await;
    assert_eq!(report.intake.vanished, ["a/b.txt"]);
    let pruned = docmill_engine::prune(&workspace).await.unwrap();
    assert_eq!((pruned.files, pruned.documents.len()), (vec!["a/b.txt".to_owned()], 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_workspace_is_not_read_whatever_leads_to_it() {
    let pile = Pile::new(&[("a.txt", LETTER)]);
    let workspace = pile.workspace();
    std::os::unix::fs::symlink(workspace.folder(), pile.documents().join("link")).unwrap();
    let intake = docmill_engine::Intake { workspace: workspace.folder().to_owned(), ..intake(&pile.documents()) };
    let report = take_in(intake, &workspace).await;
    assert_eq!((report.files, report.unread), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_holder_of_the_workspace_is_told_so() {
    let pile = Pile::new(&[]);
    let workspace = pile.workspace();
    let _lock = workspace.lock().unwrap();
    assert!(matches!(pile.workspace().lock(), Err(docmill_engine::Error::Busy(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_read_yet_still_says_what_it_is() {
    let pile = Pile::new(&[]);
    pile.put("picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0");
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let export = export(&workspace).await;
    assert_eq!(field(&export, "document", "state"), ["skipped".to_owned()].into());
    assert_eq!(field(&export, "document", "media_type"), ["image/png".to_owned()].into());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_file_is_skipped_with_its_code() {
    let pile = Pile::new(&[("empty.txt", "")]);
    let workspace = pile.workspace();
    run_all(&workspace, &pile.documents()).await;
    let export = export(&workspace).await;
    assert_eq!(field(&export, "document", "state"), ["skipped".to_owned()].into());
    assert!(export.contains("empty_file"), "{export}");
}
