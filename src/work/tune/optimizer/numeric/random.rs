//! Random numbers that are the same on every machine and in every version.

use super::quantile;

/// SplitMix64 (Steele, Lea and Flood 2014): a counter that is hashed. Small, and good enough to choose
/// candidates and to sample; not for secrets.
#[derive(Clone, Debug)]
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// A stream of its own for each pair of a seed and a purpose.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut random = Self { state: seed ^ 0x5851_f42d_4c95_7f2d };
        let mixed = random.bits();
        random.state = mixed ^ purpose.wrapping_mul(0xd134_2543_de82_ef95);
        random.bits();
        random
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }

    /// Uniform in `0..n`; 0 if `n` is 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Standard normal, by inversion: one number for each draw, so that streams stay in step.
    pub(crate) fn normal(&mut self) -> f64 {
        quantile((self.unit() + 1.0 / 18_014_398_509_481_984.0).min(1.0 - 1e-16))
    }

    /// Puts a slice in random order.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_where_they_should_be() {
        let mut random = Random::new(1, 2);
        let n = 20_000;
        let (mut sum, mut squares, mut counts) = (0.0, 0.0, [0; 5]);
        for _ in 0..n {
            let z = random.normal();
            sum += z;
            squares += z * z;
            counts[random.below(5)] += 1;
        }
        assert!((sum / f64::from(n)).abs() < 0.03 && (squares / f64::from(n) - 1.0).abs() < 0.05);
        assert!(counts.iter().all(|c| (3_700..4_300).contains(c)));
        assert_ne!(Random::new(1, 2).bits(), Random::new(1, 3).bits());
        assert_ne!(Random::new(1, 2).bits(), Random::new(2, 2).bits());
    }
}
