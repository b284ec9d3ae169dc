//! What each replica of a gang runs in place of what a launcher starts on all machines.

use super::horovod;
use super::launcher::Launcher;
use super::start::{Form, Start, Unread, start};
use super::torchrun;
use crate::spec::foreign::common::fields::{Findings, find};
use crate::spec::foreign::common::scalars::items;
use crate::spec::kinds::train::Framework;
use crate::spec::syntax::{Entry, Key, Node, Scalar, Value};

/// What each replica runs.
pub(in crate::spec::foreign) struct Replaced {
    /// Its command; `None` where the launcher's own starts processes of its machine only.
    pub(in crate::spec::foreign) command: Option<Vec<Node>>,
    /// Variables that the launcher's flags set, as a container has them.
    pub(in crate::spec::foreign) variables: Vec<Node>,
    /// By which rendezvous the processes find each other.
    pub(in crate::spec::foreign) framework: Framework,
    /// How many processes each replica starts, where somebody says so.
    pub(in crate::spec::foreign) slots: Option<u32>,
}

/// What a file says of numbers that the flags of its launcher may say too.
pub(in crate::spec::foreign) struct Counts {
    /// How many replicas run processes, as far as it can be read.
    pub(in crate::spec::foreign) replicas: Option<u32>,
    /// How many processes each of them starts, where the file says so.
    pub(in crate::spec::foreign) slots: Option<u32>,
    /// The fields that say so, as messages call them.
    pub(in crate::spec::foreign) names: [&'static str; 2],
}

/// Reads the command of a launcher's container, and tells what becomes of it; `None` where an error says why it
/// isn't run. `worker` is the container of those who run the processes, `at` what an error without a place of its
/// own is about.
pub(in crate::spec::foreign) fn replaced(
    findings: &mut Findings,
    launcher: &Node,
    worker: &Node,
    at: &Node,
    counts: &Counts,
) -> Option<Replaced> {
    let start = match start(launcher) {
        Ok(start) => start,
        Err(unread) => {
            refuse(findings, &unread, at);
            return None;
        }
    };
    let of_flags = start.flags.per_worker.as_ref().and_then(|text| text.parse().ok());
    let said = of_flags.or(counts.slots);
    let slots: u32 = said.unwrap_or(1).max(1);
    agree(findings, &start, counts, slots)?;
    let says = |word: &str| says(&start, [launcher, worker], word);
    let is_mpirun = start.launcher == Launcher::Mpirun;
    let (command, framework) =
        if start.launcher == Launcher::Horovodrun || is_mpirun && says("horovod") {
            (Some(horovod_command(findings, &start, slots)?), Framework::None)
        } else if is_mpirun && !says("deepspeed") {
            findings.refuse(start.at, OVER_SSH.to_owned(), HELP);
            return None;
        } else {
            (torchrun::command(findings, &start), Framework::Pytorch)
        };
    let slots = said.map(|_| slots);
    Some(Replaced { command, variables: variables(&start), framework, slots })
}

/// Whether the launcher starts as many processes as its file has places for; an error says that it doesn't.
fn agree(findings: &mut Findings, start: &Start<'_>, counts: &Counts, slots: u32) -> Option<()> {
    let [of_replicas, of_slots] = counts.names;
    if let (Some(said), Some(replicas)) = (&start.flags.workers, counts.replicas)
        && said.parse() != Ok(replicas)
    {
        let help = format!("write so many {of_replicas}: all of them run");
        findings.refuse(start.at, format!("{said} workers of {replicas}"), &help);
        return None;
    }
    if let (Some(processes), Some(replicas)) = (&start.flags.processes, counts.replicas) {
        let places = replicas.saturating_mul(slots);
        match processes.parse::<u32>() {
            Ok(processes) if processes == places => {}
            Ok(processes) => {
                let message = format!(
                    "{processes} processes for {places} places: {replicas} workers with {slots} each"
                );
                let help = format!(
                    "write {of_replicas} times {of_slots} processes: each worker starts its own"
                );
                findings.refuse(start.at, message, &help);
                return None;
            }
            Err(_) => {
                let message = format!("there are {places} processes, whatever `{processes}` is");
                let help = format!("each worker starts as many as {of_slots} says");
                findings.instead(start.at, message, &help);
            }
        }
    }
    Some(())
}

/// Whether the image, the words or the variables name a framework: `mpirun` itself doesn't tell what it starts.
fn says(start: &Start<'_>, containers: [&Node; 2], framework: &str) -> bool {
    let says = |node: &Node| {
        node.as_text().is_some_and(|text| text.to_ascii_lowercase().contains(framework))
    };
    start.words.iter().any(|word| says(word))
        || containers.iter().any(|container| {
            let variables = find(container, "env").map(|entry| items(&entry.value));
            container.get("image").is_some_and(says)
                || variables.unwrap_or_default().iter().filter_map(|one| one.get("name")).any(says)
        })
}

/// The command of a worker of Horovod, and what is said of it.
fn horovod_command(findings: &mut Findings, start: &Start<'_>, slots: u32) -> Option<Vec<Node>> {
    let name = start.launcher.name();
    if let Form::Script { word, .. } = start.form {
        let script = start.words[word].as_text().unwrap_or_default();
        if horovod::has_parameters(script) {
            let message =
                "a script with parameters of its own starts no processes of Horovod".to_owned();
            findings.refuse(start.at, message, "write variables in place of `$@` and `$1`");
            return None;
        }
        start.tell_of_script(findings);
    }
    start.tell_of_flags(findings);
    let message = format!("processes of Horovod are started without {name}, and meet over gloo");
    let help = "the image's Horovod must be built with gloo, as those of horovod/horovod are; `horovodrun \
                --check-build` in it says so";
    findings.instead(start.at, message, help);
    Some(horovod::command(start, slots))
}

/// Variables that the launcher's flags set, where no shell does.
fn variables(start: &Start<'_>) -> Vec<Node> {
    let is_shells = matches!(start.form, Form::Script { .. });
    let span = start.at.span;
    let scalar = |text: &str| Node {
        span,
        value: Value::Scalar(Scalar { text: text.to_owned(), plain: false }),
    };
    let variable = |(name, value): &(String, String)| {
        let fields = [("name", name), ("value", value)];
        let entries = fields.map(|(key, text)| Entry {
            key: Key { text: key.to_owned(), span },
            value: scalar(text),
        });
        Node { span, value: Value::Map(entries.to_vec()) }
    };
    start.flags.variables.iter().filter(|_| !is_shells).map(variable).collect()
}

const OVER_SSH: &str = "mpirun starts processes over ssh, which is not done";

const HELP: &str = "let each worker run the code itself: a PyTorchJob, or a TrainJob with `framework: pytorch`, whose \
                    command is `torchrun train.py`; it finds the others by PET_MASTER_ADDR. If the code is Horovod's \
                    or DeepSpeed's, write `horovodrun` or `deepspeed` in place of `mpirun`";

/// Says what the launcher does that isn't done here, at the word that does it.
fn refuse(findings: &mut Findings, unread: &Unread<'_>, launcher: &Node) {
    let message = format!("the launcher is not run: {}", unread.why);
    let help = "write what it starts as its command, by horovodrun, torchrun or deepspeed with flags of which each \
                worker can do its part";
    findings.refuse(unread.at.unwrap_or(launcher), message, help);
}
