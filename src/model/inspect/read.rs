//! Reads a model where it is.

use std::collections::BTreeMap;

use tokio::runtime::Handle;

use super::InspectError;
use super::archive::archive;
use super::bytes::{Bytes, Stored};
use super::onnx::onnx;
use super::report::{Facts, Interface, Other, Report};
use super::saved_model::{SavedModel, fingerprint, graphs};
use super::tfjs::tfjs;
use super::tflite::tflite;
use crate::model::registry::{Contents, ModelKind};
use crate::storage::{Object, Place, Stores, tfrecord};

/// What the server answers before it is ready.
const WARMUP: &str = "assets.extra/tf_serving_warmup_requests";
/// No server is warmed up with more.
const LARGEST_WARMUP: u64 = 64 << 20;

/// What the files of a model say of it.
///
/// # Errors
/// There is no model, its files can't be read, or are damaged.
pub fn inspect(stores: &Stores, handle: &Handle, place: &Place) -> Result<Report, InspectError> {
    let objects = handle.block_on(stores.list(place))?;
    let contents = Contents::of(place, objects)?;
    let files = Files { stores, handle, contents: &contents };
    let (facts, mut trouble) = files.facts()?;
    if let Facts::TfJs(model) = &facts {
        trouble.extend(model.trouble());
    }
    Ok(Report {
        model: place.clone(),
        format: contents.kind.to_string(),
        files: contents.files.len(),
        bytes: contents.bytes,
        interface: Interface::of(&facts),
        facts,
        trouble,
    })
}

struct Files<'a> {
    stores: &'a Stores,
    handle: &'a Handle,
    contents: &'a Contents,
}

impl Files<'_> {
    fn facts(&self) -> Result<(Facts, Vec<String>), InspectError> {
        let one = |end: &str| {
            let mut found = self.contents.files.iter().filter(|(name, _)| name.ends_with(end));
            found.next()
        };
        let facts = match self.contents.kind {
            ModelKind::SavedModel => return self.saved_model(),
            ModelKind::TfLite => match one(".tflite") {
                Some((name, object)) => {
                    Facts::TfLite(tflite(&self.bytes(object)).map_err(|error| error.of(name))?)
                }
                None => self.other(),
            },
            ModelKind::Onnx => match one(".onnx") {
                Some((name, object)) => {
                    Facts::Onnx(onnx(&self.bytes(object)).map_err(|error| error.of(name))?)
                }
                None => self.other(),
            },
            ModelKind::TfJs => match one("model.json") {
                Some((name, object)) => {
                    let folder = name.strip_suffix("model.json").unwrap_or_default();
                    let size =
                        |path: &str| self.find(&format!("{folder}{path}")).map(|one| one.size);
                    let found = tfjs(&self.bytes(object), &size);
                    Facts::TfJs(found.map_err(|error| error.of(name))?)
                }
                None => self.other(),
            },
            // What `.h5` and `.mar` are is not read.
            ModelKind::Keras | ModelKind::PyTorch => match self.archive() {
                Some((name, object)) => {
                    let found = archive(&self.bytes(object));
                    Facts::Archive(found.map_err(|error| error.of(name))?)
                }
                None => self.other(),
            },
            _ => self.other(),
        };
        Ok((facts, Vec::new()))
    }

    /// The first file that is a zip file: it begins so.
    fn archive(&self) -> Option<(&String, &Object)> {
        let ends = [".keras", ".pt", ".pth", ".pt2", ".torchscript", ".bin"];
        let files = self.contents.files.iter().map(|(name, object)| (name, object));
        files.filter(|(name, _)| ends.iter().any(|end| name.ends_with(end))).find(|(_, object)| {
            object.size >= 4
                && self.bytes(object).read(0..4).is_ok_and(|head| head == *b"PK\x03\x04")
        })
    }

    fn bytes<'a>(&'a self, object: &'a Object) -> Stored<'a> {
        Stored { stores: self.stores, handle: self.handle, object }
    }

    fn find(&self, name: &str) -> Option<&Object> {
        self.contents.files.iter().find(|(own, _)| own == name).map(|(_, object)| object)
    }

    fn below(&self, folder: &str) -> u64 {
        let files = self.contents.files.iter().filter(|(name, _)| name.starts_with(folder));
        files.map(|(_, object)| object.size).sum()
    }

    fn saved_model(&self) -> Result<(Facts, Vec<String>), InspectError> {
        let name = "saved_model.pb";
        let Some(object) = self.find(name) else {
            let what = "it is written as text (saved_model.pbtxt), and only saved_model.pb is read";
            return Err(InspectError::malformed(0, what).of("saved_model.pbtxt"));
        };
        let mut trouble = Vec::new();
        let graphs = graphs(&self.bytes(object)).map_err(|error| error.of(name))?;
        let fingerprint = match self.find("fingerprint.pb") {
            Some(object) => match fingerprint(&self.bytes(object)) {
                Ok(found) => Some(found),
                // Nothing depends on it.
                Err(error) => {
                    trouble.push(error.of("fingerprint.pb").to_string());
                    None
                }
            },
            None => None,
        };
        for asset in graphs.iter().flat_map(|graph| &graph.assets) {
            if self.find(&format!("assets/{asset}")).is_none() {
                trouble.push(format!("assets/{asset} is missing, which the graph reads"));
            }
        }
        let warmup_requests = match self.find(WARMUP) {
            Some(object) => Some(self.warmup(object)?),
            None => None,
        };
        let model = SavedModel {
            graphs,
            fingerprint,
            variables_bytes: self.below("variables/"),
            assets_bytes: self.below("assets/"),
            warmup_requests,
        };
        Ok((Facts::SavedModel(model), trouble))
    }

    /// How many requests a file of TFRecord has.
    fn warmup(&self, object: &Object) -> Result<u64, InspectError> {
        let bytes = self.bytes(object);
        if bytes.len() > LARGEST_WARMUP {
            return Err(InspectError::TooLong { at: 0, limit: LARGEST_WARMUP }.of(WARMUP));
        }
        let all = bytes.read(0..bytes.len())?;
        tfrecord::count(&all)
            .ok_or_else(|| InspectError::malformed(0, "it is no file of TFRecord").of(WARMUP))
    }

    fn other(&self) -> Facts {
        let mut parts = BTreeMap::new();
        for (name, object) in self.contents.files.iter().take(1000) {
            parts.insert(name.clone(), object.size);
        }
        Facts::Other(Other { parts })
    }
}
