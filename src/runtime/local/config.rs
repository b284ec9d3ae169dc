//! What the local runtime needs to know of its surroundings.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::nvidia_smi::NvidiaSmi;

/// The paths and values of this machine that the local runtime depends on. It reads neither the
/// environment nor the settings itself.
#[derive(Clone, Debug)]
pub struct LocalConfig {
    /// The path of this program, which is started again as the agent of each replica.
    pub exe: PathBuf,
    /// The state folder. Leases of GPUs and ports are kept in it.
    pub state: PathBuf,
    /// The folder in which Python environments are cached by their content.
    pub cache: PathBuf,
    /// The environment that commands inherit.
    pub env: BTreeMap<String, String>,
    /// The program that lists GPUs.
    pub nvidia_smi: NvidiaSmi,
    /// Secrets by name, key and value, as they were in the secrets file.
    pub secrets: BTreeMap<String, BTreeMap<String, String>>,
    /// The secrets file. Where it is known it is read anew for each run: whoever starts runs for weeks, as the
    /// controller of an endpoint, hears of another value so.
    pub secrets_file: Option<PathBuf>,
    /// Folders that stand for claims of a cluster, by the claim's name.
    pub claims: BTreeMap<String, PathBuf>,
}
