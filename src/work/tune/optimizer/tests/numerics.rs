//! The numerics against values from SciPy, scikit-learn and mpmath (`tests_data/make.py`).

use serde_json::Value;

use crate::method::Method;
use crate::model::{Distances, Likelihood, Posterior, Prior, matern, matern_slope};
use crate::numeric::{
    Sobol, log_cdf, log_expected_improvement_slope, log_expected_improvement_unit, quantile,
};

fn data() -> Value {
    serde_json::from_str(include_str!("../tests_data/numerics.json")).unwrap()
}

fn list(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(list).collect()
}

/// Compares at each place of a list of `[argument, value]`.
fn agree(name: &str, tolerance: f64, f: impl Fn(f64) -> f64) {
    for row in rows(&data()[name]) {
        let mine = f(row[0]);
        let error = (mine - row[1]).abs() / row[1].abs().max(1.0);
        assert!(error < tolerance, "{name}({}) is {}, not {mine}", row[0], row[1]);
    }
}

#[test]
fn the_normal_distribution_is_right_into_the_tails() {
    agree("log_ei", 1e-11, log_expected_improvement_unit);
    agree("log_cdf", 1e-12, log_cdf);
    agree("quantile", 1e-13, quantile);
}

#[test]
fn the_slope_of_the_log_improvement_is_its_derivative() {
    for z in [-1e5_f64, -500.0, -60.0, -40.0, -5.0, -1.5, -0.5, 0.0, 2.0] {
        let h = 1e-5 * z.abs().max(1.0);
        let f = log_expected_improvement_unit;
        let numeric = (f(z + h) - f(z - h)) / (2.0 * h);
        let mine = log_expected_improvement_slope(z, f(z));
        assert!((mine / numeric - 1.0).abs() < 1e-5, "{z}: {numeric} {mine}");
    }
}

#[test]
fn the_kernel_is_materns() {
    agree("matern", 1e-14, matern);
    for r2 in [0.01, 0.3, 2.0, 9.0] {
        let numeric = (matern(r2 + 1e-6) - matern(r2 - 1e-6)) / 2e-6;
        assert!((matern_slope(r2) - numeric).abs() < 1e-8);
    }
}

#[test]
fn the_plain_sequence_is_sobols() {
    let sobol = Sobol::plain(64);
    for (i, row) in rows(&data()["sobol"]).iter().enumerate() {
        for (d, there) in row.iter().enumerate() {
            assert_eq!(
                (sobol.coordinate(i as u32, d) * 1_073_741_824.0).round(),
                *there,
                "{i} {d}"
            );
        }
    }
}

/// The plain process, without an additive part, under a prior so wide that it hardly counts.
fn plain(features: usize) -> Prior {
    let mut prior = Prior::new(&Method::default(), features, false);
    prior.deviation.fill(1e9);
    prior
}

#[test]
fn likelihood_gradient_and_predictions_are_scikit_learns() {
    let data = &data()["process"];
    let (points, scores, theta) =
        (rows(&data["points"]), list(&data["scores"]), list(&data["theta"]));
    let (categorical, prior) = (vec![false; 3], plain(3));
    let distances = Distances::new(&points, &categorical);
    let mut likelihood = Likelihood::new(&distances, &scores, &prior);
    let expected = -data["log_likelihood"].as_f64().unwrap();
    assert!((likelihood.energy(&theta) - expected).abs() < 1e-9);
    let mut gradient = vec![0.0; 5];
    assert!((likelihood.gradient(&theta, &mut gradient) - expected).abs() < 1e-9);
    for (mine, theirs) in gradient.iter().zip(list(&data["gradient"])) {
        assert!((mine + theirs).abs() < 1e-8, "{mine} {theirs}");
    }
    let factor = likelihood.factor(&theta).unwrap();
    let posterior = Posterior::new(&points, &categorical, &scores, &theta, &prior, factor);
    let new = rows(&data["new"]);
    let (means, variances) = (list(&data["mean"]), list(&data["variance"]));
    for (i, candidate) in new.iter().enumerate() {
        let (mean, variance) = posterior.predict(&[candidate])[0];
        assert!((mean - means[i]).abs() < 1e-9 && (variance - variances[i]).abs() < 1e-9);
        let slow = posterior.differentiate(candidate);
        assert!((slow.mean - mean).abs() < 1e-10 && (slow.variance - variance).abs() < 1e-10);
    }
}

/// A mixed problem for the full model.
fn mixed() -> (Vec<Vec<f64>>, Vec<f64>, Vec<bool>) {
    let sobol = Sobol::scrambled(4, 5);
    let points: Vec<Vec<f64>> = (0..20)
        .map(|i| {
            let mut p = sobol.point(i);
            p[2] = (p[2] * 3.0).floor();
            p
        })
        .collect();
    let scores = points.iter().map(|p| libm::sin(4.0 * p[0]) + p[1] * p[3] - 0.3 * p[2]).collect();
    (points, scores, vec![false, false, true, false])
}

#[test]
fn every_gradient_of_the_full_model_is_its_derivative() {
    let (points, scores, categorical) = mixed();
    let prior = Prior::new(&Method::default(), 4, true);
    let distances = Distances::new(&points, &categorical);
    let mut likelihood = Likelihood::new(&distances, &scores, &prior);
    let theta: Vec<f64> = (0..prior.layout.count()).map(|i| prior.mean[i] * 0.8 + 0.1).collect();
    let mut gradient = vec![0.0; theta.len()];
    likelihood.gradient(&theta, &mut gradient);
    for i in 0..theta.len() {
        let (mut up, mut down) = (theta.clone(), theta.clone());
        up[i] += 1e-5;
        down[i] -= 1e-5;
        let numeric: f64 = (likelihood.energy(&up) - likelihood.energy(&down)) / 2e-5;
        assert!(
            (gradient[i] - numeric).abs() < 1e-5 * f64::abs(numeric).max(1.0),
            "{i}: {gradient:?} {numeric}"
        );
    }
    let factor = likelihood.factor(&theta).unwrap();
    let mut posterior = Posterior::new(&points, &categorical, &scores, &theta, &prior, factor);
    let at = vec![0.31, 0.72, 1.0, 0.15];
    let (mean, variance) = posterior.predict(&[&at])[0];
    let slopes = posterior.differentiate(&at);
    for f in [0, 1, 3] {
        let (mut up, mut down) = (at.clone(), at.clone());
        up[f] += 1e-6;
        down[f] -= 1e-6;
        let pair = posterior.predict(&[&up, &down]);
        let (m, v) = ((pair[0].0 - pair[1].0) / 2e-6, (pair[0].1 - pair[1].1) / 2e-6);
        assert!(
            (slopes.mean_slope[f] - m).abs() < 1e-6 && (slopes.variance_slope[f] - v).abs() < 1e-6
        );
    }
    // A believed point changes no mean and shrinks the variance around it.
    assert!(posterior.believe(&at));
    let after = posterior.predict(&[&at])[0];
    assert!((after.0 - mean).abs() < 1e-9 && after.1 < 0.2 * variance);
}
