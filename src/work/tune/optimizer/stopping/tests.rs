use super::*;

fn curve(number: u64, steps: usize, complete: bool, f: impl Fn(f64) -> f64) -> Curve {
    let readings = (1..=steps).map(|s| (s as f64, f(s as f64))).collect();
    Curve { number, readings, complete }
}

fn decays(to: f64, number: u64, steps: usize) -> Curve {
    curve(number, steps, steps == 50, |t| to + libm::exp(-t / 10.0))
}

fn stops(rule: &Rule, trial: &Curve, others: &[Curve]) -> bool {
    let minimise = decide(rule, Direction::Minimise, trial, others);
    // The same upside down must come to the same.
    let flip = |c: &Curve| Curve {
        readings: c.readings.iter().map(|r| (r.0, -r.1)).collect(),
        ..c.clone()
    };
    let flipped: Vec<Curve> = others.iter().map(flip).collect();
    let maximise = decide(rule, Direction::Maximise, &flip(trial), &flipped);
    assert_eq!(minimise == Decision::Continue, maximise == Decision::Continue);
    minimise != Decision::Continue
}

fn ended() -> Vec<Curve> {
    (0..6).map(|i| decays(0.1 + 0.1 * i as f64, i, 50)).collect()
}

#[test]
fn the_median_of_running_averages_divides() {
    let rule = Rule::Median { least_trials: 5, from: 5.0 };
    assert!(stops(&rule, &decays(1.5, 9, 10), &ended()));
    assert!(!stops(&rule, &decays(0.1, 9, 10), &ended()));
    assert!(!stops(&rule, &decays(1.5, 9, 4), &ended()), "too early");
    assert!(!stops(&rule, &decays(1.5, 9, 10), &ended()[..4]), "too few");
}

#[test]
fn a_decay_is_followed_to_where_it_leads() {
    let rule = Rule::DecayCurve { end: None, probability: 0.05, least_readings: 6 };
    assert!(stops(&rule, &decays(0.6, 9, 25), &ended()));
    assert!(!stops(&rule, &decays(0.02, 9, 10), &ended()), "it will be the best");
    assert!(!stops(&rule, &decays(0.02, 9, 25), &ended()));
    let flat = curve(9, 12, false, |_| 0.7);
    assert!(stops(&rule, &flat, &ended()));
    // It still falls steadily, and there is time.
    assert!(!stops(&rule, &curve(9, 10, false, |t| 2.0 - 0.1 * t), &ended()));
}

#[test]
fn a_convex_curve_never_gets_faster() {
    let rule = Rule::Convex { end: Some(50.0), least_readings: 5 };
    assert!(stops(&rule, &decays(0.6, 9, 35), &ended()));
    assert!(!stops(&rule, &decays(0.6, 9, 8), &ended()), "at this rate it would be the best");
    assert!(!stops(&rule, &decays(0.05, 9, 35), &ended()));
}

#[test]
fn halving_keeps_the_best_share() {
    let halving = Halving { least: 5.0, most: 50.0, factor: 3.0 };
    let rule = Rule::Asha(halving.clone());
    let others: Vec<Curve> = (0..8).map(|i| decays(0.1 * i as f64, i, 7)).collect();
    let rank = |to: f64| stops(&rule, &decays(to, 9, 6), &others);
    assert!(!rank(-0.1) && !rank(0.15) && rank(0.25) && rank(0.9));
    assert!(!stops(&rule, &decays(0.9, 9, 4), &others), "before the first comparison");
    assert!(!stops(&rule, &decays(0.9, 9, 6), &others[..1]), "too few to compare");
    let hyperband = Rule::Hyperband(halving.clone());
    let later = (0..40).find(|n| halving::bracket(*n, &halving) == 1).unwrap();
    assert!(!stops(&hyperband, &decays(0.9, later, 7), &others), "its bracket begins at 15");
    assert!((0..40).any(|n| halving::bracket(n, &halving) == 0));
}

#[test]
fn strange_facts_are_survived() {
    let strange =
        Curve { number: 0, readings: vec![(f64::NAN, 1.0), (1.0, f64::INFINITY)], complete: true };
    let zero = Halving { least: 0.0, most: 0.0, factor: 0.0 };
    for rule in [
        Rule::None,
        Rule::Median { least_trials: 0, from: 0.0 },
        Rule::DecayCurve { end: None, probability: 0.05, least_readings: 0 },
        Rule::Convex { end: None, least_readings: 0 },
        Rule::Asha(zero.clone()),
        Rule::Hyperband(zero),
    ] {
        for trial in [&strange, &decays(0.3, 7, 20), &curve(3, 9, false, |_| 1.0)] {
            decide(&rule, Direction::Minimise, trial, &[strange.clone(), trial.clone()]);
            decide(&rule, Direction::Minimise, trial, &[]);
        }
    }
}
