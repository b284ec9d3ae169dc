//! What an image runs when nobody says it: read from its configuration in the registry.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use oci_client::RegistryOperation;
use serde::Deserialize;

use super::registry::{Registry, RegistryError};
use crate::plan::unexpanded;

/// A registry has sent its next answer within this time, or it counts as unreachable.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);

/// Everything about one image has been read within this time, or the registry is too slow.
const IMAGE_CONFIG_LIMIT: Duration = Duration::from_secs(30);

/// The part of an image's configuration that matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ImageConfig {
    /// The program and its first arguments; may be empty.
    #[serde(deserialize_with = "or_default")]
    pub entrypoint: Vec<String>,
    /// Further arguments, or the program where there is no entrypoint; may be empty.
    #[serde(deserialize_with = "or_default")]
    pub cmd: Vec<String>,
    /// The user it runs as: a name or a number, perhaps with a group. Empty for root.
    #[serde(deserialize_with = "or_default")]
    pub user: String,
    /// The folder in which it runs; empty for the root folder.
    #[serde(deserialize_with = "or_default")]
    pub working_dir: String,
    /// What else its maker says of it.
    #[serde(deserialize_with = "or_default")]
    pub labels: BTreeMap<String, String>,
}

impl ImageConfig {
    /// The program and its arguments, as Kubernetes and Vertex AI put them together: `args` take
    /// the place of the image's own arguments, unless there are none. In the image's own words nothing
    /// is replaced: only a spec's `$(VAR)` is a variable.
    pub fn command(&self, args: &[String]) -> Vec<String> {
        let own = |words: &[String]| words.iter().map(|word| unexpanded(word)).collect::<Vec<_>>();
        let args = if args.is_empty() { own(&self.cmd) } else { args.to_vec() };
        [own(&self.entrypoint), args].concat()
    }
}

/// Why it isn't known what an image runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntrypointError {
    /// The registry didn't say what the image runs.
    #[error("what image {image} runs can't be read: {reason}; say it as `command:` in the spec")]
    Registry {
        /// The name of the image.
        image: String,
        /// What the registry said, or why it could not be asked.
        reason: RegistryError,
    },
    /// The registry was too slow.
    #[error(
        "what image {image} runs can't be read: its registry took more than {} s; say it as \
         `command:` in the spec",
        IMAGE_CONFIG_LIMIT.as_secs()
    )]
    TooSlow {
        /// The name of the image.
        image: String,
    },
    /// The image has neither entrypoint nor command.
    #[error("image {image} says nothing of what it runs; say it as `command:` in the spec")]
    Nothing {
        /// The name of the image.
        image: String,
    },
}

/// Reads an image's configuration from its registry, with the user's credentials in
/// `docker_config` (docker's `config.json`). Of an image for several machines the one for Linux on
/// `architecture` counts (`amd64`, `arm64`).
pub async fn entrypoint(
    image: &str,
    architecture: &str,
    docker_config: &Path,
) -> Result<ImageConfig, EntrypointError> {
    let config =
        match tokio::time::timeout(IMAGE_CONFIG_LIMIT, read(image, architecture, docker_config))
            .await
        {
            Err(_) => return Err(EntrypointError::TooSlow { image: image.into() }),
            Ok(Err(reason)) => {
                return Err(EntrypointError::Registry { image: image.into(), reason });
            }
            Ok(Ok(config)) => config,
        };
    if config.entrypoint.is_empty() && config.cmd.is_empty() {
        return Err(EntrypointError::Nothing { image: image.into() });
    }
    Ok(config)
}

/// Reads the configuration, however long it takes.
pub(super) async fn read(
    image: &str,
    architecture: &str,
    docker_config: &Path,
) -> Result<ImageConfig, RegistryError> {
    let registry = Registry::of(image, architecture, docker_config, ANSWER_LIMIT).await?;
    registry.log_in(RegistryOperation::Pull).await?;
    let (_, _, text) = registry
        .client
        .pull_manifest_and_config(&registry.image, &registry.auth)
        .await
        .map_err(|error| registry.explain(error))?;
    parse(&text).map_err(|error| RegistryError::Failed {
        registry: registry.image.resolve_registry().into(),
        reason: format!("its configuration can't be understood: {error}"),
    })
}

fn parse(text: &str) -> serde_json::Result<ImageConfig> {
    #[derive(Deserialize)]
    struct Whole {
        #[serde(default, deserialize_with = "or_default")]
        config: ImageConfig,
    }
    serde_json::from_str::<Whole>(text).map(|whole| whole.config)
}

/// Reads `null`, which builders write for nothing, as an empty value.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_arguments_replace_the_images() {
        let config = parse(
            r#"{"architecture":"amd64","config":{"Entrypoint":["python","-m","trainer"],
                "Cmd":["--epochs=1"],"User":null,"WorkingDir":"/app","Env":["A=b"]}}"#,
        )
        .unwrap();
        assert_eq!(config.command(&[]), ["python", "-m", "trainer", "--epochs=1"]);
        assert_eq!(config.command(&["--x".into()]), ["python", "-m", "trainer", "--x"]);
        assert_eq!((config.user.as_str(), config.working_dir.as_str()), ("", "/app"));
        assert_eq!(parse(r#"{"config":null}"#).unwrap(), ImageConfig::default());
        let bare = parse(r#"{"config":{"Cmd":["sh"],"Entrypoint":null}}"#).unwrap();
        assert_eq!(bare.command(&[]), ["sh"]);
        // The agent replaces `$(RANK)` in a spec's words only.
        let own = r#"{"config":{"Cmd":["$(RANK)"],"Entrypoint":["sh","-c","echo $$ $(RANK) $0"]}}"#;
        let own = parse(own).unwrap();
        let words = ["sh", "-c", "echo $$$ $$(RANK) $0"];
        assert_eq!(own.command(&[]), [&words[..], &["$$(RANK)"]].concat());
        assert_eq!(own.command(&["$(RANK)".into()]), [&words[..], &["$(RANK)"]].concat());
    }
}
