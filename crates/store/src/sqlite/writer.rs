//! The one writer: a thread that takes what is waiting and commits it together.

use std::sync::mpsc;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{Error, Result};

/// The most that share one commit: bounds how much a failing commit takes back and how long the first waits.
const GROUP: usize = 64;

trait Job: Send {
    fn run(&mut self, connection: &Connection);
    /// Why it failed; its writes are then taken back.
    fn error(&self) -> Option<&Error>;
    /// Answers the caller; `commit` is the error that took the whole group back.
    fn answer(self: Box<Self>, commit: Option<Error>);
}

struct Call<F, T> {
    work: Option<F>,
    result: Option<Result<T>>,
    reply: oneshot::Sender<Result<T>>,
}

impl<T: Send, F: FnOnce(&Connection) -> Result<T> + Send> Job for Call<F, T> {
    fn run(&mut self, connection: &Connection) {
        if let Some(work) = self.work.take() {
            self.result = Some(work(connection));
        }
    }

    fn error(&self) -> Option<&Error> {
        self.result.as_ref()?.as_ref().err()
    }

    fn answer(self: Box<Self>, commit: Option<Error>) {
        let result = match (self.result, commit) {
            (Some(Err(own)), _) => Err(own),
            (_, Some(error)) => Err(error),
            (Some(result), None) => result,
            (None, None) => Err(Error::Stopped),
        };
        // The caller may have gone away; its work is committed all the same.
        let _ = self.reply.send(result);
    }
}

/// Handle of the writer thread, which ends when the last handle is dropped.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Box<dyn Job>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Self {
        let (jobs, queue) = mpsc::channel();
        std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || serve(connection, queue))
            .expect("a thread can be started while the program starts");
        Self { jobs }
    }

    pub(super) async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(Box::new(Call { work: Some(work), result: None, reply })).map_err(|_| Error::Stopped)?;
        answer.await.unwrap_or(Err(Error::Stopped))
    }
}

fn serve(connection: Connection, queue: mpsc::Receiver<Box<dyn Job>>) {
    while let Ok(first) = queue.recv() {
        let mut group = vec![first];
        while group.len() < GROUP {
            match queue.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        let error = group_commit(&connection, &mut group).err();
        if error.is_some() && !connection.is_autocommit() {
            // What failed left the transaction open; its own error is the one to tell.
            let _ = connection.execute_batch("ROLLBACK");
        }
        for job in group {
            job.answer(error.as_ref().map(same));
        }
    }
}

/// Each of several jobs runs in a savepoint, so that one that fails takes back only its own writes; for a job that
/// is alone the transaction is enough.
fn group_commit(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<()> {
    execute(connection, "BEGIN IMMEDIATE")?;
    if let [job] = group {
        job.run(connection);
        // The job answers with its own error.
        return execute(connection, if job.error().is_some() { "ROLLBACK" } else { "COMMIT" });
    }
    for job in group {
        execute(connection, "SAVEPOINT job")?;
        job.run(connection);
        if connection.is_autocommit() {
            // SQLite itself rolled the transaction back (a full disk, an I/O error): nothing of the group stands.
            return Err(job.error().map_or(Error::Stopped, same));
        }
        if job.error().is_some() {
            execute(connection, "ROLLBACK TO job")?;
        }
        execute(connection, "RELEASE job")?;
    }
    execute(connection, "COMMIT")
}

fn execute(connection: &Connection, sql: &str) -> Result<()> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

/// The same error for another caller of the group.
fn same(error: &Error) -> Error {
    match error {
        Error::Full(e) => Error::Full(copy(e)),
        Error::ReadOnly(e) => Error::ReadOnly(copy(e)),
        Error::Busy(e) => Error::Busy(copy(e)),
        Error::Damaged(e) => Error::Damaged(copy(e)),
        Error::Sqlite(e) => Error::Sqlite(copy(e)),
        _ => Error::Stopped,
    }
}

fn copy(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(code, message) => rusqlite::Error::SqliteFailure(*code, message.clone()),
        other => rusqlite::Error::ToSqlConversionFailure(other.to_string().into()),
    }
}
