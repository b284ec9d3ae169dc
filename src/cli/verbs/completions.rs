//! `mlctl completions`: what a shell needs to complete command lines; and the man pages.

use std::path::PathBuf;

use clap_complete::Shell;

use crate::cli::{CliError, Context, command};

/// Arguments of `completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
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
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command(), "mlctl", &mut script);
    context.printer.data(&String::from_utf8_lossy(&script))?;
    Ok(0)
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
