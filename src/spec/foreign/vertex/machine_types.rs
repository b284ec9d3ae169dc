//! Google's machine types: cores, memory and built-in GPUs by the published tables
//! (<https://cloud.google.com/compute/docs/general-purpose-machines>,
//! <https://cloud.google.com/compute/docs/accelerator-optimized-machines>). Google's GB of memory
//! are GiB.

use crate::text::most_alike;

/// What one machine of a type has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    /// Virtual cores.
    pub(super) cpus: u64,
    /// Memory in MiB.
    pub(super) mib: u64,
    /// Built-in GPUs: type as our specs have it, number.
    pub(super) gpus: Option<(&'static str, u32)>,
}

/// What a name of a machine type means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MachineType {
    /// A type of the tables, or one that says itself what it has.
    Known(Machine),
    /// A machine with TPUs, which are not supported.
    Tpu,
    /// A type that is in no table.
    Unknown,
}

/// Families whose memory is proportional to the cores: MiB for each core, allowed numbers of cores.
const PROPORTIONAL: [(&str, u64, &[u64]); 31] = [
    ("n1-standard", 3840, &[1, 2, 4, 8, 16, 32, 64, 96]),
    ("n1-highmem", 6656, &[2, 4, 8, 16, 32, 64, 96]),
    ("n1-highcpu", 922, &[2, 4, 8, 16, 32, 64, 96]),
    ("n2-standard", 4096, &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128]),
    ("n2-highmem", 8192, &[2, 4, 8, 16, 32, 48, 64, 80, 96]),
    ("n2-highcpu", 1024, &[2, 4, 8, 16, 32, 48, 64, 80, 96]),
    ("n2d-standard", 4096, &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224]),
    ("n2d-highmem", 8192, &[2, 4, 8, 16, 32, 48, 64, 80, 96]),
    ("n2d-highcpu", 1024, &[2, 4, 8, 16, 32, 48, 64, 80, 96, 128, 224]),
    ("n4-standard", 4096, &[2, 4, 8, 16, 32, 48, 64, 80]),
    ("n4-highmem", 8192, &[2, 4, 8, 16, 32, 48, 64, 80]),
    ("n4-highcpu", 2048, &[2, 4, 8, 16, 32, 48, 64, 80]),
    ("e2-standard", 4096, &[2, 4, 8, 16, 32]),
    ("e2-highmem", 8192, &[2, 4, 8, 16]),
    ("e2-highcpu", 1024, &[2, 4, 8, 16, 32]),
    ("c2-standard", 4096, &[4, 8, 16, 30, 60]),
    ("c2d-standard", 4096, &[2, 4, 8, 16, 32, 56, 112]),
    ("c2d-highmem", 8192, &[2, 4, 8, 16, 32, 56, 112]),
    ("c2d-highcpu", 2048, &[2, 4, 8, 16, 32, 56, 112]),
    ("c3-standard", 4096, &[4, 8, 22, 44, 88, 176]),
    ("c3-highmem", 8192, &[4, 8, 22, 44, 88, 176]),
    ("c3-highcpu", 2048, &[4, 8, 22, 44, 88, 176]),
    ("c3d-standard", 4096, &[4, 8, 16, 30, 60, 90, 180, 360]),
    ("c3d-highmem", 8192, &[4, 8, 16, 30, 60, 90, 180, 360]),
    ("c3d-highcpu", 2048, &[4, 8, 16, 30, 60, 90, 180, 360]),
    ("c4-standard", 3840, &[2, 4, 8, 16, 24, 32, 48, 96, 144, 192, 288]),
    ("c4-highmem", 7936, &[2, 4, 8, 16, 24, 32, 48, 96, 144, 192, 288]),
    ("c4-highcpu", 2048, &[2, 4, 8, 16, 24, 32, 48, 96, 144, 192, 288]),
    ("t2d-standard", 4096, &[1, 2, 4, 8, 16, 32, 48, 60]),
    ("m3-megamem", 15616, &[64, 128]),
    ("m3-ultramem", 31232, &[32, 64, 128]),
];

const GIB: u64 = 1024;

/// Machines with a row of their own: name, cores, MiB, GPU type, GPUs.
const SINGLE: [(&str, u64, u64, &str, u32); 46] = [
    ("n1-ultramem-40", 40, 961 * GIB, "", 0),
    ("n1-ultramem-80", 80, 1922 * GIB, "", 0),
    ("n1-ultramem-160", 160, 3844 * GIB, "", 0),
    ("n1-megamem-96", 96, 14336 * GIB / 10, "", 0),
    ("m1-ultramem-40", 40, 961 * GIB, "", 0),
    ("m1-ultramem-80", 80, 1922 * GIB, "", 0),
    ("m1-ultramem-160", 160, 3844 * GIB, "", 0),
    ("m1-megamem-96", 96, 14336 * GIB / 10, "", 0),
    ("n2-highmem-128", 128, 864 * GIB, "", 0),
    ("e2-micro", 2, GIB, "", 0),
    ("e2-small", 2, 2 * GIB, "", 0),
    ("e2-medium", 2, 4 * GIB, "", 0),
    ("a2-highgpu-1g", 12, 85 * GIB, A100, 1),
    ("a2-highgpu-2g", 24, 170 * GIB, A100, 2),
    ("a2-highgpu-4g", 48, 340 * GIB, A100, 4),
    ("a2-highgpu-8g", 96, 680 * GIB, A100, 8),
    ("a2-megagpu-16g", 96, 1360 * GIB, A100, 16),
    ("a2-ultragpu-1g", 12, 170 * GIB, A100_80, 1),
    ("a2-ultragpu-2g", 24, 340 * GIB, A100_80, 2),
    ("a2-ultragpu-4g", 48, 680 * GIB, A100_80, 4),
    ("a2-ultragpu-8g", 96, 1360 * GIB, A100_80, 8),
    ("a3-highgpu-1g", 26, 234 * GIB, H100, 1),
    ("a3-highgpu-2g", 52, 468 * GIB, H100, 2),
    ("a3-highgpu-4g", 104, 936 * GIB, H100, 4),
    ("a3-highgpu-8g", 208, 1872 * GIB, H100, 8),
    ("a3-edgegpu-8g", 208, 1872 * GIB, H100, 8),
    ("a3-megagpu-8g", 208, 1872 * GIB, H100_MEGA, 8),
    ("a3-ultragpu-8g", 224, 2952 * GIB, H200, 8),
    ("a4-highgpu-8g", 224, 3968 * GIB, B200, 8),
    ("g2-standard-4", 4, 16 * GIB, L4, 1),
    ("g2-standard-8", 8, 32 * GIB, L4, 1),
    ("g2-standard-12", 12, 48 * GIB, L4, 1),
    ("g2-standard-16", 16, 64 * GIB, L4, 1),
    ("g2-standard-24", 24, 96 * GIB, L4, 2),
    ("g2-standard-32", 32, 128 * GIB, L4, 1),
    ("g2-standard-48", 48, 192 * GIB, L4, 4),
    ("g2-standard-96", 96, 384 * GIB, L4, 8),
    ("g4-standard-48", 48, 180 * GIB, RTX, 1),
    ("g4-standard-96", 96, 360 * GIB, RTX, 2),
    ("g4-standard-192", 192, 720 * GIB, RTX, 4),
    ("g4-standard-384", 384, 1440 * GIB, RTX, 8),
    // AI Platform's old names, still found in files.
    ("standard", 4, 15 * GIB, "", 0),
    ("large_model", 8, 52 * GIB, "", 0),
    ("complex_model_s", 8, 7 * GIB, "", 0),
    ("complex_model_m", 16, 14 * GIB, "", 0),
    ("complex_model_l", 32, 29 * GIB, "", 0),
];

const A100: &str = "nvidia-a100";
const A100_80: &str = "nvidia-a100-80gb";
const H100: &str = "nvidia-h100";
const H100_MEGA: &str = "nvidia-h100-mega";
const H200: &str = "nvidia-h200";
const B200: &str = "nvidia-b200";
const L4: &str = "nvidia-l4";
const RTX: &str = "nvidia-rtx-pro-6000";

/// What the name of a machine type means, in any case of its letters.
pub(super) fn lookup(name: &str) -> MachineType {
    const TPU: [&str; 6] = ["cloud-tpu", "ct4p", "ct5lp", "ct5p", "ct6e", "tpu"];
    let name = name.to_ascii_lowercase();
    if TPU.iter().any(|prefix| name.starts_with(prefix)) {
        return MachineType::Tpu;
    }
    if let Some((_, cpus, mib, gpu, count)) = SINGLE.iter().find(|(known, ..)| *known == name) {
        let gpus = (*count > 0).then_some((*gpu, *count));
        return MachineType::Known(Machine { cpus: *cpus, mib: *mib, gpus });
    }
    proportional(&name).or_else(|| custom(&name)).map_or(MachineType::Unknown, MachineType::Known)
}

fn proportional(name: &str) -> Option<Machine> {
    // `c3-standard-88-lssd` has local disks; they change neither cores nor memory.
    let name = name.strip_suffix("-lssd").unwrap_or(name);
    let (family, cpus) = name.rsplit_once('-')?;
    let cpus = cpus.parse().ok()?;
    let (_, per_cpu, sizes) = PROPORTIONAL.iter().find(|(known, ..)| *known == family)?;
    sizes.contains(&cpus).then_some(Machine { cpus, mib: cpus * per_cpu, gpus: None })
}

/// A custom type says what it has: `custom-8-32768` are 8 cores and 32768 MiB.
fn custom(name: &str) -> Option<Machine> {
    let (family, size) = name.split_once("custom-")?;
    let (cpus, mib) = size.strip_suffix("-ext").unwrap_or(size).split_once('-')?;
    let known = matches!(family, "" | "n1-" | "n2-" | "n2d-" | "n4-" | "e2-");
    let (cpus, mib) = (cpus.parse().ok()?, mib.parse().ok()?);
    (known && cpus > 0 && mib > 0).then_some(Machine { cpus, mib, gpus: None })
}

/// The nearest names of known machine types, for a message.
pub(super) fn nearest(name: &str) -> Option<String> {
    let proportional = PROPORTIONAL
        .iter()
        .flat_map(|(family, _, sizes)| sizes.iter().map(move |size| format!("{family}-{size}")));
    let single = SINGLE.iter().map(|(name, ..)| (*name).to_owned());
    most_alike(name, proportional.chain(single).map(|known| (known.clone(), known)), 0.9)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(name: &str) -> (u64, u64, Option<(&'static str, u32)>) {
        match lookup(name) {
            MachineType::Known(machine) => (machine.cpus, machine.mib / GIB, machine.gpus),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn published_rows() {
        assert_eq!(known("n1-standard-4"), (4, 15, None));
        assert_eq!(known("n1-highmem-16"), (16, 104, None));
        assert_eq!(known("n2-highmem-128"), (128, 864, None));
        assert_eq!(known("e2-standard-8"), (8, 32, None));
        assert_eq!(known("c2-standard-30"), (30, 120, None));
        assert_eq!(known("c2d-highcpu-112"), (112, 224, None));
        assert_eq!(known("c3-standard-22-lssd"), (22, 88, None));
        assert_eq!(known("m1-megamem-96"), (96, 1433, None));
        assert_eq!(known("a2-highgpu-1g"), (12, 85, Some((A100, 1))));
        assert_eq!(known("a3-highgpu-8g"), (208, 1872, Some((H100, 8))));
        assert_eq!(known("g2-standard-24"), (24, 96, Some((L4, 2))));
        assert_eq!(known("n2-custom-8-32768"), (8, 32, None));
    }

    #[test]
    fn others() {
        assert_eq!(lookup("ct5lp-hightpu-4t"), MachineType::Tpu);
        assert_eq!(lookup("cloud-tpu"), MachineType::Tpu);
        assert_eq!(lookup("n1-standard-5"), MachineType::Unknown);
        assert_eq!(nearest("n1-standrd-4").unwrap(), "n1-standard-4");
    }
}
