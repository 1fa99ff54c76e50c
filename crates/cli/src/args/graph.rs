//! Arguments of `graph` and `diff`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub enum Graph {
    /// Write the graph for another program: entities, documents, chunks, mentions, and what relates them
    Export(Export),
    /// Show the best way between two entities, each step with the places that say so
    Path {
        /// A name, or an id or its beginning
        a: String,
        /// A name, or an id or its beginning
        b: String,
    },
}

#[derive(Debug, Args)]
pub struct Export {
    /// The form of the output
    #[arg(long, value_enum)]
    pub format: Form,
    /// Write here and not to standard output; a folder for `csv`, else a file
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// Add the text of each chunk, in `ftm` of each document
    #[arg(long)]
    pub text: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// GraphML, for Gephi, yEd, networkx, igraph
    Graphml,
    /// a folder of tables in the layout of `neo4j-admin database import`; in a cell that begins with one of `= + - @ '` an apostrophe stands before it
    Csv,
    /// statements for Neo4j 5; run again they change nothing
    Cypher,
    /// FollowTheMoney, for OpenAleph and Datashare
    Ftm,
}

#[derive(Debug, Args)]
pub struct Diff {
    /// What `docmill export` wrote first
    pub before: PathBuf,
    /// What it wrote later
    pub after: PathBuf,
}
