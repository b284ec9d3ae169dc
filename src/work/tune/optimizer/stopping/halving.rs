//! Asynchronous successive halving, alone and in brackets.

use super::{Curve, Decision, Halving, Reason};

/// The bracket of a trial: of the k-th kind, whose first comparison is `factor^k` times later, there
/// are as many as give each the same budget, `factor^-k` of those of kind 0, rounded up.
pub(super) fn bracket(number: u64, halving: &Halving) -> u32 {
    let count = brackets(halving);
    let shares: Vec<u64> = (0..count)
        .map(|k| {
            let share = libm::pow(halving.factor.max(2.0), f64::from(count - 1 - k));
            (share * f64::from(count) / f64::from(count - k)).ceil() as u64
        })
        .collect();
    let mut at = number % shares.iter().sum::<u64>().max(1);
    for (k, share) in shares.iter().enumerate() {
        if at < *share {
            return k as u32;
        }
        at -= share;
    }
    0
}

fn brackets(halving: &Halving) -> u32 {
    let ratio = (halving.most / halving.least.max(1e-300)).max(1.0);
    let steps = libm::log(ratio) / libm::log(halving.factor.max(2.0));
    ((steps + 1e-9).floor().clamp(0.0, 15.0) as u32).max(1)
}

pub(super) fn decide(trial: &Curve, others: &[Curve], halving: &Halving, bracket: u32) -> Decision {
    let Some((now, _)) = trial.last() else { return Decision::Continue };
    let factor = halving.factor.max(2.0);
    let mut rung = halving.least.max(1e-300) * libm::pow(factor, f64::from(bracket));
    let mut last = None;
    while rung <= now && rung < halving.most {
        last = Some(rung);
        rung *= factor;
    }
    let Some(at) = last else { return Decision::Continue };
    let value = |curve: &Curve| -> Option<f64> {
        // Only what has come as far as the rung is compared there.
        (curve.last()?.0 >= at)
            .then(|| curve.best_by(at).or_else(|| curve.readings.first().map(|r| r.1)))?
    };
    let Some(mine) = value(trial) else { return Decision::Continue };
    let there: Vec<f64> = others.iter().filter_map(value).collect();
    let of = there.len() + 1;
    // Until there is one for each place that is given, all go on.
    if (of as f64) < factor {
        return Decision::Continue;
    }
    let rank = 1 + there.iter().filter(|v| **v < mine).count();
    let places = ((of as f64) / factor).floor() as usize;
    if rank > places {
        Decision::Stop(Reason::Outranked { at, rank, of })
    } else {
        Decision::Continue
    }
}
