//! Buckets hold what they say.

use std::time::Duration;

use proptest::prelude::*;

use crate::Histogram;

fn of(durations: &[u64]) -> Histogram {
    let mut histogram = Histogram::default();
    for micros in durations {
        histogram.add(Duration::from_micros(*micros));
    }
    histogram
}

proptest! {
    #[test]
    fn a_quantile_is_at_most_an_eighth_too_long(
        mut micros in prop::collection::vec(0_u64..10_000_000_000, 1..200), part in 0.0..=1.0_f64
    ) {
        let found = of(&micros).quantile(part).unwrap().as_micros() as u64;
        micros.sort_unstable();
        let rank = ((part * micros.len() as f64).ceil() as usize).max(1);
        let exact = micros[rank - 1];
        prop_assert!(found > exact && found <= exact + exact / 8 + 1, "{found} for {exact}");
    }

    #[test]
    fn what_is_added_can_be_taken_away(
        one in prop::collection::vec(0_u64..1 << 40, 0..50),
        two in prop::collection::vec(0_u64..1 << 40, 0..50),
    ) {
        let both: Vec<u64> = one.iter().chain(&two).copied().collect();
        prop_assert_eq!(of(&one).plus(&of(&two)), of(&both));
        prop_assert_eq!(of(&both).since(&of(&one)), of(&two));
        prop_assert_eq!(of(&both).checked_since(&of(&one)), Some(of(&two)));
        let is_part = two.is_empty() || of(&one).checked_since(&of(&both)).is_none();
        prop_assert!(is_part, "less than before is no later state");
        let mut merged = of(&one);
        merged.merge(&of(&two));
        prop_assert_eq!(merged, of(&both));
        let text = serde_json::to_string(&of(&both)).unwrap();
        prop_assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), of(&both));
    }
}

#[test]
fn there_is_no_quantile_of_nothing() {
    assert_eq!(Histogram::default().quantile(0.99), None);
    assert_eq!(of(&[u64::MAX]).count(), 1);
}

#[test]
fn a_bucket_that_does_not_exist_is_refused() {
    assert!(serde_json::from_str::<Histogram>(r#"{"sumMicros":1,"buckets":[[9999,1]]}"#).is_err());
}

#[test]
fn many_at_once_are_as_many_one_by_one() {
    let mut many = Histogram::default();
    many.add_many(Duration::from_micros(700), 3);
    many.add_many(Duration::from_micros(9), 0);
    assert_eq!(many, of(&[700, 700, 700]));
}

#[test]
fn only_what_is_longer_for_certain_is_above_a_limit() {
    let micros: Vec<u64> = (1..=1000).map(|ms| ms * 1000).collect();
    let histogram = of(&micros);
    assert_eq!(histogram.above(Duration::from_millis(1)), 999);
    // The limit's own bucket, 458.752 to 524.288 ms, is left out.
    assert_eq!(histogram.above(Duration::from_millis(500)), 1000 - 524);
    assert_eq!(histogram.above(Duration::MAX), 0);
}
