//! One replica as it is seen from outside: what its events make of it.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Serialize;

use super::wait::{Activity, Install, Wait};
use crate::event::{Event, EventKind, PodSight, PodState};
use crate::gang::{Attempt, Exit, Outcome, ReplicaId, Usage};

/// What a replica is doing, as far as events tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ReplicaState {
    /// Nothing has been heard of it.
    #[default]
    Pending,
    /// The set-up before its first command is under way.
    SettingUp,
    /// It is ready and waits for the others.
    Waiting,
    /// The command is running.
    Running,
    /// Its command ended with 0.
    Succeeded,
    /// The command failed by itself: by its exit code or by a signal that the gang did not send.
    Failed,
    /// The gang ended its command.
    Stopped,
    /// Its agent, or the connection to it, is gone.
    Lost,
    /// The node of its pod is silent, so that nobody knows.
    Unknown,
}

impl ReplicaState {
    /// The word that users read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::SettingUp => "setting up",
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Lost => "lost",
            Self::Unknown => "unknown",
        }
    }

    /// Nothing of it runs.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Stopped | Self::Lost)
    }
}

/// How a command ended in one attempt.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PastExit {
    /// The attempt in which the command ran, from 1 on.
    pub attempt: Attempt,
    /// When the command ended, by its machine's clock.
    pub time: Timestamp,
    /// Exit code or signal, its class, and the last lines of output.
    pub exit: Exit,
}

/// One replica as events describe it: serialised in `status -o json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplicaView {
    /// The role's name and the index in it, for example `worker-1`.
    pub replica: ReplicaId,
    /// What the replica is doing, or how its command ended.
    pub state: ReplicaState,
    /// The last attempt that an event of it belongs to; 0 before the first.
    pub attempt: Attempt,
    /// Its command's process, while there is one.
    pub pid: Option<u32>,
    /// When its command started.
    pub since: Option<Timestamp>,
    /// When its command ended.
    pub until: Option<Timestamp>,
    /// What it used when last heard of.
    pub usage: Option<Usage>,
    /// The largest memory it was seen to use, over all attempts.
    pub peak_memory: u64,
    /// The most memory of its accelerators that it was seen to use, over all attempts; absent where that
    /// was never known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_accelerator_memory: Option<u64>,
    /// The last step that it reported.
    pub step: Option<u64>,
    /// The last value of every number that it reported.
    pub metrics: IndexMap<String, f64>,
    /// What it is doing just now, for example a line of its set-up.
    pub activity: Option<Activity>,
    /// Why it was lost.
    pub lost: Option<String>,
    /// The node of its pod, in a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// What that node calls the image of its command, by the digest, in a cluster that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_id: Option<String>,
    /// What the cluster shows of its pod, where it is not simply there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod: Option<PodSight>,
    /// All exits of its command, oldest first.
    pub exits: Vec<PastExit>,
    /// What it was doing when its node went silent.
    #[serde(skip)]
    before: Option<ReplicaState>,
}

impl ReplicaView {
    /// A replica of which nothing is known.
    pub fn new(replica: ReplicaId) -> Self {
        Self {
            replica,
            state: ReplicaState::Pending,
            attempt: 0,
            pid: None,
            since: None,
            until: None,
            usage: None,
            peak_memory: 0,
            peak_accelerator_memory: None,
            step: None,
            metrics: IndexMap::new(),
            activity: None,
            lost: None,
            node: None,
            image_id: None,
            pod: None,
            exits: Vec::new(),
            before: None,
        }
    }

    /// The exit of its last attempt, if it has ended.
    pub fn last_exit(&self) -> Option<&Exit> {
        self.exits.last().filter(|past| past.attempt == self.attempt).map(|past| &past.exit)
    }

    /// Takes in one of its own events.
    pub fn fold(&mut self, event: &Event) {
        match &event.kind {
            EventKind::AgentStarted { .. } => {
                self.state = ReplicaState::Pending;
                self.lost = None;
                self.activity = None;
            }
            EventKind::Waiting { reason, message } => {
                if !matches!(self.state, ReplicaState::Running | ReplicaState::Unknown) {
                    self.state = ReplicaState::Pending;
                }
                self.activity = Some(Activity::Waits(Wait::new(reason, message)));
            }
            EventKind::Placed { node, image_id, .. } => {
                self.node = Some(node.clone());
                self.image_id.clone_from(image_id);
                self.activity = None;
            }
            EventKind::PodChanged { state, message } => {
                self.seen(PodSight::of(*state, event.time, message));
            }
            EventKind::SetupStarted => {
                self.state = ReplicaState::SettingUp;
                self.activity = Some(Activity::SetsUp("set-up".into()));
            }
            EventKind::InstallStarted { with } => {
                self.activity = Some(Activity::Installs(Install {
                    with: with.clone(),
                    since: event.time,
                    packages: 0,
                    line: String::new(),
                }));
            }
            EventKind::SetupProgress { line, packages } => match &mut self.activity {
                Some(Activity::Installs(install)) => {
                    install.packages = packages.unwrap_or(install.packages);
                    install.line.clone_from(line);
                }
                _ => self.activity = Some(Activity::SetsUp(line.clone())),
            },
            EventKind::InstallFinished { .. } => {
                self.activity = Some(Activity::SetsUp("set-up".into()));
            }
            EventKind::SetupFinished { .. } | EventKind::Joined { .. } => {
                self.state = ReplicaState::Waiting;
                self.activity = None;
            }
            EventKind::CommandStarted { pid } => {
                self.state = ReplicaState::Running;
                self.attempt = event.attempt;
                self.pid = Some(*pid);
                self.since = Some(event.time);
                self.until = None;
                self.activity = None;
            }
            EventKind::ReplicaRunning if self.attempt < event.attempt => {
                self.state = ReplicaState::Running;
                self.attempt = event.attempt;
                self.since = Some(event.time);
                self.until = None;
            }
            EventKind::CommandExited { exit } => {
                self.exited(event.attempt, event.time, exit);
            }
            EventKind::ReplicaLost { reason } if !self.state.is_over() => {
                self.state = ReplicaState::Lost;
                self.lost = Some(reason.clone());
                self.ended(event.time);
            }
            EventKind::ReplicaStopped { .. } if !self.state.is_over() => {
                self.state = ReplicaState::Stopped;
                self.ended(event.time);
            }
            EventKind::TaskEnded { verdict, .. } if !self.state.is_over() => {
                self.state = match verdict.outcome {
                    Outcome::Failed | Outcome::CouldNotStart => ReplicaState::Failed,
                    Outcome::Succeeded => ReplicaState::Succeeded,
                    Outcome::Cancelled | Outcome::TimedOut => ReplicaState::Stopped,
                };
                self.ended(event.time);
            }
            EventKind::Metrics { step, values, earlier } => {
                let before = earlier.iter().map(|point| (point.step, &point.values));
                for (step, values) in before.chain([(*step, values)]) {
                    self.step = step.or(self.step);
                    self.metrics.extend(values.iter().map(|(name, value)| (name.clone(), *value)));
                }
            }
            EventKind::Usage { usage } => {
                self.usage = Some(*usage);
                self.peak_memory = self.peak_memory.max(usage.memory);
                self.peak_accelerator_memory =
                    self.peak_accelerator_memory.max(usage.accelerator_memory);
            }
            _ => {}
        }
    }

    /// Its command has ended.
    pub(super) fn exited(&mut self, attempt: Attempt, time: Timestamp, exit: &Exit) {
        self.state = match exit {
            exit if exit.status.is_success() => ReplicaState::Succeeded,
            exit if exit.killed_by_gang => ReplicaState::Stopped,
            _ => ReplicaState::Failed,
        };
        self.attempt = attempt;
        self.ended(time);
        self.exits.push(PastExit { attempt, time, exit: exit.clone() });
    }

    /// The run is over: what still seemed to run was ended with it.
    pub(crate) fn run_ended(&mut self, time: Timestamp) {
        if self.state == ReplicaState::Running {
            self.state = ReplicaState::Stopped;
            self.ended(time);
        }
        self.usage = None;
        self.pod = None;
    }

    /// Takes in what the cluster shows of its pod. What is gone does not run, whatever its agent told last,
    /// and nobody knows that of a silent node.
    fn seen(&mut self, sight: Option<PodSight>) {
        match &sight {
            None if self.state == ReplicaState::Unknown => {
                self.state = self.before.take().unwrap_or_default();
            }
            Some(PodSight { state: PodState::Gone, since, .. }) if !self.state.is_over() => {
                self.state = ReplicaState::Lost;
                self.lost = sight.as_ref().map(ToString::to_string);
                self.ended(*since);
            }
            Some(PodSight { state: PodState::Unknown, .. })
                if !self.state.is_over() && self.state != ReplicaState::Unknown =>
            {
                self.before = Some(self.state);
                self.state = ReplicaState::Unknown;
            }
            _ => {}
        }
        self.pod = sight;
    }

    fn ended(&mut self, time: Timestamp) {
        self.pid = None;
        self.until = Some(time);
        self.usage = None;
        self.activity = None;
    }
}
