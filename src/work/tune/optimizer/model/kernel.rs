//! The Matérn kernel of order 5/2 and the distances that it is a function of.

use crate::numeric::exp_negative;

/// The correlation at the squared distance `r2`, measured in length-scales:
/// `(1 + s + s²/3) e^(-s)` with `s = sqrt(5 r2)` (Rasmussen and Williams 2006, equation 4.17).
#[inline]
pub(crate) fn matern(r2: f64) -> f64 {
    let s = (5.0 * r2).sqrt();
    (1.0 + s + s * s * (1.0 / 3.0)) * exp_negative(-s)
}

/// The derivative of [`matern`] by `r2`: `-5/6 (1 + s) e^(-s)`. It has no singularity at 0.
#[inline]
pub(crate) fn matern_slope(r2: f64) -> f64 {
    let s = (5.0 * r2).sqrt();
    (-5.0 / 6.0) * (1.0 + s) * exp_negative(-s)
}

/// [`matern`] and [`matern_slope`] for the price of one exponential.
#[inline]
pub(crate) fn matern_pair(r2: f64) -> (f64, f64) {
    let s = (5.0 * r2).sqrt();
    let e = exp_negative(-s);
    ((1.0 + s + s * s * (1.0 / 3.0)) * e, (-5.0 / 6.0) * (1.0 + s) * e)
}

/// For each feature, the squared distances of all pairs of points: pair `(i, j)` with `j < i` is at
/// `i (i - 1) / 2 + j`. Of a category it is 0 for the same choice and 1 for another.
#[derive(Clone, Debug)]
pub(crate) struct Distances {
    /// One list of pairs for each feature.
    pub squared: Vec<Vec<f64>>,
    /// For each feature whether it is a category.
    pub categorical: Vec<bool>,
}

impl Distances {
    /// Of points given as rows of features.
    pub(crate) fn new(points: &[Vec<f64>], categorical: &[bool]) -> Self {
        let n = points.len();
        let squared = (0..categorical.len())
            .map(|f| {
                let mut list = Vec::with_capacity(n * n.saturating_sub(1) / 2);
                for i in 0..n {
                    for j in 0..i {
                        list.push(squared(points[i][f], points[j][f], categorical[f]));
                    }
                }
                list
            })
            .collect();
        Self { squared, categorical: categorical.to_vec() }
    }
}

#[inline]
pub(crate) fn squared(a: f64, b: f64, categorical: bool) -> f64 {
    if categorical { f64::from(a != b) } else { (a - b) * (a - b) }
}
