//! Points of the interval that an [`crate::Assignment`] cuts.

use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest, Sha256};

/// 2^32 divided by the golden ratio, which is odd: its multiples visit every point once.
const STEP: u32 = 0x9e37_79b9;

/// The point of a caller with a name: the first four bytes of the name's SHA-256, the highest
/// first. It is the same in every router and in every version, so that whoever knows the
/// assignment can say which revision a caller has.
pub(crate) fn caller(name: &[u8]) -> u32 {
    let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(name).into();
    u32::from_be_bytes([a, b, c, d])
}

/// Points for callers without a name: multiples of the golden ratio, a Weyl sequence.
///
/// Any run of `n` of them is spread over the interval more evenly than chance would: in a part of
/// it, how many there are differs from its share of `n` by a few, where chance differs by the root
/// of `n`. So weights hold over few requests too. Unlike turns by round robin it keeps no step
/// with callers who send two kinds of request in turn.
#[derive(Debug, Default)]
pub(crate) struct Sequence(AtomicU32);

impl Sequence {
    /// The next one; several threads never get the same.
    pub(crate) fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(STEP)
    }
}
