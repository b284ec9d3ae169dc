//! Sobol's sequence: points that fill a cube more evenly than random ones.

use super::directions::{DIMENSIONS, TABLE};

/// A sequence in as many dimensions as asked for, scrambled by a seed or plain.
#[derive(Clone, Debug)]
pub(crate) struct Sobol {
    directions: Vec<[u32; 32]>,
    seed: Option<u64>,
}

impl Sobol {
    /// The sequence as Sobol made it: its first point is the corner at zero.
    pub(crate) fn plain(dimensions: usize) -> Self {
        Self { directions: (0..dimensions).map(direction).collect(), seed: None }
    }

    /// The sequence under Owen's nested uniform scrambling: points are uniform in the cube, and still
    /// as evenly spread (Owen 1995; by hashing, as Burley 2020 does it).
    pub(crate) fn scrambled(dimensions: usize, seed: u64) -> Self {
        Self { seed: Some(seed), ..Self::plain(dimensions) }
    }

    /// Coordinate `dimension` of point `index`, in [0, 1).
    ///
    /// Dimensions beyond the table take their numbers again with another scrambling, which spreads
    /// each of them evenly, though not any two of them together.
    pub(crate) fn coordinate(&self, index: u32, dimension: usize) -> f64 {
        let Some(numbers) = self.directions.get(dimension) else { return 0.5 };
        let index = match self.seed {
            // The order is shuffled in the same tree-like way, per group of table dimensions, so that
            // the dimensions that share numbers do not come out alike.
            Some(seed) if dimension >= DIMENSIONS => {
                nested(index, hash(seed ^ (((dimension / DIMENSIONS) as u64) << 32)))
            }
            _ => index,
        };
        // Points in Gray code's order, as SciPy and most others have them.
        let gray = index ^ (index >> 1);
        let mut bits = 0;
        for (i, number) in numbers.iter().enumerate() {
            if gray >> i & 1 == 1 {
                bits ^= number;
            }
        }
        if let Some(seed) = self.seed {
            bits = nested(bits, hash(seed.wrapping_add(dimension as u64 + 1)));
        }
        // The centre of the cell, so that no coordinate is 0 and none rounds to 1.
        let half = if self.seed.is_some() { 0.5 } else { 0.0 };
        (f64::from(bits) + half) / 4_294_967_296.0
    }

    /// All coordinates of a point.
    #[cfg(test)]
    pub(crate) fn point(&self, index: u32) -> Vec<f64> {
        (0..self.directions.len()).map(|d| self.coordinate(index, d)).collect()
    }
}

fn direction(dimension: usize) -> [u32; 32] {
    let mut v = [0u32; 32];
    match dimension % DIMENSIONS {
        0 => (0..32).for_each(|i| v[i] = 1 << (31 - i)),
        d => {
            let (s, a, m) = TABLE[d - 1];
            let s = s as usize;
            for i in 0..32 {
                if i < s {
                    v[i] = m[i] << (31 - i);
                } else {
                    v[i] = v[i - s] ^ (v[i - s] >> s);
                    for k in 1..s {
                        if a >> (s - 1 - k) & 1 == 1 {
                            v[i] ^= v[i - k];
                        }
                    }
                }
            }
        }
    }
    v
}

fn hash(seed: u64) -> u32 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as u32
}

/// A scrambling in which each bit depends on the seed and the higher bits only: Laine and Karras'
/// permutation with Vegdahl's constants, of the reversed bits.
fn nested(bits: u32, seed: u32) -> u32 {
    let mut x = bits.reverse_bits();
    x ^= x.wrapping_mul(0x3d20_adea);
    x = x.wrapping_add(seed);
    x = x.wrapping_mul((seed >> 16) | 1);
    x ^= x.wrapping_mul(0x0552_6c56);
    x ^= x.wrapping_mul(0x53a2_2864);
    x.reverse_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scrambled_points_hit_every_cell_once() {
        let sobol = Sobol::scrambled(70, 3);
        for d in 0..70 {
            let mut seen = [false; 64];
            (0..64).for_each(|i| seen[(sobol.coordinate(i, d) * 64.0) as usize] = true);
            assert!(seen.iter().all(|s| *s), "{d}");
        }
        assert_ne!(sobol.coordinate(5, 3), Sobol::scrambled(70, 4).coordinate(5, 3));
        assert_ne!(sobol.coordinate(5, 2), sobol.coordinate(5, 66));
    }
}
