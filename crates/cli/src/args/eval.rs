//! What can be typed about measuring.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Eval {
    /// Names of persons, organisations and places in sentences: IOB2, or CoNLL-U with entities
    Names(Names),
    /// Who is who among named mentions: CoNLL-U with entities
    Identity {
        #[command(flatten)]
        common: Common,
    },
    /// Pairs of names that are or are not one: CSV with name1, name2, schema and is_match
    Pairs {
        #[command(flatten)]
        common: Common,
    },
    /// Relations between marked mentions: JSON lines
    Relations {
        #[command(flatten)]
        common: Common,
    },
    /// Where sentences end: JSON with texts and offsets
    Sentences {
        #[command(flatten)]
        common: Common,
    },
    /// What chunks keep together and where topics change: JSON lines
    Chunks {
        #[command(flatten)]
        common: Common,
    },
    /// Queries with the documents that answer them, asked of the workspace: JSON lines
    Search {
        #[command(flatten)]
        common: Common,
    },
}

#[derive(Debug, Args)]
pub struct Common {
    /// Annotated files
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Show what changed since an earlier run, whose `--json` output this is
    #[arg(long, value_name = "OLD.json")]
    pub baseline: Option<PathBuf>,
    /// Faults of each kind to show; `--json` has them all
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub errors: usize,
}

#[derive(Debug, Args)]
pub struct Names {
    #[command(flatten)]
    pub common: Common,
    /// Read the text as documents are read, in the place of the words of the file; the rules take part
    #[arg(long)]
    pub raw: bool,
    /// Only the sentences of each file that have an even or an odd number, counted from 0
    #[arg(long, value_enum)]
    pub half: Option<Half>,
    /// Score these names beside ours: JSON lines with file, sentence, start, end and type
    #[arg(long, value_name = "PREDICTIONS.jsonl", conflicts_with = "baseline")]
    pub against: Option<PathBuf>,
    /// Write the texts as JSON lines, for another program to find names in, and score nothing
    #[arg(long, conflicts_with_all = ["baseline", "against"])]
    pub texts: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Half {
    Even,
    Odd,
}

impl Half {
    /// Whether it holds the sentence of this number.
    pub fn holds(self, number: usize) -> bool {
        number.is_multiple_of(2) == (self == Self::Even)
    }
}
