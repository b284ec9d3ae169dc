//! What holds for every quantity, not only for the usual ones.

use std::time::Duration;

use proptest::prelude::{any, proptest};
use proptest::{prop_assert, prop_assert_eq};

use super::{Amount, ByteSize, CpuQuantity, Span, hex, quantity};

/// Suffixes of Kubernetes, from the smallest on; the empty one stands for none.
const SUFFIXES: [&str; 16] =
    ["n", "u", "m", "", "k", "Ki", "M", "Mi", "G", "Gi", "T", "Ti", "P", "Pi", "E", "Ei"];

/// Longest duration that a spec may have, in milliseconds.
const LONGEST: u64 = 3_200_000_000_000;

fn json<T: serde::Serialize>(value: T) -> serde_json::Value {
    serde_json::to_value(value).unwrap()
}

proptest! {
    /// Sizes are read as floating-point numbers, which are exact up to 8 PiB.
    #[test]
    fn a_size_is_read_as_it_is_written(bytes in 1u64..1 << 53) {
        let size = ByteSize { bytes };
        prop_assert_eq!(size.to_string().parse(), Ok(size));
        prop_assert_eq!(serde_json::from_value::<ByteSize>(json(size)).unwrap(), size);
    }

    #[test]
    fn a_size_with_a_unit_is_read_as_it_is_written(count in 1u64..1 << 10, unit in 0u32..5) {
        let size = ByteSize { bytes: count << (10 * (unit + 1)).min(49) };
        prop_assert_eq!(size.to_string().parse(), Ok(size));
    }

    /// A million cores is the most that is read without a suffix.
    #[test]
    fn cores_are_read_as_they_are_written(millis in 1u64..=1_000_000_000) {
        let cores = CpuQuantity { millis };
        prop_assert_eq!(cores.to_string().parse(), Ok(cores));
        prop_assert_eq!(serde_json::from_value::<CpuQuantity>(json(cores)).unwrap(), cores);
    }

    #[test]
    fn a_duration_is_read_as_it_is_written(millis in 0..=LONGEST) {
        let span = Span(Duration::from_millis(millis));
        prop_assert_eq!(span.to_string().parse(), Ok(span));
        prop_assert_eq!(serde_json::from_value::<Span>(json(span)).unwrap(), span);
    }

    #[test]
    fn no_text_is_too_odd(
        text in any::<String>(),
        almost in "[0-9.eE+-]{0,6}[a-zA-Zµ]{0,3}[0-9]?",
    ) {
        for text in [text, almost] {
            // Whatever is read is a number that can be used.
            prop_assert!(quantity(&text).is_none_or(f64::is_finite), "{}", text);
            prop_assert!(text.parse::<ByteSize>().is_ok_and(|size| size.bytes > 0)
                || text.parse::<ByteSize>().is_err());
            prop_assert!(text.parse::<CpuQuantity>().is_ok_and(|cores| cores.millis > 0)
                || text.parse::<CpuQuantity>().is_err());
            let _ = (text.parse::<Span>(), text.parse::<Amount>(), hex::decode(&text));
        }
    }

    #[test]
    fn plain_numbers_of_a_cluster_are_numbers(number in any::<f64>()) {
        let wanted = number.is_finite().then_some(number);
        prop_assert_eq!(quantity(&number.to_string()), wanted);
        prop_assert_eq!(quantity(&format!("{number:e}")), wanted);
    }

    #[test]
    fn a_larger_suffix_is_a_larger_amount(number in 1u32..1_000_000) {
        let amounts: Vec<f64> =
            SUFFIXES.iter().filter_map(|suffix| quantity(&format!("{number}{suffix}"))).collect();
        prop_assert_eq!(amounts.len(), SUFFIXES.len());
        prop_assert!(amounts.is_sorted_by(|one, next| one < next), "{:?}", amounts);
    }

    #[test]
    fn bytes_come_back_from_their_digits(bytes in any::<Vec<u8>>()) {
        prop_assert_eq!(hex::decode(&hex::encode(&bytes)), Some(bytes));
    }
}
