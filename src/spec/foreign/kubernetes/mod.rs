//! Pods as other systems' documents have them: the container that trains or serves, where pods go, and the rest as a
//! patch.

mod container;
mod pod;

pub(super) use pod::{Pod, pod};
