//! Batch scripts of Slurm: a shell's script with `#SBATCH` lines, which mlctl doesn't obey.

use super::documents::OTHERS;
use crate::spec::foreign::common::converted::converted;
use crate::spec::foreign::common::fields::{Findings, Table, Use};
use crate::spec::kinds::{Converted, ForeignContext};
use crate::spec::syntax::{Diagnostic, Entry, Key, Node, Parsed, Source, SourceSpan, Value};

/// How a directive's line begins.
const MARK: &str = "#SBATCH";

const MAIL: Use =
    Use::Refused("nothing: `mlctl wait RUN` ends when the run does, for whatever tells you");
const LOGS: Use = Use::Refused("nothing: `mlctl logs` has what the commands print");
const TASKS: Use = Use::Refused(
    "`roles: {worker: {replicas: N}}`, or torchrun with a process for each accelerator",
);
const PLACES: Use = Use::Refused("`nodeSelector`: the label of the nodes that are meant");
const GPUS: Use = Use::Refused("`accelerators: {type: nvidia-a100, count: N}`, of each replica");

const DIRECTIVES: Table = &[
    ("job-name", Use::Refused("`name`")),
    ("nodes", Use::Refused("`roles: {worker: {replicas: N}}`")),
    ("ntasks", TASKS),
    ("ntasks-per-node", TASKS),
    ("tasks-per-node", TASKS),
    ("cpus-per-task", Use::Refused("`cpu`, of each replica")),
    ("cpus-per-gpu", Use::Refused("`cpu`, of each replica")),
    ("mem", Use::Refused("`memory: 64Gi`, of each replica")),
    ("mem-per-cpu", Use::Refused("`memory`, of each replica: so much for all of its cores")),
    ("mem-per-gpu", Use::Refused("`memory`, of each replica: so much for all of its accelerators")),
    ("gres", GPUS),
    ("gpus", GPUS),
    ("gpus-per-node", GPUS),
    ("gpus-per-task", GPUS),
    ("time", Use::Refused("`timeout`: `24h`, `90m`, `2d`")),
    (
        "array",
        Use::Refused("a TuneJob whose parameter has these values, `${params.NAME}` in its trial"),
    ),
    ("partition", PLACES),
    ("constraint", PLACES),
    ("nodelist", PLACES),
    ("exclude", Use::Refused("`affinity`, as in a Pod")),
    ("qos", Use::Refused("`queue` of Kueue, or `priorityClass`")),
    ("account", Use::Refused("`queue` of Kueue, or `--namespace`")),
    ("priority", Use::Refused("`priorityClass`")),
    ("reservation", Use::Refused("`queue` of Kueue, or `nodeSelector`")),
    ("exclusive", Use::Refused("`cpu` and `accelerators` of a whole node")),
    ("dependency", Use::Refused("`mlctl wait RUN && mlctl train FILE`")),
    ("begin", Use::Refused("your scheduler, which starts `mlctl train`")),
    (
        "requeue",
        Use::Refused("nothing: a run starts again after preemption by itself; see `retries`"),
    ),
    ("no-requeue", Use::Refused("`retries: {preemption: 0, infrastructure: 0}`")),
    ("signal", Use::Refused("`grace`: how long a command has after SIGTERM")),
    ("output", LOGS),
    ("error", LOGS),
    ("open-mode", LOGS),
    ("chdir", Use::Refused("`code`: every replica starts in a copy of it")),
    ("export", Use::Refused("`env: [{name: NAME, value: ${NAME}}]`")),
    ("container-image", Use::Refused("`image`")),
    ("container-mounts", Use::Refused("`volumes`")),
    ("mail-type", MAIL),
    ("mail-user", MAIL),
    ("tmp", Use::Refused("`volumes`: an `emptyDir`")),
    ("comment", Use::Refused("`labels`")),
];

pub(in crate::spec::foreign) const TABLES: &[(&str, Table)] = &[(MARK, DIRECTIVES)];

/// Directives by their one letter.
const SHORT: [(char, &str); 20] = [
    ('J', "job-name"),
    ('N', "nodes"),
    ('n', "ntasks"),
    ('c', "cpus-per-task"),
    ('G', "gpus"),
    ('t', "time"),
    ('a', "array"),
    ('p', "partition"),
    ('C', "constraint"),
    ('w', "nodelist"),
    ('x', "exclude"),
    ('q', "qos"),
    ('A', "account"),
    ('d', "dependency"),
    ('b', "begin"),
    ('o', "output"),
    ('e', "error"),
    ('D', "chdir"),
    ('L', "licenses"),
    ('M', "clusters"),
];

/// A directive of a batch script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchDirective {
    /// As it is written, such as `--nodes=4`.
    pub written: String,
    /// What does the same here; nothing where there is no such thing.
    pub here: Option<&'static str>,
    span: (usize, usize),
}

/// The directives of a script, up to its first command as Slurm reads them; none where it is no batch script.
pub fn batch_directives(text: &str) -> Vec<BatchDirective> {
    let mut all = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let own = line.trim_end();
        if let Some(rest) = own.strip_prefix(MARK).filter(|rest| rest.starts_with([' ', '\t'])) {
            options(rest, start + MARK.len(), &mut all);
        } else if !own.is_empty() && !own.starts_with('#') {
            break;
        }
        start += line.len();
    }
    all
}

/// The options of one line; `start` is where it stands in the text.
fn options(line: &str, start: usize, all: &mut Vec<BatchDirective>) {
    let words: Vec<&str> =
        line.split_whitespace().take_while(|word| !word.starts_with('#')).collect();
    let place = |word: &str| start + (word.as_ptr() as usize - line.as_ptr() as usize);
    let mut rest = words.into_iter().peekable();
    while let Some(word) = rest.next() {
        let Some(option) = word.strip_prefix('-') else { continue };
        let mut end = place(word) + word.len();
        let mut written = word.to_owned();
        let name = if let Some(long) = option.strip_prefix('-') {
            long.split('=').next().unwrap_or(long).to_owned()
        } else {
            let letter = option.chars().next();
            let known = SHORT.iter().find(|(short, _)| Some(*short) == letter);
            known.map_or_else(|| option.to_owned(), |(_, name)| (*name).to_owned())
        };
        let takes_next = !option.contains('=') && (option.starts_with('-') || option.len() == 1);
        if takes_next && let Some(value) = rest.next_if(|next| !next.starts_with('-')) {
            end = place(value) + value.len();
            written = format!("{word} {value}");
        }
        let here =
            DIRECTIVES.iter().find(|(known, _)| *known == name).and_then(
                |(_, usage)| match usage {
                    Use::Refused(words) => Some(*words),
                    _ => None,
                },
            );
        all.push(BatchDirective { written, here, span: (place(word), end) });
    }
}

/// Reads a batch script: one document, whose only field has the directives.
pub(in crate::spec::foreign) fn read(index: usize, source: &Source) -> Option<Parsed> {
    let is_yaml = [".yaml", ".yml", ".json"].iter().any(|ending| source.name.ends_with(ending));
    if is_yaml || !source.text.starts_with('#') {
        return None;
    }
    let directives = batch_directives(&source.text);
    let span = |(start, end)| SourceSpan { source: index, start, end };
    let first = directives.first()?.span;
    let whole = span((0, source.text.len()));
    let entry = |one: &BatchDirective| Entry {
        key: Key { text: one.written.clone(), span: span(one.span) },
        value: Node::plain("", span(one.span)),
    };
    let value = Node { span: whole, value: Value::Map(directives.iter().map(entry).collect()) };
    let key = Key { text: MARK.to_owned(), span: span(first) };
    let document = Node { span: whole, value: Value::Map(vec![Entry { key, value }]) };
    Some(Parsed { documents: vec![document], ..Parsed::default() })
}

/// Refuses a batch script, and says of each directive what does the same.
pub(in crate::spec::foreign) fn recognise(
    node: &Node,
    context: &ForeignContext<'_>,
) -> Option<Converted> {
    let entry = node.entry(MARK)?;
    let directives = entry.value.as_map()?;
    let mut findings = Findings::of(&OTHERS);
    let name = context.source_name.rsplit('/').next().unwrap_or(context.source_name);
    let at = Node::plain("", entry.key.span);
    let help = format!(
        "write a TrainJob with `code: .` and `command: [bash, {name}]`, and in it what is said of each line below; \
         srun becomes a role's replicas"
    );
    findings.refuse(&at, "a batch script of Slurm is not run".to_owned(), &help);
    for one in directives {
        let here = DIRECTIVES.iter().find_map(|(known, usage)| match usage {
            Use::Refused(words) if named(&one.key.text) == *known => Some(*words),
            _ => None,
        });
        let (message, help) = match here {
            Some(words) => {
                (format!("`{}` is obeyed by Slurm only", one.key.text), format!("write {words}"))
            }
            None => (format!("`{}` has no counterpart", one.key.text), "leave it out".to_owned()),
        };
        let help = help.replace("write nothing: ", "");
        let code = findings.system.instead;
        findings.add(Diagnostic::warning(code, message).at(one.key.span, "").help(help));
    }
    Some(converted(findings, None))
}

/// The long name of a directive as it is written.
fn named(written: &str) -> &str {
    let word = written.split([' ', '=']).next().unwrap_or(written);
    if let Some(long) = word.strip_prefix("--") {
        return long;
    }
    let letter = word.chars().nth(1);
    SHORT.iter().find(|(short, _)| Some(*short) == letter).map_or(word, |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_as_slurm_reads_them() {
        let text = "#!/bin/bash -l\n#SBATCH --nodes=4  # all\n#SBATCH -N2 -t 02:00:00\n##SBATCH --mem=1G\n\
                    # SBATCH --time=10\n\n#SBATCH --exclusive\necho a\n#SBATCH --qos=x\n";
        let all = batch_directives(text);
        let written: Vec<&str> = all.iter().map(|one| one.written.as_str()).collect();
        assert_eq!(written, ["--nodes=4", "-N2", "-t 02:00:00", "--exclusive"]);
        for one in &all {
            assert_eq!(&text[one.span.0..one.span.1], one.written);
            assert!(one.here.is_some());
        }
        assert!(batch_directives("echo\n").is_empty());
    }
}
