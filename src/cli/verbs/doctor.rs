//! `mlctl doctor`: what would stop a run, and the command that mends it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde::Serialize;

use crate::cli::{
    CliError, Context, Env, ErrorKind, Format, Interrupts, LoadedDocument, PlaceArgs, Purpose,
    Settings, SpecArgs, exit,
};
use crate::doctor;
use crate::doctor::{Finding, News, Place, Trouble, Visit, trouble};
use crate::runtime::RuntimeError;
use crate::runtime::kubernetes::{ClusterChecks, Kubernetes, not_connected};
use crate::runtime::local::LaptopChecks;
use crate::runtime::local::Local;
use crate::spec::{Security, TrainJob};
use crate::storage;
use crate::sys::{self, Untrusted};
use crate::text::Span;
use crate::ui::{Checks, Printer, Text};

/// Between two looks at what the checks tell.
const PACE: Duration = Duration::from_millis(100);
/// What a check that is interrupted takes to clean up, at most.
const STOP_LIMIT: Duration = Duration::from_secs(15);
/// A pod that takes longer is worth a word.
const POD_LIMIT: Duration = Duration::from_mins(1);

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Looks at this machine and, where the settings or --runtime, --context or
--namespace choose a cluster, at that: one line for each check, and below each
that isn't ok why it matters and a command that mends it. In the cluster it
makes one small pod from the runner image, which proves admission, placement,
the image's pull and DNS, and removes it. With a spec it tries the buckets that
the spec names, too, reached as the settings say (what it writes below an output
it removes), and the pod runs in the spec's image. It doesn't try the command.

Examples:
  mlctl doctor                           what the settings choose
  mlctl doctor --runtime local           this machine alone
  mlctl doctor --context prod --no-pod   look only, make nothing
  mlctl doctor --image registry.example.com/ml/tf:1   can nodes pull it?
  mlctl doctor train.yaml                and the buckets and the image of this spec
  mlctl doctor -o json                   for a pipeline

Levels: ok; skip, not needed or not to be seen; warn, runs start all the same;
fail, runs don't start.

Exit codes: 0 nothing was found; 3 the spec; else by the first that fails: 6 the
cluster can't be reached, 5 it refuses this user, 14 anything else. 130 Ctrl-C.")]
pub struct DoctorArgs {
    /// A spec whose buckets and image are tried
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Make no pod in the cluster
    #[arg(long)]
    pub no_pod: bool,
    /// Let the pod pull and run in this image, too
    #[arg(long, value_name = "IMAGE", conflicts_with = "no_pod")]
    pub image: Option<String>,
    /// Pull with this Secret, as `imagePullSecrets` of a spec; may be repeated
    #[arg(long, value_name = "NAME")]
    pub pull_secret: Vec<String>,
    /// What specs say of `security`: restricted, baseline, root or openshift [default: restricted]
    #[arg(long, value_name = "STANDARD", value_parser = security)]
    pub security: Option<Security>,
    /// How long the pod may take [default: 1m]
    #[arg(long, value_name = "DURATION")]
    pub pod_limit: Option<Span>,
}

fn security(text: &str) -> Result<Security, String> {
    let value = serde_json::Value::String(text.into());
    serde_json::from_value(value)
        .map_err(|_| "write restricted, baseline, root or openshift".into())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    schema_version: u32,
    exit_code: u8,
    findings: &'a [Finding],
}

/// Looks and tells. Unlike other verbs it goes on without settings that can't be read.
pub fn run(
    env: &Env,
    printer: &Printer,
    format: Format,
    place: &PlaceArgs,
    args: &DoctorArgs,
) -> Result<u8, CliError> {
    let (settings, error) = match Settings::load(env.config_dir().as_deref()) {
        Ok(settings) => (settings, None),
        Err(error) => (Settings::default(), Some(error.message)),
    };
    let context = Context::with(env.clone(), settings, printer.clone(), format, place.clone());
    context.say_places();
    let file = env.config_dir().map(|dir| dir.join("config.yaml"));
    let first = match file.filter(|file| file.exists() || error.is_some()) {
        Some(file) => {
            let untrusted = sys::check_own(&file).err();
            let mend = untrusted.as_ref().and_then(Untrusted::of).map(Untrusted::mend);
            doctor::settings(&file, error.as_deref(), mend)
        }
        None => Finding::ok(Place::Laptop, "settings", "no file: the defaults"),
    };
    let interrupts = Interrupts::listen()?;
    let stop = Arc::new(AtomicBool::new(false));
    let (sender, news) = channel();
    let visit = Visit::new(sender, Arc::clone(&stop));
    visit.tell(first);
    start(&context, args, visit)?;
    let (findings, interrupted) = follow(&context, &news, &interrupts, &stop)?;
    let code = if interrupted { exit::DETACHED } else { code(&findings) };
    context.emit(
        &Document { schema_version: 1, exit_code: code, findings: &findings },
        Text::default,
    )?;
    if interrupted {
        context.printer.say("interrupted: the rest was not looked at");
    }
    Ok(code)
}

/// Refuses what is about a pod where no cluster is looked at.
fn of_clusters(args: &DoctorArgs) -> Result<(), CliError> {
    let given = [
        ("--image", args.image.is_some()),
        ("--pull-secret", !args.pull_secret.is_empty()),
        ("--security", args.security.is_some()),
        ("--pod-limit", args.pod_limit.is_some()),
    ];
    let Some((flag, _)) = given.into_iter().find(|(_, is_given)| *is_given) else { return Ok(()) };
    let message = format!("{flag} is about a pod, and only this machine is looked at");
    Err(CliError::new(ErrorKind::Usage, message)
        .hint("name the cluster: --context CONTEXT, or --runtime kubernetes"))
}

/// The checks, on a thread of their own: it ends when all is told or the visit is stopped.
fn start(context: &Context, args: &DoctorArgs, visit: Visit) -> Result<(), CliError> {
    let local = Local::new(context.local_config()?);
    let config = if context.chooses_cluster() {
        Some(context.cluster_config()?)
    } else {
        of_clusters(args)?;
        None
    };
    let documents = if args.spec.named().is_empty() {
        Vec::new()
    } else {
        context.documents_for(Purpose::Run, &args.spec, &[])?
    };
    let of_spec = documents.iter().find_map(image).filter(|_| args.image.is_none());
    let (image, of_spec) = of_spec.unwrap_or_else(|| (args.image.clone(), Vec::new()));
    let pull_secrets = args.pull_secret.iter().chain(&of_spec).cloned().collect();
    let checks = ClusterChecks {
        image: image.filter(|_| !args.no_pod),
        pull_secrets,
        security: args.security.unwrap_or_default(),
        pod: (!args.no_pod).then(|| args.pod_limit.map_or(POD_LIMIT, |limit| limit.0)),
    };
    let places = places(documents);
    let (stores, handle) = (context.stores(), context.handle()?);
    let buckets = move |visit: &Visit| {
        for (place, is_output) in places {
            if visit.is_stopped() {
                return;
            }
            visit.begin(place.as_str());
            let report = handle.block_on(stores.examine(&place, is_output));
            visit.tell(doctor::store(&report));
        }
    };
    let examine = move || match config {
        None => {
            local.examine(LaptopChecks::All, &visit);
            buckets(&visit);
        }
        Some(config) => {
            local.examine(LaptopChecks::Basics, &visit);
            buckets(&visit);
            match Kubernetes::new(config) {
                Ok(cluster) => cluster.examine(&checks, &visit),
                Err(RuntimeError::Cluster(error)) => visit.tell(not_connected(&error)),
                Err(error) => {
                    visit.tell(Finding::fail(Place::Cluster, "connection", error.to_string()));
                }
            }
        }
    };
    std::thread::Builder::new().name("doctor".into()).spawn(examine)?;
    Ok(())
}

/// The places that a training run reads, and the one that it writes to.
fn of_training(job: TrainJob) -> (Vec<storage::Place>, Option<storage::Place>) {
    let inputs = job.data.into_iter().map(|data| data.uri);
    (inputs.collect(), job.output.map(|output| output.place().clone()))
}

/// The image of a spec's command, or of its first role that has one of its own, and the Secrets with which it
/// is pulled.
fn image(document: &LoadedDocument) -> Option<(Option<String>, Vec<String>)> {
    let of = |job: &TrainJob| {
        let of_roles = || job.roles.values().find_map(|role| role.image.clone());
        let image = job.image.clone().or_else(of_roles)?;
        Some((Some(image), job.image_pull_secrets.clone()))
    };
    match document {
        LoadedDocument::Train(job) => of(&job.job),
        LoadedDocument::Tune(study) => of(&study.trial.job),
        LoadedDocument::Batch(batch) => of(&batch.workers.job),
        LoadedDocument::Endpoint(endpoint) => {
            endpoint.revisions.iter().find_map(|job| of(&job.job))
        }
    }
}

/// The places in stores that specs name, each with whether runs write there.
fn places(documents: Vec<LoadedDocument>) -> Vec<(storage::Place, bool)> {
    let mut places = Vec::new();
    for document in documents {
        let (inputs, output): (Vec<_>, _) = match document {
            LoadedDocument::Train(job) => of_training(job.job),
            LoadedDocument::Tune(study) => of_training(study.trial.job),
            LoadedDocument::Batch(loaded) => {
                let job = loaded.job;
                let model = job.model.uri.as_ref().and_then(crate::spec::ModelRef::place).cloned();
                let inputs = job.input.places().iter().cloned().chain(model);
                (inputs.collect(), Some(job.output.place().clone()))
            }
            LoadedDocument::Endpoint(loaded) => {
                let endpoint = loaded.endpoint;
                let log = endpoint.log.as_ref().map(|log| log.to.clone());
                (endpoint.places().into_iter().cloned().collect(), log)
            }
        };
        let inputs = inputs.into_iter().map(|place| (place, false));
        for (place, writes) in inputs.chain(output.map(|place| (place, true))) {
            let place = (before_names(&place), writes);
            if matches!(place.0, storage::Place::Object(_)) && !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places
}

/// The folder of a place before its first part that stands for many names: a pattern, or a run's id.
fn before_names(place: &storage::Place) -> storage::Place {
    let text = place.as_str();
    match text.find(['*', '?', '[', '{']) {
        Some(at) => text[..text[..at].rfind('/').map_or(0, |slash| slash + 1)].into(),
        None => place.clone(),
    }
}

/// Shows what is told until nobody tells any more; whether the user has left before that.
fn follow(
    context: &Context,
    news: &Receiver<News>,
    interrupts: &Interrupts,
    stop: &AtomicBool,
) -> Result<(Vec<Finding>, bool), CliError> {
    let mut checks = Checks::new(&context.printer, context.format == Format::Table);
    let mut findings = Vec::new();
    let mut since = None;
    loop {
        match news.recv_timeout(PACE) {
            Ok(News::Begin(what)) => checks.begin(what),
            Ok(News::Found(finding)) => {
                checks.found(&finding)?;
                findings.push(finding);
            }
            Err(RecvTimeoutError::Timeout) => checks.tick(),
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if since.is_none() && (interrupts.count() > 0 || interrupts.hung_up()) {
            stop.store(true, Ordering::SeqCst);
            since = Some(Instant::now());
            checks.begin("cleaning up".into());
        }
        // A second Ctrl-C is not made to wait: what the checks have made ends by its own deadline.
        if since.is_some_and(|at: Instant| at.elapsed() > STOP_LIMIT) || interrupts.count() > 1 {
            break;
        }
    }
    checks.end()?;
    Ok((findings, since.is_some()))
}

fn code(findings: &[Finding]) -> u8 {
    match trouble(findings) {
        None => exit::OK,
        Some(Trouble::Unreachable) => ErrorKind::Unreachable.exit_code(),
        Some(Trouble::Refused) => ErrorKind::Refused.exit_code(),
        Some(Trouble::Start) => exit::COULD_NOT_START,
    }
}
