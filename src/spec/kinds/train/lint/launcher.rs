//! Launchers of PyTorch's that start a process for each accelerator, and must be told of the other
//! replicas.

use super::context::Lint;
use super::shell::runs_in_shell;
use crate::spec::kinds::train::{Args, Framework};
use crate::spec::syntax::{Code, Diagnostic};
use crate::spec::syntax::{index_path, key_path};

/// Launchers by their programs.
const PROGRAMS: [&str; 2] = ["torchrun", "accelerate"];
/// Launchers as modules: `python -m ...`.
const MODULES: [&str; 3] =
    ["torch.distributed.run", "torch.distributed.launch", "accelerate.commands.launch"];

impl Lint<'_> {
    /// Each replica's launcher would take itself for the only one where nothing tells it otherwise.
    pub(super) fn launchers(&mut self) {
        if self.total() < 2 || self.job.framework == Framework::Pytorch {
            return;
        }
        for scope in self.scopes() {
            let Some(command) = scope.command else { continue };
            let Some((at, launcher)) = launcher(command) else { continue };
            let args = scope.args.or(Some(&self.job.args));
            if told(command) || args.is_some_and(|args| told(&words(args))) {
                continue;
            }
            let span = self.spans.value(&index_path(&key_path(&scope.path, "command"), at));
            let finding = Diagnostic::warning(
                Code::LauncherAlone,
                format!("`{launcher}` of each replica takes itself for the only one"),
            );
            self.add(finding.at(span, "nothing tells it of the others").help(if self.foreign {
                "`mlctl convert` this file and write `framework: pytorch`, which gives it addresses \
                 and ranks"
            } else {
                "write `framework: pytorch`, which gives it addresses and ranks"
            }));
        }
    }
}

/// The launcher that a command starts, and which of its words names it.
fn launcher(command: &[String]) -> Option<(usize, &str)> {
    if runs_in_shell(command) {
        return command.iter().enumerate().find_map(|(at, script)| {
            let words = script.split(|c: char| c.is_whitespace() || ";&|()".contains(c));
            let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
            let found = words.iter().enumerate().find(|(place, word)| {
                let is_module = *place > 0 && words[place - 1] == "-m" && MODULES.contains(word);
                is_module || launches(word, words.get(place + 1).copied())
            });
            found.map(|(_, word)| (at, name(word)))
        });
    }
    let first = command.first().map(|word| name(word))?;
    // What follows may stand in the arguments.
    if launches(first, Some(command.get(1).map_or("launch", String::as_str))) {
        return Some((0, first));
    }
    let module = command.iter().position(|word| word == "-m")? + 1;
    let named = command.get(module)?;
    (first.starts_with("python") && MODULES.contains(&named.as_str())).then_some((module, named))
}

/// Whether a word starts a launcher. `accelerate` has other commands, and is a package's name too.
fn launches(word: &str, next: Option<&str>) -> bool {
    let program = name(word);
    PROGRAMS.contains(&program) && (program != "accelerate" || next == Some("launch"))
}

/// The words of arguments, of a mapping its names.
fn words(args: &Args) -> Vec<String> {
    match args {
        Args::List(items) => items.clone(),
        Args::Map(map) => map.keys().cloned().collect(),
    }
}

/// Words by which the launcher gets its peers from the user.
fn told(command: &[String]) -> bool {
    const OWN: [&str; 6] = ["nnodes", "node_rank", "node-rank", "machine_rank", "rdzv", "PET_"];
    command.iter().any(|script| OWN.iter().any(|word| script.contains(word)))
}

fn name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launchers_are_found_however_they_are_started() {
        let found = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(ToString::to_string).collect();
            launcher(&words).map(|(at, name)| (at, name.to_owned()))
        };
        for (words, wanted) in [
            (&["torchrun", "train.py"][..], Some((0, "torchrun"))),
            (&["/opt/bin/accelerate", "launch", "train.py"], Some((0, "accelerate"))),
            (
                &["python3", "-m", "torch.distributed.run", "x.py"],
                Some((2, "torch.distributed.run")),
            ),
            (&["sh", "-c", "cd x && torchrun train.py"], Some((2, "torchrun"))),
            (
                &["bash", "-c", "python -m torch.distributed.run x"],
                Some((2, "torch.distributed.run")),
            ),
            (&["python", "torchrun.py"], None),
            (&["accelerate"], Some((0, "accelerate"))),
            (&["accelerate", "env"], None),
            (&["sh", "-c", "pip install accelerate && python train.py"], None),
            (
                &["sh", "-c", "pip install accelerate && accelerate launch x.py"],
                Some((2, "accelerate")),
            ),
        ] {
            assert_eq!(found(words), wanted.map(|(at, name)| (at, name.to_owned())), "{words:?}");
        }
    }
}
