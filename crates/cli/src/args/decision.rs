//! What can be typed about entities and the decisions of people.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// What a decision is about.
#[derive(Debug, Args)]
pub struct Sides {
    /// An entity's id or name, the id of a mention, or NAME@DOCUMENT
    pub a: String,
    /// One or several others, given in the same way
    #[arg(required = true)]
    pub b: Vec<String>,
    #[command(flatten)]
    pub note: Note,
}

/// What is kept beside a decision.
#[derive(Debug, Args)]
pub struct Note {
    /// Why, for whoever reads it later
    #[arg(long, value_name = "TEXT")]
    pub why: Option<String>,
    /// Who decides; the user who is logged in if not set
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
}

#[derive(Debug, Args)]
pub struct Rename {
    /// An entity's id or name, the id of a mention, or NAME@DOCUMENT
    pub entity: String,
    /// The name to show
    pub name: String,
    #[command(flatten)]
    pub note: Note,
}

#[derive(Debug, Args)]
pub struct Undo {
    /// The id of a decision or its beginning, as `decisions` lists it; the newest one that holds if not given
    pub decision: Option<String>,
    #[command(flatten)]
    pub note: Note,
}

#[derive(Debug, Subcommand)]
pub enum Decisions {
    /// List all decisions, the newest first; so does `decisions` alone
    List,
    /// Write all decisions to standard output, one JSON object a line
    Export,
    /// Take in decisions that `decisions export` wrote; those that are there already count once
    Import {
        /// A file, or `-` for standard input
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub struct Review {
    /// Who decides; the user who is logged in if not set
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// Most pairs to show
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10000))]
    pub limit: u32,
}
