//! Archives of Keras and of PyTorch: zip files with a description in them, or none.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom};

use serde::Serialize;
use serde_json::Value as Json;
use zip::ZipArchive;

use super::InspectError;
use super::bytes::Bytes;
use super::saved_model::Tensor;
use super::tfjs::inputs_of_layers;

/// The description of a model with thousands of layers is smaller. What unpacks to more is no description.
const LARGEST_JSON: u64 = 64 << 20;
/// No archive has more files.
const MOST: usize = 100_000;

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

/// The facts of an archive.
///
/// # Errors
/// The file is no zip file, damaged, or can't be read.
pub fn archive(bytes: &dyn Bytes) -> Result<Archive, InspectError> {
    let broken = |error: &dyn std::fmt::Display| InspectError::malformed(0, error.to_string());
    let mut zip = ZipArchive::new(Reader { bytes, at: 0 }).map_err(|error| broken(&error))?;
    if zip.len() > MOST {
        return Err(InspectError::TooMany { what: "files", limit: MOST });
    }
    let names = zip.file_names().map(|name| Ok(name.map_err(|error| broken(&error))?.into_owned()));
    let names = names.collect::<Result<Vec<String>, InspectError>>()?;
    let mut found = Archive { files: names.len(), ..Archive::default() };
    for index in 0..zip.len() {
        let size = zip.by_index_raw(index).map_err(|error| broken(&error))?.size();
        found.unpacked_bytes = found.unpacked_bytes.saturating_add(size);
    }
    let has = |end: &str| names.iter().any(|name| name.ends_with(end));
    let inner = |part: &str| names.iter().any(|name| name.contains(part));
    if names.iter().any(|name| name == "config.json") && has("metadata.json") {
        "a model of Keras".clone_into(&mut found.content);
        let config = json(&mut zip, "config.json")?;
        found.inputs = inputs_of_layers(&Json::from_iter([("model_config".to_owned(), config)]));
        let metadata = json(&mut zip, "metadata.json")?;
        let version = metadata.get("keras_version").and_then(Json::as_str);
        found.written_by = version.map(|version| format!("Keras {version}")).unwrap_or_default();
        return Ok(found);
    }
    let content = if has("/constants.pkl") || inner("/code/__torch__") {
        "a program of TorchScript"
    } else if has("serialized_exported_program.json") || inner("/models/") {
        "a program of torch.export"
    } else if has("/data.pkl") {
        "objects of Python as torch.save writes them: whoever loads them runs what is in them"
    } else {
        "files that no model is known to consist of"
    };
    content.clone_into(&mut found.content);
    Ok(found)
}

/// A description in an archive.
fn json(zip: &mut ZipArchive<Reader<'_>>, name: &str) -> Result<Json, InspectError> {
    let broken = |error: &dyn std::fmt::Display| {
        InspectError::malformed(0, format!("{name} in it can't be read: {error}"))
    };
    let file = zip.by_name(name).map_err(|error| broken(&error))?;
    let mut text = Vec::new();
    // What it says of its size may be wrong.
    file.take(LARGEST_JSON + 1).read_to_end(&mut text).map_err(|error| broken(&error))?;
    if text.len() as u64 > LARGEST_JSON {
        return Err(InspectError::TooLong { at: 0, limit: LARGEST_JSON });
    }
    serde_json::from_slice(&text).map_err(|error| broken(&error))
}

/// The bytes of a model as the library of zip files reads them.
struct Reader<'a> {
    bytes: &'a dyn Bytes,
    at: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.bytes.len().saturating_sub(self.at);
        let count = left.min(into.len() as u64);
        if count == 0 {
            return Ok(0);
        }
        let part = self.bytes.read(self.at..self.at + count).map_err(io::Error::other)?;
        into[..part.len()].copy_from_slice(&part);
        self.at += part.len() as u64;
        Ok(part.len())
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.bytes.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
