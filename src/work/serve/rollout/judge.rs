//! Whether a step of a rollout holds: the figures of a revision that gains weight against the limits,
//! and against those of the revisions that lose it.

use std::time::Duration;

use super::evidence::{Evidence, above, above_others};
use super::{LatencyLimits, RolloutRules};
use crate::text::number;
use crate::work::serve::guard::{Guard, keeps};
use crate::work::serve::window::Counts;

/// So many times as frequent as with the old revision is still no worse: the mix of requests is never
/// quite the same.
const MARGIN: f64 = 1.5;
/// So many times as long as with the old revision is still no slower. Both are known to an eighth.
const SLOWER: f64 = 1.25;
/// So much longer than with the old revision is no slower either: of answers that take less than this, a busy
/// machine or the network makes more of a difference than a model does, and no caller notices.
const UNNOTICED: Duration = Duration::from_millis(1);
/// A quantile of the old revision is known when at least so many of its requests took longer.
const TAIL: f64 = 10.0;

/// What the figures say.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// Something is broken: which figure, with its numbers.
    Broken(String),
    /// They can't be judged, or give no clear answer: what is missing.
    Unclear(String),
    /// All hold.
    Holds,
}

/// Judges the figures of one revision. `stable`: those of the others in the same time, where they are to
/// be compared.
pub(super) fn judge(rules: &RolloutRules, new: &Counts, stable: Option<&Counts>) -> Verdict {
    let enough = rules.min_requests.max(1);
    let is_early = new.requests < enough;
    let mut figures = Vec::new();
    limits(rules, new, enough, &mut figures);
    if let Some(stable) = stable.filter(|_| rules.compare_to_stable) {
        compared(new, stable, enough, &mut figures);
    }
    let is_proof = |figure: &&Figure| {
        let counts = !is_early || figure.lasts || !keeps(Guard::EnoughToFail);
        figure.evidence == Evidence::Proof && counts
    };
    if let Some(worst) = figures.iter().find(is_proof) {
        return Verdict::Broken(worst.said.clone());
    }
    if is_early && keeps(Guard::EnoughRequests) {
        return Verdict::Unclear(format!("{} of {enough} requests so far", new.requests));
    }
    // That it is not proved to be too high is not enough to go on: it must not look too high either.
    match figures.into_iter().find(|figure| figure.is_over || figure.evidence != Evidence::None) {
        Some(figure) => Verdict::Unclear(format!("{}, which may be chance", figure.said)),
        None => Verdict::Holds,
    }
}

/// One figure.
struct Figure {
    evidence: Evidence,
    /// It is larger than it may be, by chance or not.
    is_over: bool,
    /// It was judged as if all requests that are still missing went well, so that a proof stays one.
    lasts: bool,
    said: String,
}

fn percent(hits: u64, all: u64) -> String {
    format!("{} %", number(100.0 * hits as f64 / all.max(1) as f64))
}

fn span(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1000.0;
    if ms < 1000.0 { format!("{} ms", number(ms)) } else { format!("{} s", number(ms / 1000.0)) }
}

/// `enough`: so many requests a step has at least. Errors are judged over them all from the start: a step that
/// has more of them than it may have in the end needs not be waited for. One slow answer may be followed by
/// many quick ones, so that latencies are judged once there are enough.
fn limits(rules: &RolloutRules, new: &Counts, enough: u64, figures: &mut Vec<Figure>) {
    let Counts { requests, errors, .. } = *new;
    if let Some(limit) = rules.max_error_rate.filter(|_| keeps(Guard::ErrorLimit)) {
        figures.push(Figure {
            evidence: above(errors, at_the_end(requests, enough), limit),
            is_over: errors as f64 > limit * requests as f64,
            lasts: true,
            said: format!(
                "{errors} of {requests} requests ended in an error ({}), and {} % may",
                percent(errors, requests),
                number(limit * 100.0)
            ),
        });
    }
    let LatencyLimits { p50, p95, p99 } = rules.max_latency;
    for (name, part, limit) in [("p50", 0.5, p50), ("p95", 0.95, p95), ("p99", 0.99, p99)] {
        let Some(limit) = limit.filter(|_| keeps(Guard::LatencyLimit)) else { continue };
        let Some(quantile) = new.latency.quantile(part) else { continue };
        let (slow, all) = (new.latency.above(limit), new.latency.count());
        figures.push(Figure {
            evidence: above(slow, all, 1.0 - part),
            is_over: slow as f64 > (1.0 - part) * all as f64,
            lasts: false,
            said: format!(
                "its latency {name} is {} over {all} requests, and {} is allowed",
                span(quantile),
                span(limit)
            ),
        });
    }
}

/// How many requests a step has in the end, at the least.
fn at_the_end(requests: u64, enough: u64) -> u64 {
    if keeps(Guard::EnoughToFail) { requests.max(enough) } else { requests }
}

fn compared(new: &Counts, stable: &Counts, enough: u64, figures: &mut Vec<Figure>) {
    let (all, of) = (new.requests, stable.requests);
    let mut ratio = |hits: u64, others: u64, what: &str, lasts: bool| {
        let all_in_the_end = if lasts { at_the_end(all, enough) } else { all };
        let evidence = above_others((hits, all_in_the_end), (others, of), MARGIN);
        let said = format!(
            "{hits} of {all} requests {what} ({}), and {others} of {of} of the old revision's ({})",
            percent(hits, all),
            percent(others, of)
        );
        figures.push(Figure { evidence, is_over: false, lasts, said });
    };
    if keeps(Guard::CompareErrors) {
        ratio(new.errors, stable.errors, "ended in an error", true);
    }
    if keeps(Guard::CompareClientErrors) {
        let what = "were refused as the client's fault";
        ratio(new.client_errors, stable.client_errors, what, false);
    }
    if !keeps(Guard::CompareLatency) {
        return;
    }
    for (name, part) in [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)] {
        let (Some(own), Some(old)) = (new.latency.quantile(part), stable.latency.quantile(part))
        else {
            continue;
        };
        let (all, of) = (new.latency.count(), stable.latency.count());
        if (of as f64) * (1.0 - part) < TAIL {
            continue;
        }
        let slow = old.mul_f64(SLOWER).max(old + UNNOTICED);
        let (hits, others) = (new.latency.above(slow), stable.latency.above(slow));
        let evidence = above_others((hits, all), (others, of), MARGIN);
        let said = format!(
            "its latency {name} is {} over {all} requests, and {} over {of} with the old revision",
            span(own),
            span(old)
        );
        figures.push(Figure { evidence, is_over: false, lasts: false, said });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::serve::rollout::OnFailure;

    fn rules() -> RolloutRules {
        RolloutRules {
            steps: vec![10],
            interval: Duration::from_mins(1),
            min_requests: 100,
            max_error_rate: Some(0.01),
            max_latency: LatencyLimits {
                p95: Some(Duration::from_millis(500)),
                ..LatencyLimits::default()
            },
            compare_to_stable: true,
            on_failure: OnFailure::Rollback,
            max_wait: Duration::from_mins(10),
        }
    }

    fn counts(requests: u64, errors: u64, client_errors: u64, ms: u64) -> Counts {
        let mut counts = Counts { requests, errors, client_errors, ..Counts::default() };
        for n in 0..requests - errors {
            counts.latency.add(Duration::from_millis(ms * (80 + n % 40) / 100));
        }
        counts
    }

    fn broken(new: &Counts, stable: Option<&Counts>) -> String {
        match judge(&rules(), new, stable) {
            Verdict::Broken(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_as_good_as_the_old_one_holds() {
        let (new, stable) = (counts(200, 1, 10, 100), counts(1800, 6, 90, 100));
        assert_eq!(judge(&rules(), &new, Some(&stable)), Verdict::Holds);
    }

    #[test]
    fn the_reason_has_the_figure_and_its_numbers() {
        assert_eq!(
            broken(&counts(40, 9, 0, 100), None),
            "9 of 40 requests ended in an error (22.5 %), and 1 % may"
        );
        assert_eq!(
            broken(&counts(100, 0, 0, 900), None),
            "its latency p95 is 1.18 s over 100 requests, and 500 ms is allowed"
        );
    }

    #[test]
    fn latencies_are_judged_once_there_are_enough_requests() {
        let few = Verdict::Unclear("99 of 100 requests so far".into());
        assert_eq!(judge(&rules(), &counts(99, 0, 0, 900), None), few);
        let stable = counts(1800, 0, 0, 10);
        assert_eq!(judge(&rules(), &counts(99, 0, 0, 400), Some(&stable)), few);
        assert!(matches!(
            judge(&rules(), &counts(99, 0, 50, 10), Some(&stable)),
            Verdict::Unclear(_)
        ));
        assert!(broken(&counts(100, 0, 0, 900), None).contains("latency"));
    }

    #[test]
    fn errors_end_a_step_early_only_where_no_later_request_could_mend_it() {
        // The same errors are proof of few requests, and none of a hundred.
        assert_eq!(above(4, 4, 0.01), Evidence::Proof);
        assert_eq!(
            judge(&rules(), &counts(4, 4, 0, 100), None),
            Verdict::Unclear("4 of 100 requests so far".into())
        );
        let certain = (1..=100).find(|errors| {
            matches!(judge(&rules(), &counts(*errors, *errors, 0, 100), None), Verdict::Broken(_))
        });
        let certain = certain.expect("some are too many");
        // As many are too many at the end too, and one less is not.
        assert!(matches!(judge(&rules(), &counts(100, certain, 0, 100), None), Verdict::Broken(_)));
        let less = judge(&rules(), &counts(100, certain - 1, 0, 100), None);
        assert!(matches!(less, Verdict::Unclear(_)), "{less:?}");
    }

    #[test]
    fn what_holds_the_limits_may_still_be_worse_than_the_old_one() {
        let stable = counts(1800, 0, 18, 100);
        assert_eq!(
            broken(&counts(200, 0, 60, 100), Some(&stable)),
            "60 of 200 requests were refused as the client's fault (30 %), and 18 of 1800 of the old \
             revision's (1 %)"
        );
        let slow = broken(&counts(200, 0, 2, 300), Some(&stable));
        assert!(slow.starts_with("its latency p50 is"), "{slow}");
    }

    #[test]
    fn what_nobody_notices_is_no_slower() {
        let micros = |micros: u64| {
            let mut counts = Counts { requests: 1000, ..Counts::default() };
            for n in 0..1000 {
                counts.latency.add(Duration::from_micros(micros * (80 + n % 40) / 100));
            }
            counts
        };
        let (quick, stable) = (micros(700), micros(450));
        assert_eq!(judge(&rules(), &quick, Some(&stable)), Verdict::Holds);
        assert!(broken(&micros(2500), Some(&stable)).contains("latency p50"));
    }

    #[test]
    fn a_clients_errors_alone_are_nobodys_fault() {
        let (new, stable) = (counts(200, 0, 100, 100), counts(1800, 0, 900, 100));
        assert_eq!(judge(&rules(), &new, Some(&stable)), Verdict::Holds);
        assert_eq!(judge(&rules(), &new, None), Verdict::Holds);
    }

    #[test]
    fn few_requests_and_what_may_be_chance_are_unclear() {
        assert_eq!(
            judge(&rules(), &counts(50, 0, 0, 100), None),
            Verdict::Unclear("50 of 100 requests so far".into())
        );
        let Verdict::Unclear(reason) = judge(&rules(), &counts(100, 2, 0, 100), None) else {
            panic!("two of a hundred prove something");
        };
        assert!(reason.ends_with("which may be chance"), "{reason}");
        assert!(matches!(judge(&rules(), &Counts::default(), None), Verdict::Unclear(_)));
    }
}
