//! Pods as other systems' documents have them: the container that trains or serves, where pods go, and the rest as a
//! patch.

mod beside;
mod config_map;
mod container;
mod job;
mod known;
mod merge;
mod pod;

pub(super) use beside::{TABLES, recognise};
pub(super) use job::{assembled, variables};
pub(super) use merge::merged;
pub(super) use pod::{Pod, pod};
