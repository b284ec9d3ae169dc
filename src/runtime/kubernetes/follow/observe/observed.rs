//! What one process remembers of a run between two observations.

use std::collections::HashMap;
use std::time::Instant;

use super::pod_tail::PodTail;
use super::remember::Memory;
use crate::runtime::kubernetes::follow::watch::Waiting;

/// What this process has seen of a run. None of it is needed to go on: a process that knows nothing
/// reads the same again from the cluster.
#[derive(Default)]
pub(crate) struct Observed {
    /// How often the run has been observed. From the second time on its objects come from a watch
    /// and its logs from streams, since whoever asks twice will ask again.
    pub(crate) observations: u32,
    /// The logs of leading pods that are being followed, by the pod's uid.
    pub(crate) tails: HashMap<String, PodTail>,
    /// What later pods should know of the run.
    pub(crate) memory: Memory,
    /// When the cluster's own events were last asked for missing pods.
    pub(crate) asked_for_events: Option<Instant>,
    /// Why the cluster will never make its pods, in its own words.
    pub(crate) refused_for_good: Option<String>,
    /// When events were last asked for of pods that don't get further.
    pub(crate) asked_for_warnings: Option<Instant>,
    /// What the events of such pods say, by the pod's uid.
    pub(crate) warnings: HashMap<String, Waiting>,
    /// The last words of containers that failed before their agent ran, by the pod's uid; empty where
    /// they can't be read.
    pub(crate) words: HashMap<String, String>,
}
