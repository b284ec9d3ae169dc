//! How many requests arrive, over the time.

use super::plan::Second;

/// A shape of the traffic, in requests in a second.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    Constant(f64),
    /// `from` until `at`, `to` afterwards.
    Step {
        at: Second,
        from: f64,
        to: f64,
    },
    /// Rises, or falls, evenly from `begin` to `end`.
    Ramp {
        begin: Second,
        end: Second,
        from: f64,
        to: f64,
    },
    Sine {
        mean: f64,
        swing: f64,
        period: Second,
    },
    /// `height` for `length` seconds of every `every`.
    Bursts {
        every: Second,
        length: Second,
        height: f64,
    },
    /// Nothing in between.
    Silence {
        begin: Second,
        end: Second,
        otherwise: Box<Shape>,
    },
    Sum(Vec<Shape>),
}

impl Shape {
    /// Requests in a second at this time.
    pub(super) fn rate(&self, now: Second) -> f64 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Step { at, from, to } => {
                if now < *at {
                    *from
                } else {
                    *to
                }
            }
            Self::Ramp { begin, end, from, to } => {
                let length = f64::from((end - begin).max(1));
                let part = (f64::from(now - begin) / length).clamp(0.0, 1.0);
                from + (to - from) * part
            }
            Self::Sine { mean, swing, period } => {
                let angle = f64::from(now) / f64::from(*period) * std::f64::consts::TAU;
                (mean + swing * angle.sin()).max(0.0)
            }
            Self::Bursts { every, length, height } => {
                if now % every < *length {
                    *height
                } else {
                    0.0
                }
            }
            Self::Silence { begin, end, otherwise } => {
                if (*begin..*end).contains(&now) {
                    0.0
                } else {
                    otherwise.rate(now)
                }
            }
            Self::Sum(shapes) => shapes.iter().map(|shape| shape.rate(now)).sum(),
        }
    }
}
