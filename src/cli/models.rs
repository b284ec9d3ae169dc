//! Models as people name them on the command line and in specs: which place is meant.

use std::path::Path;

use super::{CliError, Context, ErrorKind, Target};
use crate::event::RunState;
use crate::gang::RunId;
use crate::model::registry::{ModelName, Registry, RunLineage, VersionRef};
use crate::run::RunView;
use crate::spec::ModelRef;
use crate::storage::{Place, Stores};
use crate::store::{StoreError, private_dir};
use crate::work::ServedModel;

/// A model that somebody has named.
#[derive(Debug)]
pub struct NamedModel {
    /// Where its files are.
    pub place: Place,
    /// The stores to read it with.
    pub stores: Stores,
    /// The version of the registry that it is; `None` for all others.
    pub registered: Option<(ModelName, u64)>,
    /// The run that has made it; `None` where it was named otherwise.
    pub run: Option<RunLineage>,
}

impl Context {
    /// The registry of models that the command line or the settings name, or else a folder of the state.
    pub fn registry(&self, named: Option<&str>) -> Result<Registry, CliError> {
        let dir = self.env.config_dir().unwrap_or_default();
        let place = match named {
            Some(text) => Some(Place::from(text).starting_at(&self.env.cwd)),
            None => self.settings.models_place(&dir, self.env.home.as_deref()),
        };
        let place = match place {
            Some(place) => place,
            None => self.state_dir()?.join("models").display().to_string().into(),
        };
        Ok(Registry::new(self.stores(), &place)?)
    }

    /// The same to be written to. The folder of the state is made for this user alone.
    pub fn registry_to_write(&self, named: Option<&str>) -> Result<Registry, CliError> {
        let registry = self.registry(named)?;
        if let Some(folder) = registry.folder()
            && folder == self.state_dir()?.join("models")
        {
            self.store()?;
            private_dir(folder)?;
        }
        Ok(registry)
    }

    /// The model that somebody means, wherever a model is asked for. Relative paths start at `base`. A
    /// name alone is a model of the registry, or, where that has none of the name, a run by its whole id.
    pub fn model(&self, model: &ModelRef, base: &Path) -> Result<NamedModel, CliError> {
        let named = match model {
            ModelRef::Named(named) => named,
            ModelRef::Place(place) => {
                return Ok(NamedModel {
                    place: place.starting_at(base),
                    stores: self.stores(),
                    registered: None,
                    run: None,
                });
            }
        };
        let reference = model.to_string().parse::<VersionRef>();
        if named.version.is_some() {
            return self.registered_model(&reference?);
        }
        if let Ok(reference) = &reference {
            let registry = self.registry(None)?;
            if self.handle()?.block_on(registry.has(&reference.name))? {
                return self.registered_model(reference);
            }
        }
        let run = named.name.parse::<RunId>();
        if let Ok(run) = &run
            && self.store()?.paths(run).record().exists()
        {
            return self.model_of_run(run);
        }
        // As every verb that takes a run: by its spec's name, or by the beginning of its id.
        match self.store()?.resolve(Some(&named.name), &self.env.cwd) {
            Ok(run) => return self.model_of_run(&run),
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let (Ok(reference), Err(_)) = (&reference, &run) else {
            let message = format!("`{}` is no model of the registry, and no run's id", named.name);
            return Err(CliError::new(ErrorKind::NotFound, message)
                .hint("`mlctl models list` shows all models")
                .hint("`mlctl list` shows all runs; a folder has a `/` in it: ./FOLDER"));
        };
        self.registered_model(reference)
    }

    /// The same for whoever serves it, or predicts with it.
    pub fn served_model(&self, model: &ModelRef, base: &Path) -> Result<ServedModel, CliError> {
        let named = self.model(model, base)?;
        let (name, version) = named.registered.unzip();
        Ok(ServedModel {
            asked: Some(model.to_string()),
            place: Some(named.place),
            name: name.map(|name| name.to_string()),
            version,
        })
    }

    /// What is meant where a name alone may be a folder's too: a folder or file in `base` where there is
    /// one and no model of the registry.
    pub fn model_or_folder(&self, model: ModelRef, base: &Path) -> Result<ModelRef, CliError> {
        let ModelRef::Named(named) = &model else { return Ok(model) };
        if named.version.is_some() || !base.join(&named.name).exists() {
            return Ok(model);
        }
        if let Ok(name) = named.name.parse() {
            let registry = self.registry(None)?;
            if self.handle()?.block_on(registry.has(&name))? {
                return Ok(model);
            }
        }
        Ok(ModelRef::Place(format!("./{}", named.name).into()))
    }

    /// A version of the registry.
    pub fn registered_model(&self, reference: &VersionRef) -> Result<NamedModel, CliError> {
        let registry = self.registry(None)?;
        let version = self.handle()?.block_on(registry.version(reference))?;
        Ok(NamedModel {
            place: version.place,
            stores: self.stores(),
            registered: Some((reference.name.clone(), version.version)),
            run: None,
        })
    }

    /// The `model/` output of a run.
    pub fn model_of_run(&self, run: &str) -> Result<NamedModel, CliError> {
        let target = self.target(Some(run))?;
        let id = &target.record.id;
        if target.record.state != RunState::Succeeded {
            self.printer.warn(format!(
                "{id} is {}: its model may be none, or one of an earlier moment",
                target.record.state
            ));
        }
        let place = model_place(&target)?;
        let view = target.view()?;
        let stores = self.stores_of(&target);
        let run = lineage_of(&target, &view);
        Ok(NamedModel { place, stores, registered: None, run: Some(run) })
    }
}

/// Where the `model/` output of a run is, as far as this machine can read it.
pub(super) fn model_place(target: &Target) -> Result<Place, CliError> {
    let id = &target.record.id;
    let none = |why: &str| {
        CliError::new(
            ErrorKind::Refused,
            format!("the model of {id} can't be read from here: {why}"),
        )
    };
    let Some(plan) = &target.plan else {
        return Err(none("its plan is lost, and with it the place of its output")
            .hint("name the folder or the URL of the model itself"));
    };
    if plan.batch().is_some() {
        return Err(CliError::new(
            ErrorKind::Usage,
            format!("{id} is a batch prediction: it has no model"),
        )
        .hint("name a run of `mlctl train`"));
    }
    let base = match &plan.gang().output {
        Some(Place::Claim(claim)) => {
            let error = none(&format!("it lies in the claim {} of a cluster", claim.name));
            return Err(error.hint("let runs write to a bucket: output: s3://bucket/{run}"));
        }
        Some(place) => place.without_file_scheme(),
        None if target.record.runtime == crate::runtime::LOCAL => {
            target.paths.output().display().to_string().into()
        }
        None => {
            return Err(none("it was kept in its pods, which are gone or going")
                .hint("let runs write to a bucket: output: s3://bucket/{run}"));
        }
    };
    Ok(format!("{}/model", base.as_str().trim_end_matches('/')).into())
}

/// What is known of a run that has made a model.
pub(super) fn lineage_of(target: &Target, view: &RunView) -> RunLineage {
    let Target { record, plan, .. } = target;
    let metrics = view.primary();
    let data = plan.as_ref().map(|plan| plan.gang().data.iter().map(|data| data.uri.clone()));
    RunLineage {
        run: record.id.clone(),
        kind: record.kind.clone(),
        runtime: record.runtime.clone(),
        user: record.user.clone(),
        ended: record.ended,
        commit: record.git.as_ref().map(|git| git.commit.clone()),
        dirty: record.git.as_ref().is_some_and(|git| git.dirty),
        code: record.code.as_ref().map(|code| code.sha256.clone()),
        data: data.into_iter().flatten().collect(),
        metrics: metrics
            .into_iter()
            .flat_map(|replica| &replica.metrics)
            .filter(|(_, value)| value.is_finite())
            .map(|(name, value)| (name.clone(), *value))
            .collect(),
    }
}
