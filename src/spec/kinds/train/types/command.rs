//! What runs: arguments, environment, secrets, set-up.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Arguments of the command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("x-mlctl-verbatim" = true))]
pub enum Args {
    /// Passed as they are.
    List(Vec<String>),
    /// `--name=value` each.
    Map(IndexMap<String, ArgValue>),
}

impl Default for Args {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

impl Args {
    /// No arguments at all.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::List(list) => list.is_empty(),
            Self::Map(map) => map.is_empty(),
        }
    }

    /// The arguments as the command gets them.
    pub fn to_argv(&self) -> Vec<String> {
        match self {
            Self::List(list) => list.clone(),
            Self::Map(map) => map.iter().flat_map(|(name, value)| value.to_argv(name)).collect(),
        }
    }
}

/// The value of one named argument.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(extend("x-mlctl-verbatim" = true))]
pub enum ArgValue {
    /// `--name` alone.
    Flag(()),
    /// `--name=value`, the text as it is written in the file.
    Text(String),
    /// `--name=a --name=b`.
    Repeated(Vec<String>),
}

impl ArgValue {
    fn to_argv(&self, name: &str) -> Vec<String> {
        match self {
            Self::Flag(()) => vec![format!("--{name}")],
            Self::Text(text) => vec![format!("--{name}={text}")],
            Self::Repeated(list) => list.iter().map(|text| format!("--{name}={text}")).collect(),
        }
    }
}

/// One environment variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvVar {
    /// Name of the variable.
    pub name: String,
    /// Its value. `${NAME}` is replaced from your environment at submission; `$(NAME)`, when the
    /// command starts, by a variable declared before this one or set by mlctl. `$$` is a dollar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend(
        "x-mlctl-expand" = true,
        "x-mlctl-text" = true,
        "x-mlctl-command" = true
    ))]
    pub value: Option<String>,
    /// Where its value comes from instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_from: Option<EnvSource>,
}

/// Where a variable's value comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnvSource {
    /// A key of a Kubernetes Secret. Locally: the variable `MLCTL_SECRET_<NAME>_<KEY>`, or the
    /// secrets file (`secrets.yaml` beside the settings).
    pub secret_key_ref: SecretKeyRef,
}

/// A key of a Secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretKeyRef {
    /// Name of the Secret.
    pub name: String,
    /// Key within the Secret.
    pub key: String,
    /// Start without it when it is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// A whole Secret for the command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SecretUse {
    /// Name of the Secret.
    pub name: String,
    /// Mount its keys as files below this folder. Without it each key becomes a variable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_path: Option<String>,
}

/// What happens before the command, in each replica, under the same environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Setup {
    /// A script for `sh -e`, run in the working folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-mlctl-verbatim" = true))]
    pub shell: Option<String>,
    /// A Python environment for the command, cached by its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<PythonSetup>,
}

/// A virtual environment made with uv where it is in `PATH`, else with pip. What is found of it in the
/// cache was made from the same content: files and folders of the code that are named, and settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PythonSetup {
    /// A requirements file, relative to `code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requirements: Option<String>,
    /// Requirements installed after it with `--no-deps`, such as `six==1.17.0` or `./package`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub no_deps: Vec<String>,
    /// The interpreter to make it with. Default `python3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<String>,
}
