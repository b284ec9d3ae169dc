//! Why GPUs can't be sliced as somebody wishes.

/// How many pods can share a GPU. NVIDIA's device plugin takes no more, since the names of devices
/// must fit what the kubelet keeps.
pub(super) const MOST_SHARES: u32 = 128;

/// Why GPUs can't be sliced in this way.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// There is no such type of GPU.
    #[error("there is no type of NVIDIA GPU `{name}`")]
    UnknownType {
        /// The name that was asked for.
        name: String,
        /// The name that was probably meant; `None` when none is near.
        near: Option<&'static str>,
    },
    /// The hardware of this type has no MIG.
    #[error("{gpu} has no MIG: its hardware can't be cut into slices")]
    NoMig {
        /// The name of the type.
        gpu: String,
    },
    /// The GPU has no such profile.
    #[error("{gpu} has no MIG profile `{profile}`: it has {}", known.join(", "))]
    UnknownProfile {
        /// The name of the type.
        gpu: &'static str,
        /// The name that was asked for.
        profile: String,
        /// The names of the profiles that it has.
        known: Vec<&'static str>,
        /// The name that was probably meant; `None` when none is near.
        near: Option<&'static str>,
    },
    /// More of one profile than a GPU can have.
    #[error("a {gpu} has at most {max} x {profile}, not {count}")]
    TooMany {
        /// The name of the type.
        gpu: &'static str,
        /// The name of the profile.
        profile: &'static str,
        /// How many were asked for.
        count: u32,
        /// How many one GPU can have.
        max: u32,
    },
    /// The slices don't fit one GPU together.
    #[error(
        "{asked} don't fit one {gpu}: they take {compute} of {} compute slices and {memory} of {} \
         memory slices, and each has its fixed places", of.0, of.1
    )]
    DoesNotFit {
        /// The name of the type.
        gpu: &'static str,
        /// What was asked for, for people.
        asked: String,
        /// How many compute slices they take together.
        compute: u32,
        /// How many memory slices they take together.
        memory: u32,
        /// How many compute and memory slices the GPU has.
        of: (u32, u32),
    },
    /// A GPU can't be shared by so few or so many.
    #[error("{0} shares make no sense: write a number from 2 to {MOST_SHARES}")]
    Shares(u32),
}
