//! Archives of Keras and of PyTorch: zip files with a description in them, or none.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::InspectError;
use super::bytes::{Bytes, Window};
use super::layers::{inputs_of_layers, is_json};
use super::saved_model::Tensor;
use super::zip::{Packed, content, files};

/// The description of a model with thousands of layers is smaller. What unpacks to more is no description.
const LARGEST_JSON: u64 = 16 << 20;
/// How a file of HDF5 begins.
pub(super) const HDF5: &[u8] = b"\x89HDF\r\n\x1a\n";
/// How a zip archive begins.
pub(super) const ZIP: &[u8] = b"PK\x03\x04";

/// An archive.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Archive {
    /// What is in it, in words.
    pub content: String,
    /// The version of what wrote it; empty where the archive doesn't say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub written_by: String,
    /// What it takes, by name; empty where the archive doesn't say.
    pub inputs: BTreeMap<String, Tensor>,
    /// How many files it has.
    pub files: usize,
    /// How many bytes they have, unpacked.
    pub unpacked_bytes: u64,
}

/// What a model of Keras says of its writer.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    keras_version: Option<String>,
}

/// The facts of an archive.
///
/// # Errors
/// The file is no zip file, damaged, or can't be read.
pub fn archive(bytes: &dyn Bytes) -> Result<Archive, InspectError> {
    let mut window = Window::new(bytes);
    let all = files(&mut window)?;
    let mut found = Archive { files: all.len(), ..Archive::default() };
    found.unpacked_bytes = all.iter().fold(0, |sum, one| one.size.saturating_add(sum));
    let has = |end: &str| all.iter().any(|one| one.name.ends_with(end));
    let inner = |part: &str| all.iter().any(|one| one.name.contains(part));
    if all.iter().any(|one| one.name == "config.json") && has("metadata.json") {
        "a model of Keras".clone_into(&mut found.content);
        let config = json(&mut window, &all, "config.json")?;
        found.inputs = inputs_of_layers(&config);
        let metadata = json(&mut window, &all, "metadata.json")?;
        let metadata: Metadata = serde_json::from_str(&metadata).unwrap_or_default();
        let version = metadata.keras_version.map(|version| format!("Keras {version}"));
        found.written_by = version.unwrap_or_default();
        return Ok(found);
    }
    let content = if has("/constants.pkl") || inner("/code/__torch__") {
        "a program of TorchScript"
    } else if has("serialized_exported_program.json") || inner("/models/") {
        "a program of torch.export"
    } else if has("/data.pkl") {
        "objects of Python as torch.save writes them: whoever loads them runs what is in them"
    } else if has("MAR-INF/MANIFEST.json") {
        "a model for TorchServe, with its handler"
    } else {
        "files that no model is known to consist of"
    };
    content.clone_into(&mut found.content);
    Ok(found)
}

/// A description in an archive.
fn json(window: &mut Window<'_>, all: &[Packed], name: &str) -> Result<String, InspectError> {
    let broken = |what: &str| InspectError::malformed(0, format!("{name} in it {what}"));
    let entry = all.iter().find(|one| one.name == name).ok_or_else(|| broken("is missing"))?;
    let text = String::from_utf8(content(window, entry, LARGEST_JSON)?);
    let text = text.map_err(|_| broken("is no text"))?;
    if is_json(&text) { Ok(text) } else { Err(broken("is no JSON")) }
}
