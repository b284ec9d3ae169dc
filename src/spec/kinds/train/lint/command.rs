//! Commands and arguments that will not reach the program as they look.

use super::context::{Lint, Scope};
use super::shell::{is_set, means_its_process, reference, runs_in_shell};
use crate::spec::kinds::train::{ArgValue, Args, Framework};
use crate::spec::syntax::is_variable;
use crate::spec::syntax::{Code, Diagnostic, SourceSpan};
use crate::spec::syntax::{index_path, key_path};

/// Linux' limit for one argument, or one variable with its name, less the zero at its end.
pub(super) const MAX_ARGUMENT: usize = 128 * 1024 - 1;
/// Arguments by which code is told of its peers where nothing else tells it.
const RENDEZVOUS: [&str; 14] = [
    "master_port",
    "master_addr",
    "nnodes",
    "node_rank",
    "rdzv_endpoint",
    "rdzv_id",
    "rank",
    "world_size",
    "coordinator_address",
    "ps_hosts",
    "worker_hosts",
    "job_name",
    "task_index",
    "dist_url",
];

/// One text on its way to the command line.
struct Word<'a> {
    path: String,
    text: &'a str,
    /// An item of a list, so that it is one argument exactly as it is.
    item: bool,
}

impl Lint<'_> {
    pub(crate) fn commands(&mut self) {
        self.something_to_run();
        self.launchers();
        let script = self.job.setup.as_ref().and_then(|setup| setup.shell.as_ref());
        if script.is_some_and(|script| script.len() > MAX_ARGUMENT) {
            // A shell gets it as its argument.
            self.too_long(self.spans.value("setup.shell"), "argument");
        }
        for scope in self.scopes() {
            let command = scope.command.or(self.job.command.as_deref()).unwrap_or_default();
            let shell = runs_in_shell(command);
            let own = scope.command.unwrap_or_default();
            if let [only] = own
                && only.trim().contains(char::is_whitespace)
            {
                self.one_string(&scope, only);
            } else if own.is_empty() && scope.command.is_some() {
                let span = self.spans.key(&key_path(&scope.path, "command"));
                self.add(
                    Diagnostic::error(Code::EmptyCommand, "the command is an empty list")
                        .at(span, "")
                        .help(
                            "leave `command` out for the image's own, or write `[python, \
                            train.py]`",
                        ),
                );
            }
            for word in words(&scope) {
                self.word(&word, shell);
            }
            if let Some(Args::Map(map)) = scope.args {
                for name in map.keys() {
                    self.argument_name(&scope, name);
                }
            }
        }
    }

    fn something_to_run(&mut self) {
        let job = self.job;
        let finding = |place| {
            Diagnostic::error(Code::NothingToRun, "neither `command` nor `image` says what to run")
                .at(place, "has no command")
                .help("add `command: [python, train.py]`")
        };
        if job.command.is_some() || job.image.is_some() {
            return;
        }
        if job.roles.is_empty() {
            self.add(finding(self.spans.key("name")));
        }
        for (name, role) in &job.roles {
            if role.command.is_none() && role.image.is_none() {
                self.add(finding(self.spans.key(&key_path("roles", name))));
            }
        }
    }

    fn one_string(&mut self, scope: &Scope<'_>, text: &str) {
        let span = self.spans.value(&index_path(&key_path(&scope.path, "command"), 0));
        let split: Vec<&str> = text.split_whitespace().collect();
        let help = if text.contains(['"', '\'', '|', '&', ';', '>', '$']) {
            "for a shell, write `command: [sh, -c, \"...\"]`; else one item per word".to_owned()
        } else {
            format!("write `command: [{}]`", split.join(", "))
        };
        // A path may have blanks; a bare program name does not.
        let path = split.first().is_some_and(|first| first.contains('/'));
        let finding = if path { Diagnostic::warning } else { Diagnostic::error };
        self.add(
            finding(Code::OneStringCommand, "the command is one word with blanks in it".to_owned())
                .at(span, "taken for the name of a program")
                .help(help),
        );
    }

    fn word(&mut self, word: &Word<'_>, shell: bool) {
        let span = self.spans.value(&word.path);
        let text = word.text;
        // Of a mapping it becomes `--name=value`.
        let name = if word.item { 0 } else { flag_name(word).len() + "--=".len() };
        if text.len() + name > MAX_ARGUMENT {
            self.too_long(span, "argument");
            return;
        }
        self.gcs_path(&word.path, text);
        if shell {
            if means_its_process(text) {
                self.add(
                    Diagnostic::warning(
                        Code::NotExpanded,
                        "the shell gets `$` for `$$`, by the rule of Kubernetes",
                    )
                    .at(span, "meant is the number of its process")
                    .help("write `$$$$` for it"),
                );
            }
            return;
        }
        let two = text
            .split_once(char::is_whitespace)
            .filter(|(flag, rest)| is_flag(flag) && !rest.trim().is_empty());
        if let Some((flag, _)) = two.filter(|_| word.item) {
            self.add(
                Diagnostic::error(
                    Code::TwoWordsInOne,
                    format!("`{flag}` and its value are one word"),
                )
                .at(span, "the program gets this as a single argument")
                .help(format!("write `{flag}=...`, or two items")),
            );
        } else if let Some((name, _)) = text
            .split_once('=')
            .filter(|(name, _)| word.item && word.path.contains("args[") && is_variable(name))
        {
            self.add(
                Diagnostic::warning(Code::NoDashes, format!("`{name}=...` has no dashes"))
                    .at(span, "passed as it is")
                    .help(format!("most programs want `--{name}=...`; Hydra is fine with this")),
            );
        }
        if ["&&", "||", "|", ";", "&", ">", ">>", "<", "2>&1"].contains(&text) {
            self.add(
                Diagnostic::warning(
                    Code::NoShell,
                    format!("`{text}` is passed to the program as a word"),
                )
                .at(span, "no shell reads this")
                .help("for a shell, write `command: [sh, -c, \"...\"]`"),
            );
        } else if let Some(reference) = reference(text, |name| self.declares(name)) {
            self.add(
                Diagnostic::warning(
                    Code::NotExpanded,
                    format!("nothing replaces `{reference}` here"),
                )
                .at(span, "the program gets it as it is written")
                .help(
                    "`$(NAME)` is replaced by what `env` declares and mlctl sets; else read the \
                     variable in the program, or use `command: [sh, -c, \"...\"]`",
                ),
            );
        }
        if self.total() > 1 && self.job.framework != Framework::None {
            let name = flag_name(word);
            // What names a variable differs from replica to replica, as it should.
            if RENDEZVOUS.contains(&name.as_str()) && !text.contains("$(") {
                self.add(
                    Diagnostic::warning(
                        Code::RendezvousInArgs,
                        "the rendezvous is given by mlctl already",
                    )
                    .at(span, "the same text on every replica")
                    .help(
                        "leave it out: the variables of `framework` carry addresses, ports \
                            and ranks",
                    ),
                );
            }
        }
    }

    /// Some replica has a variable of this name, by `env`, from a whole Secret, or from mlctl.
    fn declares(&self, name: &str) -> bool {
        let job = self.job;
        let (env, secrets): (Vec<_>, Vec<_>) =
            self.scopes().into_iter().map(|scope| (scope.env, scope.secrets)).unzip();
        is_set(name)
            || env.into_iter().flatten().any(|variable| variable.name == name)
            || secrets.into_iter().flatten().any(|secret| secret.mount_path.is_none())
            || !job.pod_patch.is_empty()
    }

    /// Says that a text can't be given to a program.
    pub(super) fn too_long(&mut self, span: SourceSpan, what: &str) {
        let message = format!("longer than Linux allows for one {what}");
        self.add(
            Diagnostic::error(Code::TooLong, message)
                .at(span, "128 KiB at most")
                .help("put it into a file of `code`"),
        );
    }

    /// A value, or a word in it, that is in a folder that Vertex mounts and nobody else does.
    pub(crate) fn gcs_path(&mut self, path: &str, text: &str) {
        let begins = text.match_indices("/gcs/").map(|(at, _)| &text[at..]);
        let whole = begins.filter(|rest| {
            let before = text[..text.len() - rest.len()].chars().next_back();
            before.is_none_or(|c| matches!(c, '=' | ' '))
        });
        let mut folders = whole.map(|rest| rest.split(' ').next().unwrap_or(rest)).peekable();
        if folders.peek().is_none() || folders.all(|folder| self.job.stands_for_gcs(folder)) {
            return;
        }
        let volumes =
            self.job.volumes.iter().chain(self.job.roles.values().flat_map(|r| &r.volumes));
        if volumes.into_iter().any(|volume| volume.mount_path.starts_with("/gcs")) {
            return;
        }
        let finding = Diagnostic::warning(
            Code::GcsPath,
            "`/gcs/...` is a folder on Vertex AI only",
        )
        .at(self.spans.value(path), "not there at run time")
        .help(
            "write to `AIP_MODEL_DIR` (see `output`), or read by URL; in a cluster `data: [{uri: \
                 gs://BUCKET/..., path: /gcs/BUCKET/...}]` brings files there, `output: {uri: gs://..., \
                 mode: sync}` keeps `model`, `checkpoints` and `logs` below it, and `volumes` mount",
        );
        self.add(finding);
    }

    fn argument_name(&mut self, scope: &Scope<'_>, name: &str) {
        let span = self.spans.key(&key_path(&key_path(&scope.path, "args"), name));
        let bare = name.trim_start_matches('-');
        if bare.is_empty() || name.contains(char::is_whitespace) || name.contains('=') {
            self.add(
                Diagnostic::error(
                    Code::BadArgumentName,
                    format!("`{name}` can't be an argument's name"),
                )
                .at(span, "")
                .help("write `name: value`, which gives `--name=value`"),
            );
        } else if bare != name {
            self.add(
                Diagnostic::error(Code::DashesTwice, format!("`{name}` would become `--{name}`"))
                    .at(span, "the dashes are added")
                    .help(format!("write `{bare}: ...`; for short options write `args` as a list")),
            );
        }
    }
}

fn words<'a>(scope: &Scope<'a>) -> Vec<Word<'a>> {
    let list = |field: &str, items: &'a [String]| {
        let base = key_path(&scope.path, field);
        let word = move |(index, text): (usize, &'a String)| Word {
            path: index_path(&base, index),
            text,
            item: true,
        };
        items.iter().enumerate().map(word).collect::<Vec<_>>()
    };
    let mut words = list("command", scope.command.unwrap_or_default());
    match scope.args {
        Some(Args::List(items)) => words.extend(list("args", items)),
        Some(Args::Map(map)) => {
            for (name, value) in map {
                let path = key_path(&key_path(&scope.path, "args"), name);
                match value {
                    ArgValue::Flag(()) => {}
                    ArgValue::Text(text) => words.push(Word { path, text, item: false }),
                    ArgValue::Repeated(items) => {
                        words.extend(items.iter().enumerate().map(|(index, text)| Word {
                            path: index_path(&path, index),
                            text,
                            item: false,
                        }));
                    }
                }
            }
        }
        None => {}
    }
    words
}

fn is_flag(text: &str) -> bool {
    let bare = text.trim_start_matches('-');
    bare.len() < text.len()
        && bare.starts_with(|c: char| c.is_ascii_alphabetic())
        && bare.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// The name of an argument without dashes, in snake case.
fn flag_name(word: &Word<'_>) -> String {
    let name = if word.item {
        let flag = word.text.split('=').next().unwrap_or_default();
        if is_flag(flag) { flag.trim_start_matches('-') } else { "" }
    } else {
        word.path.rsplit('.').next().unwrap_or_default()
    };
    name.replace('-', "_")
}
