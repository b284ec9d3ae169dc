//! SkyPilot's scripts as commands.

use crate::spec::foreign::common::shell::as_written;

/// What SkyPilot has in front of scripts that use conda: its functions, which only an interactive shell has by
/// itself.
pub(super) const CONDA: &str = ". \"$(conda info --base)/etc/profile.d/conda.sh\"\n";

/// A script activates an environment of conda.
pub(super) fn uses_conda(script: &str) -> bool {
    script.lines().any(|line| {
        let line = line.trim_start();
        !line.starts_with('#') && line.contains("conda activate")
    })
}

/// Nothing of a script does anything.
pub(super) fn is_nothing(script: &str) -> bool {
    script.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
}

/// A script within one for `sh`: bash reads it as it is, and goes on after a command that failed.
pub(super) fn within_sh(script: &str) -> String {
    let mut end = "SETUP".to_owned();
    while script.lines().any(|line| line == end) {
        end.push('_');
    }
    let conda = if uses_conda(script) { CONDA } else { "" };
    let line = if script.ends_with('\n') { "" } else { "\n" };
    format!("bash /dev/fd/3 3<<'{end}'\n{conda}{script}{line}{end}\n")
}

/// The command that runs a script.
pub(super) fn command(script: &str) -> Vec<String> {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let script = as_written(script);
    if uses_conda(&script) {
        let first = as_written(&format!("{CONDA}eval \"$0\""));
        return words(&["bash", "-c", &first, &script]);
    }
    words(&["bash", "-c", &script])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_kept() {
        assert_eq!(command("echo $$ $(date) $X $\n")[2], "echo $$$$ $$(date) $X $\n");
        assert_eq!(within_sh("a\nSETUP"), "bash /dev/fd/3 3<<'SETUP_'\na\nSETUP\nSETUP_\n");
        assert!(is_nothing("# a\n\n") && !is_nothing("# a\nb"));
        assert!(uses_conda("  conda activate x") && !uses_conda("# conda activate x"));
    }
}
