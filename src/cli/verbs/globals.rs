//! What the global flags are to each verb, as one table: none of them is taken and then ignored.

use clap::{Arg, Command};

use crate::cli::{CliError, Context, ErrorKind, Format, Global, LOCAL, PlaceArgs};

/// What one of --runtime, --context and --namespace is to a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It says where something new goes, or what is looked at.
    Chooses,
    /// A run that is named is looked for there alone.
    Finds,
    /// Only what is there is shown.
    Filters,
    /// It can mean nothing, and is refused.
    Refused,
}

/// What -o is to a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// It prints a document, whose form -o chooses.
    Document,
    /// What it prints has a form of its own, which may be one that -o can name.
    Own(Option<Format>),
}

/// What the global flags are to one verb.
#[derive(Clone, Copy, Debug)]
pub struct Globals {
    /// The verb with what it is told to do: `tune trials`.
    pub verb: &'static str,
    /// What --runtime is.
    pub runtime: Meaning,
    /// What --context is.
    pub context: Meaning,
    /// What --namespace is.
    pub namespace: Meaning,
    /// What -o is.
    pub output: Output,
    /// Why a flag is refused, or what is meant instead: a sentence behind a colon.
    pub instead: &'static str,
}

const CHOOSES: [Meaning; 3] = [Meaning::Chooses; 3];
const FINDS: [Meaning; 3] = [Meaning::Finds; 3];
const FILTERS: [Meaning; 3] = [Meaning::Filters; 3];
const REFUSED: [Meaning; 3] = [Meaning::Refused; 3];

const DOCUMENT: Output = Output::Document;
const OWN_FORM: Output = Output::Own(None);
const YAML: Output = Output::Own(Some(Format::Yaml));
const JSON: Output = Output::Own(Some(Format::Json));

const fn of(
    verb: &'static str,
    [runtime, context, namespace]: [Meaning; 3],
    output: Output,
    instead: &'static str,
) -> Globals {
    Globals { verb, runtime, context, namespace, output, instead }
}

const REGISTRY: &str =
    "models are in no runtime, but in a registry: --registry PLACE names another one";
const WORDS: &str = "it prints the same everywhere";

/// The decision about every verb that people call. A verb that isn't here fails a test.
pub const GLOBALS: &[Globals] = &[
    of("init", REFUSED, DOCUMENT, "it writes files and asks no runtime"),
    of("train", CHOOSES, DOCUMENT, ""),
    of("batch-predict", CHOOSES, DOCUMENT, ""),
    of("predict", FINDS, DOCUMENT, ""),
    of("outputs", FINDS, DOCUMENT, ""),
    of("evaluate", FINDS, DOCUMENT, ""),
    of("tune", CHOOSES, DOCUMENT, ""),
    of("tune trials", FINDS, DOCUMENT, ""),
    of("tune best", FINDS, DOCUMENT, ""),
    of("tune export", FINDS, JSON, "--format says the form of what is written"),
    of("tune plot", FINDS, OWN_FORM, "it writes a page; for programs: mlctl tune trials -o json"),
    of("tune resume", FINDS, DOCUMENT, ""),
    of("tune stop-trial", FINDS, DOCUMENT, ""),
    of(
        "tune suggest",
        REFUSED,
        OWN_FORM,
        "it answers its standard input, each line with a line of JSON",
    ),
    of("models push", FINDS, DOCUMENT, ""),
    of("models list", REFUSED, DOCUMENT, REGISTRY),
    of("models show", REFUSED, DOCUMENT, REGISTRY),
    of("models alias", REFUSED, DOCUMENT, REGISTRY),
    of("models copy", REFUSED, DOCUMENT, REGISTRY),
    of("models remove", REFUSED, DOCUMENT, REGISTRY),
    of("models pull", REFUSED, DOCUMENT, REGISTRY),
    of("model inspect", FINDS, DOCUMENT, ""),
    of("model diff", FINDS, DOCUMENT, ""),
    of("export", CHOOSES, DOCUMENT, ""),
    of("web", REFUSED, OWN_FORM, "it serves a folder of this machine and prints its address"),
    of("models retention", REFUSED, DOCUMENT, REGISTRY),
    of("serve", CHOOSES, DOCUMENT, ""),
    of("traffic", FINDS, DOCUMENT, ""),
    of("rollout", FINDS, DOCUMENT, ""),
    of("rollback", FINDS, DOCUMENT, ""),
    of("scale", FINDS, DOCUMENT, ""),
    of("undeploy", FINDS, DOCUMENT, ""),
    of("list", FILTERS, DOCUMENT, ""),
    of("status", FINDS, DOCUMENT, ""),
    of("logs", FINDS, DOCUMENT, ""),
    of("wait", FINDS, DOCUMENT, ""),
    of("cancel", FINDS, DOCUMENT, ""),
    of("cleanup", FILTERS, DOCUMENT, ""),
    of("cost", FILTERS, DOCUMENT, ""),
    of("doctor", CHOOSES, DOCUMENT, ""),
    of("why", FINDS, DOCUMENT, ""),
    of("exec", FINDS, OWN_FORM, "what its command prints has a form of its own"),
    of("gpus", CHOOSES, DOCUMENT, ""),
    of(
        "gpus split",
        REFUSED,
        DOCUMENT,
        "it prints what an admin applies, wherever: --for-namespace names NVIDIA's namespace",
    ),
    of(
        "validate",
        [Meaning::Chooses, Meaning::Chooses, Meaning::Refused],
        DOCUMENT,
        "a spec is right or wrong in every namespace",
    ),
    of("render", CHOOSES, DOCUMENT, ""),
    of("convert", REFUSED, DOCUMENT, "it reads files and asks no runtime"),
    of("schema", REFUSED, JSON, "it prints the same everywhere, and that is JSON"),
    of("explain", REFUSED, DOCUMENT, WORDS),
    of("state path", REFUSED, DOCUMENT, "the state is a folder of this machine"),
    of("state check", REFUSED, DOCUMENT, "the state is a folder of this machine"),
    of("state rebuild", CHOOSES, DOCUMENT, ""),
    of(
        "cluster image",
        REFUSED,
        DOCUMENT,
        "it makes an image and asks no cluster: --name says where it goes",
    ),
    of(
        "cluster manifests",
        REFUSED,
        YAML,
        "it prints what an admin applies, as YAML: --for-namespace names the namespace, `kubectl --context` \
         the cluster",
    ),
    of("completions", REFUSED, OWN_FORM, WORDS),
    of("man", REFUSED, OWN_FORM, WORDS),
    of("version", REFUSED, DOCUMENT, WORDS),
    of("help", REFUSED, OWN_FORM, WORDS),
];

/// What the global flags are to a verb; `None` for the hidden verbs, which no person calls.
pub fn globals_of(verb: &str) -> Option<&'static Globals> {
    GLOBALS.iter().find(|globals| globals.verb == verb)
}

/// The command line without the flags, in the help of each verb, that this one refuses: they are known there
/// all the same, so that the refusal says why.
pub fn without_refused(root: Command) -> Command {
    let globals: Vec<Arg> =
        root.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    hide(root, "", &globals)
}

fn hide(mut command: Command, path: &str, args: &[Arg]) -> Command {
    let globals = globals_of(path);
    let is_refused =
        |arg: &&Arg| globals.is_some_and(|globals| globals.refuses(arg.get_id().as_str()));
    for arg in args.iter().filter(is_refused) {
        command = command.arg(arg.clone().hide(true));
    }
    command.mut_subcommands(|verb| {
        let path = format!("{path} {}", verb.get_name());
        hide(verb, path.trim_start(), args)
    })
}

impl Globals {
    /// The flags that say a place, each with what it is to the verb.
    pub fn places(&self) -> [(&'static str, Meaning); 3] {
        [("--runtime", self.runtime), ("--context", self.context), ("--namespace", self.namespace)]
    }

    /// Whether a flag can mean nothing to the verb, by what clap calls it.
    fn refuses(&self, id: &str) -> bool {
        match id {
            "runtime" => self.runtime == Meaning::Refused,
            "context" => self.context == Meaning::Refused,
            "namespace" => self.namespace == Meaning::Refused,
            "output" => self.output == Output::Own(None),
            _ => false,
        }
    }

    /// Refuses the flags of a command line that can mean nothing to the verb.
    pub fn check(&self, global: &Global) -> Result<(), CliError> {
        let PlaceArgs { runtime, context, namespace } = &global.place;
        let given = [runtime.is_some(), context.is_some(), namespace.is_some()];
        for ((flag, meaning), is_given) in self.places().into_iter().zip(given) {
            if is_given && meaning == Meaning::Refused {
                let error = self.refused(flag);
                return Err(match namespace.as_ref().filter(|_| flag == "--namespace") {
                    Some(namespace) => self.meant_by_number(error, namespace),
                    None => error,
                });
            }
        }
        if let Output::Own(form) = self.output
            && global.output != Format::Table
            && form != Some(global.output)
        {
            let form = if global.output == Format::Json { "-o json" } else { "-o yaml" };
            return Err(self.refused(form));
        }
        Ok(())
    }

    fn refused(&self, flag: &str) -> CliError {
        let message = format!("`mlctl {}` takes no {flag}: {}", self.verb, self.instead);
        CliError::new(ErrorKind::Usage, message)
    }

    /// A number behind `-n` is how many somebody wants to see, for head and tail say it so.
    pub fn meant_by_number(&self, error: CliError, namespace: &str) -> CliError {
        let flag = match self.verb {
            "logs" => "--tail",
            "list" | "outputs" => "--limit",
            _ => return error,
        };
        if namespace.is_empty() || !namespace.bytes().all(|byte| byte.is_ascii_digit()) {
            return error;
        }
        error.hint(format!(
            "-n is a namespace; for the last {namespace}: mlctl {} {flag} {namespace}",
            self.verb
        ))
    }
}

/// Refuses --runtime and its like where a URL or a path says the whole place already.
pub(super) fn place_is_said(context: &Context, what: &str) -> Result<(), CliError> {
    if !context.names_a_place() {
        return Ok(());
    }
    let message = format!("`{what}` says itself where it is");
    Err(CliError::new(ErrorKind::Usage, message)
        .hint("leave out --runtime, --context and --namespace, or name a run"))
}

/// Refuses what does something only where mlctl itself hands out GPUs: options by their names, each with
/// whether it was given.
pub(super) fn only_on_machines(runtime: &str, given: &[(&str, bool)]) -> Result<(), CliError> {
    let Some((flag, _)) = given.iter().find(|(_, is_given)| *is_given && runtime != LOCAL) else {
        return Ok(());
    };
    let why = match *flag {
        "--share-gpus" => "there a device plugin says how many pods a GPU is for",
        _ => "there a role waits for its accelerators by itself",
    };
    let message = format!("{flag} is for runs on this machine, and {runtime} is a cluster: {why}");
    Err(CliError::new(ErrorKind::Usage, message).hint(format!("leave {flag} out")))
}
