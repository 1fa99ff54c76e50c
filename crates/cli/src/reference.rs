//! The pages of `docs/reference` that are made from the code.

use anyhow::Result;
use clap::{Arg, Command, CommandFactory as _};

use crate::args::{Cli, Reference};
use crate::config::{FILE, SETTINGS, VARIABLES};
use crate::failure::Exit;
use crate::screen::Screen;

pub fn reference(page: Reference) -> Result<Exit> {
    let text = match page {
        Reference::Commands => commands(),
        Reference::Config => config(),
    };
    Screen::new(false).print(&text)?;
    Ok(Exit::Fine)
}

/// Every command with its arguments.
pub fn commands() -> String {
    let mut root = Cli::command();
    root.build();
    let mut out =
        "# Commands\n\nMade by `docmill reference commands`; a test holds it equal to the program.\n".to_owned();
    out.push_str(
        "\nThe result goes to standard output, everything else to standard error. The exit code is 0 when all is well, 1 \
         when something failed\nthat you can mend, 2 when the fault is docmill's, and 130 after Ctrl-C. Colours are for \
         terminals only, and `NO_COLOR` turns them off.\n",
    );
    out.push_str("\nThese stand before or after every command:\n\n");
    arguments(&root, true, &mut out);
    each(&root, &mut out);
    out
}

/// Commands nest two deep: the clap definitions bound the recursion.
fn each(parent: &Command, out: &mut String) {
    for command in parent.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
        if command.has_subcommands() {
            each(command, out);
            continue;
        }
        let usage = command.clone().render_usage().to_string();
        let usage = usage.trim_start_matches("Usage: ");
        let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        out.push_str(&format!("\n## {name}\n\n{about}.\n\n```\n{usage}\n```\n"));
        let mut list = String::new();
        arguments(command, false, &mut list);
        if !list.is_empty() {
            out.push_str(&format!("\n{list}"));
        }
    }
}

/// The arguments of a command as a list; the global ones only where they are asked for.
fn arguments(command: &Command, global: bool, out: &mut String) {
    let wanted = |arg: &&Arg| {
        let own = matches!(arg.get_id().as_str(), "help" | "version");
        arg.is_global_set() == global && !arg.is_hide_set() && !own
    };
    for arg in command.get_arguments().filter(wanted) {
        let values: Vec<String> =
            arg.get_value_names().unwrap_or_default().iter().map(|name| format!("<{name}>")).collect();
        let takes = if arg.get_action().takes_values() { values.join(" ") } else { String::new() };
        let short = arg.get_short().map(|s| format!("-{s}, ")).unwrap_or_default();
        let head = match arg.get_long() {
            Some(long) if takes.is_empty() => format!("{short}--{long}"),
            Some(long) => format!("{short}--{long} {takes}"),
            None => takes,
        };
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        out.push_str(&format!("* `{head}`: {help}."));
        let choices: Vec<String> = arg
            .get_possible_values()
            .iter()
            .map(|v| match v.get_help() {
                Some(help) => format!("`{}` ({help})", v.get_name()),
                None => format!("`{}`", v.get_name()),
            })
            .collect();
        // Flags have `true` and `false` as their values, which nobody types.
        if arg.get_action().takes_values() && !choices.is_empty() {
            out.push_str(&format!(" One of {}.", choices.join(", ")));
        }
        let defaults: Vec<String> =
            arg.get_default_values().iter().map(|v| format!("`{}`", v.to_string_lossy())).collect();
        if !defaults.is_empty() && arg.get_action().takes_values() {
            out.push_str(&format!(" Default: {}.", defaults.join(", ")));
        }
        out.push('\n');
    }
}

/// Every setting.
pub fn config() -> String {
    let mut out =
        "# Configuration\n\nMade by `docmill reference config`; a test holds it equal to the program.\n".to_owned();
    out.push_str(&format!(
        "\nNothing has to be configured. Values are taken from, each before the next: flags, variables, the file `{FILE}`, \
         defaults.\nThe file is the nearest one upward from the current folder, else the one in the workspace. A key or a \
         value that is not understood\nis an error (`bad_config`). `docmill config show` prints each setting with where it \
         came from, `docmill config check` only checks.\n\n```toml\nproject = \"default\"\nworkers = 4\n\n[limits]\nmemory = \
         \"512MiB\"\ntime = \"120s\"\noutput = \"4GiB\"\n\n[embedding]\nmodel = \"table\"\n```\n"
    ));
    for setting in SETTINGS {
        let flag = setting.flag.map(|flag| format!(" or `{flag}`")).unwrap_or_default();
        out.push_str(&format!("\n## {}\n\n{}\n\n", setting.key, setting.meaning));
        out.push_str(&format!("* Form: {}\n* Default: {}\n", setting.form, setting.default));
        out.push_str(&format!("* Also: `{}`{flag}\n", setting.variable));
    }
    out.push_str("\n## Variables that are no settings\n\n");
    for variable in VARIABLES {
        out.push_str(&format!("* `{}`: {}\n", variable.name, variable.meaning));
    }
    out.push_str("\nAnother variable whose name begins with `DOCMILL_` is an error where it is almost the name of one of these.\n");
    out
}
