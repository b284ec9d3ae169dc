//! The code as ConfigMaps: files cut into parts, parts packed into maps.

use std::collections::BTreeMap;
use std::path::Path;

use super::bundle_error::{BundleError, MAX_CODE};
use super::code_files::{Found, files, fits};
use super::sources::{Source, is_hidden, sources};
use crate::agent::pod::CodeFile;
use crate::plan::Plan;
use crate::storage::{CodeRules, Left};

/// How many bytes of code one ConfigMap holds, as they are written in JSON. `kubectl apply` keeps a
/// copy of an object in one of its annotations, and those have 256 KiB together.
const MAX_MAP: usize = 180 << 10;

/// How many bytes a key is counted as, beside its value.
const KEY_COST: usize = 32;

/// The files of a run's code and data, cut into the parts that ConfigMaps hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeBundle {
    /// The files with the keys of their parts, as an agent puts them together again.
    pub files: Vec<CodeFile>,
    /// What of the data stays behind, though no ignore file names it.
    pub data_left: Vec<Left>,
    maps: Vec<CodeMap>,
}

/// The contents of one ConfigMap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CodeMap {
    /// Parts of files that a person can read, by key.
    pub(crate) text: BTreeMap<String, String>,
    /// Parts of all other files, by key.
    pub(crate) binary: BTreeMap<String, Vec<u8>>,
    /// How many bytes it has as it is written in JSON.
    bytes: usize,
}

impl CodeBundle {
    /// Reads the files of a plan that travel to a cluster: its code, and those data that are on
    /// this machine. Data in claims are mounted there instead.
    pub fn of(plan: &Plan) -> Result<Self, BundleError> {
        // What of the code stays behind is the same in every runtime, and told by who submits.
        let mut found = Vec::new();
        let mut data_left = Vec::new();
        let has_archive = plan.gang().archive.is_some();
        for Source { field, place, target, rules } in sources(plan) {
            let (files, left) = files(field, place, &rules)?;
            let Some(target) = target else {
                found = files;
                continue;
            };
            // Data hides what the code has at the same place, as a mount would.
            found.retain(|file| !is_hidden(&file.path, file.link.is_some(), target));
            let is_file = Path::new(place.as_str()).is_file();
            data_left.extend(left);
            for file in files {
                let path = if is_file { target.into() } else { target.join(&file.path) };
                found.push(Found { path, ..file });
            }
        }
        // An archive has the files, and this only what is told of them.
        let bundle = if has_archive { Self::default() } else { Self::pack(found)? };
        Ok(Self { data_left, ..bundle })
    }

    /// Reads a folder or one file, without what its ignore files name.
    pub fn read(code: &Path) -> Result<Self, BundleError> {
        let place = code.to_string_lossy().into_owned().into();
        Self::pack(files("code", &place, &CodeRules::default())?.0)
    }

    /// Cuts the files into parts.
    fn pack(found: Vec<Found>) -> Result<Self, BundleError> {
        fits(&found, MAX_CODE)?;
        let mut bundle = Self::default();
        for Found { path, bytes, executable, link, size: _ } in found {
            let Some(path) = path.to_str() else { return Err(BundleError::BadName(path)) };
            if link.is_some() {
                let (path, parts) = (path.to_owned(), Vec::new());
                bundle.files.push(CodeFile { path, executable, parts, link });
                continue;
            }
            bundle.add(path.to_owned(), executable, &bytes);
        }
        Ok(bundle)
    }

    /// How many bytes all of its ConfigMaps hold, as they are written in JSON.
    pub(crate) fn bytes(&self) -> usize {
        self.maps.iter().map(|map| map.bytes).sum()
    }

    /// How many ConfigMaps it needs.
    pub(crate) fn map_count(&self) -> usize {
        self.maps.len()
    }

    /// The contents of its ConfigMaps, in the order in which their names count them.
    pub(crate) fn maps(&self) -> &[CodeMap] {
        &self.maps
    }

    /// Adds a file: text that a person can read stays text, and all else is written in base64.
    fn add(&mut self, path: String, executable: bool, bytes: &[u8]) {
        let number = self.files.len();
        let mut parts = Vec::new();
        match std::str::from_utf8(bytes).ok().filter(|text| is_plain(text)) {
            Some(mut rest) => loop {
                let (part, more) = rest.split_at(text_cut(rest));
                let key = part_key(number, parts.len(), &path);
                let map = self.map_with(written(part));
                map.text.insert(key.clone(), part.to_owned());
                parts.push(key);
                rest = more;
                if rest.is_empty() {
                    break;
                }
            },
            None => {
                for part in bytes.chunks(MAX_MAP / 4 * 3 - KEY_COST) {
                    let key = part_key(number, parts.len(), &path);
                    let map = self.map_with(part.len().div_ceil(3) * 4);
                    map.binary.insert(key.clone(), part.to_vec());
                    parts.push(key);
                }
            }
        }
        self.files.push(CodeFile { path, executable, parts, link: None });
    }

    /// The last ConfigMap, or a new one where `bytes` more and a key don't fit. They count as
    /// taken.
    fn map_with(&mut self, bytes: usize) -> &mut CodeMap {
        let bytes = bytes + KEY_COST;
        let full = self.maps.last().is_none_or(|map| map.bytes + bytes > MAX_MAP);
        if full {
            self.maps.push(CodeMap::default());
        }
        let last = self.maps.len() - 1;
        let map = &mut self.maps[last];
        map.bytes += bytes;
        map
    }
}

/// The key of one part of a file. Numbers make it unique, and the name shows people which file it
/// is.
fn part_key(number: usize, part: usize, path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let name: String = name.chars().map(|c| if plain(c) { c } else { '_' }).take(100).collect();
    format!("{number:04}.{part:03}.{name}")
}

/// A person can read the text in a ConfigMap: it has no control characters.
fn is_plain(text: &str) -> bool {
    !text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
}

/// How many bytes a text has in JSON.
fn written(text: &str) -> usize {
    text.chars().map(written_char).sum()
}

fn written_char(c: char) -> usize {
    match c {
        '\n' | '\t' | '"' | '\\' => 2,
        // The encoder of kubectl escapes what HTML has a meaning for, as \u0000 and the like.
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => 6,
        c => c.len_utf8(),
    }
}

/// Where to cut a text, in bytes, so that the first piece fits an empty ConfigMap.
fn text_cut(text: &str) -> usize {
    let mut room = MAX_MAP - KEY_COST;
    for (at, c) in text.char_indices() {
        match room.checked_sub(written_char(c)) {
            Some(left) => room = left,
            None => return at,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn content(bundle: &CodeBundle, path: &str) -> Vec<u8> {
        let file = bundle.files.iter().find(|file| file.path == path).unwrap();
        let part = |key: &String| {
            bundle.maps.iter().find_map(|map| {
                let text = map.text.get(key).map(|text| text.as_bytes().to_vec());
                text.or_else(|| map.binary.get(key).cloned())
            })
        };
        file.parts.iter().flat_map(|key| part(key).unwrap()).collect()
    }

    #[test]
    fn every_byte_comes_back() {
        let root = tempfile::tempdir().unwrap();
        let long = "é<\n".repeat(150_000);
        let binary: Vec<u8> = (0..400_000u32).map(|i| (i * 7) as u8).collect();
        fs_err::create_dir(root.path().join("lib")).unwrap();
        for (name, bytes) in [
            ("train.py", &b"print('x')\n"[..]),
            ("empty", b""),
            ("lib/\u{e9} x.py", b"1"),
            ("long.txt", long.as_bytes()),
            ("weights", &binary),
        ] {
            fs_err::write(root.path().join(name), bytes).unwrap();
        }
        let script = root.path().join("train.py");
        fs_err::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
        let bundle = CodeBundle::read(root.path()).unwrap();
        assert_eq!(content(&bundle, "train.py"), b"print('x')\n");
        assert_eq!(content(&bundle, "empty"), b"");
        assert_eq!(content(&bundle, "lib/\u{e9} x.py"), b"1");
        assert_eq!(content(&bundle, "long.txt"), long.as_bytes());
        assert_eq!(content(&bundle, "weights"), binary);
        let executable: Vec<_> = bundle.files.iter().filter(|file| file.executable).collect();
        assert_eq!(executable.len(), 1);
        let mut keys = std::collections::BTreeSet::new();
        for map in &bundle.maps {
            let json = serde_json::to_string(&map.text).unwrap().len();
            let base64: usize = map.binary.values().map(|part| part.len().div_ceil(3) * 4).sum();
            assert!(json + base64 <= MAX_MAP + 1024, "{json} + {base64}");
            for key in map.text.keys().chain(map.binary.keys()) {
                assert!(keys.insert(key.clone()), "{key} twice");
            }
        }
    }

    #[test]
    fn too_much_names_the_largest_files() {
        let root = tempfile::tempdir().unwrap();
        fs_err::write(root.path().join("data.bin"), vec![0; 4 << 20]).unwrap();
        fs_err::write(root.path().join("more.bin"), vec![0; 2 << 20]).unwrap();
        fs_err::write(root.path().join("train.py"), "x").unwrap();
        let error = CodeBundle::read(root.path()).unwrap_err().to_string();
        assert!(error.contains("6.0 MiB"), "{error}");
        assert!(error.contains("data.bin (4.0 MiB), more.bin (2.0 MiB)"), "{error}");
    }
}
