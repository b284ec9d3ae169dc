//! Which cluster, and how to talk to it: the kubeconfig as kubectl reads it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use super::clock::ServerClock;
use super::error::{Target, chain};
use super::proxy::ProxyVariables;
use super::service::watched;
use crate::runtime::ClusterError;
use crate::text::likeness;

/// A connection to the API server is made within this time, or the server counts as unreachable.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// What the context is called in a pod that talks to its own cluster and has no kubeconfig.
const IN_CLUSTER: &str = "in-cluster";

/// Where the objects of a run are: what `run.json` records, written `<context>/<namespace>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    /// The name of a context of the kubeconfig.
    pub context: String,
    /// The name of the namespace.
    pub namespace: String,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.context, self.namespace)
    }
}

impl FromStr for Location {
    type Err = ();
    /// Names of contexts may hold slashes, names of namespaces don't.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.rsplit_once('/') {
            Some((context, namespace)) if !context.is_empty() && !namespace.is_empty() => {
                Ok(Self { context: context.into(), namespace: namespace.into() })
            }
            _ => Err(()),
        }
    }
}

/// What a connection depends on; resolved from options, environment and settings by the caller.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// Kubeconfig files in the order in which they are merged; those that are not there are
    /// skipped.
    pub kubeconfig: Vec<PathBuf>,
    /// The context; `None`: the kubeconfig's choice.
    pub context: Option<String>,
    /// The namespace; `None`: the context's.
    pub namespace: Option<String>,
    /// The proxy variables of the environment.
    pub proxy: ProxyVariables,
    /// This process runs in a pod: its service account counts where there is no kubeconfig.
    pub in_pod: bool,
}

/// Where requests of this command go, before anything is sent.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) location: Location,
    pub(crate) config: Config,
}

/// Reads the kubeconfig files and finds out where requests go. Nothing is sent.
pub(crate) async fn endpoint(options: &ConnectOptions) -> Result<Endpoint, ClusterError> {
    let files: Vec<&Path> =
        options.kubeconfig.iter().map(PathBuf::as_path).filter(|file| file.exists()).collect();
    if files.is_empty() {
        return in_cluster(options);
    }
    let mut merged = Kubeconfig::default();
    for file in files {
        merged = Kubeconfig::read_from(file)
            .and_then(|next| merged.merge(next))
            .map_err(|error| ClusterError::Kubeconfig(text(&error)))?;
    }
    let known: Vec<String> = merged.contexts.iter().map(|named| named.name.clone()).collect();
    let chosen = options.context.clone().or_else(|| merged.current_context.clone());
    let Some(context) = chosen.filter(|context| !context.is_empty()) else {
        return Err(ClusterError::NoContext(known));
    };
    let named = merged.contexts.iter().find(|named| named.name == context);
    let Some(named) = named else {
        return Err(ClusterError::unknown_context(&context, known));
    };
    let context_details = named.context.as_ref();
    let proxy = context_details.and_then(|details| {
        let cluster = merged.clusters.iter().find(|cluster| cluster.name == details.cluster)?;
        cluster.cluster.as_ref()?.proxy_url.clone()
    });
    let select = KubeConfigOptions { context: Some(context.clone()), ..Default::default() };
    let mut config = Config::from_custom_kubeconfig(merged, &select)
        .await
        .map_err(|error| ClusterError::Kubeconfig(text(&error)))?;
    config.proxy_url = proxy_of(&config, proxy, &options.proxy)?;
    config.connect_timeout = Some(CONNECT_LIMIT);
    // Requests are tried again here, with a bound.
    config.default_retry = false;
    let namespace = options.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
    let namespace = if namespace.is_empty() { "default".into() } else { namespace };
    config.default_namespace.clone_from(&namespace);
    Ok(Endpoint { location: Location { context, namespace }, config })
}

/// The names of all contexts that there are. Nothing is sent.
pub fn contexts(options: &ConnectOptions) -> Result<Vec<String>, ClusterError> {
    let mut files = options.kubeconfig.iter().filter(|file| file.exists()).peekable();
    if files.peek().is_none() {
        let own = options.in_pod.then(|| vec![IN_CLUSTER.to_owned()]);
        return own.ok_or_else(|| ClusterError::NoKubeconfig(options.kubeconfig.clone()));
    }
    let mut known = Vec::new();
    for file in files {
        let read = Kubeconfig::read_from(file);
        let read = read.map_err(|error| ClusterError::Kubeconfig(text(&error)))?;
        known.extend(read.contexts.into_iter().map(|named| named.name));
    }
    Ok(known)
}

/// The endpoint of a pod, by its service account.
fn in_cluster(options: &ConnectOptions) -> Result<Endpoint, ClusterError> {
    if !options.in_pod {
        return Err(ClusterError::NoKubeconfig(options.kubeconfig.clone()));
    }
    if let Some(context) = options.context.as_ref().filter(|context| *context != IN_CLUSTER) {
        let near = vec![IN_CLUSTER.into()];
        return Err(ClusterError::UnknownContext { context: context.clone(), near });
    }
    let mut config =
        Config::incluster().map_err(|error| ClusterError::Kubeconfig(error.to_string()))?;
    config.connect_timeout = Some(CONNECT_LIMIT);
    config.default_retry = false;
    let namespace = options.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
    Ok(Endpoint { location: Location { context: IN_CLUSTER.into(), namespace }, config })
}

/// The proxy for the API server: that of the kubeconfig, else that of the environment's variables.
fn proxy_of(
    config: &Config,
    from_kubeconfig: Option<String>,
    variables: &ProxyVariables,
) -> Result<Option<http::Uri>, ClusterError> {
    let server = &config.cluster_url;
    let scheme = server.scheme_str().unwrap_or("https");
    let port = server.port_u16().unwrap_or(if scheme == "http" { 80 } else { 443 });
    let host = server.host().unwrap_or_default();
    let proxy = from_kubeconfig.filter(|proxy| !proxy.is_empty());
    let proxy = proxy.or_else(|| variables.proxy_for(scheme, host, port).map(str::to_owned));
    let Some(proxy) = proxy else { return Ok(None) };
    let parsed = proxy.parse();
    parsed.map(Some).map_err(|error| ClusterError::Kubeconfig(format!("proxy {proxy}: {error}")))
}

/// Makes a client that tells a clock the server's time. This runs the exec plugin of the kubeconfig, if
/// it names one.
pub(crate) fn client(
    endpoint: &Endpoint,
    target: &Target,
    clock: ServerClock,
) -> Result<Client, ClusterError> {
    // A second installation means that somebody else was first, with the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    watched(endpoint.config.clone(), clock).map_err(|error| target.explain(error))
}

impl Endpoint {
    /// Where its requests go, for messages.
    pub(crate) fn target(&self) -> Target {
        Target {
            context: self.location.context.clone(),
            namespace: self.location.namespace.clone(),
            server: self.config.cluster_url.to_string().trim_end_matches('/').to_owned(),
        }
    }
}

/// What a person reads of an error of the kubeconfig: its outermost and its innermost cause.
fn text(error: &KubeconfigError) -> String {
    if let KubeconfigError::ReadConfig(cause, path) = error {
        if cause.kind() == io::ErrorKind::PermissionDenied {
            return format!("{} may not be read", path.display());
        }
        return format!("{}: {cause}", path.display());
    }
    chain(error).last().map_or_else(
        || error.to_string(),
        |last| {
            let outer = error.to_string();
            let innermost = last.to_string();
            if outer.contains(&innermost) { outer } else { format!("{outer}: {innermost}") }
        },
    )
}

impl ClusterError {
    /// A context that isn't among the known ones: the five names that look most like it are told.
    pub fn unknown_context(context: &str, mut known: Vec<String>) -> Self {
        known.sort_by(|a, b| likeness(b, context).total_cmp(&likeness(a, context)));
        known.dedup();
        known.truncate(5);
        Self::UnknownContext { context: context.to_owned(), near: known }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_splits_at_its_last_slash() {
        let arn = "arn:aws:eks:eu-central-1:1:cluster/ml/team-a";
        let location: Location = arn.parse().unwrap();
        assert_eq!(location.context, "arn:aws:eks:eu-central-1:1:cluster/ml");
        assert_eq!(location.namespace, "team-a");
        assert_eq!(location.to_string(), arn);
        assert!("local".parse::<Location>().is_err());
    }

    #[test]
    fn files_are_merged_and_missing_ones_skipped() {
        let dir = tempfile::tempdir().unwrap();
        let one = dir.path().join("one");
        let two = dir.path().join("two");
        fs_err::write(
            &one,
            "apiVersion: v1\nkind: Config\ncurrent-context: a\ncontexts:\n- name: a\n  context: {cluster: c, namespace: ml}\n",
        )
        .unwrap();
        fs_err::write(
            &two,
            "apiVersion: v1\nkind: Config\ncurrent-context: b\nclusters:\n- name: c\n  cluster: {server: 'https://k8s.example.com:6443'}\n",
        )
        .unwrap();
        let options = ConnectOptions {
            kubeconfig: vec![dir.path().join("none"), one, two],
            ..ConnectOptions::default()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let endpoint = runtime.block_on(endpoint(&options)).unwrap();
        assert_eq!(endpoint.location.to_string(), "a/ml");
        assert_eq!(endpoint.target().server, "https://k8s.example.com:6443");
        let options = ConnectOptions { context: Some("aa".into()), ..options };
        let error = runtime.block_on(super::endpoint(&options)).unwrap_err();
        assert!(
            matches!(&error, ClusterError::UnknownContext { near, .. } if near == &["a"]),
            "{error}"
        );
    }
}
