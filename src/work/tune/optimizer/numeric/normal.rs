//! The normal distribution, and the improvement that is expected under it, far into the tails.

const SQRT_2: f64 = std::f64::consts::SQRT_2;
const LN_SQRT_2PI: f64 = 0.918_938_533_204_672_8;
const SQRT_HALF_PI: f64 = 1.253_314_137_315_500_3;

/// The density of the standard normal distribution.
pub(crate) fn normal_pdf(z: f64) -> f64 {
    libm::exp(-0.5 * z * z - LN_SQRT_2PI)
}

/// The probability that a standard normal variable is below `z`.
pub(crate) fn normal_cdf(z: f64) -> f64 {
    0.5 * libm::erfc(-z / SQRT_2)
}

/// `erfc(x) · e^(x²)` for `x >= 0`: what is left of `erfc` when its exponential decay is divided out.
fn scaled_erfc(x: f64) -> f64 {
    if x < 20.0 {
        return libm::exp(x * x) * libm::erfc(x);
    }
    // The asymptotic series 1/(x sqrt(pi)) (1 - 1/(2x²) + 3/(4x⁴) - 15/(8x⁶)), good to 1e-12 from 20 on.
    let y = 1.0 / (x * x);
    (1.0 - 0.5 * y + 0.75 * y * y - 1.875 * y * y * y + 6.5625 * y * y * y * y)
        / (x * 1.772_453_850_905_516)
}

/// The logarithm of [`normal_cdf`], also where that is too small for a number.
pub(crate) fn log_cdf(z: f64) -> f64 {
    if z > -1.0 {
        libm::log(normal_cdf(z))
    } else {
        libm::log(0.5 * scaled_erfc(-z / SQRT_2)) - 0.5 * z * z
    }
}

/// `log(φ(z) + z Φ(z))`: the logarithm of the improvement that is expected from a normal variable of
/// unit variance whose mean lies `z` above what is to be beaten.
///
/// Ament et al. 2023, "Unexpected Improvements to Expected Improvement", equation 9: the plain formula
/// above -1; below, the terms that cancel are taken out; from -1e6 on their limit, `-2 log |z|`.
pub(crate) fn log_expected_improvement_unit(z: f64) -> f64 {
    if z > -1.0 {
        libm::log(normal_pdf(z) + z * normal_cdf(z))
    } else if z > -1e6 {
        // φ(z)(1 + z Φ(z)/φ(z)), with Φ/φ = sqrt(pi/2) erfcx(-z/sqrt 2).
        let ratio = SQRT_HALF_PI * scaled_erfc(-z / SQRT_2);
        // Beyond -50 the difference 1 + z·ratio cancels to its series, 1/z² - 3/z⁴ + 15/z⁶.
        let rest = if z > -50.0 {
            libm::log1p(z * ratio)
        } else {
            let y = 1.0 / (z * z);
            libm::log(y * (1.0 - 3.0 * y + 15.0 * y * y - 105.0 * y * y * y))
        };
        -0.5 * z * z - LN_SQRT_2PI + rest
    } else {
        -0.5 * z * z - LN_SQRT_2PI - 2.0 * libm::log(-z)
    }
}

/// The derivative of [`log_expected_improvement_unit`]: `Φ(z) / (φ(z) + z Φ(z))`.
pub(crate) fn log_expected_improvement_slope(z: f64, value: f64) -> f64 {
    if z > -1e6 { libm::exp(log_cdf(z) - value) } else { -z }
}

/// Where the standard normal distribution reaches the probability `p`, for `p` in (0, 1).
///
/// Acklam's rational approximation and one step of Halley's method, to about 1e-15.
pub(crate) fn quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
    ];
    let tail = |q: f64| {
        (((((C[0] * q + C[1]) * q + C[2]) * q + C[3]) * q + C[4]) * q + C[5])
            / ((((D[0] * q + D[1]) * q + D[2]) * q + D[3]) * q + 1.0)
    };
    let p = p.clamp(f64::MIN_POSITIVE, 1.0 - f64::EPSILON / 2.0);
    let x = if p < 0.02425 {
        tail((-2.0 * libm::log(p)).sqrt())
    } else if p > 1.0 - 0.02425 {
        -tail((-2.0 * libm::log1p(-p)).sqrt())
    } else {
        let q = p - 0.5;
        let r = q * q;
        (((((A[0] * r + A[1]) * r + A[2]) * r + A[3]) * r + A[4]) * r + A[5]) * q
            / (((((B[0] * r + B[1]) * r + B[2]) * r + B[3]) * r + B[4]) * r + 1.0)
    };
    let e = normal_cdf(x) - p;
    let u = e * libm::exp(0.5 * x * x + LN_SQRT_2PI);
    x - u / (1.0 + 0.5 * x * u)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quantile_inverts_the_distribution() {
        for i in 1..1000 {
            let p = f64::from(i) / 1000.0;
            assert!((normal_cdf(quantile(p)) - p).abs() < 1e-14);
        }
    }
}
