//! What every verb gets.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use super::{CliError, Env, ErrorKind, Settings};
use crate::ops::cost::Prices;
use crate::run::Submitter;
use crate::runtime::Runtime;
use crate::runtime::kubernetes::ManifestContext;
use crate::runtime::kubernetes::{ConnectOptions, Location, ProxyVariables};
use crate::runtime::kubernetes::{Kubernetes, KubernetesConfig};
use crate::runtime::local::{Local, LocalConfig, read_secrets_file};
use crate::store::GitCommit;
use crate::ui::Printer;

/// The runtime of this machine.
pub(super) const LOCAL: &str = "local";
/// The runtime of clusters, wherever no context is named.
const KUBERNETES: &str = "kubernetes";

/// Where runs go and are looked for, as the command line says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct PlaceArgs {
    /// Where to run: local or kubernetes
    #[arg(long, global = true, value_name = "RUNTIME", help_heading = "Global options")]
    pub runtime: Option<String>,
    /// Use this context of the kubeconfig or the settings
    #[arg(long, global = true, value_name = "CONTEXT", help_heading = "Global options")]
    pub context: Option<String>,
    /// Use this namespace of the cluster
    #[arg(short, long, global = true, value_name = "NAMESPACE", help_heading = "Global options")]
    pub namespace: Option<String>,
}

#[derive(PartialEq, Eq)]
enum Choice {
    Local,
    Cluster,
    Unknown(String),
}

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

/// How long ended pods and their logs stay in a cluster.
const KEEP: Duration = Duration::from_hours(7 * 24);

/// The surroundings of one command, resolved once.
#[derive(Clone, Debug)]
pub struct Context {
    /// The environment as it was at the start.
    pub env: Env,
    /// The settings file.
    pub settings: Settings,
    /// Where output goes.
    pub printer: Printer,
    /// Form of the output.
    pub format: Format,
    /// Where the command line says that runs go.
    pub place: PlaceArgs,
    backends: Backends,
    pub(super) prices: RefCell<HashMap<PathBuf, Prices>>,
    pub(super) prices_are_broken: Cell<bool>,
}

/// Runtimes by name, each connected once.
#[derive(Clone, Default)]
struct Backends(Rc<RefCell<HashMap<String, Rc<dyn Runtime>>>>);

impl std::fmt::Debug for Backends {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.borrow().keys()).finish()
    }
}

impl Context {
    /// Resolves the surroundings.
    pub fn new(
        env: Env,
        printer: Printer,
        format: Format,
        place: PlaceArgs,
    ) -> Result<Self, CliError> {
        let settings = Settings::load(&env.config_dir())?;
        Ok(Self::with(env, settings, printer, format, place))
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
            backends: Backends::default(),
            prices: RefCell::default(),
            prices_are_broken: Cell::default(),
        }
    }

    /// The state folder.
    pub fn state_dir(&self) -> PathBuf {
        self.env.state_dir()
    }

    /// The runtime that a run's record names: `local`, or `<context>/<namespace>`.
    pub fn backend(&self, runtime: &str) -> Result<Rc<dyn Runtime>, CliError> {
        if let Some(known) = self.backends.0.borrow().get(runtime) {
            return Ok(Rc::clone(known));
        }
        if runtime == LOCAL {
            let local: Rc<dyn Runtime> = Rc::new(self.local()?);
            return Ok(self.keep(local));
        }
        let Ok(location) = runtime.parse::<Location>() else {
            let message = format!("there is no runtime `{runtime}`");
            return Err(CliError::new(ErrorKind::Usage, message)
                .hint("write --runtime local, or --runtime kubernetes"));
        };
        let connect = self.connect(Some(location.context), Some(location.namespace));
        Ok(self.keep(Rc::new(Kubernetes::new(self.kubernetes_config(connect, None))?)))
    }

    /// The runtime that the command line, the environment or the settings choose.
    pub fn chosen(&self) -> Result<Rc<dyn Runtime>, CliError> {
        match self.choice() {
            Choice::Local => self.backend(LOCAL),
            Choice::Cluster => self.cluster(),
            Choice::Unknown(runtime) => self.backend(&runtime),
        }
    }

    /// A cluster is chosen by more than the word `local`.
    pub fn chooses_cluster(&self) -> bool {
        self.choice() == Choice::Cluster
    }

    /// The command line itself says where to look.
    pub fn names_a_place(&self) -> bool {
        let PlaceArgs { runtime, context, namespace } = &self.place;
        runtime.is_some() || context.is_some() || namespace.is_some()
    }

    fn choice(&self) -> Choice {
        let place = &self.place;
        let named = place.context.is_some() || place.namespace.is_some();
        let runtime = match (&place.runtime, named) {
            (Some(runtime), _) => Some(runtime.as_str()),
            (None, true) => Some(KUBERNETES),
            (None, false) => self.env.get("MLCTL_RUNTIME"),
        };
        let runtime = runtime
            .or_else(|| self.env.get("MLCTL_CONTEXT").map(|_| KUBERNETES))
            .or(self.settings.runtime.as_deref());
        match runtime {
            None | Some(LOCAL) => Choice::Local,
            Some(KUBERNETES) => Choice::Cluster,
            Some(other) => Choice::Unknown(other.to_owned()),
        }
    }

    fn cluster(&self) -> Result<Rc<dyn Runtime>, CliError> {
        Ok(self.keep(Rc::new(Kubernetes::new(self.cluster_config())?)))
    }

    /// What the runtime of the chosen cluster is made of.
    pub fn cluster_config(&self) -> KubernetesConfig {
        let name = self.context_name();
        let named = name.as_ref().and_then(|name| self.settings.contexts.get(name));
        let context = named.and_then(|named| named.context.clone()).or(name);
        let namespace = self
            .said(self.place.namespace.as_ref(), "MLCTL_NAMESPACE")
            .or_else(|| named.and_then(|named| named.namespace.clone()))
            .or(self.settings.namespace.clone());
        let connect = self.connect(context, namespace);
        let runner = named.and_then(|named| named.runner_image.clone());
        self.kubernetes_config(connect, runner)
    }

    /// The context that the command line, the environment or the settings name.
    pub fn context_name(&self) -> Option<String> {
        self.said(self.place.context.as_ref(), "MLCTL_CONTEXT")
            .or_else(|| self.settings.context.clone())
    }

    fn said(&self, option: Option<&String>, variable: &str) -> Option<String> {
        option.cloned().or_else(|| self.env.get(variable).map(str::to_owned))
    }

    fn keep(&self, backend: Rc<dyn Runtime>) -> Rc<dyn Runtime> {
        let mut known = self.backends.0.borrow_mut();
        Rc::clone(known.entry(backend.name()).or_insert(backend))
    }

    fn connect(&self, context: Option<String>, namespace: Option<String>) -> ConnectOptions {
        let either = |upper: &str, lower: &str| {
            self.env.get(upper).or_else(|| self.env.get(lower)).map(str::to_owned)
        };
        let home = || PathBuf::from(self.env.get("HOME").unwrap_or("/")).join(".kube/config");
        let kubeconfig = match self.env.get("KUBECONFIG") {
            Some(list) => {
                std::env::split_paths(list).filter(|p| !p.as_os_str().is_empty()).collect()
            }
            None => vec![home()],
        };
        ConnectOptions {
            kubeconfig,
            context,
            namespace,
            proxy: ProxyVariables {
                https: either("HTTPS_PROXY", "https_proxy"),
                http: either("HTTP_PROXY", "http_proxy"),
                none: either("NO_PROXY", "no_proxy"),
            },
            in_pod: self.env.get("KUBERNETES_SERVICE_HOST").is_some(),
        }
    }

    fn kubernetes_config(
        &self,
        connect: ConnectOptions,
        runner: Option<String>,
    ) -> KubernetesConfig {
        let manifests = self.manifest_settings(runner.as_deref()).ok();
        let docker_config = self.env.docker_config();
        // A price file that can't be read is told by whoever needs prices.
        let price_labels = match self.cluster_prices(connect.context.as_deref()) {
            Ok(Prices::File(file)) => file.node_labels().map(str::to_owned).collect(),
            _ => BTreeSet::new(),
        };
        KubernetesConfig { connect, manifests, price_labels, docker_config }
    }

    fn local(&self) -> Result<Local, CliError> {
        let file = match &self.settings.secrets_file {
            Some(path) => self.env.config_dir().join(path),
            None => self.env.config_dir().join("secrets.yaml"),
        };
        let secrets = read_secrets_file(&file)
            .map_err(|error| CliError::new(ErrorKind::Refused, error.to_string()))?;
        Ok(Local::new(LocalConfig { secrets, ..self.local_config() }))
    }

    /// What the local runtime is made of, without secrets.
    pub fn local_config(&self) -> LocalConfig {
        LocalConfig {
            exe: self.env.exe.clone(),
            state: self.state_dir(),
            cache: self.env.cache_dir(),
            env: self.env.vars.clone(),
            nvidia_smi: "nvidia-smi".into(),
            secrets: BTreeMap::new(),
            claims: self
                .settings
                .claims
                .iter()
                .map(|(name, folder)| (name.clone(), self.env.config_dir().join(folder)))
                .collect(),
        }
    }

    /// What the settings say of every run in a cluster: the runner image and how long pods stay.
    /// `runner` is a named context's own image.
    pub fn manifest_settings(&self, runner: Option<&str>) -> Result<ManifestContext, CliError> {
        let settings = &self.settings;
        let image = self.env.get("MLCTL_RUNNER_IMAGE");
        let image = image.or(runner).or(settings.runner_image.as_deref());
        let image = image.ok_or_else(|| {
            CliError::new(ErrorKind::Usage, "no setting `runnerImage`: pods take mlctl from it")
                .hint(format!(
                    "make one with `mlctl cluster image`, then write `runnerImage: ...` into {}",
                    self.env.config_dir().join("config.yaml").display()
                ))
        })?;
        Ok(ManifestContext {
            runner_image: image.to_owned(),
            architectures: settings
                .runner_architectures
                .clone()
                .unwrap_or_else(|| vec![architecture().to_owned()]),
            accelerators: settings.accelerators.clone(),
            keep: Some(settings.keep.map_or(KEEP, |keep| keep.0)),
            ..ManifestContext::default()
        })
    }

    /// Who submits from here.
    pub fn submitter(&self) -> Submitter<'static> {
        Submitter {
            cwd: self.env.cwd.clone(),
            user: self.user(),
            host: crate::sys::host_name(),
            argv: self.env.args.clone(),
            git: &|dir| {
                let (commit, dirty) = super::git_describe(dir)?;
                Some(GitCommit { commit, dirty })
            },
        }
    }

    /// Who runs commands here: for records and for who cancelled.
    pub fn user(&self) -> String {
        let names = ["USER", "LOGNAME"];
        let named = names.iter().find_map(|name| self.env.get(name)).map(str::to_owned);
        // Cron and containers set neither.
        named.or_else(crate::sys::user_name).unwrap_or_else(|| "unknown".to_owned())
    }
}

/// This machine's architecture as Kubernetes nodes call it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
