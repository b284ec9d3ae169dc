//! From a numeric range to [0, 1] and back.

use super::Scale;

impl Scale {
    /// Where `value` lies between `low` (0) and `high` (1). Beyond the bounds the result is beyond
    /// them too; NaN where a logarithm has no answer.
    pub(crate) fn to_unit(self, value: f64, low: f64, high: f64) -> f64 {
        match self {
            // Halves, so that a range wider than the largest float doesn't overflow.
            Self::Linear => (value / 2.0 - low / 2.0) / (high / 2.0 - low / 2.0),
            Self::Log => log_place(value, low, high),
            Self::ReverseLog => 1.0 - log_place((high - value) + low, low, high),
        }
    }

    /// The value at `unit`, within the bounds whatever rounding does.
    pub(crate) fn value_at(self, unit: f64, low: f64, high: f64) -> f64 {
        let value = match self {
            Self::Linear => low * (1.0 - unit) + high * unit,
            Self::Log => log_value(unit, low, high),
            Self::ReverseLog => (high - log_value(1.0 - unit, low, high)) + low,
        };
        if unit <= 0.0 {
            low
        } else if unit >= 1.0 {
            high
        } else {
            tidy(value).clamp(low, high)
        }
    }
}

/// A value that is a round number but for the last bits of a logarithm is that number: people read
/// `0.001` then, where they would read `0.0010000000000000002`.
fn tidy(value: f64) -> f64 {
    let text = format!("{value:.14e}");
    let round = text.split_once('e').is_some_and(|(digits, _)| digits.ends_with("0000000"));
    if round { text.parse().unwrap_or(value) } else { value }
}

fn log_place(value: f64, low: f64, high: f64) -> f64 {
    if value <= 0.0 {
        return f64::NAN;
    }
    (libm::log(value) - libm::log(low)) / (libm::log(high) - libm::log(low))
}

fn log_value(unit: f64, low: f64, high: f64) -> f64 {
    libm::exp(libm::log(low) * (1.0 - unit) + libm::log(high) * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scale_comes_back() {
        for scale in [Scale::Linear, Scale::Log, Scale::ReverseLog] {
            for i in 0..=10 {
                let unit = f64::from(i) / 10.0;
                let value = scale.value_at(unit, 1e-4, 2.0);
                assert!((scale.to_unit(value, 1e-4, 2.0) - unit).abs() < 1e-9, "{scale:?} {unit}");
            }
        }
        assert!((Scale::Log.value_at(0.5, 1e-4, 1.0) - 1e-2).abs() < 1e-12);
        assert!((Scale::ReverseLog.value_at(0.5, 1e-4, 1.0) - 0.9901).abs() < 1e-12);
        assert!(Scale::Linear.value_at(0.7, -1e308, 1e308).is_finite());
        assert_eq!(Scale::Log.value_at(0.5, 1e-5, 0.1).to_string(), "0.001");
    }
}
