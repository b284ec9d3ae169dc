//! `mlctl completions`: what a shell needs to complete command lines; and the man pages.

use std::path::PathBuf;

use clap_complete::Shell;

use crate::cli::{CliError, Context, command};

/// What the scripts of shells are: each asks `mlctl complete` at every TAB.
const BASH: &str = include_str!("../../../templates/completions/bash");
const ZSH: &str = include_str!("../../../templates/completions/zsh");
const FISH: &str = include_str!("../../../templates/completions/fish");

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Verbs and flags are completed, and values too: runs and their replicas, states, contexts, fields of specs,
models. They come from this machine, and nothing is asked over a network.

Examples:
  mlctl completions bash > ~/.local/share/bash-completion/completions/mlctl
  mlctl completions zsh > ~/.zfunc/_mlctl
  mlctl completions fish > ~/.config/fish/completions/mlctl.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: Shell,
}

/// Prints the completion script of a shell.
pub fn completions(context: &Context, args: &CompletionsArgs) -> Result<u8, CliError> {
    let script = match args.shell {
        Shell::Bash => BASH.to_owned(),
        Shell::Zsh => ZSH.to_owned(),
        Shell::Fish => FISH.to_owned(),
        // Verbs and flags alone.
        shell => static_script(shell),
    };
    context.printer.data(&script)?;
    Ok(0)
}

/// A script that knows verbs and flags by itself, without those that no person calls.
fn static_script(shell: Shell) -> String {
    let root = command();
    let hidden: Vec<String> = root
        .get_subcommands()
        .filter(|verb| verb.is_hide_set())
        .map(|verb| verb.get_name().to_owned())
        .collect();
    let mut shown = clap::Command::new("mlctl")
        .version(env!("CARGO_PKG_VERSION"))
        .disable_help_subcommand(true);
    shown = shown.args(root.get_arguments().cloned());
    let verbs = root.get_subcommands().filter(|verb| !hidden.contains(&verb.get_name().to_owned()));
    shown = shown.subcommands(verbs.cloned());
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut shown, "mlctl", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// Arguments of `man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl man | man -l -             read the page of mlctl
  mlctl man --dir ~/.local/share/man/man1")]
pub struct ManArgs {
    /// Write the pages of mlctl and of every verb into this folder
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

/// Prints mlctl's page, or writes all pages.
pub fn man(context: &Context, args: &ManArgs) -> Result<u8, CliError> {
    if let Some(dir) = &args.dir {
        let dir = context.env.cwd.join(dir);
        fs_err::create_dir_all(&dir)?;
        clap_mangen::generate_to(command(), &dir)?;
        context.printer.say(format!("man pages written to {}", dir.display()));
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command()).render(&mut page)?;
        context.printer.data(&String::from_utf8_lossy(&page))?;
    }
    Ok(0)
}
