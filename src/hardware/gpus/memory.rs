//! How much memory a GPU of each type has.

use super::mig::MigGpu;

/// GPUs that can't be sliced by MIG, with their memory in GB by NVIDIA's data sheets. Where a type
/// was made in several sizes it is the smallest.
const OTHERS: &[(&str, u32)] = &[
    ("nvidia-k80", 12),
    ("nvidia-p4", 8),
    ("nvidia-p100", 12),
    ("nvidia-v100", 16),
    ("nvidia-t4", 16),
    ("nvidia-a10", 24),
    ("nvidia-a10g", 24),
    ("nvidia-a40", 48),
    ("nvidia-l4", 24),
    ("nvidia-l40", 48),
    ("nvidia-l40s", 48),
];

/// The memory of one GPU of a type in GB; `None` for a type that isn't known. `kind` is the name in
/// specs.
pub fn memory_gb(kind: &str) -> Option<u32> {
    let other = || OTHERS.iter().find(|(name, _)| *name == kind).map(|(_, memory)| *memory);
    MigGpu::find(kind).map(|gpu| gpu.memory_gb).or_else(other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hardware::accelerator::{ACCELERATORS, NVIDIA};

    #[test]
    fn every_type_of_nvidia_has_a_size() {
        for known in ACCELERATORS.iter().filter(|known| known.resource == NVIDIA) {
            assert_eq!(memory_gb(known.name).is_some(), known.name != "nvidia", "{}", known.name);
        }
    }
}
