//! What to do next, by class of failure and by what the last lines say.

use super::RunView;
use super::blocked::blocked;
use super::signs::{before_agent, no_index, sign, sign_in};
use crate::event::FOR_GOOD;
use crate::gang::{ExitStatus, FailureClass, FirstFailure};
use crate::plan::{Plan, RolePlan};
use crate::text::{Span, is_out_of_gpu_memory, signal_name};

/// For the failure that ended a run.
pub fn for_failure(failure: &FirstFailure, lines: &[String], plan: Option<&Plan>) -> Vec<String> {
    let role = plan
        .and_then(|plan| plan.gang().roles.iter().find(|role| role.name == failure.replica.role));
    let status = failure.exit.as_ref().map(|exit| exit.status);
    let mut next = Vec::new();
    match failure.class {
        FailureClass::OutOfMemory => next.extend(out_of_memory(failure, role)),
        FailureClass::UserError => {
            let has_code = plan.is_none_or(|plan| plan.gang().code.is_some());
            next.extend(user_error(failure, lines, role, has_code));
            if next.is_empty() {
                next.push(nothing_known(failure, lines, plan));
            }
        }
        FailureClass::TransientSignal => next.extend(signal(status, lines)),
        FailureClass::Startup => next.extend(startup(failure, lines, role)),
        FailureClass::Infrastructure => {
            // Only an output that outlives the run has checkpoints for another one.
            let stays = plan.is_some_and(|plan| plan.gang().claim.is_some());
            let again = if stays {
                "again with --resume; it goes on from its last checkpoint if the code keeps one"
            } else {
                "again"
            };
            next.push(format!(
                "{} was lost with its machine or agent: look at the machine, then start the run {again}",
                failure.replica
            ));
        }
        FailureClass::Preemption => next.push(format!(
            "{} was told to go from outside: start the run again, or raise `retries.preemption`",
            failure.replica
        )),
    }
    let may_pass =
        [FailureClass::TransientSignal, FailureClass::Infrastructure, FailureClass::Preemption];
    if may_pass.contains(&failure.class) {
        let budget = plan.map(|plan| plan.gang().rules.budgets.get(failure.class));
        if budget == Some(0) {
            next.push(format!("`retries.{}` is 0: raise it to restart by itself", failure.class));
        }
    }
    next
}

/// For a run that took too long.
pub fn timed_out(plan: Option<&Plan>, reason: &str) -> Vec<String> {
    let cost_limit = plan.and_then(|plan| plan.gang().rules.cost_limit.as_ref());
    if cost_limit.is_some_and(|limit| limit.reason() == reason) {
        return vec![
            "raise `maxCost`, or let the code do less; `mlctl cost` says what was wasted"
                .to_owned(),
        ];
    }
    let now = plan.and_then(|plan| plan.gang().rules.timeout);
    let now = now.map(|timeout| format!(" (now {})", Span(timeout))).unwrap_or_default();
    vec![format!("raise `timeout`{now}, or let the code do less")]
}

/// For a run whose replicas did not gather.
pub fn could_not_start(plan: Option<&Plan>, view: &RunView) -> Vec<String> {
    let mut next = Vec::new();
    let of_replicas = view.replicas.values().filter_map(|replica| replica.activity.as_ref());
    let words: Vec<String> = of_replicas
        .map(ToString::to_string)
        .chain(view.waiting.as_ref().map(ToString::to_string))
        .collect();
    let waits = blocked(plan, view);
    let verdict = view.verdict.as_ref();
    let ended: Vec<String> = verdict.map(|verdict| verdict.reason.clone()).into_iter().collect();
    if verdict.is_some_and(|verdict| verdict.first_failure.is_some()) {
        // The failure that ended it has advice of its own.
    } else if !waits.is_empty() {
        next.extend(waits);
    } else if let Some(advice) = sign(&words).or_else(|| sign(&ended)) {
        next.push(advice);
    } else if let Some(first) = view.missing.first() {
        next.push(format!("look at what it did: mlctl logs {} --replica {first}", view.run));
    }
    if view.verdict.as_ref().is_some_and(|verdict| verdict.reason.ends_with(FOR_GOOD)) {
        return next;
    }
    let now = plan.map(|plan| format!(" (now {})", Span(plan.gang().rules.start_timeout)));
    next.push(format!("if it only needed longer, raise `startTimeout`{}", now.unwrap_or_default()));
    next
}

/// For a run that mlctl could not submit.
pub fn unsubmitted(view: &RunView, reason: &str) -> Vec<String> {
    let mut next: Vec<String> = sign(&[reason.to_owned()]).into_iter().collect();
    next.push(
        "nothing of it has started: mend that, then submit it again with `mlctl train`".into(),
    );
    next.push(format!("to forget it: mlctl cleanup {}", view.run));
    next
}

fn out_of_memory(failure: &FirstFailure, role: Option<&RolePlan>) -> Vec<String> {
    let now = role.and_then(|role| role.memory);
    let now = now.map(|memory| format!(" (now {memory})")).unwrap_or_default();
    vec![
        format!("raise `memory` of role {}{now}", failure.replica.role),
        "or use less: a smaller batch, fewer loader processes".into(),
    ]
}

fn user_error(
    failure: &FirstFailure,
    lines: &[String],
    role: Option<&RolePlan>,
    has_code: bool,
) -> Vec<String> {
    if is_out_of_gpu_memory(lines) {
        // The error's own words are long, and say nothing that could be done in the code but this.
        return vec![out_of_gpu_memory(role)];
    }
    let mut next = Vec::new();
    if let Some(line) = traceback_end(lines) {
        next.push(format!("fix the code: {line}"));
    }
    // A set-up or a folder that could not be made has no lines of its own.
    let reason = std::slice::from_ref(&failure.reason);
    next.extend(sign_in(lines, has_code).or_else(|| sign_in(reason, has_code)));
    match failure.exit.as_ref().map(|exit| exit.status) {
        Some(ExitStatus::Code(127)) => next.push("the command was not found".into()),
        Some(ExitStatus::Code(126)) => next.push("the command is not executable".into()),
        Some(ExitStatus::Code(code @ 129..=159)) => {
            let signal = signal_name(code - 128);
            next.push(format!("status {code} is how a shell reports {signal}"));
        }
        _ => {}
    }
    next
}

/// Where neither its words nor its status say what went wrong.
fn nothing_known(failure: &FirstFailure, lines: &[String], plan: Option<&Plan>) -> String {
    let logs = plan.map_or("mlctl logs".into(), |plan| format!("mlctl logs {}", plan.head.run));
    match failure.exit.as_ref().map(|exit| exit.status) {
        _ if !lines.is_empty() => {
            format!(
                "the last lines of its output, above, are all that is known; the others: {logs}"
            )
        }
        Some(ExitStatus::Code(code)) => format!(
            "it has printed nothing: have it say what it does before it exits with {code}, or run the same \
             command by hand"
        ),
        _ => format!("that is all that is known of it; what others printed: {logs}"),
    }
}

fn out_of_gpu_memory(role: Option<&RolePlan>) -> String {
    let asked = role.and_then(|role| role.accelerators.as_ref());
    let now =
        asked.map(|asked| format!(" (now {} x {})", asked.count, asked.kind)).unwrap_or_default();
    format!(
        "the GPU's memory ran out, not the machine's: use a smaller batch, free what others hold on the GPU, \
         or ask for a larger one in `accelerators`{now}"
    )
}

fn signal(status: Option<ExitStatus>, lines: &[String]) -> Vec<String> {
    let mut next: Vec<String> = sign(lines).into_iter().collect();
    match status {
        Some(ExitStatus::Signal(9)) => next.push(
            "nobody is known to have sent SIGKILL: most often memory ran out on the machine".into(),
        ),
        Some(ExitStatus::Signal(signal @ (4 | 6 | 7 | 8 | 11))) => next.push(format!(
            "{} comes from native code: check that the versions of the framework, its drivers \
             and the processor fit",
            signal_name(signal)
        )),
        _ => next.push("start the run again; if it happens again, look at the last lines".into()),
    }
    next
}

fn startup(failure: &FirstFailure, lines: &[String], role: Option<&RolePlan>) -> Vec<String> {
    // What failed before the agent ran has no output of the run's; its reason says all.
    let reason = std::slice::from_ref(&failure.reason);
    if let Some(advice) = before_agent(reason) {
        return vec![advice];
    }
    let mut next: Vec<String> = sign(lines).into_iter().collect();
    let not_started =
        failure.exit.as_ref().is_some_and(|exit| exit.status == ExitStatus::NotStarted);
    if no_index(lines).is_some() {
        return next;
    }
    if lines.iter().any(|line| line.to_lowercase().contains("pip")) {
        next.push("the set-up's pip failed: try the same requirements by hand".into());
    } else if not_started && let Some(program) = role.and_then(|role| role.command.first()) {
        next.push(format!("check that `{program}` exists where the command runs"));
    }
    if next.is_empty() && !not_started {
        next.push("the set-up's last lines say what failed".into());
    } else if next.is_empty() {
        next.push("check `command`, and that the image has its program".into());
    }
    next
}

/// The last line of a Python traceback, which names the error.
pub fn traceback_end(lines: &[String]) -> Option<&str> {
    let start =
        lines.iter().position(|line| line.trim_end() == "Traceback (most recent call last):");
    let after = &lines[start.map_or(0, |start| start + 1)..];
    let names_error = |line: &&str| {
        let word = line.split([':', ' ']).next().unwrap_or_default();
        let word = word.rsplit('.').next().unwrap_or_default();
        word.chars().next().is_some_and(char::is_uppercase)
            && ["Error", "Exception", "Interrupt", "Exit", "Warning"]
                .iter()
                .any(|e| word.ends_with(e))
    };
    after.iter().map(|line| line.trim_end()).rev().find(names_error)
}
