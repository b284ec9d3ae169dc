//! The exporter: programs in Python and a site, which travel in the binary.

use std::io;
use std::path::{Path, PathBuf};

use crate::work::embedded::{EmbeddedFile, unpacked};

/// A file of `templates/`, under its path in the run's code.
macro_rules! file {
    ($name:literal) => {
        file!($name, concat!("export/", $name))
    };
    ($name:literal, $path:expr) => {
        ($name, include_bytes!(concat!("../../../templates/", $path)).as_slice())
    };
}

const FILES: &[EmbeddedFile] = &[file!("no-deps.txt")];

/// Writes the exporter below `cache`; the folder that it is in.
pub fn scripts(cache: &Path) -> io::Result<PathBuf> {
    unpacked(cache, "export", FILES)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn below(folder: &Path, start: &str, found: &mut BTreeSet<String>) {
        for entry in fs_err::read_dir(folder).unwrap().flatten() {
            let name = format!("{start}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                below(&entry.path(), &format!("{name}/"), found);
            } else if !name.ends_with(".pyc") {
                found.insert(name);
            }
        }
    }

    #[test]
    fn every_file_of_the_exporter_and_its_site_travels() {
        let templates = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let mut there = BTreeSet::new();
        below(&templates.join("export"), "", &mut there);
        below(&templates.join("pwa"), "pwa/", &mut there);
        let travels = FILES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(there, travels);
    }
}
