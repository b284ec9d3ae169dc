//! Figures that were computed by hand.

use indexmap::IndexMap;
use jiff::Timestamp;

use super::*;
use crate::event::{EVENT_VERSION, Event, EventKind};
use crate::gang::{Attempt, FailureClass, FirstFailure, Outcome, ReplicaId, Usage, Verdict};
use crate::plan::{Plan, PlanContext, RuntimeDefaults};
use crate::spec::TrainJob;
use crate::work::train::plan;

const PRICES: &str = "
currency: EUR
cpuHour: 0.04
memoryGiBHour: 0.005
acceleratorHours: {nvidia-l4: 0.6, NVIDIA_TESLA_T4: 0.3}
spot: {factor: 0.5, labels: {spot: 'true', preemptible: 'true'}}
nodes:
  - {labels: {pool: reserved}, factor: 0.25}
  - {labels: {pool: old}, cpuHour: 0.01, acceleratorHours: {nvidia-l4: 0.1}}
";

pub(super) fn prices() -> Prices {
    Prices::File(PriceFile::parse(PRICES, &[]).unwrap())
}

pub(super) fn plan_of(spec: &str) -> Plan {
    try_plan(spec, prices()).unwrap()
}

pub(super) fn try_plan(spec: &str, prices: Prices) -> Result<Plan, NoPrices> {
    let job: TrainJob = serde_saphyr::from_str(&format!(
        "apiVersion: mlctl.dev/v1\nkind: TrainJob\nname: digits\ncommand: [python]\n{spec}"
    ))
    .unwrap();
    let context = PlanContext {
        run: "digits-abc123".into(),
        runtime_defaults: RuntimeDefaults::CLUSTER,
        code_base: "/home/me".into(),
    };
    let mut plan = plan(&job, &context).unwrap();
    if let Some(most) = job.max_cost {
        limit_cost(&mut plan, most, &prices)?;
    }
    Ok(plan)
}

pub(super) const GANG: &str = "
roles:
  chief: {cpu: 2, memory: 8Gi, accelerators: {type: nvidia-l4, count: 2}}
  worker: {replicas: 2, cpu: 1, memory: 4Gi}
";

/// A moment, in minutes after an hour before midnight.
fn at(minutes: i64) -> Timestamp {
    let start: Timestamp = "2026-03-01T23:00:00Z".parse().unwrap();
    start + jiff::SignedDuration::from_mins(minutes)
}

fn event(minutes: i64, attempt: Attempt, replica: Option<&str>, kind: EventKind) -> Event {
    Event {
        v: EVENT_VERSION,
        seq: 0,
        time: at(minutes),
        run: "digits-abc123".into(),
        attempt,
        replica: replica.map(|replica| replica.parse().unwrap()),
        kind,
    }
}

fn placed(minutes: i64, replica: &str) -> Event {
    on_node(minutes, replica, &[])
}

fn on_node(minutes: i64, replica: &str, labels: &[(&str, &str)]) -> Event {
    let labels = labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    let kind = EventKind::Placed { node: "a".into(), pod: "p".into(), labels, image_id: None };
    event(minutes, 0, Some(replica), kind)
}

fn first_failure(attempt: Attempt) -> FirstFailure {
    FirstFailure {
        replica: ReplicaId::new("worker", 0),
        attempt,
        class: FailureClass::Infrastructure,
        exit: None,
        reason: "lost".into(),
    }
}

fn finished(minutes: i64, outcome: Outcome, attempt: Attempt) -> Event {
    let first_failure = (outcome == Outcome::Failed).then(|| first_failure(attempt));
    let verdict = Verdict { outcome, attempt, first_failure, reason: String::new() };
    event(
        minutes,
        attempt,
        None,
        EventKind::Finished { verdict, inferred: None, unsubmitted: false },
    )
}

fn bill(plan: &Plan, events: &[Event], window: Window) -> Bill {
    Bill::of(plan, &Stretches::of(events, at(600)), &prices(), window)
}

pub(super) fn close(one: f64, two: f64) -> bool {
    (one - two).abs() < 1e-9
}

/// All three for an hour: 10 minutes of gathering, then 50 minutes that succeed.
#[test]
fn a_run_that_succeeds() {
    let events = [
        placed(0, "chief-0"),
        placed(0, "worker-0"),
        placed(0, "worker-1"),
        event(10, 1, None, EventKind::AttemptStarted),
        finished(60, Outcome::Succeeded, 1),
    ];
    let bill = bill(&plan_of(GANG), &events, Window::until(at(600)));
    assert!(close(bill.cost.unwrap(), 1.44), "{bill:?}");
    assert!(close(bill.replica_hours, 3.0));
    assert!(close(bill.cpu_hours, 4.0) && close(bill.memory_gib_hours, 16.0));
    assert!(close(bill.accelerator_hours["nvidia-l4"], 2.0));
    let waste = &bill.wasted;
    assert!(close(waste.waiting.cost, 1.44 / 6.0) && close(waste.waiting.hours, 0.5));
    assert_eq!(waste.failed_attempts, Share::default());
}

/// A start is no waste, however short what it was for, unless that has failed.
#[test]
fn a_short_run_is_not_wasted_by_its_start() {
    let events = |outcome| {
        [
            placed(0, "worker-0"),
            event(1, 1, None, EventKind::AttemptStarted),
            finished(2, outcome, 1),
        ]
    };
    let plan = plan_of(GANG);
    let good = bill(&plan, &events(Outcome::Succeeded), Window::until(at(600)));
    assert!(
        close(good.replica_hours, 2.0 / 60.0) && close(good.wasted.all().hours, 0.0),
        "{good:?}"
    );
    let bad = bill(&plan, &events(Outcome::Failed), Window::until(at(600)));
    assert!(close(bad.wasted.all().hours, bad.replica_hours), "{bad:?}");
}

/// A worker is lost after 30 minutes of the first attempt and comes back 12 minutes later; the second
/// attempt takes the last 30 minutes, of which the chief's accelerators are idle for 6.
#[test]
fn a_run_that_restarts() {
    let usage = |minutes, busy| {
        let usage = Usage { accelerators: Some(busy), ..Usage::default() };
        event(minutes, 2, Some("chief-0"), EventKind::Usage { usage })
    };
    let retrying = EventKind::Retrying { class: FailureClass::Infrastructure, spent: 1, budget: 3 };
    let events = [
        placed(0, "chief-0"),
        placed(0, "worker-0"),
        placed(0, "worker-1"),
        event(0, 1, None, EventKind::AttemptStarted),
        event(30, 1, Some("worker-0"), EventKind::ReplicaLost { reason: String::new() }),
        event(30, 1, None, EventKind::FirstFailure { failure: first_failure(1) }),
        event(36, 1, None, EventKind::AttemptEnded),
        event(36, 1, None, retrying),
        placed(42, "worker-0"),
        event(48, 2, None, EventKind::AttemptStarted),
        usage(50, 0.9),
        usage(56, 0.01),
        usage(58, 0.5),
        finished(78, Outcome::Succeeded, 2),
    ];
    let bill = bill(&plan_of(GANG), &events, Window::until(at(600)));
    // Chief and worker-1 are there for 78 minutes, worker-0 for 30 + 36.
    let cost = 1.32 * 1.3 + 0.06 * 1.3 + 0.06 * 1.1;
    assert!(close(bill.cost.unwrap(), cost), "{bill:?}");
    // In the failed attempt: 36 minutes of two, 30 of worker-0.
    assert!(close(bill.wasted.failed_attempts.cost, 1.38 * 0.6 + 0.06 * 0.5));
    // Without an attempt: 12 minutes of two, 6 of worker-0.
    assert!(close(bill.wasted.waiting.cost, 1.38 * 0.2 + 0.06 * 0.1));
    assert!(close(bill.wasted.idle_accelerators.cost, 1.2 * 0.1));
}

/// Two attempts that fail: nothing of it was of use.
#[test]
fn a_run_that_fails() {
    let events = [
        placed(0, "chief-0"),
        event(6, 1, None, EventKind::AttemptStarted),
        event(18, 1, None, EventKind::FirstFailure { failure: first_failure(1) }),
        event(18, 1, None, EventKind::AttemptEnded),
        event(24, 2, None, EventKind::AttemptStarted),
        finished(30, Outcome::Failed, 2),
    ];
    let bill = bill(&plan_of(GANG), &events, Window::until(at(600)));
    assert!(close(bill.cost.unwrap(), 1.32 * 0.5));
    assert!(close(bill.wasted.all().cost, bill.cost.unwrap()), "{bill:?}");
    assert!(close(bill.wasted.waiting.hours, 0.2));
}

#[test]
fn what_still_runs_costs_until_now() {
    let events = [placed(0, "worker-0"), event(0, 1, None, EventKind::AttemptStarted)];
    let plan = plan_of(GANG);
    let bill = Bill::of(&plan, &Stretches::of(&events, at(30)), &prices(), Window::until(at(30)));
    assert!(close(bill.cost.unwrap(), 0.03), "{bill:?}");
}

/// Half an hour on a spot node, and then half an hour on one that isn't.
#[test]
fn the_nodes_that_a_run_was_on_count() {
    let events = [
        on_node(0, "worker-0", &[("spot", "true")]),
        event(0, 1, None, EventKind::AttemptStarted),
        event(30, 1, Some("worker-0"), EventKind::ReplicaLost { reason: String::new() }),
        placed(30, "worker-0"),
        finished(60, Outcome::Succeeded, 1),
    ];
    let bill = bill(&plan_of(GANG), &events, Window::until(at(600)));
    assert!(close(bill.cost.unwrap(), 0.015 + 0.03), "{bill:?}");
}

#[test]
fn sums_by_day_and_label() {
    let events = [
        placed(0, "worker-0"),
        event(0, 1, None, EventKind::AttemptStarted),
        finished(180, Outcome::Succeeded, 1),
    ];
    let charged = |run: &str, team: Option<&str>| Charged {
        run: run.into(),
        name: "digits".into(),
        user: "me".into(),
        labels: team
            .map(|team| ("team".into(), team.into()))
            .into_iter()
            .collect::<IndexMap<_, _>>(),
        plan: plan_of(GANG),
        stretches: Stretches::of(&events, at(600)),
        prices: prices(),
    };
    let runs = [charged("a", Some("vision")), charged("b", None), charged("c", Some("vision"))];
    let keys = |by: By, window| -> Vec<(String, usize, f64)> {
        sums(&runs, &by, window)
            .into_iter()
            .map(|sum| (sum.key, sum.runs, (sum.bill.cost.unwrap() * 1000.0).round() / 1000.0))
            .collect()
    };
    let all = Window::until(at(600));
    assert_eq!(
        keys(By::Label("team".into()), all),
        [("vision".to_owned(), 2, 0.36), (String::new(), 1, 0.18)]
    );
    // An hour before midnight, two after it.
    assert_eq!(
        keys(By::Day, all),
        [("2026-03-01".to_owned(), 3, 0.18), ("2026-03-02".to_owned(), 3, 0.36)]
    );
    let late = Window { from: at(150), to: at(600) };
    assert_eq!(keys(By::User, late), [("me".to_owned(), 3, 0.09)]);
    assert!("hour".parse::<By>().is_err() && "label=".parse::<By>().is_err());
}

#[test]
fn currencies_are_not_added_up() {
    let bill = |currency: Option<&str>, cost| {
        let mut bill = Bill::default();
        bill.currency = currency.map(str::to_owned);
        bill.cost = Some(cost);
        bill.replica_hours = 1.0;
        bill
    };
    let mut all = Bill::default();
    all.add(&bill(Some("EUR"), 1.0));
    all.add(&bill(None, 0.0));
    assert_eq!((all.cost, all.currency.as_deref()), (Some(1.0), Some("EUR")));
    all.add(&bill(Some("USD"), 1.0));
    all.add(&bill(Some("USD"), 1.0));
    assert_eq!((all.cost, all.currency.as_deref(), all.replica_hours), (None, None, 4.0));
    assert_eq!(all.unpriced, ["prices in several currencies are not added up"]);
}
