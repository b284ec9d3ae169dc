//! Which of the files at a place are the model.

use std::path::{Component, Path};

use super::kind::{ModelKind, is_no_model};
use crate::model::registry::RegistryError;
use crate::storage::{OWNER_FILE, Object, Place};

/// The folder of mlctl's own documents, in a registry as in an output.
const OWN: &str = "_mlctl";

/// The files of a model that is pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// What kind of model they are.
    pub kind: ModelKind,
    /// The version folder that was taken, where the place is a base path of TensorFlow Serving.
    pub taken: Option<u64>,
    /// The files, each with its path in the model.
    pub files: Vec<(String, Object)>,
    /// Their bytes.
    pub bytes: u64,
}

impl Contents {
    /// The model among the objects that were listed at `source`. Of version folders, as TensorFlow Serving
    /// has them, the newest is taken. An error where there is nothing that could be a model.
    pub fn of(source: &Place, objects: Vec<Object>) -> Result<Self, RegistryError> {
        let refused = |why: String, hint: Option<String>| RegistryError::NotAModel {
            source_place: source.clone(),
            why,
            hint,
        };
        let mut files = Vec::new();
        for object in objects {
            let name = name_of(source, &object);
            if !is_sound(&name) {
                let why = format!("it has a file whose name can't be kept: {name:?}");
                return Err(refused(why, Some("rename it".into())));
            }
            let first = name.split('/').next().unwrap_or_default();
            if first != OWN && name != OWNER_FILE {
                files.push((name, object));
            }
        }
        if files.is_empty() {
            return Err(refused("there are no files".into(), None));
        }
        let taken = newest(&files);
        if let Some(version) = taken {
            let begin = format!("{version}/");
            let inner = files
                .into_iter()
                .filter_map(|(name, object)| Some((name.strip_prefix(&begin)?.to_owned(), object)));
            files = inner.collect();
        }
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        let kind = ModelKind::of(&names);
        if kind == ModelKind::Unknown {
            let base = source.as_str().trim_end_matches('/');
            let deeper = names.iter().find_map(|name| name.strip_suffix("/saved_model.pb"));
            if let Some(deeper) = deeper {
                let hint = format!("push the folder that has it at its top: {base}/{deeper}");
                return Err(refused(
                    format!("a SavedModel lies deeper in it, in {deeper}"),
                    Some(hint),
                ));
            }
            if names.iter().all(|name| is_no_model(name)) {
                let why = "it has code, notes or data only".to_owned();
                let hint = "push what training has saved: a run, or the folder that it calls model";
                return Err(refused(why, Some(hint.into())));
            }
        }
        let bytes = files.iter().map(|(_, object)| object.size).sum();
        Ok(Self { kind, taken, files, bytes })
    }
}

/// The newest of the version folders that a base path of TensorFlow Serving consists of. What is a model
/// itself is none, whatever folders it has.
fn newest(files: &[(String, Object)]) -> Option<u64> {
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    let at_top: Vec<&str> = names.iter().copied().filter(|name| !name.contains('/')).collect();
    if ModelKind::of(&at_top) != ModelKind::Unknown {
        return None;
    }
    let versions = names.iter().filter_map(|name| {
        let (folder, _) = name.split_once('/')?;
        let is_number = folder.bytes().all(|byte| byte.is_ascii_digit());
        if is_number {
            folder.parse::<u64>().ok().filter(|n| n.to_string() == folder)
        } else {
            None
        }
    });
    versions.max()
}

/// The path of an object in the model.
fn name_of(source: &Place, object: &Object) -> String {
    let (listed, name) = (source.as_str(), object.place.as_str());
    let base = format!("{}/", listed.trim_end_matches('/'));
    // One object alone keeps the last part of its name.
    let inner = name.strip_prefix(&base).or_else(|| name.rsplit('/').next());
    inner.unwrap_or(name).to_owned()
}

/// Relative, never upwards, and the same however it is read.
fn is_sound(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    !name.is_empty()
        && parts.all(|part| matches!(part, Component::Normal(_)))
        && !name.split('/').any(|part| part.is_empty() || part == ".")
        && !name.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(source: &str, names: &[&str]) -> Result<Contents, RegistryError> {
        let base = source.trim_end_matches('/');
        let objects = names.iter().map(|name| Object {
            place: format!("{base}/{name}").into(),
            size: 10,
            etag: None,
            modified: None,
        });
        Contents::of(&source.into(), objects.collect())
    }

    fn names(contents: &Contents) -> Vec<&str> {
        contents.files.iter().map(|(name, _)| name.as_str()).collect()
    }

    #[test]
    fn a_saved_model_lies_at_the_top() {
        let all =
            ["saved_model.pb", "variables/variables.index", ".mlctl-run", "_mlctl/x.json", "7/x"];
        let model = contents("/m/", &all).unwrap();
        assert_eq!(names(&model), ["saved_model.pb", "variables/variables.index", "7/x"]);
        assert_eq!((model.kind, model.taken, model.bytes), (ModelKind::SavedModel, None, 30));
    }

    #[test]
    fn of_version_folders_the_newest_is_taken() {
        let all = ["9/saved_model.pb", "10/saved_model.pb", "10/variables/v", "010/x", "_mlctl/y"];
        let model = contents("s3://b/m", &all).unwrap();
        assert_eq!(names(&model), ["saved_model.pb", "variables/v"]);
        assert_eq!((model.kind, model.taken), (ModelKind::SavedModel, Some(10)));
        // Triton's, with its settings beside the versions.
        let model = contents("m", &["config.pbtxt", "1/model.onnx"]).unwrap();
        assert_eq!((model.kind, model.taken), (ModelKind::Onnx, Some(1)));
    }

    #[test]
    fn one_file_keeps_its_name() {
        let object =
            Object { place: "s3://b/a/m.keras".into(), size: 1, etag: None, modified: None };
        let model = Contents::of(&"s3://b/a/m.keras".into(), vec![object]).unwrap();
        assert_eq!((names(&model), model.kind), (vec!["m.keras"], ModelKind::Keras));
    }

    #[test]
    fn what_is_no_model_is_refused_with_a_way_on() {
        let told = |source: &str, names: &[&str]| match contents(source, names).unwrap_err() {
            RegistryError::NotAModel { why, hint, .. } => {
                format!("{why} | {}", hint.unwrap_or_default())
            }
            other => panic!("{other}"),
        };
        assert!(told("x", &[]).starts_with("there are no files"));
        assert!(told("x", &[".mlctl-run"]).starts_with("there are no files"));
        assert!(told("x", &["train.py", "README.md"]).contains("code"));
        let deeper = told("out/", &["logs/events", "model/saved_model.pb"]);
        assert!(deeper.ends_with("out/model"), "{deeper}");
        assert!(told("x", &["a/../../etc"]).contains("can't be kept"));
        assert_eq!(contents("x", &["weights.bin"]).unwrap().kind, ModelKind::Unknown);
    }
}
