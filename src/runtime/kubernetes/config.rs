//! What the runtime of a cluster needs to know of its surroundings.

use std::collections::BTreeSet;
use std::path::PathBuf;

use tokio::runtime::Handle;

use super::client::ConnectOptions;
use super::objects::ManifestContext;
use crate::storage::Stores;

/// The choices of the settings and the command line that the runtime of a cluster depends on. They
/// are made before the runtime is, and don't change during its life.
#[derive(Clone)]
pub struct KubernetesConfig {
    /// Which context of which kubeconfig, and which namespace.
    pub connect: ConnectOptions,
    /// What the settings say of all objects; `None` where they lack the runner image, which only a
    /// submission needs.
    pub manifests: Option<ManifestContext>,
    /// The name on runs that were rendered on this machine with nobody to ask for the cluster's.
    pub rendered_by: String,
    /// The labels of nodes that prices depend on. Their values are kept with what is known of a
    /// pod.
    pub price_labels: BTreeSet<String>,
    /// The path of docker's `config.json`, which holds the user's credentials for registries. The
    /// file may be missing: registries are then asked anonymously.
    pub docker_config: PathBuf,
    /// Stores with the user's own credentials and settings: what a run's pods need from this machine
    /// goes through them where it is too large for objects of the cluster.
    pub stores: Stores,
    /// The threads on which requests run. They are the caller's, who ends them.
    pub handle: Handle,
}
