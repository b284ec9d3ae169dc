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

const FILES: &[EmbeddedFile] = &[
    file!("examine.py"),
    file!("export.py"),
    file!("fit.py"),
    file!("icons.py"),
    file!("judge.py"),
    file!("keras_files.py"),
    file!("library.py"),
    file!("locate.py"),
    file!("measure.py"),
    file!("model.mjs"),
    file!("no-deps.txt"),
    file!("node_library.mjs"),
    file!("package-lock.json"),
    file!("package.json"),
    file!("page.py"),
    file!("predict.mjs"),
    file!("problems.py"),
    file!("pwa.py"),
    file!("quiet.py"),
    file!("ranges.py"),
    file!("report.py"),
    file!("request.py"),
    file!("requirements.txt"),
    file!("rows.py"),
    file!("source.py"),
    file!("taken.py"),
    file!("tfjs_run.py"),
    file!("to_onnx.py"),
    file!("to_tfjs.py"),
    file!("to_tflite.py"),
    file!("work.py"),
    file!("pwa/app/answer.js", "pwa/app/answer.js"),
    file!("pwa/app/backend.js", "pwa/app/backend.js"),
    file!("pwa/app/dom.js", "pwa/app/dom.js"),
    file!("pwa/app/engine.js", "pwa/app/engine.js"),
    file!("pwa/app/examples.js", "pwa/app/examples.js"),
    file!("pwa/app/fields.js", "pwa/app/fields.js"),
    file!("pwa/app/gallery.js", "pwa/app/gallery.js"),
    file!("pwa/app/head.js", "pwa/app/head.js"),
    file!("pwa/app/inputs.js", "pwa/app/inputs.js"),
    file!("pwa/app/layerfile.js", "pwa/app/layerfile.js"),
    file!("pwa/app/main.js", "pwa/app/main.js"),
    file!("pwa/app/offline.js", "pwa/app/offline.js"),
    file!("pwa/app/pad.js", "pwa/app/pad.js"),
    file!("pwa/app/picture.js", "pwa/app/picture.js"),
    file!("pwa/app/pixels.js", "pwa/app/pixels.js"),
    file!("pwa/app/samples.js", "pwa/app/samples.js"),
    file!("pwa/app/teach.js", "pwa/app/teach.js"),
    file!("pwa/index.html", "pwa/index.html"),
    file!("pwa/service-worker.js", "pwa/service-worker.js"),
    file!("pwa/styles/base.css", "pwa/styles/base.css"),
    file!("pwa/styles/parts.css", "pwa/styles/parts.css"),
];

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
            } else if Path::new(&name).extension() != Some("pyc".as_ref()) {
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
