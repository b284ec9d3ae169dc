//! The exponential function, in a form that compilers turn into vector instructions.

const LOG2_E: f64 = std::f64::consts::LOG2_E;
const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
/// Adding 1.5 · 2^52 rounds to an integer and leaves that integer in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// `e^x` for `x` in [-700, 0], to about two units in the last place; smaller arguments count as -700.
///
/// Cody and Waite's reduction to |r| <= ln 2 / 2, then the Taylor polynomial of degree 13. There is
/// no branch and no table, so a loop of these is vectorised.
#[inline]
pub(crate) fn exp_negative(x: f64) -> f64 {
    let x = if x < -700.0 { -700.0 } else { x };
    let shifted = x * LOG2_E + ROUND;
    let k = shifted - ROUND;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    let p = 1.0 / 6_227_020_800.0;
    let p = p * r + 1.0 / 479_001_600.0;
    let p = p * r + 1.0 / 39_916_800.0;
    let p = p * r + 1.0 / 3_628_800.0;
    let p = p * r + 1.0 / 362_880.0;
    let p = p * r + 1.0 / 40_320.0;
    let p = p * r + 1.0 / 5_040.0;
    let p = p * r + 1.0 / 720.0;
    let p = p * r + 1.0 / 120.0;
    let p = p * r + 1.0 / 24.0;
    let p = p * r + 1.0 / 6.0;
    let p = p * r + 0.5;
    let p = p * r + 1.0;
    let p = p * r + 1.0;
    // The low bits of `shifted` are k: moved to the exponent's place they multiply by 2^k.
    f64::from_bits(p.to_bits().wrapping_add(shifted.to_bits() << 52))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_libm() {
        for i in 0..70_000 {
            let x = -f64::from(i) * 0.01;
            let (mine, theirs) = (exp_negative(x), libm::exp(x));
            assert!((mine / theirs - 1.0).abs() < 1e-15, "{x}: {mine} {theirs}");
        }
        assert!(exp_negative(-1e9) < 1e-300);
    }
}
