//! What goes wrong under the store: a full disk, a file that may not be written, a newer or damaged one, another
//! process. Each has its code, loses nothing that was committed, and lets the store go on once it is over.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Duration;

use docmill_model::{Code, Digest, Origin};
use rusqlite::Connection;

use super::{SCHEMA_VERSION, Sqlite};
use crate::{Error, Profiles, Result, Stamp, Store, Submission, Versions};

fn open(folder: &Path) -> Result<Sqlite> {
    Sqlite::open(&folder.join("store.sqlite"), Versions::new())
}

fn submission(name: &str) -> Submission {
    Submission {
        project: "test".into(),
        sha256: Digest::of(name.as_bytes()),
        bytes: name.len() as u64,
        origin: Origin::Path { absolute: name.into(), shown: name.into() },
        stamp: Stamp::default(),
    }
}

/// Sets a pragma on the writer's connection.
async fn pragma(store: &Sqlite, name: &'static str, value: i64) {
    store.write(move |c| Ok(c.pragma_update(None, name, value)?)).await.unwrap();
}

fn code<T: std::fmt::Debug>(result: Result<T>) -> Code {
    result.expect_err("it cannot succeed").code()
}

#[tokio::test]
async fn a_full_disk_takes_back_what_did_not_fit_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    store.submit(vec![submission("first")]).await.unwrap();
    pragma(&store, "max_page_count", 1).await;
    let mut stored = 1;
    let refused = loop {
        let batch = (0..20).map(|i| submission(&format!("{stored} {i} {}", "long name ".repeat(50)))).collect();
        match store.submit(batch).await {
            Ok(_) => stored += 20,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, Error::Full(_)), "{refused:?}");
    assert_eq!(refused.code(), Code::DISK_FULL);
    assert_eq!(store.document_ids(None, 9999).await.unwrap().len(), stored);
    assert_eq!(store.check().unwrap(), Vec::<String>::new());
    pragma(&store, "max_page_count", 1 << 30).await;
    store.submit(vec![submission("after")]).await.unwrap();
    drop(store);
    assert_eq!(open(folder.path()).unwrap().document_ids(None, 9999).await.unwrap().len(), stored + 1);
}

#[tokio::test]
async fn a_store_that_may_not_be_written_can_still_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    store.submit(vec![submission("first")]).await.unwrap();
    pragma(&store, "query_only", 1).await;
    assert_eq!(code(store.submit(vec![submission("second")]).await), Code::READ_ONLY);
    assert_eq!(store.document_ids(None, 9).await.unwrap().len(), 1);
    let nowhere = Sqlite::open(&folder.path().join("no/such/folder/store.sqlite"), Versions::new());
    assert_eq!(code(nowhere.map(drop)), Code::READ_ONLY);
}

#[tokio::test]
async fn another_version_is_told_by_its_number() {
    for (version, expected) in [
        (SCHEMA_VERSION, None),
        (SCHEMA_VERSION + 1, Some(Code::WORKSPACE_NEWER)),
        (i64::from(i32::MAX), Some(Code::WORKSPACE_NEWER)),
        (-1, Some(Code::WORKSPACE_DAMAGED)),
    ] {
        let folder = tempfile::tempdir().unwrap();
        pragma(&open(folder.path()).unwrap(), "user_version", version).await;
        let opened = open(folder.path());
        assert_eq!(opened.as_ref().err().map(Error::code), expected, "version {version}");
        if let Err(Error::Newer { found, known }) = opened.map(drop) {
            assert_eq!((found, known), (version, SCHEMA_VERSION));
        }
    }
}

#[tokio::test]
async fn a_store_that_another_process_holds_is_busy_and_then_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    store.write(|c| Ok(c.busy_timeout(Duration::from_millis(1))?)).await.unwrap();
    let other = Connection::open(folder.path().join("store.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE; INSERT INTO project (name) VALUES ('other')").unwrap();
    assert_eq!(code(store.submit(vec![submission("first")]).await), Code::WORKSPACE_BUSY);
    assert!(store.document_ids(None, 9).await.unwrap().is_empty(), "reading goes on beside it");
    open(folder.path()).expect("opening does too");
    other.execute_batch("COMMIT").unwrap();
    store.submit(vec![submission("first")]).await.unwrap();
}

#[test]
fn errors_have_the_code_of_their_cause() {
    use rusqlite::ffi;
    for (extended, expected) in [
        (ffi::SQLITE_FULL, Code::DISK_FULL),
        (ffi::SQLITE_IOERR_SHMSIZE, Code::DISK_FULL),
        (ffi::SQLITE_READONLY, Code::READ_ONLY),
        (ffi::SQLITE_READONLY_DBMOVED, Code::READ_ONLY),
        (ffi::SQLITE_CANTOPEN, Code::READ_ONLY),
        (ffi::SQLITE_PERM, Code::READ_ONLY),
        (ffi::SQLITE_CORRUPT, Code::WORKSPACE_DAMAGED),
        (ffi::SQLITE_NOTADB, Code::WORKSPACE_DAMAGED),
        (ffi::SQLITE_BUSY, Code::WORKSPACE_BUSY),
        (ffi::SQLITE_LOCKED, Code::WORKSPACE_BUSY),
        (ffi::SQLITE_IOERR, Code::STORE_ERROR),
        (ffi::SQLITE_CONSTRAINT, Code::STORE_ERROR),
    ] {
        let error = rusqlite::Error::SqliteFailure(ffi::Error::new(extended), None);
        assert_eq!(Error::from(error).code(), expected, "{extended}");
    }
}

/// Opens a damaged copy, reads all there is and writes something. Returns the codes of what was refused.
async fn use_all(folder: &Path) -> Vec<Code> {
    let store = match open(folder) {
        Ok(store) => store,
        Err(error) => return vec![error.code()],
    };
    let mut codes = Vec::new();
    let mut note = |code: Option<Code>| codes.extend(code);
    macro_rules! tried {
        ($call:expr) => {
            note($call.as_ref().err().map(Error::code))
        };
    }
    tried!(store.check());
    tried!(store.overview().await);
    tried!(store.search(&crate::Query::new("name", 9)).await);
    tried!(store.entity_rows(None, 99).await);
    tried!(store.merge_rows(&mut |_| std::ops::ControlFlow::Continue(())).await);
    tried!(store.relation_rows(Default::default(), &mut |_| std::ops::ControlFlow::Continue(())).await);
    tried!(store.count_documents(99).await);
    tried!(store.unlinked(99).await);
    tried!(store.unfolded(99).await);
    tried!(store.possible_rows(None, 99).await);
    tried!(store.decisions("test").await);
    tried!(store.outdated().await);
    let ids = store.document_ids(None, 99).await;
    for id in ids.unwrap_or_default() {
        tried!(store.document(id).await);
        tried!(store.media_type(id).await);
        tried!(store.raw(id).await);
        tried!(store.clean(id).await);
        tried!(store.page_words(id, 1, 99).await);
        tried!(store.blocks(id).await);
        tried!(store.mention_rows(id).await);
        tried!(store.stage_rows(id).await);
        tried!(store.history(id).await);
    }
    tried!(store.recover().await);
    tried!(store.submit(vec![submission("after")]).await);
    codes
}

#[tokio::test]
async fn a_damaged_file_is_told_and_never_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let names = (0..200).map(|i| submission(&format!("{i} {}", "name ".repeat(30)))).collect();
    store.submit(names).await.unwrap();
    drop(store);
    let whole = {
        // The log is folded into the file.
        let connection = Connection::open(folder.path().join("store.sqlite")).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        drop(connection);
        fs::read(folder.path().join("store.sqlite")).unwrap()
    };
    let check = async |damage: &dyn Fn(&mut fs::File), what: String| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.sqlite");
        fs::write(&path, &whole).unwrap();
        damage(&mut fs::File::options().write(true).open(path).unwrap());
        let codes = use_all(folder.path()).await;
        let allowed = [Code::WORKSPACE_DAMAGED, Code::WORKSPACE_NEWER, Code::NOT_FOUND];
        assert!(codes.iter().all(|code| allowed.contains(code)), "{what}: {codes:?}");
        codes
    };
    let length = whole.len() as u64;
    for at in [1, 15, 16, 100, 4095, 4096, length / 2, length - 4096, length - 1] {
        let codes = check(&|file| file.set_len(at).unwrap(), format!("cut at {at}")).await;
        assert!(codes.contains(&Code::WORKSPACE_DAMAGED), "cut at {at}: {codes:?}");
    }
    // A generator of its own, so that the same bytes are hit each time.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..24 {
        let hits: Vec<(u64, [u8; 8])> = (0..32).map(|_| (next() % length, next().to_le_bytes())).collect();
        let damage = |file: &mut fs::File| {
            for (at, bytes) in &hits {
                file.seek(SeekFrom::Start(*at)).unwrap();
                file.write_all(bytes).unwrap();
            }
        };
        check(&damage, format!("round {round}")).await;
    }
    let codes = check(&|file| file.write_all(b"this is no store").unwrap(), "another file".into()).await;
    assert_eq!(codes, [Code::WORKSPACE_DAMAGED]);
}

#[tokio::test]
async fn a_job_that_fails_takes_back_its_own_writes_only() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let insert = |name: &'static str, fails: bool| {
        store.write(move |c| {
            c.execute("INSERT INTO project (name) VALUES (?)", [name])?;
            if fails { Err(Error::Query("it has no word".into())) } else { Ok(()) }
        })
    };
    let hold = hold_writer(&store).await;
    let jobs = tokio::join!(insert("a", false), insert("b", true), insert("c", false), async { drop(hold) });
    assert!(jobs.0.is_ok() && matches!(jobs.1, Err(Error::Query(_))) && jobs.2.is_ok());
    assert_eq!(projects(&store), ["a", "c"]);
}

#[tokio::test]
async fn a_commit_that_fails_fails_all_that_share_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).unwrap();
    let insert = |name: &'static str| {
        store.write(move |c| Ok(c.execute("INSERT INTO project (name) VALUES (?)", [name]).map(drop)?))
    };
    // A foreign key that is looked at when the transaction ends: the commit itself is refused.
    let dangling = store.write(|c| {
        c.execute_batch("PRAGMA defer_foreign_keys = on")?;
        let sql = "INSERT INTO document (uuid, project, sha256, bytes, state) VALUES (x'00', 999, x'00', 0, 'pending')";
        Ok(c.execute(sql, []).map(drop)?)
    });
    let hold = hold_writer(&store).await;
    let jobs = tokio::join!(insert("a"), dangling, insert("c"), async { drop(hold) });
    for result in [jobs.0, jobs.1, jobs.2] {
        assert!(matches!(result, Err(Error::Sqlite(_))), "{result:?}");
    }
    assert_eq!(projects(&store), Vec::<String>::new());
    insert("d").await.unwrap();
    assert_eq!(projects(&store), ["d"]);
}

/// A call that keeps the writer from its queue until the sender is dropped, so that what is sent meanwhile shares
/// one commit.
async fn hold_writer(store: &Sqlite) -> std::sync::mpsc::Sender<()> {
    let (hold, held) = std::sync::mpsc::channel::<()>();
    let (started, starting) = tokio::sync::oneshot::channel();
    let store = store.clone();
    tokio::spawn(async move {
        store
            .write(move |_| {
                let _ = started.send(());
                let _ = held.recv();
                Ok(())
            })
            .await
    });
    starting.await.unwrap();
    hold
}

fn projects(store: &Sqlite) -> Vec<String> {
    store
        .read(|c| super::row::collect(&mut c.prepare("SELECT name FROM project ORDER BY name")?, [], |r| Ok(r.get(0)?)))
        .unwrap()
}
