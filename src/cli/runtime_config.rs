//! What runtimes are made of: configurations from the environment and the settings. Runtimes
//! themselves read neither.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use super::{CliError, Context, ErrorKind};
use crate::ops::cost::Prices;
use crate::runtime::kubernetes::{
    ConnectOptions, KubernetesConfig, ManifestContext, ProxyVariables,
};
use crate::runtime::local::{LocalConfig, read_secrets_file};

/// How long ended pods and their logs stay in a cluster, unless the settings say it.
const KEEP: Duration = Duration::from_hours(7 * 24);

impl Context {
    /// What the runtime of the chosen cluster is made of.
    pub fn cluster_config(&self) -> Result<KubernetesConfig, CliError> {
        let name = self.context_name();
        let named = name.as_ref().and_then(|name| self.settings.contexts.get(name));
        let context = named.and_then(|named| named.context.clone()).or(name);
        let namespace = self
            .option_or_variable(self.place.namespace.as_ref(), "MLCTL_NAMESPACE")
            .or_else(|| named.and_then(|named| named.namespace.clone()))
            .or(self.settings.namespace.clone());
        let connect = self.connect(context, namespace);
        let runner = named.and_then(|named| named.runner_image.clone());
        self.kubernetes_config(connect, runner)
    }

    pub(super) fn connect(
        &self,
        context: Option<String>,
        namespace: Option<String>,
    ) -> ConnectOptions {
        let either = |upper: &str, lower: &str| {
            self.env.get(upper).or_else(|| self.env.get(lower)).map(str::to_owned)
        };
        let home = self.env.home.as_ref().map(|home| home.join(".kube/config"));
        let kubeconfig = match self.env.get("KUBECONFIG") {
            Some(list) => {
                std::env::split_paths(list).filter(|p| !p.as_os_str().is_empty()).collect()
            }
            None => home.into_iter().collect(),
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

    pub(super) fn kubernetes_config(
        &self,
        connect: ConnectOptions,
        runner: Option<String>,
    ) -> Result<KubernetesConfig, CliError> {
        let manifests = self.manifest_settings(runner.as_deref()).ok();
        let docker_config = self.env.docker_config();
        // A price file that can't be read is an error where prices are needed; submitting is not.
        let price_labels = match self.cluster_prices(connect.context.as_deref()) {
            Ok(Prices::File(file)) => file.node_labels().map(str::to_owned).collect(),
            _ => BTreeSet::new(),
        };
        let handle = self.handle()?;
        // What submitting sends, which is code.
        let stores = self.stores().watched(self.transfer("code"));
        let rendered_by = self.rendered_by();
        Ok(KubernetesConfig {
            connect,
            manifests,
            rendered_by,
            price_labels,
            docker_config,
            stores,
            handle,
        })
    }

    /// What the local runtime is made of, with the secrets of its file.
    pub(super) fn local_with_secrets(&self) -> Result<LocalConfig, CliError> {
        let secrets_file = self.secrets_file();
        let secrets = secrets_file.as_deref().map(read_secrets_file).transpose()?;
        let secrets = secrets.unwrap_or_default();
        Ok(LocalConfig { secrets, secrets_file, ..self.local_config()? })
    }

    /// The secrets file, whether it is there or not.
    pub fn secrets_file(&self) -> Option<PathBuf> {
        let name = self.settings.secrets_file.as_deref().unwrap_or("secrets.yaml");
        self.env.config_dir().map(|dir| dir.join(name))
    }

    /// What the local runtime is made of, without secrets.
    pub fn local_config(&self) -> Result<LocalConfig, CliError> {
        // Settings that name claims have a folder.
        let settings = self.env.config_dir().unwrap_or_default();
        Ok(LocalConfig {
            exe: self.env.exe.clone(),
            state: self.state_dir()?,
            cache: self.env.cache_dir()?,
            env: self.env.vars.clone(),
            nvidia_smi: "nvidia-smi".into(),
            secrets: BTreeMap::new(),
            secrets_file: None,
            claims: self
                .settings
                .claims
                .iter()
                .map(|(name, folder)| (name.clone(), settings.join(folder)))
                .collect(),
        })
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
                    self.env.settings_file()
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
}

/// This machine's architecture as Kubernetes nodes call it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
