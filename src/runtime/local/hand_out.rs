//! Which GPUs the commands of a run see: leased ones for who asks, none for who doesn't ask beside them,
//! and what nobody has leased where nobody of the run asks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::assign::{Given, Want, assign, share};
use super::config::LocalConfig;
use super::foreign_use::foreign_use;
use super::gpu::{Choice, VARIABLE, choice, sets_it};
use super::leases::Leases;
use super::nvidia_smi::DriverError;
use super::process;
use super::queue::Queue;
use crate::gang::{ReplicaId, RunId};
use crate::hardware::gpus::Gpu;
use crate::plan::{Plan, RolePlan};
use crate::runtime::{Notice, RuntimeError, SubmitOptions};
use crate::spec::Accelerators;
use crate::store::{FileLock, RunPaths};

/// Whoever hands out GPUs is done within this time, unless its machine stands still.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the replicas of a run are shown.
#[derive(Debug, Default)]
pub(super) struct HandedOut {
    /// Variables of each replica, which go over the user's own.
    pub(super) env: BTreeMap<ReplicaId, BTreeMap<&'static str, String>>,
    /// What the user should know.
    pub(super) notices: Vec<Notice>,
}

/// A role with what it asks for and what it may be given.
pub(super) struct Asking<'a> {
    pub(super) role: &'a RolePlan,
    pub(super) accelerators: &'a Accelerators,
    pub(super) choice: Choice,
}

impl Asking<'_> {
    pub(super) fn want(&self) -> Want {
        let fitting = self.choice.devices.iter().filter(|one| one.fits(&self.accelerators.kind));
        let mut candidates: Vec<_> = fitting.cloned().collect();
        // A whole GPU is more than a slice of one.
        candidates.sort_by_key(|one| one.is_slice);
        Want { replicas: self.role.replicas, count: self.accelerators.count, candidates }
    }

    /// `role worker: 2 x nvidia-l4 wanted`.
    pub(super) fn wish(&self) -> String {
        let total = u64::from(self.accelerators.count) * u64::from(self.role.replicas);
        format!("role {}: {total} x {} wanted", self.role.name, self.accelerators.kind)
    }
}

/// The roles of a plan that ask for accelerators.
pub(super) fn asking<'a>(config: &LocalConfig, plan: &'a Plan, gpus: &[Gpu]) -> Vec<Asking<'a>> {
    let roles = plan.gang().roles.iter();
    let asking = roles.filter_map(|role| {
        let accelerators = role.accelerators.as_ref()?;
        Some(Asking { role, accelerators, choice: choice(config, Some(role), gpus) })
    });
    asking.collect()
}

/// Somebody in the plan asks for accelerators.
pub(super) fn asks(plan: &Plan) -> bool {
    plan.gang().roles.iter().any(|role| role.accelerators.is_some())
}

/// The devices that living runs other than this one have leased, with their run.
pub(super) fn leased(
    config: &LocalConfig,
    run: Option<&RunId>,
    alive: &dyn Fn(&RunId) -> bool,
) -> BTreeMap<String, RunId> {
    let all = Leases::gpus(&config.state).all().into_iter();
    all.filter(|(_, holder)| Some(holder) != run && alive(holder)).collect()
}

/// Leases what the plan asks for and says what each replica sees.
pub(super) fn hand_out(
    config: &LocalConfig,
    plan: &Plan,
    run: &RunPaths,
    options: &SubmitOptions,
    alive: &dyn Fn(&RunId) -> bool,
) -> Result<HandedOut, RuntimeError> {
    // What decides over other runs computes nothing itself, and its runs choose from what it sees.
    if plan.gang().controller.is_some() {
        return Ok(HandedOut::default());
    }
    if !asks(plan) {
        let leased = leased(config, Some(&run.run), alive);
        if leased.is_empty() {
            return Ok(HandedOut::default());
        }
        return Ok(HandedOut { env: what_is_left(config, plan, &leased), notices: Vec::new() });
    }
    let mut handed = HandedOut::default();
    let given = match config.nvidia_smi.gpus() {
        Ok(gpus) => lease(config, plan, run, options, alive, &gpus, &mut handed.notices)?,
        // `check` has said it.
        Err(_) if options.allow_cpu => BTreeMap::new(),
        // `check` has found it well, and a run that waits asks it for hours.
        Err(error @ (DriverError::Hangs | DriverError::Failed(_))) if options.queue => {
            return Err(RuntimeError::Queued(error.to_string()));
        }
        Err(error) => return Err(RuntimeError::Refused(vec![error.to_string()])),
    };
    let mut load: BTreeMap<&str, usize> = BTreeMap::new();
    given.values().flatten().for_each(|uuid| *load.entry(uuid).or_default() += 1);
    for (role, replica) in plan.gang().replicas() {
        let mine = given.get(&replica);
        if mine.is_none() && role.accelerators.is_none() && sets_it(role) {
            // The spec says what this one sees.
            continue;
        }
        let env = handed.env.entry(replica).or_default();
        env.insert(VARIABLE, mine.map(|uuids| uuids.join(",")).unwrap_or_default());
        let most = mine.into_iter().flatten().filter_map(|uuid| load.get(uuid.as_str())).max();
        if let Some(sharers) = most.filter(|sharers| **sharers > 1) {
            env.extend(shares(config, role, *sharers));
        }
    }
    if load.values().any(|sharers| *sharers > 1) {
        handed.notices.push(Notice(SHARED.into()));
    }
    let taken: Vec<&str> = load.keys().copied().collect();
    if let Ok(gpus) = config.nvidia_smi.gpus() {
        handed.notices.extend(foreign_use(config, &gpus, &taken));
    }
    Ok(handed)
}

/// What a rehearsal with several replicas on one device is like.
const SHARED: &str = "--share-gpus: several replicas use one GPU. NCCL refuses two ranks on one device \
     (`Duplicate GPU detected`): use gloo here. JAX gets an even share of the memory and TensorFlow takes \
     only what it needs; PyTorch does so too, and `torch.cuda.set_per_process_memory_fraction` limits it";

/// The variables by which frameworks share a device's memory, unless the user has set them. PyTorch has
/// none that all its versions of today know: an older one refuses `per_process_memory_fraction` in
/// `PYTORCH_CUDA_ALLOC_CONF`. JAX refuses both names of its own at once.
fn shares(config: &LocalConfig, role: &RolePlan, sharers: usize) -> BTreeMap<&'static str, String> {
    const JAX: [&str; 2] = ["XLA_PYTHON_CLIENT_MEM_FRACTION", "XLA_CLIENT_MEM_FRACTION"];
    const TENSORFLOW: &str = "TF_FORCE_GPU_ALLOW_GROWTH";
    let is_set = |name: &str| {
        config.env.contains_key(name) || role.env.iter().any(|variable| variable.name == name)
    };
    let mut env = BTreeMap::new();
    if !JAX.iter().any(|name| is_set(name)) {
        // A tenth stays for what each process needs beside its arrays.
        let fraction = (90.0 / sharers as f64).floor().max(1.0) / 100.0;
        env.insert(JAX[0], format!("{fraction:.2}"));
    }
    if !is_set(TENSORFLOW) {
        env.insert(TENSORFLOW, "true".into());
    }
    env
}

/// For a plan in which nobody asks, while other runs have leased devices: what they have not.
fn what_is_left(
    config: &LocalConfig,
    plan: &Plan,
    leased: &BTreeMap<String, RunId>,
) -> BTreeMap<ReplicaId, BTreeMap<&'static str, String>> {
    // What a driver that fails has can't be told from what is another's.
    let gpus = config.nvidia_smi.gpus();
    if gpus == Err(DriverError::Missing) {
        return BTreeMap::new();
    }
    let gpus = gpus.unwrap_or_default();
    let left = choice(config, None, &gpus).devices.into_iter().map(|device| device.uuid);
    let left: Vec<String> = left.filter(|uuid| !leased.contains_key(uuid)).collect();
    let left = left.join(",");
    let replicas = plan.gang().replicas().filter(|(role, _)| !sets_it(role));
    replicas.map(|(_, replica)| (replica, [(VARIABLE, left.clone())].into())).collect()
}

/// Takes the leases; gives the devices of each replica that gets some.
fn lease(
    config: &LocalConfig,
    plan: &Plan,
    run: &RunPaths,
    options: &SubmitOptions,
    alive: &dyn Fn(&RunId) -> bool,
    gpus: &[Gpu],
    notices: &mut Vec<Notice>,
) -> Result<BTreeMap<ReplicaId, Vec<String>>, RuntimeError> {
    let (leases, queue) = (Leases::gpus(&config.state), Queue::gpus(&config.state));
    let asking = asking(config, plan, gpus);
    let wants: Vec<Want> = asking.iter().map(Asking::want).collect();
    // Several runs that want several devices each would take some of each other's.
    let _lock = lock(&leases)?;
    let mut held = leased(config, Some(&run.run), alive);
    let mut before = queue.before(&run.run, alive);
    // It keeps its place for when it goes on.
    before.retain(|ticket| !process::is_stopped(&RunPaths::new(run.state(), &ticket.run)));
    let mut behind: BTreeSet<RunId> = BTreeSet::new();
    for ticket in &before {
        for uuid in &ticket.devices {
            held.entry(uuid.clone()).or_insert_with(|| ticket.run.clone());
        }
    }
    let is_free = |device: &crate::hardware::gpus::Device| !held.contains_key(&device.uuid);
    let mut given = assign(&wants, &is_free);
    if options.share_gpus && given.iter().any(Result::is_err) {
        given = share(&wants, &is_free);
    }
    // What would do once nobody else holds any; `check` has told of the others.
    let in_time = assign(&wants, &|_| true);
    let mut short = Vec::new();
    for (((asking, want), given), in_time) in asking.iter().zip(&wants).zip(&given).zip(&in_time) {
        let Err(free) = given else { continue };
        if options.allow_cpu && in_time.is_err() {
            continue;
        }
        if options.allow_cpu && !options.queue {
            notices.push(Notice(format!(
                "{}, {free} free: all its replicas run on the CPU",
                asking.wish()
            )));
            continue;
        }
        let holders = want.candidates.iter().filter_map(|one| held.get(&one.uuid));
        behind.extend(holders.cloned());
        let wanted = |uuid: &String| want.candidates.iter().any(|one| one.uuid == *uuid);
        let ahead = before.iter().filter(|ticket| ticket.devices.iter().any(wanted));
        behind.extend(ahead.map(|ticket| ticket.run.clone()));
        short.push(format!("{}, {free} free", asking.wish()));
    }
    if !short.is_empty() {
        let waiting: BTreeSet<&RunId> = before.iter().map(|ticket| &ticket.run).collect();
        let name = |run: &RunId| {
            let waits = if waiting.contains(run) { " (waits)" } else { "" };
            format!("{run}{waits}")
        };
        let behind = behind.iter().map(name).collect::<Vec<_>>().join(", ");
        let short = short.join("; ");
        if options.queue {
            let all = wants.iter().flat_map(|want| &want.candidates);
            let uuids: Vec<String> = all.map(|device| device.uuid.clone()).collect();
            queue.join(&run.run, &uuids, alive)?;
            return Err(RuntimeError::Queued(format!("{short}; behind {behind}")));
        }
        return Err(RuntimeError::Busy(format!(
            "{short}; other runs hold the rest: {behind}. Wait for them with --wait, cancel one, or pass \
             --allow-cpu"
        )));
    }
    take(&leases, &given, run, options, alive)?;
    queue.leave(&run.run);
    let mut of_replicas = BTreeMap::new();
    for (asking, given) in asking.iter().zip(given) {
        for (index, uuids) in given.unwrap_or_default().into_iter().enumerate() {
            let index = u32::try_from(index).unwrap_or_default();
            of_replicas.insert(ReplicaId::new(&asking.role.name, index), uuids);
        }
    }
    Ok(of_replicas)
}

/// The lock under which devices are handed out.
pub(super) fn lock(leases: &Leases) -> Result<FileLock, RuntimeError> {
    let path = leases.lock_file()?;
    FileLock::acquire(&path, PATIENCE)
        .map_err(|error| RuntimeError::Unsupported(format!("GPUs can't be handed out: {error}")))
}

/// All of them or none.
fn take(
    leases: &Leases,
    given: &[Given],
    run: &RunPaths,
    options: &SubmitOptions,
    alive: &dyn Fn(&RunId) -> bool,
) -> Result<(), RuntimeError> {
    let uuids: BTreeSet<&String> = given.iter().flatten().flatten().flatten().collect();
    for uuid in uuids {
        if !leases.take(uuid, &run.run, alive)? {
            leases.release(&run.run);
            // An older mlctl takes leases without the lock.
            let holder = leases.holder(uuid).map(String::from).unwrap_or_default();
            let why = format!("run {holder} has just taken {uuid}");
            let error = if options.queue { RuntimeError::Queued } else { RuntimeError::Busy };
            return Err(error(why));
        }
    }
    Ok(())
}
