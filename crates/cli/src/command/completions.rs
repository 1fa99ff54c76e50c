//! `completions`: what a shell needs to complete commands and flags.

use anyhow::Result;
use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Cli;
use crate::failure::{Error, Exit};

pub fn completions(shell: Shell) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "docmill", &mut script);
    match std::io::Write::write_all(&mut std::io::stdout(), &script) {
        Ok(()) => Ok(Exit::Fine),
        Err(error) => Err(Error::Output(error).into()),
    }
}
