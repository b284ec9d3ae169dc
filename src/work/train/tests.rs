//! The planner against literal expectations.

use indexmap::IndexMap;

use super::*;
use crate::gang::ReplicaId;
use crate::plan::rendezvous::{OutputDirs, environment};
use crate::plan::{Addresses, PlanContext, Port, RuntimeDefaults};
use crate::spec::{Accelerators, EnvVar, Framework, Role, TrainJob};

/// Replica `worker-1` is at `worker-1.svc`.
struct Dns;

pub(crate) fn addresses() -> impl Addresses {
    Dns
}

impl Addresses for Dns {
    fn host(&self, replica: &ReplicaId) -> String {
        format!("{replica}.svc")
    }
    fn port(&self, _: &ReplicaId, port: Port) -> u16 {
        match port {
            Port::Rendezvous => 2222,
            Port::Master => 29500,
            Port::Gang => 7000,
        }
    }
}

pub(crate) fn job(framework: Framework, roles: &[(&str, u32)]) -> TrainJob {
    let mut job: TrainJob = serde_json::from_str(
        r#"{"apiVersion":"mlctl.dev/v1","kind":"TrainJob","name":"digits",
            "command":["python","train.py"],"args":["--epochs=5"]}"#,
    )
    .unwrap();
    job.framework = framework;
    job.roles = roles
        .iter()
        .map(|(name, replicas)| {
            ((*name).to_owned(), Role { replicas: *replicas, ..Role::default() })
        })
        .collect();
    job
}

pub(crate) fn context() -> PlanContext {
    PlanContext {
        run: "digits-abc123".into(),
        runtime_defaults: RuntimeDefaults::LOCAL,
        code_base: "/home/me/job".into(),
    }
}

fn env_of(job: &TrainJob, replica: &str) -> IndexMap<String, String> {
    let plan = plan(job, &context()).unwrap();
    let outputs = OutputDirs {
        model: "s3://b/x/model".into(),
        checkpoints: "/out/checkpoints/".into(),
        logs: "/out/logs".into(),
    };
    environment(&plan, &replica.parse().unwrap(), &Dns, &outputs).unwrap()
}

#[test]
fn a_replica_that_is_not_in_the_plan_has_no_environment() {
    let plan = plan(&job(Framework::Pytorch, &[("worker", 2)]), &context()).unwrap();
    let outputs = OutputDirs::of_primary("/out");
    let stranger: crate::gang::ReplicaId = "worker-2".parse().unwrap();
    let error = environment(&plan, &stranger, &Dns, &outputs).unwrap_err();
    assert_eq!(error.to_string(), "worker-2 is no replica of this run");
}

fn members(job: &TrainJob) -> Vec<String> {
    let plan = plan(job, &context()).unwrap();
    assert_eq!(
        plan.gang().replicas().map(|(_, id)| id).collect::<Vec<_>>(),
        plan.gang().rules.members.iter().map(|m| m.replica.clone()).collect::<Vec<_>>(),
        "roles and members are in the same order"
    );
    plan.gang()
        .rules
        .members
        .iter()
        .map(|m| format!("{}{}", m.replica, if m.serves { "!" } else { "" }))
        .collect()
}

#[test]
fn one_replica_without_roles() {
    let env = env_of(&job(Framework::Tensorflow, &[]), "worker-0");
    assert_eq!(
        env["CLUSTER_SPEC"],
        r#"{"cluster":{"workerpool0":["worker-0.svc:2222"]},"environment":"cloud","task":{"type":"workerpool0","index":0}}"#
    );
    assert!(!env.contains_key("TF_CONFIG"));
    assert!(!env.contains_key("RANK"));
    assert_eq!(env["AIP_MODEL_DIR"], "s3://b/x/model/");
    assert_eq!(env["AIP_CHECKPOINT_DIR"], "/out/checkpoints/");
    assert_eq!(env["AIP_TENSORBOARD_LOG_DIR"], "/out/logs/");
    assert_eq!(env["MLCTL_RUN"], "digits-abc123");
}

#[test]
fn two_workers_of_tensorflow() {
    let job = job(Framework::Tensorflow, &[("worker", 2)]);
    let env = env_of(&job, "worker-1");
    assert_eq!(
        env["TF_CONFIG"],
        r#"{"cluster":{"worker":["worker-0.svc:2222","worker-1.svc:2222"]},"environment":"cloud","task":{"type":"worker","index":1}}"#
    );
    assert_eq!(
        env["CLUSTER_SPEC"],
        r#"{"cluster":{"workerpool0":["worker-0.svc:2222"],"workerpool1":["worker-1.svc:2222"]},"environment":"cloud","task":{"type":"workerpool1","index":0}}"#
    );
    assert!(!env.contains_key("MASTER_ADDR"));
}

#[test]
fn every_role_of_tensorflow() {
    let job =
        job(Framework::Tensorflow, &[("evaluator", 1), ("ps", 2), ("worker", 2), ("chief", 1)]);
    assert_eq!(members(&job), ["chief-0", "evaluator-0", "ps-0!", "ps-1!", "worker-0", "worker-1"]);
    let cluster = r#"{"cluster":{"chief":["chief-0.svc:2222"],"worker":["worker-0.svc:2222","worker-1.svc:2222"],"ps":["ps-0.svc:2222","ps-1.svc:2222"]},"environment":"cloud","task":"#;
    let pools = r#"{"cluster":{"workerpool0":["chief-0.svc:2222"],"workerpool1":["worker-0.svc:2222","worker-1.svc:2222"],"workerpool2":["ps-0.svc:2222","ps-1.svc:2222"],"workerpool3":["evaluator-0.svc:2222"]},"environment":"cloud","task":"#;
    for (replica, task, pool) in [
        ("chief-0", r#"{"type":"chief","index":0}}"#, r#"{"type":"workerpool0","index":0}}"#),
        ("worker-1", r#"{"type":"worker","index":1}}"#, r#"{"type":"workerpool1","index":1}}"#),
        ("ps-0", r#"{"type":"ps","index":0}}"#, r#"{"type":"workerpool2","index":0}}"#),
        (
            "evaluator-0",
            r#"{"type":"evaluator","index":0}}"#,
            r#"{"type":"workerpool3","index":0}}"#,
        ),
    ] {
        let env = env_of(&job, replica);
        assert_eq!(env["TF_CONFIG"], format!("{cluster}{task}"));
        assert_eq!(env["CLUSTER_SPEC"], format!("{pools}{pool}"));
    }
}

#[test]
fn a_pool_that_nobody_is_in_keeps_its_number() {
    let env = env_of(&job(Framework::Tensorflow, &[("chief", 1), ("ps", 1)]), "ps-0");
    assert_eq!(
        env["CLUSTER_SPEC"],
        r#"{"cluster":{"workerpool0":["chief-0.svc:2222"],"workerpool2":["ps-0.svc:2222"]},"environment":"cloud","task":{"type":"workerpool2","index":0}}"#
    );
    assert_eq!(
        env["TF_CONFIG"],
        r#"{"cluster":{"chief":["chief-0.svc:2222"],"ps":["ps-0.svc:2222"]},"environment":"cloud","task":{"type":"ps","index":0}}"#
    );
    // As on Vertex AI, whatever the code is written in.
    assert_eq!((env["RANK"].as_str(), env["WORLD_SIZE"].as_str()), ("1", "2"));
    assert_eq!(env["MASTER_ADDR"], "chief-0.svc");
    assert!(!env.contains_key("PET_NNODES"));
}

#[test]
fn two_replicas_of_pytorch() {
    let mut job = job(Framework::Pytorch, &[("worker", 2)]);
    job.accelerators = Some(Accelerators { kind: "nvidia-l4".into(), count: 4 });
    let env = env_of(&job, "worker-1");
    let expected = [
        ("PET_NNODES", "2"),
        ("PET_NPROC_PER_NODE", "4"),
        ("PET_NODE_RANK", "1"),
        ("PET_MASTER_ADDR", "worker-0.svc"),
        ("PET_MASTER_PORT", "29500"),
        ("PET_MAX_RESTARTS", "0"),
        ("MASTER_ADDR", "worker-0.svc"),
        ("MASTER_PORT", "29500"),
        ("RANK", "1"),
        ("WORLD_SIZE", "2"),
        ("LOCAL_RANK", "0"),
        ("LOCAL_WORLD_SIZE", "1"),
    ];
    for (name, value) in expected {
        assert_eq!(env[name], value, "{name}");
    }
    assert!(!env.contains_key("TF_CONFIG"));
}

#[test]
fn a_master_leads_wherever_the_file_names_it() {
    let job = job(Framework::Pytorch, &[("worker", 2), ("master", 1)]);
    assert_eq!(members(&job), ["master-0", "worker-0", "worker-1"]);
    assert_eq!(env_of(&job, "worker-0")["RANK"], "1");
    assert_eq!(
        env_of(&job, "worker-0")["CLUSTER_SPEC"],
        r#"{"cluster":{"workerpool0":["master-0.svc:2222"],"workerpool1":["worker-0.svc:2222","worker-1.svc:2222"]},"environment":"cloud","task":{"type":"workerpool1","index":0}}"#
    );
}

#[test]
fn two_replicas_of_jax() {
    let env = env_of(&job(Framework::Jax, &[("worker", 2)]), "worker-1");
    assert_eq!(env["JAX_COORDINATOR_ADDRESS"], "worker-0.svc:29500");
    assert_eq!(env["JAX_NUM_PROCESSES"], "2");
    assert_eq!(env["JAX_PROCESS_ID"], "1");
}

#[test]
fn no_framework_still_gets_the_pools() {
    let job = job(Framework::None, &[("head", 2), ("node", 2)]);
    assert_eq!(members(&job), ["head-0", "head-1", "node-0", "node-1"]);
    let env = env_of(&job, "node-1");
    assert_eq!(
        env["CLUSTER_SPEC"],
        r#"{"cluster":{"workerpool0":["head-0.svc:2222"],"workerpool1":["head-1.svc:2222"],"workerpool2":["node-0.svc:2222","node-1.svc:2222"]},"environment":"cloud","task":{"type":"workerpool2","index":1}}"#
    );
    assert_eq!(env["MLCTL_HOSTS"], "head-0.svc\nhead-1.svc\nnode-0.svc\nnode-1.svc");
    let names: Vec<_> = env.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "PYTHONUNBUFFERED",
            "MLCTL_RUN",
            "MLCTL_REPLICA",
            "MLCTL_HOSTS",
            "CLUSTER_SPEC",
            "MASTER_ADDR",
            "MASTER_PORT",
            "RANK",
            "WORLD_SIZE",
            "AIP_MODEL_DIR",
            "AIP_CHECKPOINT_DIR",
            "AIP_TENSORBOARD_LOG_DIR"
        ]
    );
}

#[test]
fn the_users_variables_win_and_references_stay_out() {
    let mut job = job(Framework::Pytorch, &[("worker", 1)]);
    job.env = serde_json::from_str(
        r#"[{"name":"A","value":"1"},{"name":"MASTER_PORT","value":"1234"},
            {"name":"T","valueFrom":{"secretKeyRef":{"name":"s","key":"k"}}}]"#,
    )
    .unwrap();
    job.roles[0].env = vec![EnvVar { name: "A".into(), value: Some("2".into()), value_from: None }];
    let env = env_of(&job, "worker-0");
    assert_eq!(env["A"], "2");
    assert_eq!(env["MASTER_PORT"], "1234");
    assert!(!env.contains_key("T"));
}

#[test]
fn tf_config_of_the_largest_gang_fits() {
    /// The longest names that a cluster has: 63 characters of pod, 63 of service.
    struct Long;
    impl Addresses for Long {
        fn host(&self, replica: &ReplicaId) -> String {
            format!("{:x>63}.{:s>63}", replica.to_string(), "")
        }
        fn port(&self, _: &ReplicaId, _: Port) -> u16 {
            65535
        }
    }
    let job = job(Framework::Tensorflow, &[("chief", 1), ("worker", 200), ("ps", 55)]);
    let plan = plan(&job, &context()).unwrap();
    let outputs = OutputDirs { model: "/m".into(), checkpoints: "/c".into(), logs: "/l".into() };
    let env = environment(&plan, plan.gang().primary(), &Long, &outputs).unwrap();
    assert!(env["TF_CONFIG"].len() < 40 << 10);
    assert!(env["CLUSTER_SPEC"].len() < 40 << 10);
}
