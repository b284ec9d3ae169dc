//! Accelerators of a cluster or a machine: who has how many, whether a pod could ever be placed,
//! and how a GPU is sliced. Pure: runtimes bring what they see.

mod fit;
mod fit_text;
mod inventory;
mod machine;
mod memory;
mod mig;
mod node;
mod nvidia_smi;
mod split;
mod split_error;
mod split_text;
mod visible;

pub use fit::{Fit, Misfit, Nearest, Need, fit};
pub use inventory::{ClusterGpus, Holder, NodeGpus, Resource, Sharing, Total, User, inventory};
pub use machine::{Gpu, GpuProcess, Machine, Slice};
pub use memory::memory_gb;
pub use mig::{MIG_GPUS, MigGpu, Profile};
pub use node::{Node, NodeState, Taint};
pub use nvidia_smi::{APPS_QUERY, GPU_QUERY, apps, cuda_version, gpus, slices};
pub use split::{MigSlices, MigSplit, TimeSplit, mig_types};
pub use split_error::SplitError;
pub use split_text::SplitPlace;
pub use visible::{Device, Unmatched, Visible, devices, visible};
