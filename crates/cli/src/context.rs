//! What every command begins with: the screen, the settings, the workspace.

use std::path::{Path, PathBuf};

use anyhow::Result;
use docmill_engine::{Encoder, Workspace};
use tokio::runtime::Runtime;

use crate::args::Global;
use crate::config::{Config, Layers};
use crate::failure::Error;
use crate::format::quoted;
use crate::screen::{Screen, visible};

/// The screen, the settings, and where the workspace is.
pub struct Context {
    pub screen: Screen,
    pub config: Config,
    /// Where the workspace is, or would be.
    pub folder: PathBuf,
    /// Whether the folder was named, by flag or variable.
    named: bool,
    /// Whether each event of a run is written.
    pub verbose: bool,
}

impl Context {
    /// Reads the configuration. `flags` are keys of settings with the word that was given.
    pub fn new(global: &Global, flags: Vec<(&'static str, String)>) -> Result<Self> {
        let here = std::env::current_dir().map_err(|error| Error::Argument {
            message: format!("the current folder cannot be used: {error}"),
            hint: "change into a folder that is there".to_owned(),
        })?;
        let variable = std::env::var_os("DOCMILL_WORKSPACE").filter(|folder| !folder.is_empty());
        let explicit = global.workspace.clone().or_else(|| variable.map(PathBuf::from));
        if explicit.as_ref().is_some_and(|folder| folder.as_os_str().is_empty()) {
            return Err(Error::Argument {
                message: "the workspace's name is empty".to_owned(),
                hint: "give a folder with `--workspace DIR`".to_owned(),
            }
            .into());
        }
        let folder = Workspace::locate(explicit.as_deref(), &here);
        let environment = std::env::vars_os().collect();
        let config = Config::load(&Layers { folder: here, workspace: folder.clone(), environment, flags })
            .map_err(Error::from)?;
        let verbose = global.verbose || std::env::var_os("DOCMILL_LOG").is_some_and(|log| log == "debug");
        Ok(Self { screen: Screen::new(global.json), config, folder, named: explicit.is_some(), verbose })
    }

    /// The workspace that is there.
    pub fn open(&self) -> Result<Workspace> {
        Ok(Workspace::open_with(&self.folder, self.encoder()?)?)
    }

    /// The workspace, made if it is not there.
    pub fn create(&self) -> Result<Workspace> {
        Ok(Workspace::create_with(&self.folder, self.encoder()?)?)
    }

    fn encoder(&self) -> Result<Encoder> {
        match &self.config.settings.model {
            Some(path) => Ok(Encoder::open(path).map_err(Error::from)?),
            None => Ok(Encoder::default()),
        }
    }

    /// A command to type next, for this workspace.
    pub fn command(&self, rest: &str) -> String {
        match self.named {
            true => format!("docmill --workspace {} {rest}", quoted(&shown(&self.folder))),
            false => format!("docmill {rest}"),
        }
    }
}

/// Runs a short command's futures on this thread.
pub fn block_on<T>(future: impl Future<Output = T>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::Start)?;
    Ok(runtime.block_on(future))
}

/// The threads of a run: two, as stages compute on threads of their own.
pub fn runtime() -> Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    Ok(builder.worker_threads(2).enable_all().build().map_err(Error::Start)?)
}

/// A path as it is shown: in one line, with the blanks that it has.
pub fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy()).replace(['\n', '\t'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_blanks_and_stays_in_one_line() {
        assert_eq!(shown(Path::new("two  blanks\nand\u{1b}[2J")), "two  blanks and\u{fffd}[2J");
    }
}
