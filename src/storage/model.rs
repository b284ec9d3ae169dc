//! The `model/` folder of a run's outputs.

use std::path::Path;

/// The file in a `model/` folder by which an mlctl before the claims of outputs named the run that filled it.
pub const OWNER_FILE: &str = ".mlctl-run";

/// Something lies in a folder besides mlctl's own mark. One that is not there is not filled.
pub fn is_filled(dir: &Path) -> bool {
    fs_err::read_dir(dir)
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name() != OWNER_FILE))
}
