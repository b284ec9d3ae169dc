//! The GPUs of this machine.

use serde::Serialize;

/// What nvidia-smi says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    /// Version of the driver; `null` without one.
    pub driver: Option<String>,
    /// The newest CUDA that the driver runs.
    pub cuda: Option<String>,
    /// The GPUs by index.
    pub gpus: Vec<Gpu>,
}

/// One GPU.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gpu {
    /// Its number, as nvidia-smi counts.
    pub index: u32,
    /// What it is leased by.
    pub uuid: String,
    /// Its product.
    pub name: String,
    /// What a spec calls it, where the type is known.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// Bytes of it that are in use.
    pub memory_used: Option<u64>,
    /// Percent of the last second in which it worked; `null` under MIG.
    pub utilization: Option<u32>,
    /// It is cut into slices; `null` where it can't be.
    pub mig: Option<bool>,
    /// The slices.
    pub slices: Vec<Slice>,
    /// What runs on it.
    pub processes: Vec<GpuProcess>,
    /// The run of this state folder that has leased it.
    pub run: Option<String>,
}

/// A slice of a GPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Slice {
    /// Its size: `1g.5gb`.
    pub profile: String,
    /// What CUDA_VISIBLE_DEVICES calls it.
    pub uuid: String,
}

/// A process that uses a GPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct GpuProcess {
    /// Its id.
    pub pid: u32,
    /// Its program; nvidia-smi may not say that of others' processes.
    pub name: String,
    /// Bytes of the GPU's memory, where the driver says.
    pub memory: Option<u64>,
}
