//! Accelerators by name: ours, Vertex's, and what an NVIDIA node calls itself.

use super::super::nearest::nearest;

/// A type of accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accelerator {
    /// What a spec calls it.
    pub name: &'static str,
    /// What Vertex calls it, `""` where it has none.
    pub vertex: &'static str,
    /// The resource that a Pod asks for.
    pub resource: &'static str,
}

const fn nvidia(name: &'static str, vertex: &'static str) -> Accelerator {
    Accelerator { name, vertex, resource: "nvidia.com/gpu" }
}

/// The known types.
pub const ACCELERATORS: &[Accelerator] = &[
    nvidia("nvidia", ""),
    nvidia("nvidia-k80", "NVIDIA_TESLA_K80"),
    nvidia("nvidia-p4", "NVIDIA_TESLA_P4"),
    nvidia("nvidia-p100", "NVIDIA_TESLA_P100"),
    nvidia("nvidia-v100", "NVIDIA_TESLA_V100"),
    nvidia("nvidia-t4", "NVIDIA_TESLA_T4"),
    nvidia("nvidia-a10", ""),
    nvidia("nvidia-a10g", ""),
    nvidia("nvidia-a30", ""),
    nvidia("nvidia-a40", ""),
    nvidia("nvidia-a100", "NVIDIA_TESLA_A100"),
    nvidia("nvidia-a100-80gb", "NVIDIA_A100_80GB"),
    nvidia("nvidia-l4", "NVIDIA_L4"),
    nvidia("nvidia-l40", ""),
    nvidia("nvidia-l40s", ""),
    nvidia("nvidia-rtx-pro-6000", "NVIDIA_RTX_PRO_6000"),
    nvidia("nvidia-h100", "NVIDIA_H100_80GB"),
    nvidia("nvidia-h100-mega", "NVIDIA_H100_MEGA_80GB"),
    nvidia("nvidia-h200", "NVIDIA_H200_141GB"),
    nvidia("nvidia-b200", "NVIDIA_B200"),
    nvidia("nvidia-gb200", "NVIDIA_GB200"),
    Accelerator { name: "amd", vertex: "", resource: "amd.com/gpu" },
    Accelerator { name: "amd-mi210", vertex: "", resource: "amd.com/gpu" },
    Accelerator { name: "amd-mi250", vertex: "", resource: "amd.com/gpu" },
    Accelerator { name: "amd-mi300x", vertex: "", resource: "amd.com/gpu" },
    Accelerator { name: "intel-gaudi", vertex: "", resource: "habana.ai/gaudi" },
    Accelerator { name: "tpu-v2", vertex: "TPU_V2", resource: "google.com/tpu" },
    Accelerator { name: "tpu-v3", vertex: "TPU_V3", resource: "google.com/tpu" },
    Accelerator { name: "tpu-v4", vertex: "TPU_V4_POD", resource: "google.com/tpu" },
    Accelerator { name: "tpu-v5e", vertex: "TPU_V5_LITEPOD", resource: "google.com/tpu" },
];

/// The accelerator of this name: ours or Vertex's.
pub fn find(name: &str) -> Option<&'static Accelerator> {
    ACCELERATORS.iter().find(|a| a.name == name || (!a.vertex.is_empty() && a.vertex == name))
}

/// The name that was probably meant.
pub fn suggest(name: &str) -> Option<&'static str> {
    let plain = name.to_lowercase().replace(['_', ' '], "-");
    let without_maker = plain.trim_start_matches("nvidia-").trim_start_matches("tesla-");
    let exact = ACCELERATORS
        .iter()
        .find(|a| a.name.split_once('-').is_some_and(|(_, model)| model == without_maker));
    exact.map(|a| a.name).or_else(|| nearest(name, ACCELERATORS.iter().map(|a| a.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names_of_others() {
        assert_eq!(find("NVIDIA_TESLA_T4").map(|a| a.name), Some("nvidia-t4"));
        assert_eq!(find(""), None);
        for (text, wanted) in [
            ("T4", "nvidia-t4"),
            ("tesla-v100", "nvidia-v100"),
            ("H100", "nvidia-h100"),
            ("nvidia-l5", "nvidia-l4"),
        ] {
            assert_eq!(suggest(text), Some(wanted), "{text}");
        }
    }
}
