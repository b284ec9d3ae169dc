//! What the planner must be told besides the spec: the run, the runtime's defaults, the folder.

use std::path::PathBuf;
use std::time::Duration;

use crate::gang::RunId;

/// Everything outside the spec that a plan depends on.
#[derive(Clone, Debug)]
pub struct PlanContext {
    /// The run's id, `<name>-<6 characters>`.
    pub run: RunId,
    /// What the runtime waits for when the spec is silent.
    pub runtime_defaults: RuntimeDefaults,
    /// Absolute folder of the spec file; relative `code` and `output` start there.
    pub code_base: PathBuf,
}

/// Times that differ between a laptop and a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuntimeDefaults {
    /// The first gathering of all replicas.
    pub start_timeout: Duration,
    /// A gathering after a lost replica; zero where nothing replaces it.
    pub rejoin_timeout: Duration,
    /// The whole run; `None` for no limit.
    pub timeout: Option<Duration>,
}

impl RuntimeDefaults {
    /// Processes on this machine: they are there at once, nothing replaces a lost agent, and nobody
    /// pays by the hour.
    pub const LOCAL: Self = Self {
        start_timeout: Duration::from_mins(2),
        rejoin_timeout: Duration::ZERO,
        timeout: None,
    };

    /// A cluster: 30 min for an autoscaler and an image pull; a replacement needs 20 min for the
    /// same plus at most 10 min of the Job controller's back-off; 7 days as on Vertex AI.
    pub const CLUSTER: Self = Self {
        start_timeout: Duration::from_mins(30),
        rejoin_timeout: Duration::from_mins(30),
        timeout: Some(Duration::from_hours(7 * 24)),
    };
}

/// After a success the others may go on this long.
pub(crate) const DRAIN: Duration = Duration::from_mins(1);
/// Between SIGTERM and SIGKILL.
pub(crate) const GRACE: Duration = Duration::from_secs(15);
/// A command runs this long without a renewal from the primary.
pub(crate) const LEASE: Duration = Duration::from_secs(15);
/// Killing everything after a lease ended, SIGKILL included.
pub(crate) const KILL_BOUND: Duration = Duration::from_secs(10);
/// A peer-loss error waits this long for the real cause.
pub(crate) const BLAME_HOLD: Duration = Duration::from_secs(3);
/// Pause before the next attempt after a termination from outside.
pub(crate) const OUTSIDE_PAUSE: Duration = Duration::from_secs(3);
