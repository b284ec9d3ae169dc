//! Whether the parameters reach the trial, and what stands in their way.

use crate::spec::kinds::train::{Args, TrainJob, lint::runs_in_shell};
use crate::spec::kinds::tune::space::{Reference, references};
use crate::spec::kinds::tune::{Pass, TuneJob};
use crate::spec::syntax::{Code, Diagnostic, SourceSpan, Spans, index_path, key_path};
use crate::text::nearest;

/// A study with its trial.
pub(super) struct Passing<'a> {
    pub(super) study: &'a TuneJob,
    pub(super) trial: &'a TrainJob,
    /// Where the trial is written, by its own paths.
    pub(super) spans: &'a Spans,
}

impl Passing<'_> {
    pub(super) fn check(&self) -> Vec<Diagnostic> {
        let named =
            serde_json::to_value(self.trial).map(|job| references(&job)).unwrap_or_default();
        let mut findings = self.unknown(&named);
        let is_named = |name: &&String| named.iter().any(|reference| reference.name == **name);
        let rest: Vec<&String> =
            self.study.parameters.keys().filter(|name| !is_named(name)).collect();
        match self.study.pass {
            Pass::Arguments => {
                for name in &rest {
                    findings.extend(self.fixed_argument(name));
                }
                findings.extend(rest.first().and_then(|name| self.shell(name)));
            }
            Pass::Environment => {
                findings.extend(rest.iter().filter_map(|name| self.fixed_variable(name)));
            }
            Pass::Template => {
                findings.extend(rest.iter().map(|name| self.nowhere(name)));
            }
        }
        findings
    }

    fn unknown(&self, named: &[Reference]) -> Vec<Diagnostic> {
        let names = || self.study.parameters.keys().map(String::as_str);
        let unknown = named.iter().filter(|reference| !names().any(|name| name == reference.name));
        let finding = |Reference { name, path }: &Reference| {
            let help = match nearest(name, names()) {
                Some(near) => format!("did you mean `${{params.{near}}}`?"),
                None => "only parameters of the study are known there".to_owned(),
            };
            Diagnostic::error(Code::UnknownParameter, format!("there is no parameter `{name}`"))
                .at(self.spans.value(path), "")
                .help(help)
        };
        unknown.map(finding).collect()
    }

    /// The parameter's own argument in the trial, which is replaced; or one that is almost called so.
    fn fixed_argument(&self, name: &str) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        for (flag, span) in self.flags() {
            if flag == name {
                findings.push(
                    Diagnostic::warning(
                        Code::TunedAndFixed,
                        format!("`{name}` is tuned, and fixed here"),
                    )
                    .at(span, "replaced in each trial")
                    .help("leave it out here, or out of `parameters`"),
                );
            } else if flag.replace('-', "_") == name.replace('-', "_") {
                findings.push(
                    Diagnostic::warning(
                        Code::TunedAndFixed,
                        format!("`--{flag}` is fixed here, and `--{name}` is tuned"),
                    )
                    .at(span, "another argument")
                    .help(format!("call the parameter `{flag}` if they are the same")),
                );
            }
        }
        findings
    }

    /// The names of all arguments that the trial has by itself.
    fn flags(&self) -> Vec<(&str, SourceSpan)> {
        let mut flags = Vec::new();
        let roles = self.trial.roles.iter();
        let roles = roles.map(|(name, role)| {
            (key_path("roles", name), role.command.as_ref(), role.args.as_ref())
        });
        let all =
            roles.chain([(String::new(), self.trial.command.as_ref(), Some(&self.trial.args))]);
        for (base, command, args) in all {
            if let Some(command) = command {
                flags.extend(self.words(command, &key_path(&base, "command"), 1));
            }
            match args {
                Some(Args::List(list)) => {
                    flags.extend(self.words(list, &key_path(&base, "args"), 0));
                }
                Some(Args::Map(map)) => {
                    let base = key_path(&base, "args");
                    let span = |name: &String| self.spans.key(&key_path(&base, name));
                    flags.extend(map.keys().map(|name| (name.as_str(), span(name))));
                }
                None => {}
            }
        }
        flags
    }

    /// The names of the arguments in a list, from its item `from` on.
    fn words<'w>(&self, list: &'w [String], base: &str, from: usize) -> Vec<(&'w str, SourceSpan)> {
        let flag = |(index, word): (usize, &'w String)| {
            let flag = word.strip_prefix("--")?;
            let flag = flag.split('=').next().unwrap_or(flag);
            Some((flag, self.spans.value(&index_path(base, index))))
        };
        list.iter().enumerate().skip(from).filter_map(flag).collect()
    }

    /// Words behind a shell's script are `$0`, `$1` and so on, which the script has to use.
    fn shell(&self, name: &str) -> Option<Diagnostic> {
        let command = self.trial.command.as_ref()?;
        let args = self.trial.args.to_argv();
        let whole: Vec<String> = command.iter().chain(&args).cloned().collect();
        if !runs_in_shell(&whole) {
            return None;
        }
        let uses = |word: &String| {
            ["$@", "$*", "${@", "$1", "${1"].iter().any(|variable| word.contains(variable))
        };
        if whole.iter().any(uses) {
            return None;
        }
        Some(
            Diagnostic::warning(Code::NotPassed, "the shell's script does not see the parameters")
                .at(self.spans.key("command"), "`--name=value` is appended behind the script")
                .help(format!(
                    "name them in the script by `${{params.{name}}}`, or use `\"$@\"` there"
                )),
        )
    }

    fn fixed_variable(&self, name: &str) -> Option<Diagnostic> {
        let index = self.trial.env.iter().position(|variable| variable.name == name)?;
        let span = self.spans.value(&key_path(&index_path("env", index), "name"));
        Some(
            Diagnostic::warning(
                Code::TunedAndFixed,
                format!("the variable `{name}` is tuned, and fixed here"),
            )
            .at(span, "replaced in each trial")
            .help("leave it out here, or out of `parameters`"),
        )
    }

    fn nowhere(&self, name: &str) -> Diagnostic {
        Diagnostic::warning(Code::NotPassed, format!("no trial gets to know `{name}`"))
            .at(self.spans.key(""), "does not name it")
            .help(format!("write `${{params.{name}}}` where it belongs, or leave `pass` out"))
    }
}
