//! MIG: into which slices NVIDIA's GPUs can be cut.
//!
//! Source: NVIDIA MIG User Guide, "Supported MIG Profiles" (profiles, fractions, numbers of
//! instances) and the placements that `nvidia-smi mig -lgipp` prints, which are the same for all
//! GPUs of seven slices. Profiles for graphics (`+gfx`) are left out. A GB200 of 189 GB calls its
//! slices by other numbers (24, 47, 95, 189): `nvidia-smi mig -lgip` on the node is what counts.

/// One size of slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// NVIDIA's name for it: `1g.5gb`, or `1g.5gb+me` with the media engines.
    pub name: &'static str,
    /// GB of memory, as NVIDIA counts them in the name.
    pub memory_gb: u32,
    /// How many compute slices of the GPU it takes.
    pub compute: u32,
    /// How many memory slices of the GPU it takes.
    pub memory: u32,
    /// How many of this size one GPU can have.
    pub max: u32,
    /// The numbers of the memory slices at which it may begin.
    starts: &'static [u32],
}

/// A type of GPU that MIG can slice.
#[derive(Clone, Copy, Debug)]
pub struct MigGpu {
    /// The name in specs, or that of a variant by memory: `nvidia-h100-94gb` and
    /// `nvidia-h100-96gb`.
    pub name: &'static str,
    /// The memory of the whole GPU in GB.
    pub memory_gb: u32,
    /// How many compute slices the GPU has.
    pub compute: u32,
    /// How many memory slices the GPU has.
    pub memory: u32,
    /// The sizes into which it can be sliced.
    pub profiles: &'static [Profile],
}

const ONES: &[u32] = &[0, 1, 2, 3, 4, 5, 6];
const TWOS: &[u32] = &[0, 2, 4];
const WIDE_ONES: &[u32] = &[0, 2, 4, 6];
const HALVES: &[u32] = &[0, 4];
const WHOLE: &[u32] = &[0];

const fn profile(
    name: &'static str,
    memory_gb: u32,
    [compute, memory, max]: [u32; 3],
    starts: &'static [u32],
) -> Profile {
    Profile { name, memory_gb, compute, memory, max, starts }
}

/// The seven profiles of A100, H100, H200, B200 and GB200 by their names.
macro_rules! of_seven {
    ($one:literal, $me:literal, $wide:literal, $two:literal, $three:literal, $four:literal,
     $seven:literal: $gb1:literal, $gb2:literal, $gb4:literal, $gb8:literal) => {
        &[
            profile($one, $gb1, [1, 1, 7], ONES),
            profile($me, $gb1, [1, 1, 1], ONES),
            profile($wide, $gb2, [1, 2, 4], WIDE_ONES),
            profile($two, $gb2, [2, 2, 3], TWOS),
            profile($three, $gb4, [3, 4, 2], HALVES),
            profile($four, $gb4, [4, 4, 1], WHOLE),
            profile($seven, $gb8, [7, 8, 1], WHOLE),
        ]
    };
}

const fn seven(name: &'static str, memory_gb: u32, profiles: &'static [Profile]) -> MigGpu {
    MigGpu { name, memory_gb, compute: 7, memory: 8, profiles }
}

const fn four(name: &'static str, memory_gb: u32, profiles: &'static [Profile]) -> MigGpu {
    MigGpu { name, memory_gb, compute: 4, memory: 4, profiles }
}

const OF_80: &[Profile] = of_seven!("1g.10gb", "1g.10gb+me", "1g.20gb", "2g.20gb", "3g.40gb",
    "4g.40gb", "7g.80gb": 10, 20, 40, 80);

/// All types of GPU that MIG can slice.
pub const MIG_GPUS: &[MigGpu] = &[
    four(
        "nvidia-a30",
        24,
        &[
            profile("1g.6gb", 6, [1, 1, 4], &[0, 1, 2, 3]),
            profile("1g.6gb+me", 6, [1, 1, 1], &[0, 1, 2, 3]),
            profile("2g.12gb", 12, [2, 2, 2], &[0, 2]),
            profile("2g.12gb+me", 12, [2, 2, 1], &[0, 2]),
            profile("4g.24gb", 24, [4, 4, 1], WHOLE),
        ],
    ),
    seven(
        "nvidia-a100",
        40,
        of_seven!("1g.5gb", "1g.5gb+me", "1g.10gb", "2g.10gb", "3g.20gb", "4g.20gb",
            "7g.40gb": 5, 10, 20, 40),
    ),
    seven("nvidia-a100-80gb", 80, OF_80),
    seven("nvidia-h100", 80, OF_80),
    seven("nvidia-h100-mega", 80, OF_80),
    seven(
        "nvidia-h100-94gb",
        94,
        of_seven!("1g.12gb", "1g.12gb+me", "1g.24gb", "2g.24gb", "3g.47gb", "4g.47gb",
            "7g.94gb": 12, 24, 47, 94),
    ),
    seven(
        "nvidia-h100-96gb",
        96,
        of_seven!("1g.12gb", "1g.12gb+me", "1g.24gb", "2g.24gb", "3g.48gb", "4g.48gb",
            "7g.96gb": 12, 24, 48, 96),
    ),
    seven(
        "nvidia-h200",
        141,
        of_seven!("1g.18gb", "1g.18gb+me", "1g.35gb", "2g.35gb", "3g.71gb", "4g.71gb",
            "7g.141gb": 18, 35, 71, 141),
    ),
    seven(
        "nvidia-b200",
        180,
        of_seven!("1g.23gb", "1g.23gb+me", "1g.45gb", "2g.45gb", "3g.90gb", "4g.90gb",
            "7g.180gb": 23, 45, 90, 180),
    ),
    seven(
        "nvidia-gb200",
        186,
        of_seven!("1g.23gb", "1g.23gb+me", "1g.47gb", "2g.47gb", "3g.93gb", "4g.93gb",
            "7g.186gb": 23, 47, 93, 186),
    ),
    four(
        "nvidia-rtx-pro-6000",
        96,
        &[
            profile("1g.24gb", 24, [1, 1, 4], &[0, 1, 2, 3]),
            profile("1g.24gb+me", 24, [1, 1, 1], &[0, 1, 2, 3]),
            profile("2g.48gb", 48, [2, 2, 2], &[0, 2]),
            profile("4g.96gb", 96, [4, 4, 1], WHOLE),
        ],
    ),
];

impl Profile {
    /// The resource that NVIDIA's device plugin gives its slices under the strategy `mixed`; it
    /// writes a dot for the `+`.
    pub fn resource(&self) -> String {
        format!("nvidia.com/mig-{}", self.name.replace('+', "."))
    }

    /// The name of such slices in specs.
    pub fn kind(&self) -> String {
        self.resource().replace("nvidia.com/", "nvidia-")
    }
}

impl MigGpu {
    /// The type of this name; `None` for one that MIG can't slice.
    pub fn find(name: &str) -> Option<&'static Self> {
        MIG_GPUS.iter().find(|gpu| gpu.name == name)
    }

    /// The size of this name; `None` for one that this type doesn't have.
    pub fn profile(&self, name: &str) -> Option<&'static Profile> {
        self.profiles.iter().find(|profile| profile.name == name)
    }

    /// Whether all these slices have a place on one GPU at once. Adding up is not enough: a slice
    /// may begin only at certain memory slices.
    pub fn holds(&self, slices: &[(&'static Profile, u32)]) -> bool {
        let mut all: Vec<&Profile> = slices
            .iter()
            .flat_map(|(profile, count)| std::iter::repeat_n(*profile, *count as usize))
            .collect();
        let compute: u32 = all.iter().map(|profile| profile.compute).sum();
        // Those with the fewest places first: then a dead end shows early.
        all.sort_by_key(|profile| profile.starts.len());
        compute <= self.compute && place(&all, 0)
    }
}

/// Whether all slices have a place beside those that are taken; tries every one. `taken` has a bit
/// for each memory slice.
fn place(slices: &[&Profile], taken: u32) -> bool {
    let Some((first, rest)) = slices.split_first() else { return true };
    first.starts.iter().any(|start| {
        let wanted = ((1 << first.memory) - 1) << start;
        taken & wanted == 0 && place(rest, taken | wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(gpu: &str, slices: &[(&str, u32)]) -> bool {
        let gpu = MigGpu::find(gpu).unwrap();
        let slices: Vec<_> =
            slices.iter().map(|(name, count)| (gpu.profile(name).unwrap(), *count)).collect();
        gpu.holds(&slices)
    }

    #[test]
    fn every_profile_fits_as_often_as_it_says_and_no_more() {
        for gpu in MIG_GPUS {
            for profile in gpu.profiles.iter().filter(|profile| !profile.name.ends_with("+me")) {
                assert!(gpu.holds(&[(profile, profile.max)]), "{} {}", gpu.name, profile.name);
                assert!(!gpu.holds(&[(profile, profile.max + 1)]), "{} {}", gpu.name, profile.name);
            }
        }
    }

    #[test]
    fn names_say_compute_and_memory() {
        for gpu in MIG_GPUS {
            for profile in gpu.profiles {
                let plain = profile.name.trim_end_matches("+me");
                let said = format!("{}g.{}gb", profile.compute, profile.memory_gb);
                assert_eq!(plain, said, "{}", gpu.name);
                assert!(profile.memory <= gpu.memory && profile.memory_gb <= gpu.memory_gb);
            }
        }
    }

    #[test]
    fn mixtures_need_places() {
        assert!(holds("nvidia-a100", &[("3g.20gb", 1), ("2g.10gb", 1), ("1g.5gb", 2)]));
        assert!(holds("nvidia-a100", &[("4g.20gb", 1), ("3g.20gb", 1)]));
        // Only with the large one behind: before it, one of the four would lie in the eighth.
        assert!(holds("nvidia-a100", &[("3g.20gb", 1), ("1g.5gb", 4)]));
        assert!(!holds("nvidia-a100", &[("3g.20gb", 2), ("1g.5gb", 1)]));
        assert!(!holds("nvidia-a100", &[("4g.20gb", 1), ("1g.5gb", 4)]));
        assert!(holds("nvidia-a100", &[("2g.10gb", 3), ("1g.10gb", 1)]));
        assert!(!holds("nvidia-a100", &[("2g.10gb", 3), ("1g.10gb", 2)]));
        assert!(holds("nvidia-a30", &[("2g.12gb", 1), ("1g.6gb", 2)]));
    }
}
