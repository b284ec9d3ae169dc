//! `mlctl tune resume`: a study goes on, or gets more trials.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::follow::{Followed, follow_study};
use super::start::loop_pods;
use super::target::StudyTarget;
use crate::cli::verbs::train::detached;
use crate::cli::{CliError, Context, ErrorKind, Interrupts, OnInterrupt, Purpose, SpecArgs, exit};
use crate::event::RunState;
use crate::run::Submitted;
use crate::runtime::Notice;
use crate::store::{FileLock, now, private_dir};
use crate::ui::{BOLD, Text};
use crate::work::train::{Withheld, withheld};
use crate::work::tune::{Entry, Places, SECRET_VARIABLE, StudyError, append, go_on, max_trials};

/// Another command that goes on with the study has started its run within this time.
const RESUME_LIMIT: Duration = Duration::from_mins(2);

/// Arguments of `tune resume`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Trials that still run are taken over, those whose submission was interrupted are
submitted, and none runs twice. A study that goes on gets more trials by
--max-trials at once. The study's secret values are not kept: where it has some,
its file is needed again.

Examples:
  mlctl tune resume                       the last study of this folder
  mlctl tune resume digits-search --max-trials 80
  mlctl tune resume digits-search -f study.yaml    for its secrets")]
pub struct ResumeArgs {
    /// The study
    pub study: Option<String>,
    /// Trials in all from here on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub max_trials: Option<u32>,
    /// The file that the study was begun from; only its secret values are read
    #[arg(short = 'f', long = "file", value_name = "FILE", alias = "config")]
    pub file: Option<PathBuf>,
    /// Submit and return; prints the id of the run that goes on
    #[arg(short, long)]
    pub detach: bool,
    /// What Ctrl-C does to the study [default: detach at a terminal, cancel elsewhere]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub on_interrupt: Option<OnInterrupt>,
}

/// Goes on with a study.
pub(super) fn resume(context: &Context, args: &ResumeArgs) -> Result<u8, CliError> {
    let before = context.study(args.study.as_deref())?;
    // Of two at once the second finds what the first has started.
    private_dir(&before.paths.dir)?;
    let lock = FileLock::acquire(&before.paths.resume_lock(), RESUME_LIMIT)?;
    let target = context.study(Some(&before.run.record.id))?;
    let most = max_trials(&target.document, &target.state);
    if let Some(wanted) = args.max_trials.filter(|wanted| *wanted < most) {
        let message = format!("{} has {most} trials; {wanted} are fewer", target.paths.study);
        return Err(CliError::new(ErrorKind::Usage, message)
            .hint("a study that has enough is ended by `mlctl cancel`"));
    }
    let interrupts = Interrupts::listen()?;
    let run = if target.run.record.state.is_ended() {
        start_again(context, &target, args)?
    } else {
        let id = &target.run.record.id;
        raise(&target, args)?;
        context.printer.say(format!("{id} goes on already"));
        let plan = target.run.plan.clone().ok_or_else(|| {
            CliError::new(ErrorKind::Internal, format!("the plan of {id} is lost"))
        })?;
        Submitted { paths: target.run.paths.clone(), plan }
    };
    drop(lock);
    if args.detach {
        return detached(context, vec![run.paths.run]);
    }
    let followed = Followed {
        store: &target.run.store,
        run: &run,
        document: &target.document,
        on_interrupt: args.on_interrupt,
        interrupts: &interrupts,
    };
    Ok(follow_study(context, &followed)?.unwrap_or(exit::DETACHED))
}

/// Writes down how many trials there may be from here on.
fn raise(target: &StudyTarget, args: &ResumeArgs) -> Result<(), CliError> {
    if let Some(max_trials) = args.max_trials {
        append(&*target.notes, &target.paths, now(), &[Entry::Raised { max_trials }])?;
    }
    Ok(())
}

fn start_again(
    context: &Context,
    target: &StudyTarget,
    args: &ResumeArgs,
) -> Result<Submitted, CliError> {
    let document = &target.document;
    let most = max_trials(document, &target.state);
    if target.state.sessions.is_empty() {
        return Err(StudyError::Empty(target.paths.study.clone()).into());
    }
    if let (Some((_, reason)), RunState::Succeeded, None) =
        (&target.state.finished, target.run.record.state, args.max_trials)
    {
        let message = format!("{} is over: {reason}", target.paths.study);
        return Err(CliError::new(ErrorKind::Refused, message)
            .hint(format!("give it more trials: --max-trials {}", most.saturating_add(10))));
    }
    let runtime = context.runtime(&document.runtime)?;
    // Where it was begun it goes on.
    let of_loop = context.runtime(&target.run.record.runtime)?;
    let pods = loop_pods(context, &*of_loop)?;
    let prices = context.prices_or_warn(&document.runtime);
    let store = &target.run.store;
    let of_loop = &*of_loop;
    let places = Places { store, of_loop, of_trials: &*runtime, prices: &prices, pods };
    let values = secrets(context, target, args)?;
    // Nothing stands against it any more.
    raise(target, args)?;
    let submitted =
        go_on(document, values, &places, &context.submitter(), &mut |Notice(notice)| {
            context.printer.warn(notice);
        })?;
    let run = Text::styled(BOLD, &submitted.paths.run);
    context.printer.say(run.then(format!(" goes on with the study {}", document.study)));
    Ok(submitted)
}

/// The secret values of a study, out of its file.
fn secrets(
    context: &Context,
    target: &StudyTarget,
    args: &ResumeArgs,
) -> Result<BTreeMap<String, String>, CliError> {
    let places = &target.document.secrets;
    if places.is_empty() {
        return Ok(BTreeMap::new());
    }
    let named = |file: &PathBuf| SpecArgs { file: Some(file.clone()), ..SpecArgs::default() };
    let Some(spec) = args.file.as_ref().map(named) else {
        let places = places.iter().map(|secret| secret.place.replace('/', "."));
        let places = places.map(|place| format!("trial{place}")).collect();
        return Err(StudyError::Secrets(places).into());
    };
    let studies = context.studies(Purpose::Look, &spec)?;
    let name = &target.document.spec.name;
    let found = studies.iter().find(|study| study.job.name == *name).ok_or_else(|| {
        CliError::new(ErrorKind::Usage, format!("there is no study `{name}` in that file"))
    })?;
    let Withheld { places: there, values, .. } =
        withheld(&found.trial, SECRET_VARIABLE).map_err(StudyError::from)?;
    let mut all = BTreeMap::new();
    for secret in places {
        let same = there.iter().find(|other| other.place == secret.place);
        let value = same.and_then(|other| values.get(&other.variable)).ok_or_else(|| {
            let place = secret.place.replace('/', ".");
            CliError::new(
                ErrorKind::Usage,
                format!("that file has no secret value at trial{place}"),
            )
        })?;
        all.insert(secret.variable.clone(), value.clone());
    }
    Ok(all)
}
