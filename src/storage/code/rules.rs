//! How a folder with code is looked at.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What counts beside the ignore files when a folder with code is walked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CodeRules {
    /// It is a copy that was made at a submission: what travels was decided then, and all of it does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub fixed: bool,
    /// Where runs of the same spec write to, absolute; it doesn't travel where it lies in the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<PathBuf>,
    /// It is data, among which anything is meant, also what runs have written. No plan says so of code.
    #[serde(skip)]
    pub data: bool,
}

impl CodeRules {
    /// The rules of a copy: all of it travels.
    pub fn fixed() -> Self {
        Self { fixed: true, ..Self::default() }
    }

    /// The rules of data.
    pub fn data() -> Self {
        Self { data: true, ..Self::default() }
    }

    /// Nothing but the ignore files counts.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
