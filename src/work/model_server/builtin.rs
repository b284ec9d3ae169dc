//! The small server of SavedModels that stands in for TF Serving.

use std::io;
use std::path::Path;

use crate::work::embedded::{EmbeddedFile, unpacked};

/// TF Serving's program.
const PROGRAM: &str = "tensorflow_model_server";

/// Its files, the one that is run first.
const FILES: [EmbeddedFile; 4] = [
    ("server.py", include_bytes!("../../../templates/servers/tensorflow/server.py")),
    ("rest.py", include_bytes!("../../../templates/servers/tensorflow/rest.py")),
    ("grpc_services.py", include_bytes!("../../../templates/servers/tensorflow/grpc_services.py")),
    ("model.py", include_bytes!("../../../templates/servers/tensorflow/model.py")),
];

/// The command with the embedded server in the place of `tensorflow_model_server`, where `path`, the
/// value of `PATH`, has no such program; any other command as it is. The server is written below
/// `cache`; it needs a `python3` with TensorFlow.
pub fn tensorflow_server(
    command: Vec<String>,
    path: &str,
    cache: &Path,
) -> io::Result<Vec<String>> {
    let has = |folder: std::path::PathBuf| folder.join(PROGRAM).is_file();
    if command.first().is_none_or(|word| word != PROGRAM) || std::env::split_paths(path).any(has) {
        return Ok(command);
    }
    let folder = unpacked(cache, "servers", &FILES)?;
    let script = folder.join(FILES[0].0).to_string_lossy().into_owned();
    Ok(["python3".to_owned(), script].into_iter().chain(command.into_iter().skip(1)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_server_takes_the_place_of_a_program_that_is_missing() {
        let cache = tempfile::tempdir().unwrap();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let command: Vec<String> = words(&[PROGRAM, "--port=1"]);
        let found = tensorflow_server(command.clone(), "/nowhere", cache.path()).unwrap();
        assert_eq!((found[0].as_str(), found[2].as_str()), ("python3", "--port=1"));
        for (name, bytes) in FILES {
            let file = Path::new(&found[1]).with_file_name(name);
            assert_eq!(fs_err::read(file).unwrap(), bytes);
        }
        assert_eq!(tensorflow_server(command.clone(), "", cache.path()).unwrap(), found);
        fs_err::write(cache.path().join(PROGRAM), "").unwrap();
        let path = cache.path().to_str().unwrap();
        assert_eq!(tensorflow_server(command.clone(), path, cache.path()).unwrap(), command);
        let other: Vec<String> = words(&["mlserver", "start"]);
        assert_eq!(tensorflow_server(other.clone(), "", cache.path()).unwrap(), other);
    }
}
