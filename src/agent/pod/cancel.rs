//! Ending a run from within its primary's pod, which has the gang's token.

use std::io;
use std::path::Path;

use super::document::SECRET_DIR;
use super::paths::TOKEN_FILE;
use crate::agent;
use crate::gang::RunId;
use crate::plan::GANG_PORT;

/// Asks the agent of this pod, which must be the primary's, to end the run as cancelled in the name
/// of `by`. Fails when it doesn't answer in time.
pub fn cancel_here(run: &RunId, by: &str) -> io::Result<()> {
    let token = fs_err::read(Path::new(SECRET_DIR).join(TOKEN_FILE))?;
    agent::cancel(&format!("127.0.0.1:{GANG_PORT}"), &token, run, by)
}
