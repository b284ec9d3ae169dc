//! What a plan fills in, and what it refuses.

use indexmap::IndexMap;

use super::tests::{context, job};
use super::*;
use crate::gang::Completion;
use crate::plan::{PlanError, RuntimeDefaults};
use crate::spec::{Framework, Volume};

#[test]
fn too_many_or_none() {
    let many = job(Framework::None, &[("worker", 200), ("other", 57)]);
    assert_eq!(
        plan(&many, &context()).unwrap_err().to_string(),
        "257 replicas are too many: a gang has at most 256"
    );
    let mut nothing = job(Framework::None, &[]);
    nothing.command = None;
    assert_eq!(
        plan(&nothing, &context()).unwrap_err(),
        PlanError::NothingToRun { role: "worker".into() }
    );
    let zero = job(Framework::None, &[("worker", 0)]);
    assert_eq!(
        plan(&zero, &context()).unwrap_err(),
        PlanError::NoReplicas { role: "worker".into() }
    );
}

#[test]
fn completion_and_times_by_default() {
    let of = |framework| plan(&job(framework, &[]), &context()).unwrap().gang().rules.completion;
    assert_eq!(of(Framework::Tensorflow), Completion::Primary);
    assert_eq!(of(Framework::Pytorch), Completion::All);
    let mut cluster = context();
    cluster.runtime_defaults = RuntimeDefaults::CLUSTER;
    let plan = plan(&job(Framework::None, &[]), &cluster).unwrap();
    assert_eq!(plan.gang().rules.timeout.unwrap().as_secs(), 7 * 24 * 3600);
    assert_eq!(plan.gang().rules.start_timeout.as_secs(), 1800);
}

#[test]
fn an_image_alone_gets_the_arguments() {
    let mut job = job(Framework::None, &[]);
    job.command = None;
    job.image = Some("localhost/x:1".into());
    let plan = plan(&job, &context()).unwrap();
    assert!(plan.gang().roles[0].command.is_empty());
    assert_eq!(plan.gang().roles[0].entrypoint_args, ["--epochs=5"]);
}

#[test]
fn a_roles_volume_replaces_the_one_at_its_path() {
    let volume = |name: &str, path: &str| Volume {
        name: name.into(),
        mount_path: path.into(),
        sub_path: None,
        read_only: false,
        source: IndexMap::new(),
    };
    let mut job = job(Framework::None, &[("worker", 1)]);
    job.volumes = vec![volume("a", "/data"), volume("b", "/cache")];
    job.roles[0].volumes = vec![volume("c", "/data")];
    let plan = plan(&job, &context()).unwrap();
    let names: Vec<_> = plan.gang().roles[0].volumes.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["b", "c"]);
}
