//! The known types. A line here is all that a new one needs.

/// A type of accelerator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accelerator {
    /// The name in specs.
    pub name: &'static str,
    /// The name at Vertex AI; empty where it has no such type.
    pub vertex: &'static str,
    /// The resource that a Pod asks for.
    pub resource: &'static str,
    /// The values of [`Self::product_label`] by which nodes with it are known. When there are none,
    /// any node with the resource has it.
    pub products: &'static [&'static str],
    /// The value of GKE's label `cloud.google.com/gke-accelerator`; empty where GKE has none.
    pub gke: &'static str,
    /// The value of Karpenter's label `karpenter.k8s.aws/instance-gpu-name`; empty where AWS has
    /// none.
    pub aws: &'static str,
}

/// The resource of NVIDIA's GPUs.
pub const NVIDIA: &str = "nvidia.com/gpu";
/// The resource of AMD's GPUs.
pub const AMD: &str = "amd.com/gpu";
/// The resource of Google's TPUs.
pub const TPU: &str = "google.com/tpu";
/// The resource of Intel's Gaudi accelerators.
pub const GAUDI: &str = "habana.ai/gaudi";

const fn nvidia(
    name: &'static str,
    vertex: &'static str,
    products: &'static [&'static str],
    gke: &'static str,
    aws: &'static str,
) -> Accelerator {
    Accelerator { name, vertex, resource: NVIDIA, products, gke, aws }
}

const fn other(
    name: &'static str,
    resource: &'static str,
    products: &'static [&'static str],
) -> Accelerator {
    Accelerator { name, vertex: "", resource, products, gke: "", aws: "" }
}

const fn tpu(name: &'static str, vertex: &'static str) -> Accelerator {
    Accelerator { name, vertex, resource: TPU, products: &[], gke: "", aws: "" }
}

/// The known types. Products are what NVIDIA's and AMD's own labellers write on nodes.
pub const ACCELERATORS: &[Accelerator] = &[
    nvidia("nvidia", "", &[], "", ""),
    nvidia("nvidia-k80", "NVIDIA_TESLA_K80", &["Tesla-K80"], "nvidia-tesla-k80", "k80"),
    nvidia("nvidia-p4", "NVIDIA_TESLA_P4", &["Tesla-P4"], "nvidia-tesla-p4", ""),
    nvidia(
        "nvidia-p100",
        "NVIDIA_TESLA_P100",
        &["Tesla-P100-PCIE-16GB", "Tesla-P100-SXM2-16GB", "Tesla-P100-PCIE-12GB"],
        "nvidia-tesla-p100",
        "",
    ),
    nvidia(
        "nvidia-v100",
        "NVIDIA_TESLA_V100",
        &[
            "Tesla-V100-SXM2-16GB",
            "Tesla-V100-SXM2-32GB",
            "Tesla-V100-SXM3-32GB",
            "Tesla-V100-PCIE-16GB",
            "Tesla-V100-PCIE-32GB",
        ],
        "nvidia-tesla-v100",
        "v100",
    ),
    nvidia("nvidia-t4", "NVIDIA_TESLA_T4", &["Tesla-T4", "NVIDIA-T4"], "nvidia-tesla-t4", "t4"),
    nvidia("nvidia-a10", "", &["NVIDIA-A10"], "", ""),
    nvidia("nvidia-a10g", "", &["NVIDIA-A10G"], "", "a10g"),
    nvidia("nvidia-a30", "", &["NVIDIA-A30"], "", ""),
    nvidia("nvidia-a40", "", &["NVIDIA-A40"], "", ""),
    nvidia(
        "nvidia-a100",
        "NVIDIA_TESLA_A100",
        &["NVIDIA-A100-SXM4-40GB", "NVIDIA-A100-PCIE-40GB", "A100-SXM4-40GB", "A100-PCIE-40GB"],
        "nvidia-tesla-a100",
        "a100",
    ),
    nvidia(
        "nvidia-a100-80gb",
        "NVIDIA_A100_80GB",
        &["NVIDIA-A100-SXM4-80GB", "NVIDIA-A100-80GB-PCIe", "A100-SXM4-80GB"],
        "nvidia-a100-80gb",
        "a100-80g",
    ),
    nvidia("nvidia-l4", "NVIDIA_L4", &["NVIDIA-L4"], "nvidia-l4", "l4"),
    nvidia("nvidia-l40", "", &["NVIDIA-L40"], "", ""),
    nvidia("nvidia-l40s", "", &["NVIDIA-L40S"], "", "l40s"),
    nvidia(
        "nvidia-rtx-pro-6000",
        "NVIDIA_RTX_PRO_6000",
        &["NVIDIA-RTX-PRO-6000-Blackwell-Server-Edition"],
        "nvidia-rtx-pro-6000",
        "rtx-pro-server-6000",
    ),
    nvidia(
        "nvidia-h100",
        "NVIDIA_H100_80GB",
        &["NVIDIA-H100-80GB-HBM3", "NVIDIA-H100-PCIe", "NVIDIA-H100-NVL"],
        "nvidia-h100-80gb",
        "h100",
    ),
    nvidia(
        "nvidia-h100-mega",
        "NVIDIA_H100_MEGA_80GB",
        &["NVIDIA-H100-80GB-HBM3"],
        "nvidia-h100-mega-80gb",
        "",
    ),
    nvidia(
        "nvidia-h200",
        "NVIDIA_H200_141GB",
        &["NVIDIA-H200", "NVIDIA-H200-NVL"],
        "nvidia-h200-141gb",
        "h200",
    ),
    nvidia("nvidia-b200", "NVIDIA_B200", &["NVIDIA-B200"], "nvidia-b200", "b200"),
    nvidia("nvidia-gb200", "NVIDIA_GB200", &["NVIDIA-GB200"], "nvidia-gb200", "gb200"),
    other("amd", AMD, &[]),
    other("amd-mi210", AMD, &["AMD_Instinct_MI210"]),
    other("amd-mi250", AMD, &["AMD_Instinct_MI250", "AMD_Instinct_MI250X"]),
    other(
        "amd-mi300x",
        AMD,
        &["AMD_Instinct_MI300X_OAM", "AMD_Instinct_MI300X", "AMD_Instinct_MI300X_VF"],
    ),
    other("amd-mi325x", AMD, &["AMD_Instinct_MI325X_OAM", "AMD_Instinct_MI325X"]),
    other("intel-gaudi", GAUDI, &[]),
    tpu("tpu-v2", "TPU_V2"),
    tpu("tpu-v3", "TPU_V3"),
    tpu("tpu-v4", "TPU_V4_POD"),
    tpu("tpu-v5e", "TPU_V5_LITEPOD"),
];

impl Accelerator {
    /// The label of nodes into which the vendor's own labeller writes the product.
    pub fn product_label(&self) -> &'static str {
        if self.resource == AMD { "amd.com/gpu.product-name" } else { "nvidia.com/gpu.product" }
    }
}
