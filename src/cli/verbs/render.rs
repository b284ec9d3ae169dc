//! `mlctl render`: a run as manifests, for whoever wants to apply them without mlctl.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::batch::{Surveyed, find_model, look};
use super::serve::{Rendering, rendered_endpoint};
use super::train::say_notices;
use crate::cli::{
    CliError, Context, ErrorKind, Format, LOCAL, LoadedDocument, Purpose, SpecArgs, exit,
};
use crate::gang::RunId;
use crate::ops::cost::{Prices, limit_cost};
use crate::plan::{Plan, PlanContext, RuntimeDefaults, SecretVariables};
use crate::run::{Order, Submitter, digest_of};
use crate::runtime::image::name_commands;
use crate::runtime::kubernetes::{
    CodeBundle, Kubernetes, ManifestContext, manifests, name_archive, send_archive,
};
use crate::runtime::{RuntimeError, SecretValues};
use crate::spec::ENDPOINT;
use crate::storage::Stores;
use crate::store::random_id;
use crate::sys::random_word;
use crate::ui::human::bytes;
use crate::ui::{json_text, yaml_text};
use crate::work::batch::{
    self, LoadedBatch, OutputLayout, Progress, check_places, claim, plan_with,
};
use crate::work::serve::{LoadedEndpoint, ServeError};
use crate::work::train::{self, LoadedJob, TrainError, plan, travel};
use crate::work::tune::LoadedStudy;

/// Arguments of `render`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  mlctl render | kubectl create -f -     run ./mlctl.yaml without mlctl
  mlctl render -n team > run.yaml
  mlctl render --set output=pvc://results/digits -o json
  mlctl render batch.yaml | kubectl create -f -
  mlctl render --user ada@example.com    for somebody else, as the cluster knows them

Each call is a new run with a name and a token of its own. The run starts, fails,
restarts and ends like one of `mlctl train`; deleting its ConfigMap leaves the
other objects, since only the cluster knows the owner's id; an admin removes its
Secret, since users need not be able to. What pods read in the output's bucket is
written there: a batch prediction's list of inputs, and code of more than 5 MiB.

A cluster can't say later who applied a text, so the text says whose the run is:
--user, or who you are in the cluster that is chosen (--context, or the settings).
Where none is chosen or answers, the run is of `render:NAME@HOST`, your name on
this machine: `state rebuild`, `cleanup`, `cancel` and `cost` on this machine take
it for yours, and on others for another user's.")]
pub struct RenderArgs {
    /// The spec
    #[command(flatten)]
    pub spec: SpecArgs,
    /// Whose the run is, as the cluster knows them
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub user: Option<String>,
}

/// Prints the objects of every job of the file.
pub fn run(context: &Context, args: &RenderArgs) -> Result<u8, CliError> {
    if context.place.runtime.as_deref() == Some(LOCAL) {
        let message = "what is rendered is for a cluster, and --runtime local is this machine";
        return Err(CliError::new(ErrorKind::Usage, message)
            .hint("what would run here: mlctl train --dry-run"));
    }
    let user = whose(context, args.user.as_deref());
    let mut documents = Vec::new();
    for document in context.documents_for(Purpose::Render, &args.spec, &[])? {
        documents.extend(match document {
            LoadedDocument::Train(job) => of_training(context, &job, &user)?,
            LoadedDocument::Batch(batch) => of_batch(context, *batch, &user)?,
            LoadedDocument::Tune(study) => return Err(of_study(&study)),
            LoadedDocument::Endpoint(endpoint) => of_endpoint(context, &endpoint, &user)?,
        });
    }
    let text = match context.format {
        Format::Json => {
            let list = json!({"apiVersion": "v1", "kind": "List", "items": documents});
            json_text(&list).map_err(internal)?
        }
        Format::Table | Format::Yaml => {
            let texts = documents.iter().map(yaml_text);
            texts.collect::<Result<Vec<_>, _>>().map_err(internal)?.join("---\n")
        }
    };
    for document in &documents {
        if let Some(reason) = too_large_to_apply(document) {
            context.printer.warn(reason);
        }
    }
    context.printer.data(&text)?;
    Ok(exit::OK)
}

/// All annotations of an object have room for so many bytes together, of which `kubectl apply` wants as many
/// as the object has, to keep a copy of it (`TotalAnnotationSizeLimitB` in Kubernetes).
const APPLIED_LIMIT: usize = 256 << 10;

/// What is wrong with an object that `kubectl apply` can't carry, though a cluster takes it.
fn too_large_to_apply(object: &Json) -> Option<String> {
    let length = object.to_string().len();
    let of = |field: &str| object.pointer(field).and_then(Json::as_str).unwrap_or_default();
    (length > APPLIED_LIMIT).then(|| {
        format!(
            "`kubectl apply` can't carry the {} {} of {}: use `kubectl create`, or `kubectl apply \
             --server-side`",
            of("/kind"),
            of("/metadata/name"),
            bytes(length as u64)
        )
    })
}

/// What a study runs is decided while it runs, so there is nothing to print.
fn of_study(study: &LoadedStudy) -> CliError {
    let message =
        format!("{} is a TuneJob: its trials are known only once it runs", study.job.name);
    CliError::new(ErrorKind::Usage, message).hint(
        "see its first trial with: mlctl tune --dry-run; a file with its trial's TrainJob alone \
               can be rendered",
    )
}

fn of_endpoint(
    context: &Context,
    endpoint: &LoadedEndpoint,
    user: &str,
) -> Result<Vec<Json>, CliError> {
    let settings = context.manifest_settings(None)?;
    let planned = |job: &LoadedJob, run: &RunId| -> Result<Plan, ServeError> {
        let plan_context = PlanContext {
            run: run.clone(),
            runtime_defaults: RuntimeDefaults::CLUSTER,
            code_base: job.base.clone(),
        };
        let mut plan = plan(&job.job, &plan_context).map_err(TrainError::from)?;
        job.rule(&mut plan);
        plan.take_settings(&job.storage, false);
        let architecture = settings.architectures.first().map_or("amd64", String::as_str);
        let handle = context.handle().map_err(|error| ServeError::Routing(error.message))?;
        handle
            .block_on(name_commands(&mut plan, architecture, &context.env.docker_config()))
            .map_err(RuntimeError::Refused)?;
        name_archive(&mut plan)?;
        plan.know(&job.secrets());
        Ok(plan)
    };
    let of = |plan: &Plan, resolved: &str| -> Result<ManifestContext, CliError> {
        let order = Order {
            kind: ENDPOINT,
            plan: plan.clone(),
            secrets: SecretVariables::default(),
            code: None,
            base: &endpoint.base,
            source: "",
            resolved,
        };
        described(context, settings.clone(), &order, user)
    };
    rendered_endpoint(context, endpoint, &Rendering { user, planned: &planned, context: &of })
}

/// The cluster answers within this time who somebody is, or the text is made without it.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Whose the runs will be.
fn whose(context: &Context, named: Option<&str>) -> String {
    let here = || context.rendered_by();
    if let Some(user) = named {
        return user.to_owned();
    }
    if !context.chooses_cluster() {
        return here();
    }
    let asked = context.cluster_config().and_then(|config| {
        let cluster = Kubernetes::new(config)?;
        Ok(cluster.who_within(ANSWER_LIMIT)?)
    });
    asked.unwrap_or_else(|error| {
        let here = here();
        context.printer.warn(format!(
            "who you are in the cluster is not known ({}): the run is labelled as one of {here}; \
             --user NAME says whose it is",
            error.message
        ));
        here
    })
}

fn of_training(context: &Context, job: &LoadedJob, user: &str) -> Result<Vec<Json>, CliError> {
    say_notices(context, travel(job, false)?.notices);
    let plan_context = PlanContext {
        run: random_id(&job.job.name)?,
        runtime_defaults: RuntimeDefaults::CLUSTER,
        code_base: job.base.clone(),
    };
    let mut plan = plan(&job.job, &plan_context).map_err(TrainError::from)?;
    if let Some(most) = job.job.max_cost {
        limit_cost(&mut plan, most, &prices(context)?).map_err(TrainError::from)?;
    }
    plan.take_settings(&job.storage, false);
    let settings = context.manifest_settings(None)?;
    name_image_commands(context, &mut plan, &settings)?;
    let resolved = crate::spec::to_yaml(&job.job).map_err(internal)?;
    let stores = context.looking(plan.gang().storage.buckets.clone());
    objects(context, settings, train::order(job, plan, &resolved), &stores, user)
}

/// The pods read what they predict from the job's document in the output, which is written here.
fn of_batch(context: &Context, mut batch: LoadedBatch, user: &str) -> Result<Vec<Json>, CliError> {
    find_model(context, &mut batch)?;
    say_notices(context, travel(&batch.workers, false)?.notices);
    check_places(&batch)?;
    // The spec may be somebody else's, and this verb is one to look by.
    let Surveyed { batch, stores, document, progress } = look(context, batch, true)?;
    if matches!(progress, Progress::Complete(_)) {
        let message = format!("{} is complete in {} already", batch.job.name, batch.output());
        return Err(CliError::new(ErrorKind::Refused, message)
            .hint("see it with `mlctl outputs`, or name another output"));
    }
    let settings = context.manifest_settings(None)?;
    let plan = plan_with(
        &batch,
        &document,
        &random_id(&batch.job.name)?,
        RuntimeDefaults::CLUSTER,
        false,
        |plan| name_image_commands(context, plan, &settings),
        || prices(context),
    )?;
    let resolved = batch.resolved(&document)?;
    context.handle()?.block_on(claim(&stores, &batch.output(), &document))?;
    let objects = objects(context, settings, batch::order(&batch, plan, &resolved), &stores, user)?;
    let place = OutputLayout::job(&batch.output());
    context.printer.say(format!("{place} is written: the pods read in it what they predict"));
    Ok(objects)
}

fn prices(context: &Context) -> Result<Prices, CliError> {
    context.cluster_prices(context.context_name().as_deref())
}

fn objects(
    context: &Context,
    settings: ManifestContext,
    mut order: Order<'_>,
    stores: &Stores,
    user: &str,
) -> Result<Vec<Json>, CliError> {
    let kind = order.kind;
    order.code = digest_of(&order.plan)?;
    let described = described(context, settings, &order, user)?;
    let Order { plan, secrets: taken, .. } = order;
    if taken.values().any(|values| !values.is_empty()) {
        context.printer.warn("the Secret below holds secret values: keep this text to yourself");
    }
    let code = CodeBundle::of(&plan)
        .map_err(|error| CliError::new(ErrorKind::Refused, error.to_string()))?;
    let context_of =
        ManifestContext { secrets: SecretValues(taken), kind: kind.into(), code, ..described };
    let manifests = manifests(&plan, &context_of).map_err(refused)?;
    for notice in &manifests.notices {
        context.printer.warn(notice);
    }
    context.handle()?.block_on(send_archive(&plan, stores))?;
    manifests.documents().map_err(internal)
}

/// What the settings say of all objects, and the record of what is rendered.
fn described(
    context: &Context,
    settings: ManifestContext,
    order: &Order<'_>,
    user: &str,
) -> Result<ManifestContext, CliError> {
    let now = jiff::Timestamp::now();
    let submitter = Submitter { user: user.to_owned(), ..context.submitter() };
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method is of one lifetime")]
    let record =
        order.facts(("kubernetes".into(), user.to_owned()), now, &submitter, |new| new.record());
    Ok(ManifestContext {
        namespace: context.place.namespace.clone().unwrap_or_default(),
        nonce: random_word(6)?,
        token: random_word(32)?,
        user: user.to_owned(),
        resolved: order.masked(order.resolved),
        record: serde_json::to_string(&record).map_err(internal)?,
        ..settings
    })
}

/// What a spec leaves to the image is looked up, and code that is too large for ConfigMaps named.
fn name_image_commands(
    context: &Context,
    plan: &mut Plan,
    settings: &ManifestContext,
) -> Result<(), CliError> {
    let architecture = settings.architectures.first().map_or("amd64", String::as_str);
    context
        .handle()?
        .block_on(name_commands(plan, architecture, &context.env.docker_config()))
        .map_err(|reasons| refused(reasons.join("; ")))?;
    Ok(name_archive(plan)?)
}

fn refused(error: impl std::fmt::Display) -> CliError {
    CliError::new(ErrorKind::Refused, format!("this run can't start in a cluster: {error}"))
}

fn internal(error: impl std::fmt::Display) -> CliError {
    CliError::new(ErrorKind::Internal, error.to_string())
}
