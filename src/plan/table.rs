//! The plan for a person: what `--dry-run` shows. Plain data; the UI draws it.

use indexmap::IndexMap;

use crate::gang::{Completion, FailureClass};
use crate::spec::check::{mask_argv, mask_text, mask_value};
use crate::spec::{EnvVar, Framework};
use crate::text::Span;

use super::types::{Plan, RolePlan};

/// One block of the rendering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Heading of the block.
    pub title: String,
    /// Column heads; empty for a list of names and values.
    pub header: Vec<String>,
    /// The rows, all of the same length.
    pub rows: Vec<Vec<String>>,
}

/// The sections of a plan. `preview` is the environment of one replica as the runtime would set it
/// (see [`super::environment`]); its rendezvous part is shown. All values are masked.
pub fn table(plan: &Plan, preview: &IndexMap<String, String>) -> Vec<Section> {
    let mut sections = vec![run(plan), roles(plan), commands(plan)];
    sections.push(list("Rendezvous", rendezvous(preview)));
    for role in &plan.gang().roles {
        let rows = env_rows(&role.env);
        if !rows.is_empty() {
            sections.push(list(&format!("Environment of {}", role.name), rows));
        }
    }
    sections.push(list("Times", times(plan)));
    sections.push(list("Retries", retries(plan)));
    sections.retain(|section| !section.rows.is_empty());
    sections
}

/// A command line that a shell would read back.
pub fn shell_line(argv: &[String]) -> String {
    argv.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn list(title: &str, rows: Vec<(String, String)>) -> Section {
    let rows = rows.into_iter().map(|(name, value)| vec![name, value]).collect();
    Section { title: title.into(), header: Vec::new(), rows }
}

fn run(plan: &Plan) -> Section {
    let mut rows = vec![("run".to_owned(), plan.head.run.to_string())];
    rows.push(("framework".into(), framework(plan.gang().framework).into()));
    rows.extend(plan.gang().strategy.and_then(|strategy| {
        let name = serde_json::to_value(strategy).ok()?.as_str()?.to_owned();
        Some(("strategy".to_owned(), name))
    }));
    let success = match plan.gang().rules.completion {
        _ if plan.batch().is_some() => {
            "one replica exits 0, which it does when all shards are done"
        }
        Completion::Primary => "the primary exits 0",
        Completion::All => "every replica exits 0",
    };
    if plan.batch().is_none() {
        rows.push(("primary".into(), plan.gang().primary().to_string()));
    }
    rows.push(("success".into(), success.into()));
    if let Some(code) = &plan.gang().code {
        rows.push(("code".into(), mask_text(code.as_str()).into_owned()));
    }
    if let Some(setup) = &plan.gang().setup {
        let python = setup.python.as_ref().map(|python| {
            let requirements = python.requirements.as_deref().unwrap_or("no requirements file");
            format!("python ({requirements})")
        });
        let shell = setup.shell.as_ref().map(|_| "shell script".to_owned());
        rows.push((
            "setup".into(),
            [python, shell].into_iter().flatten().collect::<Vec<_>>().join(", "),
        ));
    }
    let output = plan.batch().map(|batch| &batch.output).or(plan.gang().output.as_ref());
    let output = output.map_or("a folder of the run".into(), |place| mask_text(place.as_str()));
    rows.push(("output".into(), output.into_owned()));
    list("Run", rows)
}

fn roles(plan: &Plan) -> Section {
    let header = ["role", "replicas", "cpu", "memory", "accelerators", "image"];
    let dash = || "-".to_owned();
    let rows = plan.gang().roles.iter().map(|role| {
        vec![
            role.name.to_string(),
            role.replicas.to_string(),
            role.cpu.map_or_else(dash, |cpu| cpu.to_string()),
            role.memory.map_or_else(dash, |memory| memory.to_string()),
            role.accelerators
                .as_ref()
                .map_or_else(dash, |gpus| format!("{} {}", gpus.count, gpus.kind)),
            role.image.clone().unwrap_or_else(dash),
        ]
    });
    Section {
        title: "Roles".into(),
        header: header.map(String::from).to_vec(),
        rows: rows.collect(),
    }
}

/// One row where all roles run the same, else one for each.
fn commands(plan: &Plan) -> Section {
    let mut rows: Vec<_> =
        plan.gang().roles.iter().map(|role| (role.name.to_string(), command(role))).collect();
    if rows.iter().all(|(_, command)| *command == rows[0].1) {
        rows.truncate(1);
        if let [(who, _)] = rows.as_mut_slice() {
            "all".clone_into(who);
        }
    }
    list("Command", rows)
}

pub(super) fn command(role: &RolePlan) -> String {
    if !role.command.is_empty() {
        shell_line(&mask_argv(&role.command))
    } else if role.entrypoint_args.is_empty() {
        "the image's own".into()
    } else {
        format!("the image's own, with {}", shell_line(&mask_argv(&role.entrypoint_args)))
    }
}

/// What the framework reads, without what is the same everywhere.
fn rendezvous(preview: &IndexMap<String, String>) -> Vec<(String, String)> {
    const PREFIXES: [&str; 4] = ["PET_", "JAX_", "MASTER_", "LOCAL_"];
    const NAMES: [&str; 4] = ["TF_CONFIG", "CLUSTER_SPEC", "RANK", "WORLD_SIZE"];
    preview
        .iter()
        .filter(|(name, _)| {
            NAMES.contains(&name.as_str()) || PREFIXES.iter().any(|p| name.starts_with(p))
        })
        .map(|(name, value)| (name.clone(), mask_value(name, value).into_owned()))
        .collect()
}

pub(super) fn env_rows(env: &[EnvVar]) -> Vec<(String, String)> {
    env.iter()
        .map(|variable| {
            let value = match (&variable.value_from, &variable.value) {
                (Some(source), _) => {
                    let secret = &source.secret_key_ref;
                    format!("from secret {}, key {}", secret.name, secret.key)
                }
                (None, Some(value)) => mask_value(&variable.name, value).into_owned(),
                (None, None) => String::new(),
            };
            (variable.name.clone(), value)
        })
        .collect()
}

fn times(plan: &Plan) -> Vec<(String, String)> {
    let gang = &plan.gang().rules;
    let timeout = gang.timeout.map_or("none".into(), |timeout| Span(timeout).to_string());
    vec![
        ("timeout".into(), timeout),
        ("start timeout".into(), Span(gang.start_timeout).to_string()),
        ("drain".into(), Span(gang.drain).to_string()),
        ("grace".into(), Span(gang.grace).to_string()),
    ]
}

fn retries(plan: &Plan) -> Vec<(String, String)> {
    FailureClass::ALL
        .iter()
        .map(|class| (class.to_string(), plan.gang().rules.budgets.get(*class).to_string()))
        .collect()
}

fn framework(framework: Framework) -> &'static str {
    match framework {
        Framework::Tensorflow => "tensorflow",
        Framework::Pytorch => "pytorch",
        Framework::Jax => "jax",
        Framework::None => "none",
    }
}

fn quoted(word: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+{}*".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
