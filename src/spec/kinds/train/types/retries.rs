//! How many times the gang starts again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Restarts of the whole gang, by class of failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Retries {
    /// The command exited with a status of its own. Default 0.
    #[serde(skip_serializing_if = "is::<0>")]
    pub user_error: u32,
    /// Memory ran out. Default 0.
    #[serde(skip_serializing_if = "is::<0>")]
    pub out_of_memory: u32,
    /// SIGABRT, SIGSEGV and the like. Default 3.
    #[serde(skip_serializing_if = "is::<3>")]
    pub transient_signal: u32,
    /// The command or its set-up could not be started. Default 3.
    #[serde(skip_serializing_if = "is::<3>")]
    pub startup: u32,
    /// An agent, its machine or the network went away. Default 3.
    #[serde(skip_serializing_if = "is::<3>")]
    pub infrastructure: u32,
    /// Preempted, drained, told to go. Default 6.
    #[serde(skip_serializing_if = "is::<6>")]
    pub preemption: u32,
}

/// A budget that need not be written. Serde passes a reference.
#[expect(clippy::trivially_copy_pass_by_ref)]
fn is<const DEFAULT: u32>(count: &u32) -> bool {
    *count == DEFAULT
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            user_error: 0,
            out_of_memory: 0,
            transient_signal: 3,
            startup: 3,
            infrastructure: 3,
            preemption: 6,
        }
    }
}

impl Retries {
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
