//! Amounts as a cluster writes them.

/// Suffixes and what they stand for (`k8s.io/apimachinery/pkg/api/resource`).
const SUFFIXES: [(&str, f64); 15] = [
    ("Ki", 1024.0),
    ("Mi", 1_048_576.0),
    ("Gi", 1_073_741_824.0),
    ("Ti", 1_099_511_627_776.0),
    ("Pi", 1_125_899_906_842_624.0),
    ("Ei", 1_152_921_504_606_846_976.0),
    ("n", 1e-9),
    ("u", 1e-6),
    ("m", 1e-3),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
    ("T", 1e12),
    ("P", 1e15),
    ("E", 1e18),
];

/// A quantity as the API server writes it: `3920m`, `15842492Ki`, `8`, `1e3`. In units of the
/// resource: cores, bytes, devices. `None` for what is none.
pub fn quantity(text: &str) -> Option<f64> {
    // `1e3` has an exponent and no suffix, `1E` a suffix and no exponent.
    if let Ok(plain) = text.parse::<f64>() {
        return plain.is_finite().then_some(plain);
    }
    let (suffix, scale) = SUFFIXES.iter().find(|(suffix, _)| text.ends_with(suffix))?;
    let number: f64 = text.strip_suffix(suffix)?.parse().ok()?;
    number.is_finite().then_some(number * scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_forms_are_read() {
        for (text, wanted) in [
            ("8", 8.0),
            ("3920m", 3.92),
            ("15842492Ki", 16_222_711_808.0),
            ("1Gi", 1_073_741_824.0),
            ("2k", 2000.0),
            ("1e3", 1000.0),
            ("1E", 1e18),
            ("0", 0.0),
        ] {
            assert_eq!(quantity(text), Some(wanted), "{text}");
        }
        for text in ["", "x", "1.5.5", "Gi", "inf", "4 Gi"] {
            assert_eq!(quantity(text), None, "{text}");
        }
    }
}
