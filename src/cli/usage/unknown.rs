//! A flag that a verb doesn't have: what was meant by it, as a whole command line that mlctl understands.

use clap::Command;

use super::line::{Line, Taken};
use super::sense::{FLAGS, Instead};
use super::spec::{Meant, field_of_job, first_role, meant_in_spec, of_spec};
use crate::cli::{CliError, ErrorKind};
use crate::text::nearest;

/// So many flags of one line are mended at most.
const MOST: usize = 10;

/// The error of a flag that the verb of the line doesn't have.
pub(super) fn unknown_flag(line: &Line, flag: &str) -> CliError {
    let (verb, _) = line.verb();
    let message = match verb.as_str() {
        "" => format!("there is no {flag} before a verb"),
        verb => format!("`mlctl {verb}` has no {flag}"),
    };
    let error = CliError::new(ErrorKind::Usage, message);
    if let Some(Instead::Said(sentence)) = by_sense(&verb, flag) {
        return error.hint(sentence);
    }
    if let Some(of_job) = of_job(line, &verb, flag) {
        let error = error.hint(format!("write: {of_job}"));
        return match mended(line, flag) {
            Some(mended) => error.hint(format!("or, if the script has it: {mended}")),
            None => error,
        };
    }
    match mended(line, flag) {
        Some(mended) => error.hint(format!("write: {mended}")),
        None => error.hint(format!("all that it has: mlctl {verb} --help").replace("  ", " ")),
    }
}

/// The line of a script with a flag that its job has a field for, such as `--image`.
fn of_job(line: &Line, verb: &str, flag: &str) -> Option<Line> {
    if by_sense(verb, flag).is_some() {
        return None;
    }
    let mut rest = line.clone();
    let Taken { value, .. } = rest.take(flag)?;
    let name = flag.strip_prefix("--")?;
    let is_script = meant_in_spec(&rest, verb, name, value.as_deref()) == Some(Meant::Script);
    let change = field_of_job(name, value.as_deref()).filter(|_| is_script)?;
    rest.add(["--set".to_owned(), change]);
    rest.is_understood().then_some(rest)
}

/// The line with what was meant in the place of every unknown flag, where mlctl then understands it.
pub(super) fn mended(line: &Line, flag: &str) -> Option<Line> {
    let (mut line, mut flag) = (line.clone(), flag.to_owned());
    for _ in 0..MOST {
        line = mend(&line, &flag)?;
        match line.read() {
            Ok(_) => return Some(line),
            Err(error) => flag = super::print::unknown(&error)?,
        }
    }
    None
}

/// The line with what was meant in the place of one flag.
fn mend(line: &Line, flag: &str) -> Option<Line> {
    let (verb, command) = line.verb();
    let mut rest = line.clone();
    let taken = rest.take(flag)?;
    if let Some(instead) = by_sense(&verb, flag) {
        return replaced(rest, &taken, instead);
    }
    let name = flag.strip_prefix("--");
    let found = name.and_then(|name| meant_in_spec(&rest, &verb, name, taken.value.as_deref()));
    if let Some(found @ (Meant::Script | Meant::Known(_))) = found {
        return Some(with(rest, flag, &taken, found));
    }
    if let Some(near) = near(&command, flag) {
        let mut words = line.clone();
        let behind = format!("{flag}=");
        for word in &mut words.words {
            if word == flag {
                word.clone_from(&near);
            } else if let Some(value) = word.strip_prefix(&behind) {
                *word = format!("{near}={value}");
            }
        }
        if words.is_understood() || super::print::unknown(&words.read().err()?).is_some() {
            return Some(words);
        }
    }
    found.map(|found| with(rest, flag, &taken, found))
}

fn by_sense(verb: &str, flag: &str) -> Option<Instead> {
    let is_meant = |(verbs, flags, _): &&(&str, &str, Instead)| {
        let is_verb = verbs.is_empty() || verbs.split(' ').any(|one| one == verb);
        is_verb && flags.split(' ').any(|one| one == flag)
    };
    FLAGS.iter().find(is_meant).map(|(_, _, instead)| *instead)
}

/// The line with what a flag of other tools is here.
fn replaced(mut rest: Line, Taken { at, value }: &Taken, instead: Instead) -> Option<Line> {
    let words = |text: &str| {
        let words = text.split(' ').filter(|word| !word.is_empty());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    match instead {
        Instead::Flag(flag) => rest.put(*at, [flag.to_owned(), value.clone()?]),
        Instead::Words(text) => {
            // What looked like its value stands for itself.
            let value = value.clone().into_iter();
            rest.put(*at, words(text).into_iter().chain(value));
        }
        Instead::Set(paths) => {
            let value = value.clone()?;
            let (first, last) = paths.rsplit_once(' ').unwrap_or(("", paths));
            let changes = words(first).into_iter().chain([format!("{last}={value}")]);
            rest.add(changes.flat_map(|change| ["--set".to_owned(), change]));
        }
        Instead::Replicas => {
            let role = first_role(&rest);
            rest.add(["--set".to_owned(), format!("roles.{role}.replicas={}", value.as_ref()?)]);
        }
        Instead::Variable => {
            let (name, value) = value.as_ref()?.split_once('=')?;
            let count = of_spec(&rest, |spec| {
                spec.get("env").and_then(|env| env.as_list()).map_or(0, <[_]>::len)
            });
            let at = count.unwrap_or(0);
            for change in [format!("env[{at}].name={name}"), format!("env[{at}].value={value}")] {
                rest.add(["--set".to_owned(), change]);
            }
        }
        Instead::Verb(verb) => {
            let value = value.clone().into_iter();
            let own = rest.words.iter().skip(1).cloned().collect::<Vec<_>>();
            rest.words = words(verb).into_iter().chain(own).chain(value).collect();
        }
        Instead::Said(_) => return None,
    }
    Some(rest)
}

/// The line with what a flag of the script or the spec is.
fn with(mut rest: Line, flag: &str, Taken { value, .. }: &Taken, meant: Meant) -> Line {
    match meant {
        Meant::Script => {
            if !rest.words.iter().any(|word| word == "--") {
                rest.words.push("--".to_owned());
            }
            rest.words.push(flag.to_owned());
            rest.words.extend(value.clone());
        }
        Meant::Known(change) | Meant::New(change) => rest.add(["--set".to_owned(), change]),
    }
    rest
}

/// The flag of the verb that is spelled like this one.
fn near(command: &Command, flag: &str) -> Option<String> {
    let name = flag.strip_prefix("--")?;
    let root = crate::cli::command();
    let own = command.get_arguments().chain(root.get_arguments()).filter(|arg| !arg.is_hide_set());
    let names: Vec<&str> = own.filter_map(clap::Arg::get_long).collect();
    nearest(name, names).map(|near| format!("--{near}"))
}
