//! A plan becomes a run: recorded first, then handed to its runtime.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::gang::{Outcome, Verdict};
use crate::plan::{Plan, SecretVariables, hide, mask_argv, mask_spec};
use crate::runtime::{LOCAL, Notice, Runs, RuntimeError, SecretValues, SubmitOptions};
use crate::storage::{CodeDigest, Place, digest_code, fix_code};
use crate::store::{
    CreatedRun, FileLock, GitCommit, NewRun, Reservation, RunPaths, Store, StoreError, private_dir,
};
use crate::text::Span;

/// Finds the commit that a folder is at; `None` for a folder that is no checkout.
pub type FindCommit<'a> = Box<dyn Fn(&Path) -> Option<GitCommit> + 'a>;

/// Who submits, and from where.
pub struct Submitter<'a> {
    /// The folder of the command.
    pub cwd: PathBuf,
    /// The name of who runs the command on this machine.
    pub user: String,
    /// The name of this machine.
    pub host: String,
    /// The command line, the program's name included. Secrets in it are masked before it is
    /// recorded.
    pub argv: Vec<String>,
    /// Tells which commit the code is at.
    pub git: FindCommit<'a>,
    /// How long a run may wait for its turn; `None` where none waits.
    pub patience: Option<Patience<'a>>,
}

/// How long a run waits for what other runs hold, and what ends its wait before.
pub struct Patience<'a> {
    /// No longer than this; `None` for as long as it takes.
    pub limit: Option<Duration>,
    /// Who or what has ended the wait; asked many times a second.
    pub interrupted: Box<dyn Fn() -> Option<String> + 'a>,
}

/// A run that is ready to be submitted: the plan, its secrets, and the spec that it comes from.
pub struct Order<'a> {
    /// The spec's kind, for example `TrainJob`.
    pub kind: &'a str,
    /// What will run, without secret values. Its run is the reservation's.
    pub plan: Plan,
    /// The secret values that were taken out of the plan.
    pub secrets: SecretVariables,
    /// The code as it travels, once that is known: of a copy that was made before from the beginning.
    pub code: Option<CodeDigest>,
    /// The folder of the spec's file: relative paths start there.
    pub base: &'a Path,
    /// The spec's text as it was given.
    pub source: &'a str,
    /// The spec's text as it is run: with overrides and variables.
    pub resolved: &'a str,
}

/// A run that its runtime has taken over.
#[derive(Debug)]
pub struct Submitted {
    /// Where it lies in the state.
    pub paths: RunPaths,
    /// The plan as it was handed to the runtime, without secret values.
    pub plan: Plan,
}

/// A run could not be submitted.
#[derive(Debug, thiserror::Error)]
pub enum SubmitError {
    /// The state folder's part: nothing has been recorded or started.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The code's or the runtime's part. A run that its runtime didn't take over is recorded as one that
    /// could not start; one whose code could not be fixed, or that others leave no room for, is not.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

impl Order<'_> {
    /// A spec's text as it may be written down: without its literal secrets, and without the values
    /// that were taken out of the plan.
    pub fn masked(&self, text: &str) -> String {
        let shown = match mask_spec("", text) {
            Some(spec) => hide(&spec.text, &self.secrets),
            None => hide(text, &self.secrets),
        };
        self.plan.head.known.hide(&shown).into_owned()
    }

    /// The facts of the submission, as the state and the cluster keep them; secret values are masked
    /// in every text.
    pub fn facts<T>(
        &self,
        (runtime, user): (String, String),
        created: Timestamp,
        submitter: &Submitter<'_>,
        keep: impl FnOnce(&NewRun<'_>) -> T,
    ) -> T {
        let known = &self.plan.head.known;
        let argv = submitter.argv.iter().map(|arg| known.hide(&hide(arg, &self.secrets)).into());
        let argv: Vec<String> = argv.collect();
        let code = self.plan.gang().code.as_ref().map(|code| Path::new(code.as_str()));
        let checkout = code.filter(|dir| dir.is_dir()).unwrap_or(self.base);
        keep(&NewRun {
            kind: self.kind,
            runtime,
            created,
            cwd: submitter.cwd.clone(),
            user,
            host: submitter.host.clone(),
            argv: mask_argv(&argv),
            git: (submitter.git)(checkout),
            code: self.code.clone(),
            source: &self.masked(self.source),
            resolved: &self.masked(self.resolved),
            plan: &self.plan,
        })
    }
}

/// Fixes the code of a run: what becomes of the folder afterwards changes no attempt. On this machine it
/// is copied, unless it is a copy already; a cluster has it in its own objects.
fn fix(
    Order { plan, code, .. }: &Order<'_>,
    reservation: &Reservation,
    runtime: &str,
) -> Result<Option<CodeDigest>, RuntimeError> {
    let gang = plan.gang();
    let fixed = match &gang.code {
        Some(Place::Path(path)) if runtime == LOCAL && !gang.code_rules.fixed => {
            let copy = reservation.code();
            private_dir(&copy)
                .and_then(|()| fix_code(path.as_path(), &copy, &gang.code_rules, mask_spec))
                .map(Some)
        }
        _ if code.is_some() => Ok(code.clone()),
        _ => digest_of(plan),
    };
    fixed.map_err(|error| io::Error::new(error.kind(), format!("fixing the code: {error}")).into())
}

/// The hash of a plan's code as it is now; `None` where it has none on this machine.
pub fn digest_of(plan: &Plan) -> io::Result<Option<CodeDigest>> {
    let gang = plan.gang();
    let Some(Place::Path(path)) = &gang.code else { return Ok(None) };
    Ok(Some(digest_code(path.as_path(), &gang.code_rules, mask_spec)?))
}

/// Records a run and starts it. It is in the state before anything of it runs; one that its runtime
/// does not take over stays there, with the reason, unless others hold what it wants: that is no fault of
/// the run, which is forgotten, or waits where its submitter has the patience.
pub fn submit(
    store: &Store,
    runtime: &dyn Runs,
    reservation: Reservation,
    mut order: Order<'_>,
    submitter: &Submitter<'_>,
    options: &SubmitOptions,
    notify: &mut dyn FnMut(Notice),
) -> Result<Submitted, SubmitError> {
    order.code = fix(&order, &reservation, &runtime.name())?;
    let created = runtime.time();
    // Whoever reads the run back from its runtime is told by that who has submitted it: the state says the
    // same. Where the runtime doesn't answer, it won't take the run either.
    let user = runtime.who().ok().flatten().unwrap_or_else(|| submitter.user.clone());
    let place = (runtime.name(), user);
    let CreatedRun { paths, mut lock } =
        order.facts(place, created, submitter, |new| store.create_run(reservation, new))?;
    let Order { plan, secrets, .. } = order;
    let secrets = SecretValues(secrets);
    let begin = Instant::now();
    let mut said = String::new();
    let error = loop {
        let error = match runtime.ensure(&plan, &paths, &secrets, options) {
            Ok(notices) => {
                notices.into_iter().for_each(notify);
                // The lock is held until here: another mlctl that synced the run before would find
                // no replica and take it for one that never started.
                drop(lock);
                return Ok(Submitted { paths, plan });
            }
            Err(error) => error,
        };
        let (RuntimeError::Queued(behind), Some(patience)) = (&error, &submitter.patience) else {
            break error;
        };
        if said != *behind {
            said.clone_from(behind);
            store.note_waiting(&lock, &paths, behind.clone())?;
            notify(Notice(format!("{} waits: {behind}", paths.run)));
        }
        // Whoever looks meanwhile finds the process that waits.
        drop(lock);
        let end = patience.pause(begin);
        lock = FileLock::acquire(&paths.lock(), LOCK_LIMIT)?;
        match end {
            None => {}
            Some(WaitEnd::Interrupted(by)) => break RuntimeError::Withdrawn(by),
            Some(WaitEnd::Over(limit)) => {
                break RuntimeError::Busy(format!("it has waited {}: {behind}", Span(limit)));
            }
        }
    };
    if !said.is_empty() {
        // Its place in the queue.
        runtime.remove(&paths)?;
    }
    match &error {
        RuntimeError::Withdrawn(_) => {
            let verdict = Verdict {
                outcome: Outcome::Cancelled,
                attempt: 0,
                first_failure: None,
                reason: error.to_string(),
            };
            store.finish(&lock, &paths, verdict, None)?;
        }
        // One that has waited is known to people by then.
        RuntimeError::Busy(_) | RuntimeError::Queued(_) if said.is_empty() => {
            drop(lock);
            store.remove_run(&paths.run)?;
        }
        _ => _ = store.finish_unsubmitted(&lock, &paths, error.to_string())?,
    }
    Err(error.into())
}

/// Time between two tries of a run that waits.
const TRY_PACE: Duration = Duration::from_millis(500);
/// Time between two questions whether the wait is ended.
const ASK_PACE: Duration = Duration::from_millis(50);
/// Others hold a run's lock for moments only.
const LOCK_LIMIT: Duration = Duration::from_secs(30);

/// Why a run waits no longer though its turn has not come.
enum WaitEnd {
    Interrupted(String),
    Over(Duration),
}

impl Patience<'_> {
    /// Waits until it is time for another try.
    fn pause(&self, begin: Instant) -> Option<WaitEnd> {
        let next = Instant::now() + TRY_PACE;
        while Instant::now() < next {
            if let Some(by) = (self.interrupted)() {
                return Some(WaitEnd::Interrupted(by));
            }
            std::thread::sleep(ASK_PACE);
        }
        self.limit.filter(|limit| begin.elapsed() >= *limit).map(WaitEnd::Over)
    }
}
