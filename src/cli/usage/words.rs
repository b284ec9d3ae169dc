//! Words too many and too few: what was meant by them, as a whole command line where there is one.

use clap::Command;
use clap::error::ErrorKind as Refusal;

use super::line::Line;
use super::print::unknown;
use super::unknown::mended;
use crate::cli::{CliError, ErrorKind};
use crate::gang::ReplicaId;
use crate::text::line_of;

/// Programs that people write before a script, which `train` finds by itself.
const PROGRAMS: [&str; 6] = ["python", "python3", "sh", "bash", "torchrun", "accelerate"];

/// The error of a word that the verb of the line has no place for. `None` where clap's words say it all.
pub(super) fn surplus(line: &Line, word: &str) -> Option<CliError> {
    let (verb, command) = line.verb();
    let at = line.words.iter().position(|one| one == word)?;
    let before = at.checked_sub(1).and_then(|at| line.words.get(at)).map_or("", String::as_str);
    let mut whole = line.clone();
    if verb == "train" && PROGRAMS.contains(&before) {
        whole.words.remove(at - 1);
        let flag = whole.read().err().and_then(|error| unknown(&error));
        let mended = flag.and_then(|flag| mended(&whole, &flag));
        let whole = mended.unwrap_or(whole);
        let message = format!("`mlctl train` takes a file, and finds the program for it: {word}");
        return Some(error(&message).hint(format!("write: {whole}")));
    }
    let has_replica = command.get_arguments().any(|arg| arg.get_long() == Some("replica"));
    if has_replica && word.parse::<ReplicaId>().is_ok() {
        whole.put(at, ["--replica".to_owned()]);
        let message = format!("{word} is a replica, and chosen by --replica");
        return Some(error(&message).hint(format!("write: {whole}")));
    }
    let place = command.get_positionals().filter(|arg| !arg.is_last_set()).last()?;
    let name = place.get_value_names()?.first()?.to_string();
    let message = format!("`mlctl {verb}` takes one {name}, and {} is another word", line_of(word));
    Some(error(&message).hint(format!("all that it takes: mlctl {verb} --help")))
}

/// The error of a line that leaves out what its verb needs.
pub(super) fn missing(line: &Line, refusal: &clap::Error) -> Option<CliError> {
    if refusal.kind() != Refusal::MissingRequiredArgument {
        return None;
    }
    let (verb, command) = line.verb();
    let needed = needed(&command);
    let lacks = |name: &str| needed.iter().any(|one| one == name);
    let (message, hint) = match verb.as_str() {
        "exec" if lacks("CMD") && line.words.len() > 1 => {
            ("`mlctl exec` needs a command behind --", format!("a shell: {line} -- sh"))
        }
        "init" => (
            "`mlctl init` needs the name of a template",
            format!("there are {}", values(&command, "TEMPLATE").join(", ")),
        ),
        "undeploy" | "predict" if line.words.len() == 1 => {
            ("the name of an endpoint is missing", "see what there is: mlctl list".to_owned())
        }
        _ => return None,
    };
    Some(error(message).hint(hint))
}

fn error(message: &str) -> CliError {
    CliError::new(ErrorKind::Usage, message)
}

/// The names of what a verb can't do without.
fn needed(command: &Command) -> Vec<String> {
    let needed = command.get_arguments().filter(|arg| arg.is_required_set());
    let names = needed.filter_map(|arg| arg.get_value_names()?.first().map(ToString::to_string));
    names.collect()
}

/// The values that an argument can have.
fn values(command: &Command, name: &str) -> Vec<String> {
    let is_it = |arg: &&clap::Arg| {
        arg.get_value_names().is_some_and(|names| names.iter().any(|one| one.as_str() == name))
    };
    let values = command.get_arguments().find(is_it).map(clap::Arg::get_possible_values);
    values.into_iter().flatten().map(|value| value.get_name().to_owned()).collect()
}
