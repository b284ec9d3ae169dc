//! How GPUs are sliced: a wish is checked against what the hardware can do.

use serde::Serialize;

use super::memory::memory_gb;
use super::mig::{MIG_GPUS, MigGpu, Profile};
use super::split_error::{MOST_SHARES, SplitError};
use crate::hardware::accelerator::{ACCELERATORS, NVIDIA, find, suggest};
use crate::text::nearest;

/// Every GPU of a type cut into slices by MIG.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigSplit {
    /// The name of the type.
    #[serde(rename = "type")]
    pub gpu: &'static str,
    /// The memory of one GPU in GB.
    pub memory_gb: u32,
    /// How many compute slices the GPU has.
    #[serde(skip)]
    pub compute: u32,
    /// The slices of each GPU.
    pub slices: Vec<MigSlices>,
}

/// Equal slices of a GPU.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MigSlices {
    /// The name of the size.
    pub profile: &'static str,
    /// How many of them each GPU has.
    pub count: u32,
    /// The name of the resource that a pod asks for.
    pub resource: String,
    /// The name of their type in specs.
    #[serde(rename = "type")]
    pub kind: String,
    /// The memory of one slice in GB.
    pub memory_gb: u32,
    /// How many compute slices one slice has.
    pub compute: u32,
}

/// Every GPU of a type shared in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TimeSplit {
    /// The name of the type.
    #[serde(rename = "type")]
    pub gpu: &'static str,
    /// Its memory in GB, which all share; `null` where no single type is meant.
    pub memory_gb: Option<u32>,
    /// How many pods share one GPU.
    pub replicas: u32,
    /// The name of the resource that a pod asks for.
    pub resource: &'static str,
    /// The name of a share's type in specs.
    pub kind: String,
}

impl MigSplit {
    /// Checks slices of a type, each as a profile with its count. `name` is mlctl's or Vertex AI's.
    pub fn new(name: &str, wanted: &[(String, u32)]) -> Result<Self, SplitError> {
        // The variants by memory are in the table of MIG only.
        let gpu = MigGpu::find(name)
            .map_or_else(|| nvidia(name).map(|known| known.name), |gpu| Ok(gpu.name))?;
        let gpu = MigGpu::find(gpu).ok_or_else(|| SplitError::NoMig { gpu: gpu.to_owned() })?;
        let mut slices: Vec<(&'static Profile, u32)> = Vec::new();
        for (name, count) in wanted.iter().filter(|(_, count)| *count > 0) {
            let profile = gpu.profile(name).ok_or_else(|| unknown_profile(gpu, name))?;
            match slices.iter_mut().find(|(known, _)| *known == profile) {
                Some((_, sum)) => *sum += count,
                None => slices.push((profile, *count)),
            }
        }
        for (profile, count) in &slices {
            if *count > profile.max {
                let (gpu, profile, max) = (gpu.name, profile.name, profile.max);
                return Err(SplitError::TooMany { gpu, profile, count: *count, max });
            }
        }
        if !gpu.holds(&slices) {
            return Err(does_not_fit(gpu, &slices));
        }
        let slices = slices.into_iter().map(|(profile, count)| MigSlices {
            profile: profile.name,
            count,
            resource: profile.resource(),
            kind: profile.kind(),
            memory_gb: profile.memory_gb,
            compute: profile.compute,
        });
        Ok(Self {
            gpu: gpu.name,
            memory_gb: gpu.memory_gb,
            compute: gpu.compute,
            slices: slices.collect(),
        })
    }
}

impl TimeSplit {
    /// Checks shares of a type. `name` is mlctl's or Vertex AI's, or `nvidia` for any type.
    pub fn new(name: &str, replicas: u32) -> Result<Self, SplitError> {
        let known = MigGpu::find(name)
            .map_or_else(|| nvidia(name).map(|known| known.name), |gpu| Ok(gpu.name))?;
        if !(2..=MOST_SHARES).contains(&replicas) {
            return Err(SplitError::Shares(replicas));
        }
        // Nodes are labelled by products, and a variant by memory, such as `nvidia-h100-94gb`, is
        // no product of its own.
        let variant_of = || known.rsplit_once('-').and_then(|(product, _)| find(product));
        let product = find(known).or_else(variant_of).ok_or_else(|| unknown_type(known))?;
        let kind = product.name;
        Ok(Self {
            gpu: known,
            memory_gb: memory_gb(known),
            replicas,
            resource: NVIDIA,
            kind: if kind == "nvidia" { kind.into() } else { format!("{kind}-shared") },
        })
    }
}

/// The type of NVIDIA's that has this name.
fn nvidia(name: &str) -> Result<&'static crate::hardware::accelerator::Accelerator, SplitError> {
    find(name).filter(|known| known.resource == NVIDIA).ok_or_else(|| unknown_type(name))
}

/// Names the type of NVIDIA's that was probably meant.
fn unknown_type(name: &str) -> SplitError {
    SplitError::UnknownType {
        name: name.to_owned(),
        near: suggest(name).filter(|near| {
            ACCELERATORS.iter().any(|known| known.name == *near && known.resource == NVIDIA)
        }),
    }
}

/// Names the profile that was probably meant: the smallest that has as much as was asked for or,
/// when the wish can't be read, the one that is spelled most like it.
fn unknown_profile(gpu: &'static MigGpu, asked: &str) -> SplitError {
    let known: Vec<&'static str> = gpu.profiles.iter().map(|profile| profile.name).collect();
    let memory = asked.split_once("g.").and_then(|(compute, rest)| {
        Some((compute.parse::<u32>().ok()?, rest.split_once("gb")?.0.parse::<u32>().ok()?))
    });
    let by_size = memory.and_then(|(compute, memory)| {
        let enough = gpu.profiles.iter().filter(|profile| {
            !profile.name.ends_with("+me")
                && profile.compute >= compute
                && profile.memory_gb >= memory
        });
        enough.min_by_key(|profile| (profile.memory_gb, profile.compute)).map(|one| one.name)
    });
    let near = by_size.or_else(|| nearest(asked, known.iter().copied()));
    SplitError::UnknownProfile { gpu: gpu.name, profile: asked.to_owned(), known, near }
}

/// Says how much the slices take together.
fn does_not_fit(gpu: &'static MigGpu, slices: &[(&'static Profile, u32)]) -> SplitError {
    let sum = |of: fn(&Profile) -> u32| -> u32 {
        slices.iter().map(|(profile, count)| of(profile) * count).sum()
    };
    let asked: Vec<String> =
        slices.iter().map(|(profile, count)| format!("{count} x {}", profile.name)).collect();
    SplitError::DoesNotFit {
        gpu: gpu.name,
        asked: asked.join(" and "),
        compute: sum(|profile| profile.compute),
        memory: sum(|profile| profile.memory),
        of: (gpu.compute, gpu.memory),
    }
}

/// The names of all types that MIG can slice.
pub fn mig_types() -> Vec<&'static str> {
    MIG_GPUS.iter().map(|gpu| gpu.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mig(name: &str, slices: &[(&str, u32)]) -> Result<MigSplit, String> {
        let slices: Vec<_> =
            slices.iter().map(|(profile, count)| ((*profile).to_owned(), *count)).collect();
        MigSplit::new(name, &slices).map_err(|error| error.to_string())
    }

    #[test]
    fn what_the_hardware_can_do_is_taken() {
        let split = mig("nvidia-a100", &[("1g.5gb", 7)]).unwrap();
        assert_eq!(split.slices[0].resource, "nvidia.com/mig-1g.5gb");
        assert_eq!(split.slices[0].kind, "nvidia-mig-1g.5gb");
        let split = mig("NVIDIA_H100_80GB", &[("1g.10gb+me", 1), ("3g.40gb", 1)]).unwrap();
        assert_eq!(
            (split.gpu, split.slices[0].kind.as_str()),
            ("nvidia-h100", "nvidia-mig-1g.10gb.me")
        );
        assert!(mig("nvidia-h100-94gb", &[("7g.94gb", 1)]).is_ok());
    }

    #[test]
    fn what_it_can_not_is_explained() {
        let error = |name: &str, slices: &[(&str, u32)]| mig(name, slices).unwrap_err();
        insta::assert_snapshot!(error("nvidia-t4", &[("1g.5gb", 2)]), @"nvidia-t4 has no MIG: its hardware can't be cut into slices");
        insta::assert_snapshot!(error("nvidia-a100", &[("1g.6gb", 2)]), @"nvidia-a100 has no MIG profile `1g.6gb`: it has 1g.5gb, 1g.5gb+me, 1g.10gb, 2g.10gb, 3g.20gb, 4g.20gb, 7g.40gb");
        insta::assert_snapshot!(error("nvidia-a100", &[("2g.10gb", 4)]), @"a nvidia-a100 has at most 3 x 2g.10gb, not 4");
        insta::assert_snapshot!(error("nvidia-a100", &[("3g.20gb", 2), ("1g.5gb", 1)]), @"2 x 3g.20gb and 1 x 1g.5gb don't fit one nvidia-a100: they take 7 of 7 compute slices and 9 of 8 memory slices, and each has its fixed places");
        insta::assert_snapshot!(error("A100", &[("1g.5gb", 1)]), @"there is no type of NVIDIA GPU `A100`");
        insta::assert_snapshot!(error("amd-mi300x", &[("1g.5gb", 1)]), @"there is no type of NVIDIA GPU `amd-mi300x`");
        let near = |name: &str, profile: &str| match MigSplit::new(name, &[(profile.into(), 1)]) {
            Err(SplitError::UnknownProfile { near, .. } | SplitError::UnknownType { near, .. }) => {
                near
            }
            _ => None,
        };
        assert_eq!(near("nvidia-a100", "1g.6gb"), Some("1g.10gb"));
        assert_eq!(near("nvidia-a100", "1g5gb"), Some("1g.5gb"));
        assert_eq!(near("A100", "1g.5gb"), Some("nvidia-a100"));
    }

    #[test]
    fn shares_keep_their_type() {
        let split = TimeSplit::new("nvidia-t4", 4).unwrap();
        assert_eq!((split.kind.as_str(), split.memory_gb), ("nvidia-t4-shared", Some(16)));
        assert_eq!(TimeSplit::new("nvidia", 2).unwrap().memory_gb, None);
        let variant = TimeSplit::new("nvidia-h100-94gb", 2).unwrap();
        assert_eq!((variant.kind.as_str(), variant.memory_gb), ("nvidia-h100-shared", Some(94)));
        for gpu in MIG_GPUS {
            let kind = TimeSplit::new(gpu.name, 2).unwrap().kind;
            let product = kind.strip_suffix("-shared").unwrap();
            assert!(find(product).is_some() && gpu.name.starts_with(product), "{kind}");
        }
        assert_eq!(TimeSplit::new("nvidia-t4", 1), Err(SplitError::Shares(1)));
    }
}
