//! Reads a document behind the wall, page by page.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use docmill_extract::{Flow, Options, Summary};
use docmill_model::{Code, Digest, DocumentId, Origin, Page, Stage, Warning};
use docmill_store::{Failure, MemberFile, Ocr, Output, Stamp};
use serde_json::json;

use crate::blob::BlobWriter;
use crate::disposition;
use crate::driver::Driver;
use crate::event::Event;
use crate::fingerprint::{has_digest, is_unchanged, path_of, stamp};
use crate::stage::{Ended, Finished, Progress, StageRun, task};
use crate::wall::{Broken, Part};

task!(
    ProcessOcr,
    &["document_uuid", "source_doc_sql_id", "file_path", "file_name", "detected_file_type", "project_sql_id"]
);

pub(crate) struct Run;

/// Where the bytes may lie, best first, and what earlier attempts have read.
pub(crate) struct Input {
    document: DocumentId,
    sha256: Digest,
    bytes: u64,
    places: Vec<(PathBuf, Option<Stamp>)>,
    saved_chars: u64,
}

impl StageRun for Run {
    const STAGE: Stage = Stage::ProcessOcr;
    type Input = Input;

    async fn load(&self, driver: &Driver, document: DocumentId) -> Result<Input, docmill_store::Error> {
        let parts = driver.parts();
        let row = parts.store.document(document).await?;
        let mut places = Vec::new();
        for origin in &row.sources {
            match origin {
                Origin::Path { absolute, .. } => {
                    let known = parts.store.source_at(&row.project, absolute.clone()).await?;
                    places.push((path_of(absolute).to_owned(), known.map(|s| s.stamp)));
                }
                Origin::Member { .. } => places.push((parts.blobs.path(&row.sha256), None)),
            }
        }
        let pages = parts.store.page_spans(document).await?;
        let saved_chars = pages.last().map_or(0, |(_, span)| u64::from(span.end));
        Ok(Input { document, sha256: row.sha256, bytes: row.bytes, places, saved_chars })
    }

    fn run(
        &self,
        driver: &Driver,
        progress: &Progress,
        input: Input,
    ) -> Result<Result<Finished, Ended>, docmill_store::Error> {
        let (file, stamp) = match open(&input) {
            Ok(found) => found,
            Err(failure) => return Ok(Err(Ended::Failed(failure))),
        };
        let mut taking = Taking::new(driver, progress, &input);
        let options = Options { first_page: progress.saved_pages + 1, ..Options::default() };
        let mut started = |pid| driver.parts().observer.on(Event::ChildStarted { document: input.document, pid });
        let read = driver.parts().reader.read(&file, &options, &mut started, &mut |part| taking.take(part));
        if let Some(error) = taking.store_error.take() {
            return Err(error);
        }
        if let Some(error) = taking.io_error.take() {
            // The disk of the workspace is nothing that the document could be blamed for.
            return Err(docmill_store::Error::File(error));
        }
        if !is_unchanged(&file, &stamp) && !has_digest(&file, &input.sha256) {
            return Ok(Err(Ended::Failed(changed())));
        }
        let summary = match read {
            Ok(Ok(summary)) => summary,
            Ok(Err(error)) => return Ok(Err(disposition::disposition(error))),
            Err(Broken::Stopped) => match taking.over_limit() {
                Some(summary) => summary,
                None => return Ok(Err(disposition::disposition(docmill_extract::Error::Stopped))),
            },
            Err(Broken::Death { death, stderr }) => {
                taking.flush();
                if let Some(error) = taking.store_error.take() {
                    return Err(error);
                }
                let failure = disposition::death(&death, &stderr);
                if failure.code() == Code::NO_PROCESS {
                    return Ok(Err(Ended::Unstarted(failure)));
                }
                return Ok(Err(Ended::Died { failure, advanced: taking.saved > 0 }));
            }
        };
        taking.finish(summary).map(Ok)
    }
}

/// How long a page that was read may wait for company before it is saved: what a kill can cost, and long enough that
/// a transaction is not paid for every page of a file that is read in a moment.
const SAVE: Duration = Duration::from_millis(50);
/// Pages that wait at most: bounds the memory that they take.
const WAITING: usize = 32;

/// Takes the parts of a document as they come: saves the pages that wait when the next one arrives, so that the last
/// one goes with the commit; writes members into blobs.
struct Taking<'a> {
    driver: &'a Driver,
    progress: &'a Progress,
    document: DocumentId,
    /// Characters of all pages so far, saved ones included.
    chars: u64,
    max_chars: u64,
    cut: Option<u32>,
    media: Option<docmill_model::MediaType>,
    waiting: Vec<Page>,
    /// When pages were saved last, or reading began.
    saved_at: Instant,
    saved: u32,
    open: Option<(String, BlobWriter)>,
    members: Vec<MemberFile>,
    store_error: Option<docmill_store::Error>,
    io_error: Option<std::io::Error>,
}

impl<'a> Taking<'a> {
    fn new(driver: &'a Driver, progress: &'a Progress, input: &Input) -> Self {
        Self {
            driver,
            progress,
            document: input.document,
            chars: input.saved_chars,
            max_chars: u64::from(Options::default().max_chars),
            cut: None,
            media: None,
            waiting: Vec::new(),
            saved_at: Instant::now(),
            saved: 0,
            open: None,
            members: Vec::new(),
            store_error: None,
            io_error: None,
        }
    }

    fn take(&mut self, part: Part<'_>) -> Flow {
        match part {
            Part::Page(page) => self.page(page),
            Part::Member(member) => {
                self.close();
                match self.driver.parts().blobs.writer() {
                    Ok(writer) => self.open = Some((member.name, writer)),
                    Err(error) => self.io_error = Some(error),
                }
            }
            Part::Bytes(bytes) => {
                if let Some((_, writer)) = &mut self.open
                    && let Err(error) = writer.write(bytes)
                {
                    self.io_error = Some(error);
                }
            }
        }
        let stop = self.store_error.is_some() || self.io_error.is_some() || self.cut.is_some();
        if stop { Flow::Stop } else { Flow::Continue }
    }

    fn page(&mut self, page: Page) {
        if page.size.is_some() {
            // Only paged formats have sizes; of these PDF is the one that is read.
            self.media = Some(docmill_model::MediaType::Pdf);
        }
        let chars = page.text.chars().count() as u64;
        // A page alone is bounded by its extractor; a document's pages together are bounded here, where those of
        // earlier attempts count too.
        if self.chars > 0 && self.chars + chars > self.max_chars {
            self.cut = Some(page.number);
            return;
        }
        self.chars += chars;
        if self.saved_at.elapsed() >= SAVE || self.waiting.len() >= WAITING {
            self.flush();
        }
        self.waiting.push(page);
    }

    /// Saves the pages that wait.
    fn flush(&mut self) {
        if self.waiting.is_empty() || self.store_error.is_some() {
            return;
        }
        let pages = std::mem::take(&mut self.waiting);
        let count = pages.len() as u32;
        match self.progress.save(self.driver, pages) {
            Ok(()) => {
                self.saved += count;
                let pages = self.progress.saved_pages + self.saved;
                self.driver.parts().observer.on(Event::PagesRead { document: self.document, pages });
            }
            Err(error) => self.store_error = Some(error),
        }
        self.saved_at = Instant::now();
    }

    fn close(&mut self) {
        if let Some((name, writer)) = self.open.take() {
            match writer.finish(&self.driver.parts().blobs) {
                Ok((sha256, bytes)) => self.members.push(MemberFile { name, sha256, bytes }),
                Err(error) => self.io_error = Some(error),
            }
        }
    }

    /// What is known of a document whose pages passed the limit.
    fn over_limit(&self) -> Option<Summary> {
        let page = self.cut?;
        let message = format!("the text from page {page} on is past the limit of {} characters", self.max_chars);
        Some(Summary {
            media_type: self.media?,
            pages: page - 1,
            warnings: vec![Warning::new(Code::TEXT_LIMIT, message)],
        })
    }

    fn finish(mut self, summary: Summary) -> Result<Finished, docmill_store::Error> {
        self.close();
        if let Some(error) = self.io_error {
            return Err(docmill_store::Error::File(error));
        }
        let reply = json!({
            "status": "success", "document_uuid": self.document.to_string(), "text_length": self.chars,
            "total_pages": summary.pages,
        });
        let output = Output::Ocr(Ocr { media_type: summary.media_type, pages: self.waiting, members: self.members });
        Ok(Finished { output, warnings: summary.warnings, reply })
    }
}

/// Opens the first place that still has the document's bytes.
fn open(input: &Input) -> Result<(File, Stamp), Failure> {
    let mut last = None;
    for (path, known) in &input.places {
        match open_file(path) {
            Ok(None) => last = Some(changed()),
            Ok(Some((file, now))) => {
                let same = known.is_none_or(|known| known.proves_unchanged(&now)) && now.size == input.bytes;
                if same || has_digest(&file, &input.sha256) {
                    return Ok((file, now));
                }
                last = Some(changed());
            }
            Err(error) => last = Some(disposition::io(&error)),
        }
    }
    Err(last.unwrap_or_else(|| {
        let warning = Warning::new(Code::SOURCE_GONE, Code::SOURCE_GONE.meaning());
        Failure::new(warning, vec!["the document has no source".into()])
    }))
}

/// `None` for what is no file any more. That is asked first, as opening a pipe waits for its other end.
fn open_file(path: &Path) -> std::io::Result<Option<(File, Stamp)>> {
    if !path.metadata()?.is_file() {
        return Ok(None);
    }
    let file = File::open(path)?;
    let now = stamp(&file)?;
    Ok(Some((file, now)))
}

fn changed() -> Failure {
    let warning = Warning::new(Code::SOURCE_CHANGED, Code::SOURCE_CHANGED.meaning());
    Failure::new(warning, vec!["the bytes are not those that were registered".into()])
}
