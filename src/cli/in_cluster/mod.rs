//! What could not start in a cluster, as far as that is known without asking one: said of a spec like all
//! else that is wrong with it, whichever verb reads it.

mod endpoint;
mod place;
mod places;

use self::endpoint::of_endpoint;
use self::place::Written;
pub(super) use self::places::no_push;
use self::places::{folder_named, local_model};
use super::{CliError, Context, LoadedDocument};
use crate::gang::RunId;
use crate::ops::cost::{Prices, limit_cost};
use crate::plan::{Plan, PlanContext, RuntimeDefaults};
use crate::runtime::kubernetes::{
    BundleError, CodeBundle, ManifestContext, ManifestError, Reason, manifests,
};
use crate::spec::syntax::{Diagnostic, Diagnostics};
use crate::spec::{Document, Output, TRAIN_JOB};
use crate::storage::Place;
use crate::store::random_id;
use crate::sys::random_word;
use crate::text::Amount;
use crate::work::batch::{BatchSubmitError, LoadedBatch, is_unseen};
use crate::work::train::{LoadedJob, TrainError, plan};

impl Context {
    /// The reasons for which a document could not start in a cluster, each where the spec says it.
    pub(super) fn unstartable(
        &self,
        loaded: &LoadedDocument,
        document: &Document,
        texts: &Diagnostics,
    ) -> Result<Vec<Diagnostic>, CliError> {
        let reasons = match loaded {
            LoadedDocument::Train(job) => {
                let output = job.job.output.as_ref().map(Output::place);
                let mut reasons = self.of_job(job, output, job.job.max_cost)?;
                reasons.extend(no_push(&job.job));
                reasons
            }
            LoadedDocument::Tune(study) => {
                let trial = &study.trial.job;
                let output = trial.output.as_ref().map(Output::place);
                self.of_job(&study.trial, output, trial.max_cost)?
            }
            LoadedDocument::Batch(batch) => self.of_batch(batch)?,
            LoadedDocument::Endpoint(endpoint) => of_endpoint(self, endpoint)?,
        };
        Written::of(document).findings(&reasons, texts)
    }

    /// What the settings say of all objects. Those that are missing are no fault of a spec.
    fn settings_of_objects(&self) -> Result<ManifestContext, CliError> {
        let settings = self.manifest_settings(None).unwrap_or_else(|_| ManifestContext {
            accelerators: self.settings.accelerators.clone(),
            ..ManifestContext::default()
        });
        Ok(ManifestContext {
            kind: TRAIN_JOB.to_owned(),
            nonce: random_word(6)?,
            token: random_word(32)?,
            record: "{}".to_owned(),
            ..settings
        })
    }

    /// The reasons against a job's pods, which write to this output and may cost at most so much.
    fn of_job(
        &self,
        job: &LoadedJob,
        output: Option<&Place>,
        most: Option<Amount>,
    ) -> Result<Vec<Reason>, CliError> {
        let mut plan = planned(job, &random_id(&job.job.name)?)?;
        let mut context = self.settings_of_objects()?;
        let mut reasons: Vec<Reason> =
            code_of(&plan, output).map(|code| context.code = code).err().into_iter().collect();
        // A price file that can't be read is no fault of the spec.
        if let Some(most) = most
            && let Ok(prices) = self.prices_of_cluster()
            && let Err(unknown) = limit_cost(&mut plan, most, &prices)
        {
            let reason = Reason::new(unknown.to_string()).of("maxCost");
            reasons.push(reason.help(
                "name a price file in the settings (`prices: prices.yaml`; `mlctl cost --template gcp` \
                 prints one) that has prices for all of it, and give every role `cpu` and `memory`",
            ));
        }
        if let Err(ManifestError::Refused(more)) = manifests(&plan, &context) {
            reasons.extend(more);
        }
        Ok(reasons)
    }

    /// What things cost in the cluster that is meant, by the kubeconfig and the settings.
    fn prices_of_cluster(&self) -> Result<Prices, CliError> {
        match self.runs_in_a_cluster().then(|| self.chosen()) {
            Some(Ok(runtime)) => self.prices(&runtime.name()),
            Some(Err(_)) | None => self.cluster_prices(self.context_name().as_deref()),
        }
    }

    /// The reasons against a batch prediction: places that pods don't see, and its workers' pods.
    fn of_batch(&self, batch: &LoadedBatch) -> Result<Vec<Reason>, CliError> {
        let job = &batch.job;
        let inputs = job.input.places().iter().map(|place| ("input", place));
        let written = inputs.chain([("output", job.output.place())]);
        let mut reasons: Vec<Reason> = written
            .filter(|(_, place)| is_unseen(job, place))
            .map(|(field, place)| unseen(place).of(field).at(place.as_str()))
            .collect();
        if let Some(model) = job.model.uri.as_ref().filter(|_| job.endpoint.is_none())
            && let Some(place) =
                local_model(self, model).or_else(|| folder_named(model, &batch.workers.base))
            && is_unseen(job, &place)
        {
            reasons.push(unseen(&place).of("model.uri"));
        }
        reasons.extend(self.of_job(&batch.workers, Some(job.output.place()), job.max_cost)?);
        Ok(reasons)
    }
}

fn unseen(place: &Place) -> Reason {
    Reason::new(BatchSubmitError::Local(place.clone()).to_string())
        .help("put it into a bucket, or mount it by `volumes`")
}

/// A job's plan for a cluster, without what its image's registry knows.
fn planned(job: &LoadedJob, run: &RunId) -> Result<Plan, CliError> {
    let context = PlanContext {
        run: run.clone(),
        runtime_defaults: RuntimeDefaults::CLUSTER,
        code_base: job.base.clone(),
    };
    let mut plan = plan(&job.job, &context).map_err(TrainError::from)?;
    job.rule(&mut plan);
    plan.take_settings(&job.storage, false);
    // The image may say the command.
    for role in &mut plan.gang_mut().roles {
        if role.command.is_empty() && role.image.is_some() {
            role.command.push("true".to_owned());
        }
    }
    Ok(plan)
}

/// The code that goes to the pods as ConfigMaps, or the reason why it can't. What can't be read is told by
/// whoever reads the code, and code for a bucket is packed by whoever sends it.
fn code_of(plan: &Plan, output: Option<&Place>) -> Result<CodeBundle, Reason> {
    let in_bucket = matches!(output, Some(Place::Object(_)));
    match CodeBundle::of(plan) {
        Ok(code) => Ok(code),
        Err(BundleError::TooLarge { .. }) if in_bucket => Ok(CodeBundle::default()),
        Err(error @ (BundleError::TooLarge { .. } | BundleError::BadName(_))) => {
            Err(Reason::new(error.to_string()).of("code"))
        }
        Err(error @ BundleError::NotHere { field, .. }) => {
            Err(Reason::new(error.to_string()).of(field))
        }
        Err(_) => Ok(CodeBundle::default()),
    }
}
