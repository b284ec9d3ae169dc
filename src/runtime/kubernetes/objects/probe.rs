//! The Job of `doctor`'s probe: one pod shaped as those of runs are, as small as can be, which ends
//! by itself and is found by `cleanup` when the mlctl that made it has died.

use std::collections::BTreeMap;

use k8s_openapi::api::batch::v1::{Job, JobSpec};
use k8s_openapi::api::core::v1::{
    Container, EmptyDirVolumeSource, LocalObjectReference, PodSpec, PodTemplateSpec, Volume,
    VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::container;
use super::container::{INIT, INIT_CPU, INIT_MEMORY, INSTALL_DIR, MAIN, RUNNER};
use super::context::ManifestContext;
use super::names::{annotation, label, user_label};
use super::{placement, pod, security, volumes};
use crate::agent::pod::{PROGRAM, PROGRAM_DIR};
use crate::spec::Security;

/// The value of [`label::KIND`] for a probe.
const KIND: &str = "Doctor";
/// How many seconds an ended probe stays when the mlctl that made it doesn't remove it.
const KEEP_SECONDS: i32 = 60;
/// How many seconds the cluster waits longer than mlctl before it ends the pod itself.
const DEADLINE_SLACK_SECONDS: i64 = 60;

/// What a probe is to prove.
#[derive(Clone, Debug, Default)]
pub struct ProbeWish {
    /// The name of the Job, which is also the value of [`label::RUN`].
    pub name: String,
    /// An image of the user's, to be pulled and run; `None` to prove the runner image alone.
    pub image: Option<String>,
    /// Secrets with credentials for registries, beside the service account's own.
    pub pull_secrets: Vec<String>,
    /// The user and the rights that the pod has, as specs name them.
    pub security: Security,
    /// How many seconds mlctl waits for the pod.
    pub limit: u64,
}

/// The Job of a probe. Of `context` the user, the namespace, the runner image and its architectures
/// count.
pub fn probe_job(wish: &ProbeWish, context: &ManifestContext) -> Job {
    let labels: BTreeMap<String, String> = [
        (label::MANAGED_BY, label::MLCTL),
        (label::RUN, &wish.name),
        (label::NAME, "doctor"),
        (label::KIND, KIND),
        (label::USER, &user_label(&context.user)),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .into();
    let annotations: BTreeMap<String, String> = [
        (annotation::USER, context.user.clone()),
        (annotation::VERSION, env!("CARGO_PKG_VERSION").to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    let mut pod_labels = pod::mesh_labels();
    pod_labels.extend(labels.clone());
    Job {
        metadata: ObjectMeta {
            name: Some(wish.name.clone()),
            namespace: Some(context.namespace.clone()),
            labels: Some(labels),
            annotations: Some(annotations.clone()),
            ..ObjectMeta::default()
        },
        spec: Some(JobSpec {
            backoff_limit: Some(0),
            active_deadline_seconds: Some(
                i64::try_from(wish.limit)
                    .unwrap_or(i64::MAX)
                    .saturating_add(DEADLINE_SLACK_SECONDS),
            ),
            ttl_seconds_after_finished: Some(KEEP_SECONDS),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(pod_labels),
                    annotations: Some(annotations),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod_spec(wish, context)),
            },
            ..JobSpec::default()
        }),
        status: None,
    }
}

/// The pod: with an image of the user's it has both containers of a run's pod, else one.
fn pod_spec(wish: &ProbeWish, context: &ManifestContext) -> PodSpec {
    let nodes = placement::anywhere(context);
    let pull = wish.pull_secrets.iter();
    let pull: Vec<_> = pull.map(|name| LocalObjectReference { name: name.clone() }).collect();
    let container = |name: &str, image: &str, command: &[&str], path: Option<&str>| Container {
        name: name.into(),
        image: Some(image.into()),
        command: Some(command.iter().map(|word| (*word).to_owned()).collect()),
        resources: Some(container::equal([
            ("cpu", INIT_CPU.to_string()),
            ("memory", INIT_MEMORY.into()),
        ])),
        volume_mounts: path.map(|path| {
            vec![VolumeMount {
                name: volumes::PROGRAM.into(),
                mount_path: path.into(),
                read_only: (path == PROGRAM_DIR).then_some(true),
                ..VolumeMount::default()
            }]
        }),
        ..Container::default()
    };
    let init = Container {
        security_context: Some(security::init(wish.security)),
        ..container(
            INIT,
            &context.runner_image,
            &[RUNNER, "agent-install", INSTALL_DIR],
            Some(INSTALL_DIR),
        )
    };
    let own = context.runner_image.as_str();
    let (image, command, path) = match &wish.image {
        Some(image) => (image.as_str(), [PROGRAM, "agent-probe"], Some(PROGRAM_DIR)),
        None => (own, [RUNNER, "agent-probe"], None),
    };
    let main = Container {
        security_context: Some(security::main(wish.security)),
        ..container(MAIN, image, &command, path)
    };
    PodSpec {
        restart_policy: Some("Never".into()),
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        termination_grace_period_seconds: Some(1),
        security_context: Some(security::pod(wish.security)),
        image_pull_secrets: (!pull.is_empty()).then_some(pull),
        init_containers: path.map(|_| vec![init]),
        containers: vec![main],
        volumes: path.map(|_| {
            vec![Volume {
                name: volumes::PROGRAM.into(),
                empty_dir: Some(EmptyDirVolumeSource::default()),
                ..Volume::default()
            }]
        }),
        node_selector: Some(nodes.selector),
        affinity: nodes.affinity,
        ..PodSpec::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(image: Option<&str>) -> PodSpec {
        let wish = ProbeWish {
            name: "doctor-abc123".into(),
            image: image.map(str::to_owned),
            limit: 60,
            ..ProbeWish::default()
        };
        let context = ManifestContext {
            namespace: "ml".into(),
            runner_image: "r.example/mlctl:1".into(),
            architectures: vec!["amd64".into(), "arm64".into()],
            ..ManifestContext::default()
        };
        let job = probe_job(&wish, &context);
        let labels = job.metadata.labels.unwrap();
        assert_eq!(labels[label::RUN], "doctor-abc123", "cleanup finds it");
        let spec = job.spec.unwrap();
        assert_eq!(spec.active_deadline_seconds, Some(120), "it ends by itself");
        assert!(spec.ttl_seconds_after_finished.is_some(), "and goes");
        spec.template.spec.unwrap()
    }

    #[test]
    fn it_is_one_container_or_shaped_as_a_runs() {
        let alone = pod(None);
        assert!(alone.init_containers.is_none() && alone.volumes.is_none());
        assert_eq!(alone.containers[0].image.as_deref(), Some("r.example/mlctl:1"));
        assert!(alone.affinity.is_some(), "only nodes of the runner image's architectures");
        let with = pod(Some("localhost/tf:1"));
        assert_eq!(with.containers[0].image.as_deref(), Some("localhost/tf:1"));
        assert_eq!(with.containers[0].command.as_ref().unwrap()[0], PROGRAM);
        let init = &with.init_containers.unwrap()[0];
        assert_eq!(init.image.as_deref(), Some("r.example/mlctl:1"));
    }
}
