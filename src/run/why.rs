//! Why a run is in its state: one chain of causes, from what ended it to what to do next.

use serde::Serialize;

use super::advice;
use super::attempt::{AttemptView, Spending};
use super::blocked::{blocked, missing_causes};
use super::view::RunView;
use super::view::{names, waiting_for};
use crate::event::{FOR_GOOD, RunState};
use crate::gang::{Attempt, Exit, FailureClass, FirstFailure, Outcome, ReplicaId, RunId, Verdict};
use crate::plan::Plan;

/// At most so many lines of output are shown with a cause.
const LINES: usize = 12;

/// The answer to `why`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WhyReport {
    /// Format of this document.
    pub schema_version: u32,
    /// Id of the run, `<name>-<6 characters>`.
    pub run: RunId,
    /// The state that is explained.
    pub state: RunState,
    /// What became of it, to be read behind its name: `failed: worker-1: exit code 1`.
    pub headline: String,
    /// What ended it, nearest cause first.
    pub causes: Vec<Cause>,
    /// Failures of earlier attempts, oldest first.
    pub earlier: Vec<Cause>,
    /// Replicas that ended because of it; none of them is to blame.
    pub consequences: Vec<String>,
    /// The budgets that matter here.
    pub retries: Vec<Spending>,
    /// What the agents warned of.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What to do next, the likeliest first.
    pub next: Vec<String>,
}

/// One cause in the chain: what happened to which replica.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// The replica that it happened to; absent where it is about the whole run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replica: Option<ReplicaId>,
    /// The attempt in which it happened, from 1 on; absent where no attempt is to blame.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// Which class of failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<FailureClass>,
    /// One sentence for a person, without the replica's name.
    pub text: String,
    /// The last lines that it printed.
    pub lines: Vec<String>,
}

/// Explains a run. `tail` gives the last lines of a replica's log, for when the events have none.
pub fn why(
    view: &RunView,
    plan: Option<&Plan>,
    tail: &dyn Fn(&ReplicaId) -> Vec<String>,
) -> WhyReport {
    let mut report = WhyReport {
        schema_version: 1,
        run: view.run.clone(),
        state: view.state,
        headline: String::new(),
        causes: Vec::new(),
        earlier: Vec::new(),
        consequences: Vec::new(),
        retries: view.retries.iter().copied().filter(|spending| spending.spent > 0).collect(),
        warnings: view.warnings.clone(),
        next: Vec::new(),
    };
    let mut last = None;
    if let Some(verdict) = &view.verdict {
        ended(&mut report, view, verdict, plan, tail);
        last = verdict.first_failure.as_ref().map(|failure| (failure.attempt, &failure.replica));
    } else {
        alive(&mut report, view, plan);
    }
    report.earlier = view
        .attempts
        .iter()
        .filter(|attempt| {
            let is_last = |(number, replica)| {
                attempt.attempt == number
                    && attempt.replica.as_ref().is_none_or(|own| own == replica)
            };
            !last.is_some_and(is_last)
        })
        .filter_map(|attempt| attempt.first_failure.as_ref())
        .map(|failure| cause(failure, 3, &|_| Vec::new()))
        .collect();
    report
}

fn alive(report: &mut WhyReport, view: &RunView, plan: Option<&Plan>) {
    let attempt = view.attempt;
    report.headline = match view.state {
        RunState::Running if !view.is_seen() => "was running when it was seen last".into(),
        RunState::Running if view.unseen().is_some() => "is running, but not all of it".into(),
        RunState::Running if view.is_tasks() && !view.attempts.iter().all(has_not_failed) => {
            "is running; the other workers take over what one that failed has left".into()
        }
        RunState::Running if attempt > 1 => format!("is running, in attempt {attempt}"),
        RunState::Running => "is running; nothing has failed".into(),
        RunState::Restarting => format!("starts again after attempt {attempt} failed"),
        RunState::Draining => "is complete; the other replicas are ending".into(),
        RunState::Pending => match &view.waiting {
            Some(waiting) => format!("waits: {waiting}"),
            None => "waits for the cluster".into(),
        },
        _ => "has not started yet".into(),
    };
    let details = [view.unseen(), waiting_for(&view.missing)];
    let details = details.into_iter().flatten().collect::<Vec<_>>().join("; ");
    if !details.is_empty() {
        report.headline = format!("{}: {details}", report.headline);
    }
    report.causes = missing_causes(view, &|_| Vec::new());
    report.causes.extend(view.unseen_causes());
    report.next = blocked(plan, view);
}

fn has_not_failed(attempt: &AttemptView) -> bool {
    attempt.first_failure.is_none()
}

fn ended(
    report: &mut WhyReport,
    view: &RunView,
    verdict: &Verdict,
    plan: Option<&Plan>,
    tail: &dyn Fn(&ReplicaId) -> Vec<String>,
) {
    match verdict.outcome {
        Outcome::Succeeded => {
            let restarts = view.attempts.iter().filter(|a| a.first_failure.is_some()).count();
            report.headline = match restarts {
                0 => "succeeded; nothing failed".into(),
                1 if view.is_tasks() => "succeeded; 1 attempt of a worker failed".into(),
                n if view.is_tasks() => format!("succeeded; {n} attempts of its workers failed"),
                1 => "succeeded after 1 restart".into(),
                n => format!("succeeded after {n} restarts"),
            };
            return;
        }
        Outcome::Cancelled => report.headline = sentence("cancelled", &verdict.reason),
        Outcome::TimedOut => {
            report.headline = sentence("timed out", &verdict.reason);
            report.next = advice::timed_out(plan, &verdict.reason);
        }
        // No replica was ever started, so there is nothing to say about any of them.
        Outcome::CouldNotStart if view.unsubmitted => {
            report.headline = sentence("could not be submitted", &verdict.reason);
            report.next = advice::unsubmitted(view, &verdict.reason);
            return;
        }
        Outcome::CouldNotStart => {
            let missing = waiting_for(&view.missing).map(|_| names(&view.missing));
            let for_good = verdict.reason.strip_suffix(FOR_GOOD);
            report.headline = match missing {
                _ if for_good.is_some() => format!("could not start, and {FOR_GOOD}"),
                Some(missing) => format!("could not start: {missing} never joined"),
                None => sentence("could not start", &verdict.reason),
            };
            report.causes = match for_good {
                Some(reason) => vec![of_run(reason.trim_end_matches([';', ' ']))],
                None => missing_causes(view, tail),
            };
            report.next = advice::could_not_start(plan, view);
        }
        Outcome::Failed => report.headline = sentence("failed", &verdict.reason),
    }
    if let Some(failure) = &verdict.first_failure {
        let first = cause(failure, LINES, tail);
        if verdict.outcome == Outcome::Failed {
            report.headline = format!("failed: {}: {}", failure.replica, first.text);
        }
        let mut next = advice::for_failure(failure, &first.lines, plan);
        next.append(&mut report.next);
        report.next = next;
        let is_other = |other: &Cause| other.replica.as_ref() != Some(&failure.replica);
        report.causes.retain(|other| other.replica.is_some() && is_other(other));
        report.causes.insert(0, first);
        // No task ends because of another.
        if !view.is_tasks() {
            report.consequences = consequences(view, failure);
        }
        if let Some(spending) = view.retries.iter().find(|s| s.class == failure.class)
            && !report.retries.contains(spending)
        {
            report.retries.push(*spending);
        }
    }
    if let Some(inferred) = &view.inferred {
        report.causes.push(of_run(&format!("it has not told its end itself: {inferred}")));
    }
}

/// A cause that is about the whole run.
fn of_run(text: &str) -> Cause {
    Cause { replica: None, attempt: None, class: None, text: text.into(), lines: vec![] }
}

/// The word and the reason, without saying the word twice.
fn sentence(word: &str, reason: &str) -> String {
    match reason.strip_prefix(word).map(|rest| rest.trim_start_matches([':', ' '])) {
        _ if reason.is_empty() => word.into(),
        Some("") => word.into(),
        Some(rest) => format!("{word} {rest}"),
        None => format!("{word}: {reason}"),
    }
}

fn cause(failure: &FirstFailure, lines: usize, tail: &dyn Fn(&ReplicaId) -> Vec<String>) -> Cause {
    let mut last = failure.exit.as_ref().map(|exit| exit.last_lines.clone()).unwrap_or_default();
    if last.is_empty() {
        last = tail(&failure.replica);
    }
    last.retain(|line| !line.trim().is_empty());
    last.drain(..last.len().saturating_sub(lines));
    let text = if failure.reason.is_empty() {
        failure.exit.as_ref().map_or_else(|| "its agent was lost".into(), |e| e.reason.clone())
    } else {
        failure.reason.clone()
    };
    // The replica's name is printed beside the text, so a reason that begins with it would repeat
    // it.
    let own = failure.replica.to_string();
    let rest = text.strip_prefix(&own).and_then(|rest| rest.strip_prefix([':', ' ']));
    let text = rest.map_or(text.clone(), |rest| rest.trim_start().to_owned());
    Cause {
        replica: Some(failure.replica.clone()),
        attempt: Some(failure.attempt),
        class: Some(failure.class),
        text,
        lines: last,
    }
}

/// The replicas that failed or were stopped because of the first one.
fn consequences(view: &RunView, first: &FirstFailure) -> Vec<String> {
    let others = view.replicas.values().filter(|replica| replica.replica != first.replica);
    let ended = others.filter_map(|replica| {
        let past = replica.exits.iter().rev().find(|past| past.attempt == first.attempt)?;
        let exit = &past.exit;
        let text = match exit {
            exit if exit.status.is_success() => return None,
            exit if exit.killed_by_gang => "was ended by the gang".into(),
            exit if exit.peer_loss => format!("lost its peer ({})", describe(exit)),
            exit => format!("failed after it ({})", describe(exit)),
        };
        Some(format!("{} {text}", replica.replica))
    });
    ended.collect()
}

fn describe(exit: &Exit) -> String {
    exit.reason.clone()
}
