//! Reading one file for a person, without a workspace.

use std::fs::File;

use docmill_extract::{Flow, Options, Summary};
use docmill_model::Page;
use docmill_store::Failure;

use crate::disposition;
use crate::stage::Ended;
use crate::wall::{Broken, Part, Reader};

/// What a file was, besides its pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub summary: Summary,
    /// Names of the files inside the file.
    pub members: Vec<String>,
}

/// Reads a file and hands over its pages as they come. `None` when `take` wanted no more.
///
/// # Errors
/// What the same file would be marked with in a run: unreadable, encrypted, of a kind that is not read, or the end
/// of the child that read it. Pages that came before stay good.
pub fn read_file(
    reader: &dyn Reader,
    file: &File,
    options: &Options,
    take: &mut dyn FnMut(Page) -> Flow,
) -> Result<Option<Reading>, Failure> {
    let mut members = Vec::new();
    let read = reader.read(file, options, &mut |_| {}, &mut |part| match part {
        Part::Page(page) => take(page),
        Part::Member(member) => {
            members.push(member.name);
            Flow::Continue
        }
        Part::Bytes(_) => Flow::Continue,
    });
    match read {
        Ok(Ok(summary)) => Ok(Some(Reading { summary, members })),
        Ok(Err(error)) => match disposition::disposition(error) {
            Ended::Skipped(failure)
            | Ended::Failed(failure)
            | Ended::Died { failure, .. }
            | Ended::Unstarted(failure) => Err(failure),
        },
        Err(Broken::Stopped) => Ok(None),
        Err(Broken::Death { death, stderr }) => Err(disposition::death(&death, &stderr)),
    }
}
