//! Can a plan run on this machine? Looked at before anything is made.

use std::path::{Path, PathBuf};

use super::accelerators::accelerators;
use super::claimed;
use super::config::LocalConfig;
use super::data::{self, Claims};
use super::doctor::python::{INTERPRETER, Pip, command, python};
use super::ignored::ignored;
use super::sizes::sizes;

use crate::doctor;
use crate::plan::{OWN_PROGRAM, Plan};
use crate::runtime::{Notice, RuntimeError, SubmitOptions};
use crate::storage::Place;
use crate::sys;

/// All reasons against a run at once, or what the user should know.
pub(crate) fn check(
    config: &LocalConfig,
    plan: &Plan,
    options: &SubmitOptions,
) -> Result<Vec<Notice>, RuntimeError> {
    let mut refused = Vec::new();
    let mut notices = ignored(plan, options);
    memory(plan, options, &mut refused, &mut notices);
    cores(plan, &mut notices);
    accelerators(config, plan, options, &mut refused, &mut notices);
    commands(config, plan, &mut refused);
    sizes(config, plan, &mut refused);
    environments(config, plan, options, &mut refused, &mut notices);
    if let Some(code) = &plan.gang().code {
        if code.is_url() {
            refused.push(format!("code: {code} is not a folder of this machine"));
        } else if !Path::new(code.as_str()).exists() {
            refused.push(format!("code: {code} does not exist"));
        }
    }
    refused.extend(data::links(plan, &config.claims).err().unwrap_or_default());
    match output_dir(plan, &config.claims) {
        Err(reason) => refused.push(reason),
        Ok(Some(base)) if !Place::from(base.as_str()).is_url() => {
            let base = Path::new(&base);
            refused.extend(within_state(base, &config.state));
            refused.extend(claimed::refused(base, plan, &config.state));
        }
        // A model in a bucket is looked for by whoever writes there.
        Ok(_) => {}
    }
    if refused.is_empty() { Ok(notices) } else { Err(RuntimeError::Refused(refused)) }
}

/// Base of the outputs as commands see it, a folder or a URL; `None`: a folder of the run.
pub(crate) fn output_dir(plan: &Plan, claims: &Claims) -> Result<Option<String>, String> {
    let Some(output) = &plan.gang().output else { return Ok(None) };
    match output {
        Place::Claim(claim) => {
            let folder = data::folder(claims, output, claim);
            let folder = folder.map_err(|reason| format!("output: {reason}"))?;
            Ok(Some(folder.to_string_lossy().into_owned()))
        }
        Place::Object(_) if plan.gang().sync.is_some() => Ok(None),
        Place::Object(_) => Ok(Some(output.to_string())),
        Place::Path(path) => Ok(Some(path.as_path().to_string_lossy().into_owned())),
    }
}

/// Refuses an output among mlctl's own records, where it would be taken for one of them and go with them.
/// Either may be called by links.
fn within_state(base: &Path, state: &Path) -> Option<String> {
    let (base, state) = (without_links(base), without_links(state));
    base.starts_with(&state).then(|| {
        format!(
            "output: {} is in the folder in which mlctl remembers its runs, {}; name another one, or \
             leave it out: the run then gets a folder of its own there",
            base.display(),
            state.display()
        )
    })
}

/// A path without the links in what exists of it.
fn without_links(path: &Path) -> PathBuf {
    let exists = path.ancestors().find_map(|above| Some((above, above.canonicalize().ok()?)));
    match exists {
        Some((above, real)) => real.join(path.strip_prefix(above).unwrap_or(Path::new(""))),
        None => path.to_owned(),
    }
}

fn memory(
    plan: &Plan,
    options: &SubmitOptions,
    refused: &mut Vec<String>,
    notices: &mut Vec<Notice>,
) {
    let wanted: u64 = plan
        .gang()
        .roles
        .iter()
        .filter_map(|role| Some(role.memory?.bytes.saturating_mul(role.replicas.into())))
        .fold(0, u64::saturating_add);
    let Some(free) = sys::available_memory() else { return };
    if wanted > free {
        let problem = format!(
            "memory: the gang asks for {} and this machine has {} free",
            gib(wanted),
            gib(free)
        );
        if options.foreign {
            notices.push(Notice(format!("{problem}; its machine types are not this machine")));
        } else {
            refused.push(format!("{problem}; lower `memory`, or the number of replicas"));
        }
    }
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}

fn cores(plan: &Plan, notices: &mut Vec<Notice>) {
    let wanted: u64 = plan
        .gang()
        .roles
        .iter()
        .filter_map(|role| Some(role.cpu?.millis.saturating_mul(role.replicas.into())))
        .fold(0, u64::saturating_add);
    let cores = sys::cores() as u64;
    if wanted > cores * 1000 {
        notices.push(Notice(format!(
            "the gang asks for {} cores and this machine has {cores}: it will be slower",
            wanted as f64 / 1000.0
        )));
    }
}

/// Refuses a Python environment that can't be made, in the words of `doctor`: once and before
/// anything starts, rather than by each replica.
///
/// A dry run starts nothing that a spec names: not its interpreter, nor any other with its variables,
/// which could make one load the code beside the spec.
fn environments(
    config: &LocalConfig,
    plan: &Plan,
    options: &SubmitOptions,
    refused: &mut Vec<String>,
    notices: &mut Vec<Notice>,
) {
    let wanted = plan.gang().setup.as_ref().and_then(|setup| setup.python.as_ref());
    let Some(wanted) = wanted else { return };
    let name = wanted.interpreter.as_deref().unwrap_or(INTERPRETER);
    // An interpreter with a slash is a path relative to the code; any other is looked up in PATH.
    let program = match &plan.gang().code {
        Some(code) if name.contains('/') => Path::new(code.as_str()).join(name),
        _ => PathBuf::from(name),
    };
    // All replicas share one Python environment. The first role's variables may name the package
    // index that it is made from.
    let variables = plan.gang().roles.first().map_or(&[][..], |role| &role.env);
    if options.rehearse && name != INTERPRETER {
        notices.push(Notice(format!(
            "whether {name} can make the environment of setup.python was not looked at: a dry run \
             starts no program that the spec names"
        )));
        return;
    }
    let (variables, pip) = if options.rehearse {
        (&[][..], Pip::Looked(&config.cache))
    } else {
        (variables, Pip::Kept(&config.cache))
    };
    let interpreter = || {
        let mut command = command(config, &program);
        let values = variables.iter().filter_map(|one| Some((&one.name, one.value.as_ref()?)));
        command.envs(values);
        command
    };
    let finding = doctor::python(&python(&interpreter, pip, &|| false));
    if finding.fails() {
        refused.push(finding.line());
    }
}

/// Refuses a command whose program is not in PATH, before anything starts. Set-up may yet install
/// it, so with set-up nothing is said.
fn commands(config: &LocalConfig, plan: &Plan, refused: &mut Vec<String>) {
    for role in &plan.gang().roles {
        let Some(program) = role.command.first() else {
            refused.push(format!(
                "role {}: the entrypoint of {} can't be known here; add `command`",
                role.name,
                role.image.as_deref().unwrap_or("the image")
            ));
            continue;
        };
        // mlctl's own worker starts the program behind it.
        let behind = role.command.iter().skip_while(|word| *word != "--").nth(1);
        let program = match behind {
            _ if program != OWN_PROGRAM => program,
            Some(program) => program,
            None => continue,
        };
        let with_setup = plan.gang().setup.is_some() || program.contains('/');
        let own_path = role.env.iter().any(|variable| variable.name == "PATH");
        if with_setup || own_path {
            continue;
        }
        let path = config.env.get("PATH").map_or("", String::as_str);
        let has =
            |program: &str| std::env::split_paths(path).any(|dir| dir.join(program).is_file());
        // A small server in Python takes its place, which a replica starts by itself.
        let has_another =
            behind.is_some() && program == "tensorflow_model_server" && has("python3");
        if !has(program) && !has_another {
            refused.push(format!("role {}: there is no program `{program}` in PATH", role.name));
        }
    }
}
