//! From what a pod holds to the configuration of its agent.

use std::collections::{BTreeMap, HashSet};
use std::path::{Component, Path};

use serde::de::DeserializeOwned;

use super::document::{CodeFile, DOCUMENT_VERSION, PAST_FILE, PodDocument, TERMINATION_FILE};
use super::error::PodError;
use super::identity::PodIdentity;
use super::paths::PodPaths;
use crate::agent::{AgentConfig, AgentRuntime, Code, PastFiles, Places, WorkLink};
use crate::gang::{GangConfig, ReplicaId};
use crate::plan::{
    Addresses, GANG_PORT, Known, OUTPUT_PARTS, OutputDirs, Plan, Port, RolePlan, declared,
    environment, hidden,
};
use crate::text::{FormatError, read_document};

/// The name of the user where the image has none for its number.
const USER: &str = "mlctl";

/// What the Job controller adds to every container: an index over all roles, which would mislead.
const JOB_INDEX: &str = "JOB_COMPLETION_INDEX";

/// Everything that the agent of one pod needs.
#[derive(Debug)]
pub struct Pod {
    /// What the agent is told.
    pub config: AgentConfig,
    /// What the command inherits: the container's own variables, then those of its secrets.
    pub environment: Vec<(String, String)>,
}

/// What the agent finds in its container.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// The environment of its process, in which the downward API has put what the pod is.
    pub variables: &'a BTreeMap<String, String>,
    /// Where the image's program would start.
    pub folder: &'a Path,
    /// The address of all interfaces.
    pub listen_host: &'a str,
    /// Whether this user can write into a folder.
    pub is_writable: fn(&Path) -> bool,
}

/// Reads the document at this path, finds out which replica this pod is, and says what its agent
/// must do.
pub fn configure(document: &Path, container: Container<'_>) -> Result<Pod, PodError> {
    let Container { variables, folder, listen_host, is_writable } = container;
    let place = || PodError::Place(document.to_owned());
    let paths = PodPaths::of(document).ok_or_else(place)?;
    let PodDocument { schema_version: _, plan, layout, nonce, output, code, links } =
        read(document)?;
    let pod = PodIdentity::of(variables)?;
    let nobody = || PodError::Nobody { job: pod.job.clone(), index: pod.index };
    let replica = layout.replica(&pod.job, pod.index).ok_or_else(nobody)?.clone();
    let role =
        plan.gang().roles.iter().find(|role| role.name == replica.role).ok_or_else(nobody)?;
    let is_link = |file: &&CodeFile| file.link.is_some();
    let code_links: HashSet<&Path> =
        code.iter().filter(is_link).map(|file| Path::new(&file.path)).collect();
    for file in &code {
        // What lies behind a link would be written to wherever that leads.
        let mut above = Path::new(&file.path).ancestors().skip(1);
        let leaves = above.any(|dir| code_links.contains(dir))
            || file.link.as_ref().is_some_and(|to| !leads_within(&file.path, to));
        if !stays_within(&file.path) || leaves || file.parts.iter().any(|part| !is_name(part)) {
            let reason = format!("the code's file `{}` would leave its folder", file.path);
            return Err(malformed(document, reason));
        }
    }
    for WorkLink { path, .. } in &links {
        if !path.to_str().is_some_and(stays_within) {
            let reason = format!("the link `{}` would leave its folder", path.display());
            return Err(malformed(document, reason));
        }
    }
    let secrets: BTreeMap<String, String> = secret_file(&paths.secret_variables(&replica.role))?;
    let withheld = secret_file(&paths.withheld(&replica.role))?;
    let mut gang = plan.rules_of(&replica);
    let primary = gang.primary().ok_or_else(nobody)?.clone();
    let outputs = if replica == *plan.gang().primary() {
        OutputDirs::of_primary(&output)
    } else {
        OutputDirs::of_other(&output, paths.own_model().to_string_lossy())
    };
    let mut env = environment(&plan, &replica, &layout, &outputs).map_err(|_| nobody())?;
    env.retain(|name, _| !secrets.contains_key(name));
    let mut unset_env = hidden(&plan, &replica);
    unset_env.push(JOB_INDEX.into());
    if layout.jobs.len() == 1 {
        // A Job of the same name that was made anew is another gang.
        gang.job_uid.clone_from(&pod.job_uid);
    }
    let parts = if replica == primary { &OUTPUT_PARTS[..] } else { &OUTPUT_PARTS[1..] };
    let places = Places::of(plan.gang(), &replica, output.clone().into(), parts);
    if let Some(bad) = places.data.iter().find(|data| !is_target(&data.path)) {
        let reason = format!("the data's path `{}` would leave its folder", bad.path);
        return Err(malformed(document, reason));
    }
    let peers = peers(&gang, &layout, &replica);
    let past = past(&plan, &replica, &output, &paths, &pod);
    let mut config = AgentConfig {
        log_files: None,
        schema_version: 1,
        gang,
        pod_uid: pod.pod_uid,
        generation: pod.generation,
        primary_address: format!("{}:{GANG_PORT}", layout.host(&primary)),
        listen_address: format!("{listen_host}:{GANG_PORT}"),
        peers,
        token_file: paths.token(),
        nonce,
        command: role.command.clone(),
        env,
        declared: declared(role, unnamed_variables(role, variables)),
        unset_env,
        // Data and links need a working folder of their own as well.
        code: Some(if let Some(from) = &plan.gang().archive {
            Code::Archive { from: from.clone(), file: paths.cache().join("code.tar.gz") }
        } else if plan.gang().code.is_some()
            || !code.is_empty()
            || !links.is_empty()
            || !places.data.is_empty()
        {
            Code::Parts { dir: paths.code(), files: code }
        } else {
            Code::Image(folder.to_owned())
        }),
        links,
        work_dir: paths.attempts(),
        setup: plan.gang().setup.clone(),
        cache_dir: paths.cache(),
        make_dirs: outputs.paths(),
        own_ports: own_ports(&layout, &replica, &primary),
        termination_file: TERMINATION_FILE.into(),
        memory_limit: pod.memory_limit.or(role.memory.map(|memory| memory.bytes)),
        accelerators: role.accelerators.is_some(),
        controller: plan.gang().controller.is_some(),
        serving: plan.gang().serving.is_some(),
        metrics: plan.gang().metrics.clone().filter(|_| replica == *plan.gang().primary()),
        places,
        past,
        runtime: AgentRuntime::Pod,
        known: Known::default(),
        replica,
    };
    config.add(withheld);
    let referred = role.env.iter().filter(|variable| variable.value_from.is_some());
    let referred = referred.filter_map(|variable| variables.get(&variable.name)).cloned();
    config.known.add(referred);
    let mut inherited = variables.clone();
    let home = inherited.get("HOME").map_or("", String::as_str);
    // What a runtime says for a user that the image doesn't know is `/`.
    if home.is_empty() || home == "/" || !is_writable(Path::new(home)) {
        inherited.insert("HOME".into(), paths.home().to_string_lossy().into_owned());
    }
    inherited.entry("USER".into()).or_insert_with(|| USER.into());
    inherited.extend(secrets);
    Ok(Pod { config, environment: inherited.into_iter().collect() })
}

/// Where this pod learns what was before it. What it keeps itself is beside the output of a gang, where
/// that is a folder that outlives the pod.
fn past(
    plan: &Plan,
    replica: &ReplicaId,
    output: &str,
    paths: &PodPaths,
    pod: &PodIdentity,
) -> PastFiles {
    let gang = plan.gang();
    let outlives = gang.output.as_ref().is_some_and(|output| output.claim().is_some());
    let keeps = outlives && replica == gang.primary() && !plan.is_tasks();
    PastFiles {
        followed: Some(paths.past().join(PAST_FILE)),
        kept: keeps.then(|| Path::new(output).join(format!(".mlctl-{}.json", plan.head.run))),
        replaced: pod.generation,
        disruptions: pod.disruptions,
    }
}

/// The variables of a role's container that its plan may not name: where a Secret is given as a whole,
/// nothing tells its keys from what the image sets, so all of them count.
fn unnamed_variables(role: &RolePlan, variables: &BTreeMap<String, String>) -> Vec<String> {
    let whole = role.secrets.iter().any(|secret| secret.mount_path.is_none());
    variables.keys().filter(|_| whole).cloned().collect()
}

fn peers(gang: &GangConfig, layout: &dyn Addresses, replica: &ReplicaId) -> Vec<String> {
    let members = gang.members.iter().map(|member| &member.replica);
    members.filter(|other| *other != replica).map(|other| layout.host(other)).collect()
}

fn own_ports(layout: &dyn Addresses, replica: &ReplicaId, primary: &ReplicaId) -> Vec<u16> {
    let mut ports = vec![layout.port(replica, Port::Rendezvous)];
    if replica == primary {
        ports.push(layout.port(replica, Port::Master));
    }
    ports
}

/// What a role keeps secret; a role without any of it has no file.
fn secret_file<T: DeserializeOwned + Default>(path: &Path) -> Result<T, PodError> {
    match fs_err::read(path) {
        Ok(bytes) => {
            serde_json::from_slice(&bytes).map_err(|error| malformed(path, error.to_string()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(T::default()),
        Err(error) => Err(error.into()),
    }
}

fn read(path: &Path) -> Result<PodDocument, PodError> {
    read_document(&fs_err::read(path)?, DOCUMENT_VERSION).map_err(|error| match error {
        FormatError::Newer { found, known } => {
            PodError::Newer { path: path.to_owned(), found, known }
        }
        FormatError::Damaged(reason) => malformed(path, reason),
    })
}

fn malformed(path: &Path, reason: String) -> PodError {
    PodError::Malformed { path: path.to_owned(), reason }
}

/// Relative, and never upwards.
fn stays_within(path: &str) -> bool {
    let mut parts = Path::new(path).components().peekable();
    parts.peek().is_some() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// A link at `path` leads upwards no further than the working folder, and then only down: behind a name,
/// which may be another link, nobody knows what `..` is.
fn leads_within(path: &str, to: &str) -> bool {
    let depth = Path::new(path).components().count().saturating_sub(1);
    let mut down = Path::new(to).components().peekable();
    let mut up = 0;
    while down.next_if_eq(&Component::ParentDir).is_some() {
        up += 1;
    }
    up <= depth && down.all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

/// A path in the working folder, or one at which the pod has a folder for it; never upwards.
fn is_target(path: &str) -> bool {
    stays_within(path.strip_prefix('/').unwrap_or(path))
}

fn is_name(part: &str) -> bool {
    !part.contains('/') && stays_within(part)
}
