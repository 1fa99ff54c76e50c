//! What can be typed.

pub mod decision;
pub mod eval;
pub mod graph;
pub mod search;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use docmill_model::{Code, Stage};

const EXAMPLES: &str = "\
Examples:
  docmill run papers/            read a folder, find who, when, how much, which law
  docmill search \"net rent\"      where it is said, with the page
  docmill entity \"Anna Schmidt\"  who that is, with relations and pages
  docmill review                 decide which names are one person and which are two
  docmill why report.pdf         what happened to a document, and what to do about it
  docmill export > facts.jsonl   every fact with its place, one JSON object a line
  docmill extract lease.docx     one file to the terminal, nothing kept

DOCUMENT is a path, a name, or an id or its unique beginning. The workspace is `--workspace DIR`, else the nearest
`.docmill` upward from the current folder. `docmill explain CODE` says what a code means.";

/// Turns a pile of documents into a knowledge graph whose every fact can be shown on its page.
#[derive(Debug, Parser)]
#[command(name = "docmill", version, after_help = EXAMPLES, max_term_width = 120)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Folder of the workspace; made by `run` where there is none
    #[arg(long, global = true, value_name = "DIR")]
    pub workspace: Option<PathBuf>,
    /// Write one JSON object for programs in the place of tables for people
    #[arg(long, global = true)]
    pub json: bool,
    /// Write one plain line to standard error for each event of a run; `DOCMILL_LOG=debug` does the same
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read files and folders into the workspace and find what they say
    Run(Run),
    /// Write the text of one file to the terminal, without a workspace
    Extract(Extract),
    /// Show documents by state, by stage and by class of error, with what mends each
    Status,
    /// Tell all that happened to a document
    Why {
        /// A path, a name, or an id or its beginning
        document: OsString,
    },
    /// Look at a document
    #[command(subcommand)]
    Document(Document),
    /// Find passages by words and by who or what they mention, best match first
    Search(search::Search),
    /// Write every fact with its evidence to standard output
    Export {
        /// The form of the output
        #[arg(long, value_enum, default_value_t = Format::Jsonl)]
        format: Format,
        /// Add the raw and the cleaned text of each document
        #[arg(long)]
        text: bool,
    },
    /// Look at what relates the entities, and write it for other programs
    #[command(subcommand)]
    Graph(graph::Graph),
    /// Tell what changed between two exports; ends with 0 for nothing, 1 for something, 2 for trouble
    Diff(graph::Diff),
    /// Tell what is known of a person, an organisation or another thing, and where it says so
    Entity {
        /// A name, or an id or its beginning
        entity: String,
    },
    /// Walk through the pairs that may be the same, the most alike first, and decide
    Review(decision::Review),
    /// Decide that entities are one
    Same(decision::Sides),
    /// Decide that entities, or a part of one, are not the same
    Different(decision::Sides),
    /// Give an entity the name to show
    Rename(decision::Rename),
    /// Take a decision back
    Undo(decision::Undo),
    /// List, write and take in what people decided
    Decisions {
        #[command(subcommand)]
        command: Option<decision::Decisions>,
    },
    /// Try again what failed
    Retry(Retry),
    /// Run stages again whose version is no longer the present one
    Reprocess {
        /// Run this stage and those behind it again, for every finished document
        #[arg(long, value_name = "STAGE", value_parser = stage)]
        from: Option<Stage>,
        #[command(flatten)]
        work: Work,
    },
    /// Take documents out of the workspace; their files stay where they are
    Forget {
        /// Paths, names, or ids or their beginnings
        #[arg(required = true, value_name = "DOCUMENT")]
        documents: Vec<OsString>,
    },
    /// Take out what came from files that are gone
    Prune,
    /// Check that this machine and this workspace are fit for work
    Doctor,
    /// Show or check the settings
    #[command(subcommand)]
    Config(Config),
    /// Measure against what people marked; needs no workspace, but for `search`
    #[command(subcommand)]
    Eval(eval::Eval),
    /// Say what a code means and what to do about it
    Explain {
        /// Such as `needs_ocr`; without it all codes are listed
        code: Option<String>,
    },
    /// Write what a shell needs to complete commands
    Completions { shell: clap_complete::Shell },
    /// Write a page of the reference
    #[command(hide = true)]
    Reference {
        #[arg(value_enum)]
        page: Reference,
    },
}

#[derive(Debug, Args)]
pub struct Run {
    /// Files and folders; folders are read with all that is in them
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Name of the pile that the documents belong to
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    #[command(flatten)]
    pub work: Work,
    /// Take only files whose path below PATH matches, such as `*.pdf`; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// Leave out files whose path below PATH matches; may be given several times
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Look at no more than this many files
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
}

#[derive(Debug, Default, Args)]
pub struct Work {
    /// Stages that run at the same time; as many as there are cores if not set
    #[arg(long, value_name = "N")]
    pub workers: Option<String>,
}

#[derive(Debug, Args)]
pub struct Extract {
    /// A file, or `-` for standard input
    pub file: PathBuf,
    /// The form of the output
    #[arg(long, value_enum, default_value_t = To::Text)]
    pub to: To,
}

#[derive(Debug, Subcommand)]
pub enum Document {
    /// Write the text of a document with everything that was found in it marked
    Show {
        /// A path, a name, or an id or its beginning
        document: OsString,
    },
}

#[derive(Debug, Args)]
pub struct Retry {
    /// Paths, names, or ids or their beginnings; without any, all documents
    #[arg(value_name = "DOCUMENT")]
    pub documents: Vec<OsString>,
    /// Only what ended with this code
    #[arg(long, value_name = "CODE", value_parser = code)]
    pub class: Option<Code>,
    /// Only what ended at this stage
    #[arg(long, value_name = "STAGE", value_parser = stage)]
    pub stage: Option<Stage>,
    #[command(flatten)]
    pub work: Work,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Show each setting with its value and where that came from
    Show,
    /// Check the configuration without running anything
    Check,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// one JSON object a line
    Jsonl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum To {
    /// the text of the pages
    Text,
    /// headings, lists and tables as Markdown
    Md,
    /// one JSON object with pages, words, boxes and blocks
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Reference {
    Commands,
    Config,
}

fn stage(word: &str) -> Result<Stage, String> {
    Stage::parse(word).ok_or_else(|| format!("the stages are {}", Stage::ALL.map(|s| s.as_str()).join(", ")))
}

fn code(word: &str) -> Result<Code, String> {
    Code::parse(word).ok_or_else(|| match crate::page::nearest_code(word) {
        Some(near) => format!("no code is called so; did you mean `{near}`?"),
        None => "no code is called so; `docmill explain` lists all".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definitions_agree_with_each_other() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn global_arguments_stand_before_and_behind_the_command() {
        let check = |line: &str| {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.global.workspace, Some(PathBuf::from("w")), "{line}");
            assert!(cli.global.json, "{line}");
        };
        check("docmill --workspace w --json status");
        check("docmill status --workspace w --json");
        check("docmill --json document show x --workspace w");
    }
}
