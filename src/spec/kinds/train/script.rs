//! A job from a script alone: `mlctl train train.py -- --epochs 5`.

use crate::spec::kinds::train::{Args, TrainJob};

/// The job that runs a script: named after it, its folder as the code.
///
/// A `.py` runs with `python3`, found by `PATH`, so that an active virtual environment counts; a `.sh` with the
/// shell that `text`, the script itself, names in its first line, or with `sh`; anything else is executed itself.
pub fn from_script(path: &str, text: &str, args: &[String]) -> TrainJob {
    let (folder, file) = match path.rsplit_once('/') {
        Some(("", file)) => ("/", file),
        Some((folder, file)) => (folder, file),
        None => (".", path),
    };
    let (stem, extension) = match file.rsplit_once('.') {
        Some((stem, extension)) if !stem.is_empty() => (stem, extension),
        _ => (file, ""),
    };
    let command = match extension {
        "py" => vec!["python3".to_owned(), file.to_owned()],
        "sh" => vec![shell_of(text).to_owned(), file.to_owned()],
        _ => vec![format!("./{file}")],
    };
    // `train.py` says nothing about what is trained; its folder may.
    let parent = folder.rsplit('/').find(|part| !matches!(*part, "" | "." | ".."));
    let name = match (stem, parent) {
        ("train" | "main" | "run" | "__main__", Some(parent)) => valid_name(parent),
        _ => valid_name(stem),
    };
    TrainJob {
        name,
        code: Some(folder.into()),
        command: Some(command),
        args: Args::List(args.to_vec()),
        ..TrainJob::default()
    }
}

/// The shell that the first line of a script names; `sh` where it names none.
fn shell_of(text: &str) -> &str {
    let first = text.lines().next().and_then(|line| line.strip_prefix("#!"));
    let words = first.unwrap_or_default().split_ascii_whitespace();
    let names = words.filter_map(|word| word.rsplit('/').next());
    let known = |name: &&str| matches!(*name, "bash" | "dash" | "ash" | "zsh" | "ksh");
    names.into_iter().find(known).unwrap_or("sh")
}

/// The nearest valid name: lower case, letters, digits and `-`, at most 30 characters.
pub fn valid_name(text: &str) -> String {
    let mut name = String::new();
    for c in text.chars() {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || (c.is_ascii_digit() && !name.is_empty()) {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    if name.len() > crate::spec::kinds::train::lint::MAX_NAME {
        // Better a word less than half a word.
        let cut =
            name[..=crate::spec::kinds::train::lint::MAX_NAME].rfind('-').filter(|at| *at > 15);
        name.truncate(cut.unwrap_or(crate::spec::kinds::train::lint::MAX_NAME));
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "train".into() } else { name.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Place;

    #[test]
    fn reads_paths() {
        let cases = [
            ("train.py", "train", ".", "python3 train.py"),
            ("digits/train.py", "digits", "digits", "python3 train.py"),
            ("../a_b/My Model.PY.py", "my-model-py", "../a_b", "python3 My Model.PY.py"),
            ("/run.sh", "run", "/", "sh run.sh"),
            ("bin/3d-trainer", "d-trainer", "bin", "./3d-trainer"),
        ];
        for (path, name, code, command) in cases {
            let job = from_script(path, "", &["--epochs".into(), "5".into()]);
            assert_eq!(job.name, name, "{path}");
            assert_eq!(job.code.as_ref().map(Place::as_str), Some(code), "{path}");
            assert_eq!(job.command.unwrap_or_default().join(" "), command, "{path}");
            assert_eq!(job.args.to_argv(), ["--epochs", "5"], "{path}");
        }
    }

    #[test]
    fn a_script_has_the_shell_that_it_names() {
        for (text, shell) in [
            ("#!/bin/bash\nset -o pipefail", "bash"),
            ("#! /usr/bin/env -S bash -e\r\n", "bash"),
            ("#!/bin/sh", "sh"),
            ("# !/bin/bash", "sh"),
            ("#!/usr/bin/python3", "sh"),
            ("", "sh"),
        ] {
            let command = from_script("run.sh", text, &[]).command.unwrap();
            assert_eq!(command, [shell, "run.sh"], "{text}");
        }
    }
}
