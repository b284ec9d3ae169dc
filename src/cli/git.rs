//! The commit that a run's code comes from.

use std::path::Path;
use std::process::{Command, Stdio};

/// Commit and dirtiness of the checkout around `dir`; `None` outside one or without git.
pub fn describe(dir: &Path) -> Option<(String, bool)> {
    let git = |args: &[&str]| -> Option<String> {
        let output = Command::new("git")
            .arg("-C")
            .arg(dir)
            .args(args)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output()
            .ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--verify", "HEAD"])?;
    let dirty =
        git(&["--no-optional-locks", "status", "--porcelain"]).is_none_or(|s| !s.is_empty());
    Some((commit, dirty))
}
