//! Can a plan run on this machine? Looked at before anything is made.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::config::LocalConfig;
use super::data::{self, Claims};
use super::doctor::python::{INTERPRETER, Pip, command, python};
use super::gpu;
use crate::doctor;
use crate::plan::{Plan, PodOptions, RolePlan};
use crate::runtime::{Notice, RuntimeError, SubmitOptions};
use crate::storage::{OWNER_FILE, Place, is_filled};
use crate::sys;

/// All reasons against a run at once, or what the user should know.
pub(crate) fn check(
    config: &LocalConfig,
    plan: &Plan,
    options: &SubmitOptions,
) -> Result<Vec<Notice>, RuntimeError> {
    let mut refused = Vec::new();
    let mut notices = ignored(plan);
    memory(plan, options, &mut refused, &mut notices);
    cores(plan, &mut notices);
    accelerators(config, plan, options, &mut refused, &mut notices);
    commands(config, plan, &mut refused);
    environments(config, plan, &mut refused);
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
        Ok(Some(base)) => output(&base, plan, options, &mut refused),
        Ok(None) => {}
    }
    if refused.is_empty() { Ok(notices) } else { Err(RuntimeError::Refused(refused)) }
}

/// Base of the outputs, when the spec names one.
pub(crate) fn output_dir(plan: &Plan, claims: &Claims) -> Result<Option<PathBuf>, String> {
    let Some(output) = &plan.gang().output else { return Ok(None) };
    match output {
        Place::Claim(claim) => {
            let folder = data::folder(claims, output, claim);
            folder.map(Some).map_err(|reason| format!("output: {reason}"))
        }
        Place::Object(_) => Err(format!(
            "output: {output} can't be written from this machine yet; name a folder here, for \
             example --set output=./output, and copy it"
        )),
        Place::Path(path) => Ok(Some(path.as_path().into())),
    }
}

fn output(base: &Path, plan: &Plan, options: &SubmitOptions, refused: &mut Vec<String>) {
    let model = base.join("model");
    if !is_filled(&model) || options.overwrite {
        return;
    }
    let owner = fs_err::read_to_string(model.join(OWNER_FILE)).unwrap_or_default();
    if owner != plan.head.run {
        let whose = if owner.is_empty() { "something else".into() } else { format!("run {owner}") };
        refused.push(format!(
            "output: {} was filled by {whose}; name another folder ({{run}} stands for the run's \
             id) or pass --overwrite",
            model.display()
        ));
    }
}

fn ignored(plan: &Plan) -> Vec<Notice> {
    let any = |test: &dyn Fn(&RolePlan) -> bool| plan.gang().roles.iter().any(test);
    let mut names = Vec::new();
    if any(&|role| role.image.is_some()) {
        names.push("image");
    }
    if any(&|role| !role.node_selector.is_empty()) {
        names.push("nodeSelector");
    }
    if any(&|role| !role.tolerations.is_empty()) {
        names.push("tolerations");
    }
    let PodOptions { queue, priority_class, service_account, image_pull_secrets, affinity, patch } =
        &plan.gang().pods;
    for (name, is_set) in [
        ("queue", queue.is_some()),
        ("priorityClass", priority_class.is_some()),
        ("serviceAccount", service_account.is_some()),
        ("imagePullSecrets", !image_pull_secrets.is_empty()),
        ("affinity", !affinity.is_empty()),
        ("podPatch", !patch.is_empty()),
    ] {
        names.extend(is_set.then_some(name));
    }
    let mut notices = Vec::new();
    if !names.is_empty() {
        let names = names.join(", ");
        notices.push(Notice(format!("this machine has no use for {names}: ignored")));
    }
    for (what, paths) in mounts(plan) {
        if !paths.is_empty() {
            notices.push(Notice(format!(
                "{what} are not mounted on this machine: the commands find at {} only what lies \
                 there already",
                paths.into_iter().collect::<Vec<_>>().join(", ")
            )));
        }
    }
    notices
}

/// Where a cluster would mount volumes and Secrets.
fn mounts(plan: &Plan) -> [(&'static str, BTreeSet<&str>); 2] {
    let volumes = plan.gang().roles.iter().flat_map(|role| &role.volumes);
    let secrets = plan.gang().roles.iter().flat_map(|role| &role.secrets);
    [
        ("volumes", volumes.map(|volume| volume.mount_path.as_str()).collect()),
        ("secrets", secrets.filter_map(|secret| secret.mount_path.as_deref()).collect()),
    ]
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
        let said = format!(
            "memory: the gang asks for {} and this machine has {} free",
            gib(wanted),
            gib(free)
        );
        if options.foreign {
            notices.push(Notice(format!("{said}; its machine types are not this machine")));
        } else {
            refused.push(format!("{said}; lower `memory`, or the number of replicas"));
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

fn accelerators(
    config: &LocalConfig,
    plan: &Plan,
    options: &SubmitOptions,
    refused: &mut Vec<String>,
    notices: &mut Vec<Notice>,
) {
    let wanted: Vec<(&RolePlan, &crate::spec::Accelerators)> = plan
        .gang()
        .roles
        .iter()
        .filter_map(|role| Some((role, role.accelerators.as_ref()?)))
        .collect();
    if wanted.is_empty() {
        return;
    }
    let gpus = gpu::list(&config.nvidia_smi);
    for (role, accelerators) in wanted {
        let total = accelerators.count * role.replicas;
        let here = gpus.iter().filter(|gpu| gpu::fits(gpu, &accelerators.kind)).count() as u32;
        if here >= total {
            continue;
        }
        let found = if gpus.is_empty() {
            "nvidia-smi finds no GPU here".to_owned()
        } else {
            let names: Vec<&str> = gpus.iter().map(|gpu| gpu.name.as_str()).collect();
            format!("this machine has {}", names.join(", "))
        };
        let said = format!("role {}: {total} x {} wanted, {found}", role.name, accelerators.kind);
        if options.allow_cpu {
            notices.push(Notice(format!("{said}: it runs on the CPU")));
        } else {
            refused.push(format!("{said}; pass --allow-cpu to run on the CPU"));
        }
    }
}

/// An environment that can't be made is told once and here, as `doctor` tells it, not by each replica.
fn environments(config: &LocalConfig, plan: &Plan, refused: &mut Vec<String>) {
    let wanted = plan.gang().setup.as_ref().and_then(|setup| setup.python.as_ref());
    let Some(wanted) = wanted else { return };
    let name = wanted.interpreter.as_deref().unwrap_or(INTERPRETER);
    // A path is relative to the code; a name is looked up in PATH.
    let program = match &plan.gang().code {
        Some(code) if name.contains('/') => Path::new(code.as_str()).join(name),
        _ => PathBuf::from(name),
    };
    // All replicas share one environment, and the first may say where packages come from.
    let variables = plan.gang().roles.first().map_or(&[][..], |role| &role.env);
    let interpreter = || {
        let mut command = command(config, &program);
        let values = variables.iter().filter_map(|one| Some((&one.name, one.value.as_ref()?)));
        command.envs(values);
        command
    };
    let finding = doctor::python(&python(&interpreter, Pip::Kept(&config.cache), &|| false));
    if finding.fails() {
        refused.push(finding.line());
    }
}

/// A program that isn't there is told before anything starts. With set-up it may yet come.
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
        let with_setup = plan.gang().setup.is_some() || program.contains('/');
        let own_path = role.env.iter().any(|variable| variable.name == "PATH");
        if with_setup || own_path {
            continue;
        }
        let path = config.env.get("PATH").map_or("", String::as_str);
        if !std::env::split_paths(path).any(|dir| dir.join(program).is_file()) {
            refused.push(format!("role {}: there is no program `{program}` in PATH", role.name));
        }
    }
}
