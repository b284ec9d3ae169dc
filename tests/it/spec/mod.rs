//! Specs as users write them, and what they are told.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod codes;
mod documents;
mod foreign;
mod installs;
mod mutations;
mod right;
mod set;
mod study;
mod together;
mod wrong;

use indexmap::IndexMap;
use mlctl::spec::{LoadOptions, Source};

/// A spec of `specs/`, and options with a few variables.
fn read(path: &std::path::Path) -> (Source, LoadOptions) {
    let name = path.file_name().unwrap().to_string_lossy().into_owned();
    let text = fs_err::read_to_string(path).unwrap();
    let env: IndexMap<String, String> = [("STAGE", "dev"), ("HF_TOKEN", "hf_secret")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    // The test of `${VAR}` that is not set has to find none.
    let env = if name.starts_with("expand") && path.to_string_lossy().contains("wrong") {
        IndexMap::new()
    } else {
        env
    };
    (Source::new(name, text), LoadOptions { env, ..LoadOptions::default() })
}
