//! Reads a model where it is.

use std::collections::BTreeMap;

use tokio::runtime::Handle;

use super::InspectError;
use super::archive::{HDF5, ZIP, archive};
use super::bytes::{Bytes, Stored, Window};
use super::links::within;
use super::onnx::onnx;
use super::report::{Facts, Interface, Other, Report};
use super::saved_model::{SavedModel, fingerprint, graphs};
use super::tfjs::tfjs;
use super::tflite::{IDENTIFIER, tflite};
use crate::model::registry::{Contents, ModelKind};
use crate::storage::{Object, Place, Stores, tfrecord};

/// The graph of a SavedModel.
const GRAPH: &str = "saved_model.pb";
/// The description of a model of TensorFlow.js.
const WEB: &str = "model.json";
/// What a document is, is said within so many bytes.
const BEGINNING: u64 = 64 << 10;
/// What the server answers before it is ready.
const WARMUP: &str = "assets.extra/tf_serving_warmup_requests";
/// The server refuses to load a model with more.
const MOST_WARMUP: u64 = 1000;
/// So many models in one folder are named.
const MOST_NAMED: usize = 20;
/// The operations that make a variable.
const VARIABLES: [&str; 3] = ["VarHandleOp", "VariableV2", "Variable"];

/// What the files of a model say of it.
///
/// # Errors
/// There is no model, its files can't be read, or are damaged.
pub fn inspect(stores: &Stores, handle: &Handle, place: &Place) -> Result<Report, InspectError> {
    // Whoever names the file means the model that it stands for.
    let folder = place.as_str().strip_suffix(GRAPH).filter(|folder| folder.ends_with('/'));
    let place = &folder.map_or_else(|| place.clone(), |folder| folder.to_owned().into());
    if let Place::Path(path) = place {
        within(path.as_path())?;
    }
    let objects = handle.block_on(stores.list(place))?;
    let contents = Contents::of(place, objects)?;
    let files = Files { stores, handle, contents: &contents };
    let kind = files.kind();
    let (facts, mut trouble) = files.facts(kind)?;
    if let Facts::TfJs(model) = &facts {
        trouble.extend(model.trouble());
    }
    Ok(Report {
        model: place.clone(),
        format: kind.to_string(),
        files: contents.files.len(),
        bytes: contents.bytes,
        interface: Interface::of(&facts),
        facts,
        trouble,
    })
}

/// A path without its last part, with the `/` behind it.
fn folder_of(path: &str) -> &str {
    path.rfind('/').map_or("", |slash| &path[..=slash])
}

struct Files<'a> {
    stores: &'a Stores,
    handle: &'a Handle,
    contents: &'a Contents,
}

impl Files<'_> {
    /// What the files are by their names, or by their beginnings where their names say nothing.
    fn kind(&self) -> ModelKind {
        if self.contents.kind != ModelKind::Unknown {
            return self.contents.kind;
        }
        let [(name, object)] = self.contents.files.as_slice() else {
            return if self.find(WEB).is_some() { ModelKind::TfJs } else { ModelKind::Unknown };
        };
        let head = self.bytes(object).read(0..object.size.min(8)).unwrap_or_default();
        if name == WEB {
            ModelKind::TfJs
        } else if head.ends_with(IDENTIFIER) {
            ModelKind::TfLite
        } else if head == HDF5 {
            ModelKind::Keras
        } else if head.starts_with(ZIP) {
            ModelKind::PyTorch
        } else if head.starts_with(b"{") && self.describes_web(object) {
            ModelKind::TfJs
        } else {
            ModelKind::Unknown
        }
    }

    /// Whether a document with another name than `model.json` describes a model of TensorFlow.js: what it consists of
    /// stands at its beginning.
    fn describes_web(&self, object: &Object) -> bool {
        let head = self.bytes(object).read(0..object.size.min(BEGINNING)).unwrap_or_default();
        let has = |word: &str| memchr::memmem::find(&head, word.as_bytes()).is_some();
        has("\"modelTopology\"") || has("\"graph-model\"") || has("\"layers-model\"")
    }

    fn facts(&self, kind: ModelKind) -> Result<(Facts, Vec<String>), InspectError> {
        let end = match kind {
            ModelKind::TfLite => ".tflite",
            ModelKind::Onnx => ".onnx",
            ModelKind::Keras => ".keras",
            _ => WEB,
        };
        let same = self.contents.files.iter().map(|(name, _)| name);
        let same: Vec<&String> = same.filter(|name| end != WEB && name.ends_with(end)).collect();
        if same.len() > 1 {
            let files = same.into_iter().take(MOST_NAMED).cloned().collect();
            return Err(InspectError::Several { files });
        }
        let mut files = self.contents.files.iter();
        // A file with another name is alone.
        let file = files.find(|(name, _)| name.ends_with(end)).or(self.contents.files.first());
        let facts = match (kind, file) {
            (ModelKind::SavedModel, _) => return self.saved_model(),
            (ModelKind::TfLite, Some((name, object))) => {
                Facts::TfLite(tflite(&self.bytes(object)).map_err(|error| error.of(name))?)
            }
            (ModelKind::Onnx, Some((name, object))) => {
                Facts::Onnx(onnx(&self.bytes(object)).map_err(|error| error.of(name))?)
            }
            (ModelKind::TfJs, Some((name, object))) => {
                let found = tfjs(&self.bytes(object), &|path| self.shard(name, object, path));
                Facts::TfJs(found.map_err(|error| error.of(name))?)
            }
            // What `.h5` is says no more than its name.
            (ModelKind::Keras | ModelKind::PyTorch, _) => match self.archive() {
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
        let files = self.contents.files.iter().map(|(name, object)| (name, object));
        // Folders of a model and its settings have a few.
        files.take(100).find(|(_, object)| {
            let head = self.bytes(object).read(0..object.size.min(4));
            head.is_ok_and(|head| head == ZIP)
        })
    }

    /// How many bytes a shard beside the description `name` has.
    fn shard(&self, name: &str, description: &Object, path: &str) -> Option<u64> {
        let folder = folder_of(name);
        if let Some(object) = self.find(&format!("{folder}{path}")) {
            return Some(object.size);
        }
        // The description was named alone, and the shards lie beside it.
        let leads_away = path.split('/').any(|part| part == "..") || path.contains(':');
        if self.contents.files.len() > 1 || leads_away || path.starts_with('/') {
            return None;
        }
        let folder = folder_of(description.place.as_str());
        let place = Place::from(format!("{folder}{path}"));
        Some(self.handle.block_on(self.stores.head(&place)).ok()?.size)
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
        let Some(object) = self.find(GRAPH) else {
            let what = "it is written as text (saved_model.pbtxt), and only saved_model.pb is read";
            return Err(InspectError::malformed(0, what).of("saved_model.pbtxt"));
        };
        let mut trouble = Vec::new();
        let graphs = graphs(&self.bytes(object)).map_err(|error| error.of(GRAPH))?;
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
        trouble.extend(self.variables(graphs.iter().flat_map(|graph| &graph.operations)));
        let warmup_requests = match self.find(WARMUP).map(|object| self.warmup(object)) {
            Some(Ok(count)) => Some(count),
            // Signatures are what they are: the server alone doesn't load it.
            Some(Err(error)) => {
                trouble.push(error.to_string());
                None
            }
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

    /// What is missing of the variables, in a sentence.
    fn variables<'a>(&self, mut operations: impl Iterator<Item = &'a String>) -> Option<String> {
        let folder = "variables/";
        let names = self.contents.files.iter().filter_map(|(name, _)| name.strip_prefix(folder));
        let names: Vec<&str> = names.collect();
        let has_index = names.contains(&"variables.index");
        if !has_index && operations.any(|one| VARIABLES.contains(&one.as_str())) {
            return Some(format!(
                "{folder}variables.index is missing, without which nothing loads"
            ));
        }
        // `variables.data-00000-of-00002` says how many there are.
        let shards = names.iter().filter(|name| name.starts_with("variables.data-"));
        let shards: Vec<&&str> = shards.collect();
        let of = shards.first()?.rsplit('-').next()?.parse().ok()?;
        (has_index && shards.len() < of)
            .then(|| format!("{folder} has {} of {of} files of variables", shards.len()))
    }

    /// How many requests a file of TFRecord has; they are passed over by what it says of their lengths.
    fn warmup(&self, object: &Object) -> Result<u64, InspectError> {
        let bytes = self.bytes(object);
        let mut file = Window::new(&bytes);
        let (mut at, mut count) = (0, 0);
        while at < file.size() {
            let head =
                file.get(at..at + tfrecord::HEAD as u64).map_err(|error| error.of(WARMUP))?;
            let Some(length) = tfrecord::length(head) else {
                return Err(InspectError::malformed(at, "it is no file of TFRecord").of(WARMUP));
            };
            let rest = (tfrecord::HEAD + tfrecord::TAIL) as u64;
            let end = at.checked_add(rest).and_then(|end| end.checked_add(length));
            let end = end.filter(|end| *end <= file.size());
            at = end.ok_or_else(|| InspectError::Truncated { at }.of(WARMUP))?;
            count += 1;
            if count > MOST_WARMUP {
                let limit = MOST_WARMUP as usize;
                return Err(InspectError::TooMany { what: "requests", limit }.of(WARMUP));
            }
        }
        Ok(count)
    }

    fn other(&self) -> Facts {
        let mut parts = BTreeMap::new();
        for (name, object) in self.contents.files.iter().take(1000) {
            parts.insert(name.clone(), object.size);
        }
        Facts::Other(Other { parts })
    }
}
