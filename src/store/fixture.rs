//! What the tests of the store, the report and the followers share: a plan and a scripted runtime.

use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};

use super::{CreatedRun, EndpointPaths, NewRun, NotesPaths, RunPaths, Store};
use crate::event::Cursor;
use crate::event::{EVENT_VERSION, Event, EventKind};
use crate::gang::{
    Attempt, Exit, ExitStatus, FailureClass, FirstFailure, Outcome, ReplicaId, RunId, Verdict,
};
use crate::plan::{Plan, RuntimeDefaults};
use crate::runtime::{
    ClusterError, ExecRequest, GpuView, Holding, Holdings, Inventory, LogLine, LogQuery, LogReader,
    Notes, Notice, Outputs, Runs, RuntimeError, SecretValues, SubmitOptions,
};

pub(crate) fn plan(run: &str, workers: u32) -> Plan {
    let members: Vec<_> =
        (0..workers).map(|i| serde_json::json!({"replica": format!("worker-{i}")})).collect();
    let span = |secs: u64| serde_json::json!({"secs": secs, "nanos": 0});
    serde_json::from_value(serde_json::json!({
        "schemaVersion": 1, "run": run, "name": run.rsplit_once('-').map_or(run, |(n, _)| n),
        "labels": {"team": "vision"}, "framework": "none", "strategy": null,
        "roles": [{
            "name": "worker", "replicas": workers, "image": null,
            "command": ["python", "train.py"], "entrypointArgs": [], "env": [], "secrets": [],
            "cpu": "2", "memory": "4Gi", "accelerators": null, "nodeSelector": {},
            "tolerations": [], "volumes": []
        }],
        "code": null, "setup": null, "output": null, "security": "restricted",
        "gang": {
            "run": run, "jobUid": run, "members": members, "completion": "all",
            "budgets": {"userError": 0, "transientSignal": 3, "infrastructure": 3},
            "timeout": span(7200), "startTimeout": span(120), "rejoinTimeout": span(0),
            "drain": span(60), "grace": span(15), "lease": span(15), "killBound": span(10),
            "blameHold": span(3), "outsidePause": span(3)
        }
    }))
    .expect("a plan")
}

/// A plan of so many tasks.
pub(crate) fn tasks(run: &str, workers: u32) -> Plan {
    let mut json = serde_json::to_value(plan(run, workers)).expect("JSON");
    let span = |secs: u64| serde_json::json!({"secs": secs, "nanos": 0});
    json["schemaVersion"] = 2.into();
    json["batch"] = serde_json::json!({
        "output": "s3://bucket/out", "job": "0", "maxBatchSize": 64, "maxBatchBytes": 1_000_000,
        "maxLineBytes": 1_000_000, "requestTimeout": span(60),
        "server": {"protocol": "tensorflowRest", "modelName": "m", "startTimeout": span(60),
            "restarts": 3},
    });
    serde_json::from_value(json).expect("a plan")
}

/// The plan of an endpoint in a cluster with two revisions: `v1`, with code and a secret, and `v2`, which
/// the cluster scales.
pub(crate) fn service() -> Plan {
    let json = include_str!("../../tests/it/formats/v9/plan-service.json");
    Plan::read(json.as_bytes()).expect("a plan")
}

pub(crate) fn create(store: &Store, name: &str, workers: u32) -> CreatedRun {
    let reservation = store.reserve(name).expect("an id");
    let plan = plan(reservation.run(), workers);
    let new = NewRun {
        kind: "TrainJob",
        runtime: "local".into(),
        created: super::now(),
        cwd: "/work".into(),
        user: "ada".into(),
        host: "laptop".into(),
        argv: vec!["mlctl".into(), "train".into()],
        git: None,
        code: None,
        source: "name: x\n",
        resolved: "name: x\n",
        plan: &plan,
    };
    store.create_run(reservation, &new).expect("a run")
}

/// The events of a story, a second apart.
pub(crate) struct Story {
    run: RunId,
    seconds: i64,
    attempt: Attempt,
    pub(crate) events: Vec<Event>,
}

impl Story {
    pub(crate) fn new(run: &str) -> Self {
        Self { run: run.into(), seconds: 0, attempt: 0, events: Vec::new() }
    }

    pub(crate) fn then(mut self, who: &str, kind: EventKind) -> Self {
        self.seconds += 1;
        if matches!(kind, EventKind::AttemptStarted) {
            self.attempt += 1;
        }
        let start: Timestamp = "2026-11-24T12:00:00Z".parse().expect("a time");
        self.events.push(Event {
            v: EVENT_VERSION,
            seq: self.events.len() as u64 + 1,
            time: start + SignedDuration::from_secs(self.seconds),
            run: self.run.clone(),
            attempt: self.attempt,
            replica: who.parse().ok(),
            kind,
        });
        self
    }

    /// All join and run.
    pub(crate) fn started(mut self, workers: u32) -> Self {
        for index in 0..workers {
            let missing = (index + 1..workers).map(|i| ReplicaId::new("worker", i)).collect();
            self = self.then(&format!("worker-{index}"), EventKind::Joined { missing });
        }
        self = self.then("", EventKind::AttemptStarted);
        for index in 0..workers {
            let kind = EventKind::CommandStarted { pid: 100 + index };
            self = self.then(&format!("worker-{index}"), kind);
        }
        self
    }

    pub(crate) fn exited(self, who: &str, exit: Exit) -> Self {
        self.then(who, EventKind::CommandExited { exit })
    }

    pub(crate) fn failed_first(self, who: &str, class: FailureClass, exit: Option<Exit>) -> Self {
        let failure = self.failure(who, class, exit);
        self.then("", EventKind::FirstFailure { failure })
    }

    pub(crate) fn failure(
        &self,
        who: &str,
        class: FailureClass,
        exit: Option<Exit>,
    ) -> FirstFailure {
        let reason = exit.as_ref().map_or("its agent is gone".into(), |exit| exit.reason.clone());
        let replica = who.parse().expect("a replica");
        FirstFailure { attempt: self.attempt, replica, class, exit, reason }
    }

    pub(crate) fn finished(
        self,
        outcome: Outcome,
        first_failure: Option<FirstFailure>,
        reason: &str,
    ) -> Self {
        let verdict =
            Verdict { outcome, attempt: self.attempt, first_failure, reason: reason.into() };
        self.then("", EventKind::Finished { verdict, inferred: None, unsubmitted: false })
    }
}

pub(crate) fn exit(status: ExitStatus, class: Option<FailureClass>, lines: &[&str]) -> Exit {
    let reason = match status {
        ExitStatus::Code(code) => format!("exit code {code}"),
        ExitStatus::Signal(signal) => {
            format!("killed by {}", crate::text::signal_name(signal))
        }
        ExitStatus::NotStarted => "could not be started".into(),
    };
    let last_lines = lines.iter().map(ToString::to_string).collect();
    Exit { status, class, peer_loss: false, killed_by_gang: false, reason, last_lines }
}

/// A runtime that tells a story, some events at a time.
pub(crate) struct Scripted {
    pub(crate) events: Vec<Event>,
    pub(crate) step: usize,
    pub(crate) lines: Mutex<Vec<LogLine>>,
    pub(crate) cancelled: Mutex<Vec<String>>,
    /// So many times it can't be reached once it has told something.
    pub(crate) away: Mutex<usize>,
}

impl Scripted {
    pub(crate) fn new(events: Vec<Event>, step: usize) -> Self {
        Self {
            events,
            step,
            lines: Mutex::default(),
            cancelled: Mutex::default(),
            away: Mutex::default(),
        }
    }
}

struct Lines(Vec<LogLine>);

impl LogReader for Lines {
    fn read(&mut self) -> Result<Vec<LogLine>, RuntimeError> {
        Ok(std::mem::take(&mut self.0))
    }

    fn is_caught_up(&self) -> bool {
        self.0.is_empty()
    }

    fn finish(&mut self, _: Option<&ReplicaId>) -> Vec<LogLine> {
        Vec::new()
    }
}

impl Runs for Scripted {
    fn name(&self) -> String {
        "local".into()
    }

    fn defaults(&self) -> RuntimeDefaults {
        RuntimeDefaults::LOCAL
    }

    fn check(&self, _: &Plan, _: &SubmitOptions) -> Result<Vec<Notice>, RuntimeError> {
        Ok(Vec::new())
    }

    fn ensure(
        &self,
        _: &Plan,
        _: &RunPaths,
        _: &SecretValues,
        _: &SubmitOptions,
    ) -> Result<Vec<Notice>, RuntimeError> {
        Ok(Vec::new())
    }

    fn observe(&self, _: &RunPaths, cursor: &mut Cursor) -> Result<Vec<Event>, RuntimeError> {
        let at = cursor.logs.entry("story".into()).or_default();
        let from = *at as usize;
        let mut away = self.away.lock().unwrap();
        if from > 0 && *away > 0 {
            *away -= 1;
            let (context, server) = ("prod".into(), "https://k8s.example".into());
            let reason = "connection refused".into();
            return Err(ClusterError::Unreachable { context, server, reason }.into());
        }
        let to = (from + self.step).min(self.events.len());
        *at = to as u64;
        Ok(self.events[from..to].to_vec())
    }

    fn cancel(&self, _: &RunPaths, by: &str) -> Result<Vec<Notice>, RuntimeError> {
        self.cancelled.lock().unwrap().push(by.into());
        Ok(Vec::new())
    }

    fn is_gone(&self, _: &RunPaths) -> Result<bool, RuntimeError> {
        Ok(true)
    }

    fn remove(&self, _: &RunPaths) -> Result<(), RuntimeError> {
        Ok(())
    }

    fn exec(&self, _: &RunPaths, _: &ReplicaId, _: &ExecRequest) -> Result<u8, RuntimeError> {
        Err(RuntimeError::Unsupported("no".into()))
    }
}

impl Notes for Scripted {
    fn read_notes(&self, _: &NotesPaths, _: u64) -> Result<Vec<u8>, RuntimeError> {
        Ok(Vec::new())
    }
    fn add_notes(&self, _: &NotesPaths, _: &[u8]) -> Result<(), RuntimeError> {
        Ok(())
    }
    fn shown(&self, _: &EndpointPaths) -> Result<Option<Vec<u8>>, RuntimeError> {
        Ok(None)
    }
}

impl Outputs for Scripted {
    fn logs(&self, _: &RunPaths, _: &LogQuery) -> Result<Box<dyn LogReader>, RuntimeError> {
        Ok(Box::new(Lines(std::mem::take(&mut *self.lines.lock().unwrap()))))
    }
}

impl Inventory for Scripted {
    fn holdings(&self) -> Result<Holdings, RuntimeError> {
        Ok(Holdings::default())
    }

    fn discard(&self, _: &Holding) -> Result<(), RuntimeError> {
        Ok(())
    }

    fn gpus(&self) -> Result<GpuView, RuntimeError> {
        Err(RuntimeError::Unsupported("a script has no accelerators".into()))
    }
}
