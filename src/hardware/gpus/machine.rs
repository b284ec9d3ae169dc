//! The GPUs of this machine.

use serde::Serialize;

/// The GPUs of this machine, as nvidia-smi lists them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// The version of the driver; `null` without one.
    pub driver: Option<String>,
    /// The newest version of CUDA that the driver runs; `null` where it doesn't say.
    pub cuda: Option<String>,
    /// The GPUs in the order of their numbers.
    pub gpus: Vec<Gpu>,
}

/// One GPU of this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gpu {
    /// Its number, as nvidia-smi counts from 0.
    pub index: u32,
    /// The UUID by which runs lease it.
    pub uuid: String,
    /// The name of the product, as nvidia-smi writes it.
    pub name: String,
    /// The name of its type in specs; `null` where the product isn't known.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Bytes of memory; `null` where the driver doesn't say.
    pub memory: Option<u64>,
    /// Bytes of memory that are in use; `null` where the driver doesn't say.
    pub memory_used: Option<u64>,
    /// The percentage of the last second in which it worked; `null` under MIG.
    pub utilization: Option<u32>,
    /// Whether it is cut into slices by MIG; `null` where it can't be.
    pub mig: Option<bool>,
    /// The slices that it is cut into; empty for a whole GPU.
    pub slices: Vec<Slice>,
    /// The processes that use it.
    pub processes: Vec<GpuProcess>,
    /// The run of this state folder that has leased it; `null` when none has.
    pub run: Option<String>,
    /// `CUDA_VISIBLE_DEVICES` hides it from runs that are started with the same environment.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

/// A slice of a GPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Slice {
    /// Its size as NVIDIA calls it, such as `1g.5gb`.
    pub profile: String,
    /// The UUID by which `CUDA_VISIBLE_DEVICES` names it.
    pub uuid: String,
    /// The run of this state folder that has leased it; absent when none has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// A process that uses a GPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GpuProcess {
    /// The process id.
    pub pid: u32,
    /// The name of its program. nvidia-smi may hide that of other users' processes.
    pub name: String,
    /// Bytes of the GPU's memory that it uses; `null` where the driver doesn't say.
    pub memory: Option<u64>,
}
