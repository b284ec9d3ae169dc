//! A trial's values in the TrainJob that it runs.

use indexmap::IndexMap;

use super::references::{references, substituted};
use super::value::Value;
use crate::spec::kinds::train::{ArgValue, Args, EnvVar, TrainJob};
use crate::spec::kinds::tune::Pass;

/// The job with the values in place is none any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the trial with its parameters is no TrainJob: {0}")]
pub struct ApplyError(String);

/// The TrainJob of one trial. What it names by `${params.NAME}` is replaced; every other value is
/// passed as `pass` says. `floats` is for discrete values, as in [`Value::argument`]. Parameters that
/// do not count in this trial have no value, and what names them is left out.
pub fn trial_job(
    trial: &TrainJob,
    values: &IndexMap<String, Value>,
    pass: Pass,
    floats: bool,
) -> Result<TrainJob, ApplyError> {
    let no_job = |error: serde_json::Error| ApplyError(error.to_string());
    let template = serde_json::to_value(trial).map_err(no_job)?;
    let texts: IndexMap<String, String> =
        values.iter().map(|(name, value)| (name.clone(), value.argument(floats))).collect();
    let named = references(&template);
    let mut job: TrainJob =
        serde_json::from_value(substituted(&template, &texts)).map_err(no_job)?;
    let is_named = |name: &str| named.iter().any(|reference| reference.name == name);
    for (name, text) in texts.iter().filter(|(name, _)| !is_named(name)) {
        match pass {
            Pass::Arguments => argument(&mut job, name, text),
            Pass::Environment => variable(&mut job, name, text),
            Pass::Template => {}
        }
    }
    Ok(job)
}

/// Appends `--name=value` for all roles; a fixed one of the same name goes.
fn argument(job: &mut TrainJob, name: &str, text: &str) {
    let own = job.roles.values_mut().filter_map(|role| role.args.as_mut());
    for args in own.chain([&mut job.args]) {
        match args {
            Args::List(list) => {
                without_flag(list, name, 0);
                list.push(format!("--{name}={text}"));
            }
            Args::Map(map) => {
                map.shift_remove(name);
                map.insert(name.to_owned(), ArgValue::Text(text.to_owned()));
            }
        }
    }
    let commands = job.roles.values_mut().filter_map(|role| role.command.as_mut());
    for command in commands.chain(job.command.as_mut()) {
        // The program itself is no argument.
        without_flag(command, name, 1);
    }
}

/// Removes `--name=x`, and `--name` with what follows it.
fn without_flag(words: &mut Vec<String>, name: &str, from: usize) {
    let flag = format!("--{name}");
    let mut at = from;
    while at < words.len() {
        let word = &words[at];
        let joined = word.strip_prefix(&flag).is_some_and(|rest| rest.starts_with('='));
        if joined {
            words.remove(at);
        } else if *word == flag {
            words.remove(at);
            let is_value = |word: &String| !word.starts_with('-') || word.parse::<f64>().is_ok();
            if words.get(at).is_some_and(is_value) {
                words.remove(at);
            }
        } else {
            at += 1;
        }
    }
}

/// Sets a variable for all roles.
fn variable(job: &mut TrainJob, name: &str, text: &str) {
    for role in job.roles.values_mut() {
        role.env.retain(|variable| variable.name != name);
    }
    job.env.retain(|variable| variable.name != name);
    let value = Some(text.to_owned());
    job.env.push(EnvVar { name: name.to_owned(), value, value_from: None });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(text: &str) -> TrainJob {
        let text = format!("apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: a\n{text}");
        let source = crate::spec::Source::new("t", text);
        let mut options = crate::spec::LoadOptions::default();
        options.env.insert("X".into(), "x".into());
        let loaded = crate::spec::load(&[source], &options).unwrap();
        match &loaded.documents[0] {
            crate::spec::Document::TrainJob(job) => job.spec.clone(),
            other => panic!("{other:?}"),
        }
    }

    fn values() -> IndexMap<String, Value> {
        [
            ("lr".to_owned(), Value::Double(0.001)),
            ("units".to_owned(), Value::Discrete(256.0)),
            ("opt".to_owned(), Value::Categorical("adam".into())),
        ]
        .into()
    }

    #[test]
    fn arguments_are_appended_and_the_fixed_ones_go() {
        let trial = job("command: [python, train.py, --units, '8', --lr=3]\n\
             args: [--lr, '0.1', --lr-decay=1, --lr=-2, --verbose]\n\
             roles: {worker: {}, ps: {args: {lr: 1, steps: 5}}}\n");
        let made = trial_job(&trial, &values(), Pass::Arguments, false).unwrap();
        assert_eq!(made.command.unwrap(), ["python", "train.py"]);
        assert_eq!(
            made.args.to_argv(),
            ["--lr-decay=1", "--verbose", "--lr=0.001", "--units=256", "--opt=adam"]
        );
        assert_eq!(
            made.roles["ps"].args.as_ref().unwrap().to_argv(),
            ["--steps=5", "--lr=0.001", "--units=256", "--opt=adam"]
        );
        let made = trial_job(&trial, &values(), Pass::Arguments, true).unwrap();
        assert!(made.args.to_argv().contains(&"--units=256.0".to_owned()));
    }

    #[test]
    fn what_is_named_is_put_there() {
        let trial = job("command: [sh, -c, 'train --rate ${params.lr}']\nargs: ['${params.lr}', \
             '--momentum=${params.momentum}']\n");
        let made = trial_job(&trial, &values(), Pass::Template, false).unwrap();
        assert_eq!(made.command.unwrap()[2], "train --rate 0.001");
        assert_eq!(made.args.to_argv(), ["0.001"]);
        let made = trial_job(&trial, &values(), Pass::Arguments, false).unwrap();
        assert_eq!(made.args.to_argv(), ["0.001", "--units=256", "--opt=adam"]);
    }

    #[test]
    fn variables() {
        let trial = job("command: [x]\nenv: [{name: lr, value: '1'}, {name: B, value: b}]\n");
        let made = trial_job(&trial, &values(), Pass::Environment, false).unwrap();
        let env: Vec<_> = made.env.iter().map(|v| (v.name.as_str(), v.value.as_deref())).collect();
        assert_eq!(
            env,
            [
                ("B", Some("b")),
                ("lr", Some("0.001")),
                ("units", Some("256")),
                ("opt", Some("adam"))
            ]
        );
        assert!(made.args.is_empty());
    }
}
