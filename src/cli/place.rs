//! Where runs go and are looked for: the runtime that the command line, the environment and the
//! settings choose, in this order.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::{CliError, Context, ErrorKind};
use crate::gang::RunId;
pub use crate::runtime::LOCAL;
use crate::runtime::kubernetes::{Kubernetes, Location, contexts};
use crate::runtime::local::Local;
use crate::runtime::{ClusterError, Runtime};
use crate::store::{ListFilter, Members, Whereabouts};

/// The word for any cluster, wherever no context is named. Runs record `<context>/<namespace>`.
const KUBERNETES: &str = "kubernetes";

/// Where runs go and are looked for, as the command line says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct PlaceArgs {
    /// Where runs go and are looked for: local or kubernetes
    #[arg(long, global = true, value_name = "RUNTIME", help_heading = "Global options")]
    pub runtime: Option<String>,
    /// The cluster: a context of the kubeconfig or the settings
    #[arg(long, global = true, value_name = "CONTEXT", help_heading = "Global options")]
    pub context: Option<String>,
    /// The namespace in the cluster
    #[arg(short, long, global = true, value_name = "NAMESPACE", help_heading = "Global options")]
    pub namespace: Option<String>,
}

impl PlaceArgs {
    /// Refuses flags that contradict each other, and a runtime that is none.
    pub(super) fn check(&self) -> Result<(), CliError> {
        let Some(runtime) = self.runtime.as_deref() else { return Ok(()) };
        let is_whole = runtime.parse::<Location>().is_ok();
        if runtime != LOCAL && runtime != KUBERNETES && !is_whole {
            let message = format!("there is no runtime `{runtime}`");
            return Err(CliError::new(ErrorKind::Usage, message)
                .hint("write --runtime local, or --runtime kubernetes")
                .hint(format!("a cluster is named by its context: --context {runtime}")));
        }
        let flag = match (&self.context, &self.namespace) {
            (Some(context), _) => format!("--context {context}"),
            (None, Some(namespace)) => format!("--namespace {namespace}"),
            (None, None) => return Ok(()),
        };
        if runtime == KUBERNETES {
            return Ok(());
        }
        let is = if is_whole { "names another place" } else { "is this machine" };
        let message = format!("{flag} names a place in a cluster, and --runtime {runtime} {is}");
        Err(CliError::new(ErrorKind::Usage, message).hint("leave one of them out"))
    }
}

/// What `--runtime` and its like come to.
#[derive(PartialEq, Eq)]
enum Choice {
    Local,
    Cluster,
    Unknown(String),
}

/// The runtimes that this command has used so far, by name: each is connected once.
#[derive(Clone, Default)]
pub(super) struct Runtimes(Rc<RefCell<HashMap<String, Rc<dyn Runtime>>>>);

impl std::fmt::Debug for Runtimes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.borrow().keys()).finish()
    }
}

impl Context {
    /// The runtime that a run's record names: `local`, or `<context>/<namespace>`.
    pub fn runtime(&self, name: &str) -> Result<Rc<dyn Runtime>, CliError> {
        if let Some(known) = self.runtimes.0.borrow().get(name) {
            return Ok(Rc::clone(known));
        }
        if name == LOCAL {
            return Ok(self.keep(Rc::new(Local::new(self.local_with_secrets()?))));
        }
        let Ok(location) = name.parse::<Location>() else {
            let message = format!("there is no runtime `{name}`");
            return Err(CliError::new(ErrorKind::Usage, message)
                .hint("write --runtime local, or --runtime kubernetes"));
        };
        let connect = self.connect(Some(location.context), Some(location.namespace));
        Ok(self.keep(Rc::new(Kubernetes::new(self.kubernetes_config(connect, None)?)?)))
    }

    /// The runtime that the command line, the environment or the settings choose.
    pub fn chosen(&self) -> Result<Rc<dyn Runtime>, CliError> {
        match self.choice() {
            Choice::Local => self.runtime(LOCAL),
            Choice::Cluster => self.cluster(),
            Choice::Unknown(runtime) => self.runtime(&runtime),
        }
    }

    /// A cluster is chosen by more than the word `local`.
    pub fn chooses_cluster(&self) -> bool {
        self.choice() == Choice::Cluster
    }

    /// What is started now goes to a cluster, however that is named.
    pub fn runs_in_a_cluster(&self) -> bool {
        match self.choice() {
            Choice::Local => false,
            Choice::Cluster => true,
            Choice::Unknown(runtime) => runtime.parse::<Location>().is_ok(),
        }
    }

    /// The command line itself says where to look.
    pub fn names_a_place(&self) -> bool {
        let PlaceArgs { runtime, context, namespace } = &self.place;
        runtime.is_some() || context.is_some() || namespace.is_some()
    }

    /// Which runs the command line means by where they are. What the environment and the settings choose
    /// is where new runs go, and hides none.
    pub fn whereabouts(&self) -> Whereabouts {
        let PlaceArgs { runtime, context, namespace } = &self.place;
        if let Some(runtime) = runtime.as_deref().filter(|name| ![LOCAL, KUBERNETES].contains(name))
        {
            return Whereabouts::of_runtime(runtime);
        }
        let named = context.as_ref().and_then(|name| self.settings.contexts.get(name));
        Whereabouts {
            local: match runtime.as_deref() {
                Some(runtime) => Some(runtime == LOCAL),
                None => self.names_a_place().then_some(false),
            },
            context: named.and_then(|named| named.context.clone()).or(context.clone()),
            namespace: namespace
                .clone()
                .or_else(|| named.and_then(|named| named.namespace.clone())),
        }
    }

    /// The names of all contexts, those of the settings first.
    pub fn context_names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.settings.contexts.keys().cloned().collect();
        for name in contexts(&self.connect(None, None)).unwrap_or_default() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// Refuses a context that is nowhere: not in the settings, not in the kubeconfig, and no run has gone
    /// there.
    pub(super) fn check_context(&self) -> Result<(), CliError> {
        let Some(context) = &self.place.context else { return Ok(()) };
        let target = self.whereabouts().context.unwrap_or_else(|| context.clone());
        let options = self.connect(None, None);
        let known = contexts(&options);
        if known.as_ref().is_ok_and(|known| known.contains(&target)) {
            return Ok(());
        }
        let filter = ListFilter {
            members: Members::Shown,
            limit: Some(1),
            place: self.whereabouts(),
            ..ListFilter::default()
        };
        let store = self.store()?;
        let listing = store.list(&filter, &mut |run: &RunId| store.record(run));
        if listing.is_ok_and(|listing| !listing.runs.is_empty()) {
            return Ok(());
        }
        let mut known = known?;
        known.extend(self.settings.contexts.keys().cloned());
        Err(ClusterError::unknown_context(context, known).into())
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
        Ok(self.keep(Rc::new(Kubernetes::new(self.cluster_config()?)?)))
    }

    /// The context that the command line, the environment or the settings name.
    pub fn context_name(&self) -> Option<String> {
        self.option_or_variable(self.place.context.as_ref(), "MLCTL_CONTEXT")
            .or_else(|| self.settings.context.clone())
    }

    /// The value of an option, or else of an environment variable that is set and not empty.
    pub(super) fn option_or_variable(
        &self,
        option: Option<&String>,
        variable: &str,
    ) -> Option<String> {
        option.cloned().or_else(|| self.env.get(variable).map(str::to_owned))
    }

    /// Remembers a runtime under its name; one that is known already is used on.
    fn keep(&self, runtime: Rc<dyn Runtime>) -> Rc<dyn Runtime> {
        let mut known = self.runtimes.0.borrow_mut();
        Rc::clone(known.entry(runtime.name()).or_insert(runtime))
    }
}
