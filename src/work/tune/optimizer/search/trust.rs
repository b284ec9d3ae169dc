//! Where a model of few points can be trusted: near them.

/// A region around points that have been tried or are being tried.
#[derive(Debug)]
pub(crate) struct TrustRegion {
    points: Vec<Vec<f64>>,
    numeric: Vec<usize>,
    radius: f64,
}

impl TrustRegion {
    /// A largest difference of `.2 + .3 n / (5 (d + 1))` in any numeric feature from one of the `n`
    /// points, as Vizier has it (`acquisitions.py`, `TrustRegion`); `None` once that is beyond a half.
    pub(crate) fn new(points: &[Vec<f64>], categorical: &[bool]) -> Option<Self> {
        let numeric: Vec<usize> = (0..categorical.len()).filter(|f| !categorical[*f]).collect();
        let dimensions = categorical.len() as f64;
        let radius = 0.2 + 0.3 * points.len() as f64 / (5.0 * (dimensions + 1.0));
        (radius <= 0.5 && !points.is_empty() && !numeric.is_empty()).then(|| Self {
            points: points.to_vec(),
            numeric,
            radius,
        })
    }

    /// How far outside a place is; 0 inside.
    pub(crate) fn outside(&self, features: &[f64]) -> f64 {
        let distance = self.nearest(features).1;
        if distance <= self.radius + 1e-9 { 0.0 } else { distance }
    }

    /// The box of the nearest point's region, for the numeric features.
    pub(crate) fn bounds(&self, features: &[f64]) -> (Vec<f64>, Vec<f64>) {
        let centre = &self.points[self.nearest(features).0];
        let mut bounds = (vec![0.0; features.len()], vec![1.0; features.len()]);
        for &f in &self.numeric {
            bounds.0[f] = (centre[f] - self.radius).clamp(0.0, 1.0);
            bounds.1[f] = (centre[f] + self.radius).clamp(0.0, 1.0);
        }
        bounds
    }

    fn nearest(&self, features: &[f64]) -> (usize, f64) {
        let mut best = (0, f64::INFINITY);
        for (i, point) in self.points.iter().enumerate() {
            let d =
                self.numeric.iter().map(|f| (features[*f] - point[*f]).abs()).fold(0.0, f64::max);
            if d < best.1 {
                best = (i, d);
            }
        }
        best
    }
}
