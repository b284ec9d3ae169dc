//! One role filled up with what the job says for all.

use crate::spec::{EnvVar, Role, SecretUse, TrainJob, Volume};

use crate::plan::PlanError;
use crate::plan::RolePlan;

/// The plan of one role: what it says itself, else what the job says.
pub(crate) fn role_plan(spec: &TrainJob, name: &str, role: &Role) -> Result<RolePlan, PlanError> {
    if role.replicas == 0 {
        return Err(PlanError::NoReplicas { role: name.into() });
    }
    let program = role.command.as_ref().or(spec.command.as_ref()).filter(|argv| !argv.is_empty());
    let arguments = role.args.as_ref().unwrap_or(&spec.args).to_argv();
    let image = role.image.clone().or_else(|| spec.image.clone());
    let (command, entrypoint_args) = match program {
        Some(program) => ([program.as_slice(), &arguments].concat(), Vec::new()),
        None if image.is_some() => (Vec::new(), arguments),
        None => return Err(PlanError::NothingToRun { role: name.into() }),
    };
    let mut node_selector = spec.node_selector.clone();
    node_selector.extend(role.node_selector.clone());
    Ok(RolePlan {
        name: name.parse()?,
        replicas: role.replicas,
        image,
        command,
        entrypoint_args,
        env: merge_env(&spec.env, &role.env),
        secrets: merge_secrets(&spec.secrets, &role.secrets),
        cpu: role.cpu.or(spec.cpu),
        memory: role.memory.or(spec.memory),
        accelerators: role.accelerators.clone().or_else(|| spec.accelerators.clone()),
        node_selector,
        tolerations: [spec.tolerations.as_slice(), &role.tolerations].concat(),
        volumes: merge_volumes(&spec.volumes, &role.volumes),
    })
}

/// The job's variables with the role's over them; the last of a name wins, in the place of the
/// first, so that `$(VAR)` still sees what was declared before it.
fn merge_env(job: &[EnvVar], role: &[EnvVar]) -> Vec<EnvVar> {
    let mut merged: Vec<EnvVar> = Vec::with_capacity(job.len() + role.len());
    for variable in job.iter().chain(role) {
        match merged.iter_mut().find(|known| known.name == variable.name) {
            Some(known) => known.clone_from(variable),
            None => merged.push(variable.clone()),
        }
    }
    merged
}

fn merge_secrets(job: &[SecretUse], role: &[SecretUse]) -> Vec<SecretUse> {
    let mut merged = job.to_vec();
    merged.extend(role.iter().filter(|secret| !job.contains(secret)).cloned());
    merged
}

/// The job's volumes without those whose mount path the role uses for its own, then the role's.
fn merge_volumes(job: &[Volume], role: &[Volume]) -> Vec<Volume> {
    let replaced = |volume: &Volume| role.iter().any(|own| own.mount_path == volume.mount_path);
    job.iter().filter(|volume| !replaced(volume)).chain(role).cloned().collect()
}
