//! What every verb gets: the environment, the settings, and the choices of the command line.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use super::place::Runtimes;
use super::runs::Target;
use super::threads::Threads;
use super::{CliError, Env, PlaceArgs, Settings};
use crate::ops::cost::Prices;
use crate::plan::Plan;
use crate::run::Submitter;
use crate::runtime::Runs;
use crate::storage::{BucketSettings, NoProgress, Progress, StorageConfig, Stores};
use crate::ui::{Printer, Transfer};

/// Form of the final document on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON document with `schemaVersion`.
    Json,
    /// The same as YAML.
    Yaml,
}

/// Everything around one command that a verb may need, read once at its start.
#[derive(Clone, Debug)]
pub struct Context {
    /// The environment as it was at the start.
    pub env: Env,
    /// The settings file of the user; the defaults where there is none.
    pub settings: Settings,
    /// Prints to standard output and standard error, as --quiet, --verbose and --color say.
    pub printer: Printer,
    /// Form of the output.
    pub format: Format,
    /// Where the command line says that runs go.
    pub place: PlaceArgs,
    pub(super) runtimes: Runtimes,
    pub(super) prices: RefCell<HashMap<PathBuf, Prices>>,
    pub(super) prices_are_broken: Cell<bool>,
    pub(super) threads: Threads,
    stores: OnceCell<Stores>,
}

impl Context {
    /// Reads the settings; an error when the file is there and can't be understood.
    pub fn new(
        env: Env,
        printer: Printer,
        format: Format,
        place: PlaceArgs,
    ) -> Result<Self, CliError> {
        let settings = Settings::load(env.config_dir().as_deref())?;
        Ok(Self::with(env, settings, printer, format, place))
    }

    /// Says, to whoever wants to hear more, which settings count, where runs are remembered, and where new ones go.
    pub fn say_places(&self) {
        let file = self.env.config_dir().map(|dir| dir.join("config.yaml"));
        if let Some(file) = file {
            let missing = if file.exists() { "" } else { " (not there: the defaults)" };
            self.printer.detail(format!("settings: {}{missing}", file.display()));
        }
        if let Ok(state) = self.state_dir() {
            self.printer.detail(format!("state: {}", state.display()));
        }
        let runs = if !self.chooses_cluster() {
            "on this machine".to_owned()
        } else if let Some(context) = self.context_name() {
            format!("in the cluster of context {context}")
        } else {
            "in the cluster of the current context".to_owned()
        };
        self.printer.detail(format!("new runs start {runs}"));
    }

    /// The same with settings that were read before.
    pub fn with(
        env: Env,
        settings: Settings,
        printer: Printer,
        format: Format,
        place: PlaceArgs,
    ) -> Self {
        Self {
            env,
            settings,
            printer,
            format,
            place,
            runtimes: Runtimes::default(),
            prices: RefCell::default(),
            prices_are_broken: Cell::default(),
            threads: Threads::default(),
            stores: OnceCell::new(),
        }
    }

    /// Path of the state folder, which need not be there yet.
    pub fn state_dir(&self) -> Result<PathBuf, CliError> {
        self.env.state_dir()
    }

    /// The same for the places of a run: reached as its plan says, too, unless the run was taken in from
    /// a cluster, where anybody may have written the plan.
    pub fn stores_of(&self, target: &Target) -> Stores {
        let batch = target.plan.as_ref().and_then(Plan::batch);
        match batch.filter(|batch| !target.record.adopted && !batch.storage.is_empty()) {
            Some(batch) => self.stores().with(&batch.storage),
            None => self.stores(),
        }
    }

    /// The same for looking at a spec, which may be somebody else's: no token goes where only the spec
    /// says.
    pub fn looking(&self, mut settings: BTreeMap<String, BucketSettings>) -> Stores {
        let own = self.stores();
        let foreign = settings.iter_mut().filter(|(bucket, settings)| {
            let bearer = !bucket.starts_with("s3://");
            bearer && settings.endpoint.is_some() && !own.config().buckets.contains_key(*bucket)
        });
        for (bucket, settings) in foreign {
            self.printer.warn(format!(
                "{bucket}: the spec names an endpoint of its own, which gets no credentials from a look \
                 at it; `storage` in the settings would name it as yours"
            ));
            settings.anonymous = true;
        }
        own.with(&settings)
    }

    /// The object stores that places name, with this command's credentials and settings; all callers
    /// share one cache of credentials. Nothing is asked for before the first use, which needs a tokio
    /// runtime.
    pub fn stores(&self) -> Stores {
        let stores = self.stores.get_or_init(|| {
            Stores::new(StorageConfig {
                env: self.env.vars.clone(),
                home: self.env.home.clone(),
                buckets: self.settings.storage.clone(),
            })
        });
        stores.clone()
    }

    /// Shows people how much has moved, in a line that goes when it ends.
    pub fn transfer(&self, what: &'static str) -> Arc<dyn Progress> {
        match Transfer::new(&self.printer, what) {
            Some(shown) => Arc::new(shown),
            None => Arc::new(NoProgress),
        }
    }

    /// The facts about this command that are recorded with every run that it submits.
    pub fn submitter(&self) -> Submitter<'_> {
        Submitter {
            cwd: self.env.cwd.clone(),
            user: self.user(),
            host: crate::sys::host_name(),
            argv: self.env.args.clone(),
            git: Box::new(|dir| super::git::describe(dir, &self.env.git_excludes())),
            patience: None,
        }
    }

    /// The name under which something is done in a runtime: the one that the runtime knows, since that of
    /// this machine can be anything.
    pub fn user_in(&self, runtime: &dyn Runs) -> Result<String, CliError> {
        Ok(runtime.who()?.unwrap_or_else(|| self.user()))
    }

    /// The name of whoever renders a run here and is known to no cluster yet. No cluster gives such
    /// names, and the machine is a part of it: many are called `root`.
    pub fn rendered_by(&self) -> String {
        format!("render:{}@{}", self.user(), crate::sys::host_name())
    }

    /// Name of the user who runs this command, as this machine knows it.
    pub fn user(&self) -> String {
        let names = ["USER", "LOGNAME"];
        let named = names.iter().find_map(|name| self.env.get(name)).map(str::to_owned);
        // Cron jobs and containers often set neither variable.
        named.or_else(crate::sys::user_name).unwrap_or_else(|| "unknown".to_owned())
    }
}
