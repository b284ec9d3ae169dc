//! Floating point numbers of 16 bits: IEEE's half precision, and bfloat16.

/// How the 16 bits are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::work::protocol) struct Format {
    exponent: i32,
    mantissa: i32,
}

/// IEEE 754 binary16.
pub(in crate::work::protocol) const FP16: Format = Format { exponent: 5, mantissa: 10 };
/// The upper half of a number in single precision.
pub(in crate::work::protocol) const BF16: Format = Format { exponent: 8, mantissa: 7 };

impl Format {
    fn bias(self) -> i32 {
        (1 << (self.exponent - 1)) - 1
    }

    fn infinity(self) -> u16 {
        ((1 << self.exponent) - 1) << self.mantissa
    }

    /// The bits of the nearest number, the even one of two that are as near.
    pub(in crate::work::protocol) fn bits(self, value: f64) -> u16 {
        let sign = if value.is_sign_negative() { 0x8000 } else { 0 };
        if value.is_nan() {
            return sign | self.infinity() | (1 << (self.mantissa - 1));
        }
        if value == 0.0 {
            return sign;
        }
        let of_value = ((value.to_bits() >> 52) & 0x7ff) as i32 - 1023;
        let exponent = of_value.clamp(1 - self.bias(), self.bias() + 1);
        // In units of the last place; what is rounded up to the next power of two carries over.
        let units = (value.abs() / 2f64.powi(exponent - self.mantissa)).round_ties_even();
        let bits = units + f64::from((exponent + self.bias() - 1) << self.mantissa);
        sign | bits.min(f64::from(self.infinity())) as u16
    }

    /// The number that these bits are.
    pub(in crate::work::protocol) fn value(self, bits: u16) -> f64 {
        let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
        let mantissa = f64::from(bits & ((1 << self.mantissa) - 1));
        let exponent = i32::from((bits & 0x7fff) >> self.mantissa);
        sign * if bits & self.infinity() == self.infinity() {
            if mantissa == 0.0 { f64::INFINITY } else { f64::NAN }
        } else if exponent == 0 {
            mantissa * 2f64.powi(1 - self.bias() - self.mantissa)
        } else {
            let one = f64::from(1 << self.mantissa);
            (one + mantissa) * 2f64.powi(exponent - self.bias() - self.mantissa)
        }
    }

    /// The number with the fewest decimal digits that becomes these bits.
    pub(in crate::work::protocol) fn shortest(self, bits: u16) -> f64 {
        let value = self.value(bits);
        let short = (0..5).find_map(|digits| {
            let near: f64 = format!("{value:.digits$e}").parse().ok()?;
            (self.bits(near) == bits).then_some(near)
        });
        short.unwrap_or(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_of_bits_comes_back() {
        for format in [FP16, BF16] {
            for bits in 0..=u16::MAX {
                let value = format.value(bits);
                if value.is_nan() {
                    assert!(format.value(format.bits(value)).is_nan());
                } else {
                    assert_eq!(format.bits(value), bits, "{format:?} {value}");
                    assert_eq!(format.bits(format.shortest(bits)), bits);
                }
            }
        }
    }

    #[test]
    fn what_lies_between_goes_to_the_nearest() {
        // Of FP16: 2049 lies between 2048 and 2050, and 2051 between 2050 and 2052.
        for (value, nearest) in [
            (2049.0, 2048.0),
            (2051.0, 2052.0),
            (0.1, 0.099_975_585_937_5),
            (65519.0, 65504.0),
            (65520.0, f64::INFINITY),
            (3e-8, 5.960_464_477_539_063e-8),
            (-2e-8, -0.0),
        ] {
            let found = FP16.value(FP16.bits(value));
            assert_eq!(found.to_bits(), f64::to_bits(nearest), "{value} became {found}");
        }
        assert_eq!(BF16.bits(1.0), 0x3f80);
        let shortest = |value: f64| FP16.shortest(FP16.bits(value)).to_string();
        assert_eq!([0.1, 65504.0].map(shortest), ["0.1", "65500"]);
    }
}
