//! Scripts on their way to a shell: as they are written, whatever is replaced on that way.

/// A script that comes through the rule of `$(VAR)` as it is: that makes one dollar of two, and replaces names.
pub(super) fn as_written(text: &str) -> String {
    doubled(text, &['('])
}

/// The same for the value of a variable, in which a spec's `${VAR}` is replaced before.
pub(super) fn as_value(text: &str) -> String {
    doubled(text, &['(', '{'])
}

/// The text with two dollars for each that does not stand alone, or stands before one of these.
fn doubled(text: &str, before: &[char]) -> String {
    let mut written = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        written.push_str(&rest[..at]);
        rest = &rest[at..];
        let dollars = rest.len() - rest.trim_start_matches('$').len();
        let behind = &rest[dollars..];
        let is_alone = dollars == 1 && !behind.starts_with(before);
        written.push_str(&rest[..dollars]);
        written.push_str(if is_alone { "" } else { &rest[..dollars] });
        rest = behind;
    }
    written + rest
}

/// A word for a shell, in single quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

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
        assert_eq!(as_value("${A} $A $(A)"), "$${A} $A $$(A)");
        assert_eq!(quoted("a'b"), r"'a'\''b'");
        assert_eq!(within_sh("a\nSETUP"), "bash /dev/fd/3 3<<'SETUP_'\na\nSETUP\nSETUP_\n");
        assert!(is_nothing("# a\n\n") && !is_nothing("# a\nb"));
        assert!(uses_conda("  conda activate x") && !uses_conda("# conda activate x"));
    }
}
