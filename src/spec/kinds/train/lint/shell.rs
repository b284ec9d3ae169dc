//! What a shell would make of a command, and what only a shell would replace.

use crate::spec::syntax::is_variable;

/// `sh -c`, `bash -lc` and the like: the shell splits and expands.
pub(crate) fn runs_in_shell(command: &[String]) -> bool {
    let program = command.first().map(|word| word.rsplit('/').next().unwrap_or_default());
    program.is_some_and(|p| ["sh", "bash", "dash", "ash", "zsh", "ksh"].contains(&p))
        && command
            .iter()
            .skip(1)
            .any(|w| w.starts_with('-') && !w.starts_with("--") && w.ends_with('c'))
}

/// A reference to a variable that a shell would replace, or Kubernetes if it were declared, and nothing
/// does here. `is_declared` says of which names `$(NAME)` is replaced.
pub(super) fn reference(text: &str, is_declared: impl Fn(&str) -> bool) -> Option<&str> {
    let mut from = 0;
    while let Some(at) = text[from..].find('$').map(|at| from + at) {
        let rest = &text[at + 1..];
        from = at + 1;
        let (body, close) = match rest.chars().next() {
            // `$$` is a dollar.
            Some('$') => {
                from += 1;
                continue;
            }
            Some('{') => (&rest[1..], Some('}')),
            Some('(') => (&rest[1..], Some(')')),
            _ => (rest, None),
        };
        let end =
            body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(body.len());
        if !is_variable(&body[..end]) {
            continue;
        }
        let Some(close) = close else { return Some(&text[at..=at + end]) };
        if let Some(length) = body.find(close)
            && !(close == ')' && is_declared(&body[..length]))
        {
            return Some(&text[at..at + 3 + length]);
        }
    }
    None
}

/// A script has a `$$` that was not written for the rule of `$(NAME)`, by which it becomes one dollar: what
/// follows it names nothing.
pub(super) fn means_its_process(script: &str) -> bool {
    let mut rest = script;
    while let Some(at) = rest.find("$$") {
        rest = &rest[at + 2..];
        let next = rest.chars().next();
        if let Some(behind) = rest.strip_prefix("$$") {
            rest = behind;
        } else if next.is_none_or(|c| !(c.is_ascii_alphanumeric() || "({_?#@*!-".contains(c))) {
            return true;
        }
    }
    false
}

/// Variables that mlctl sets, or a cluster.
pub(super) fn is_set(name: &str) -> bool {
    const SET: [&str; 15] = [
        "CLUSTER_SPEC",
        "RANK",
        "LOCAL_RANK",
        "NODE_RANK",
        "WORLD_SIZE",
        "LOCAL_WORLD_SIZE",
        "MASTER_ADDR",
        "MASTER_PORT",
        "CUDA_VISIBLE_DEVICES",
        "NVIDIA_VISIBLE_DEVICES",
        "OMP_NUM_THREADS",
        "PYTHONUNBUFFERED",
        "CLOUD_ML_HP_METRIC_FILE",
        "TF_CONFIG",
        "JOB_COMPLETION_INDEX",
    ];
    SET.contains(&name)
        || ["AIP_", "MLCTL_", "PET_", "JAX_", "TF_NUM_"].iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_its_script() {
        let runs = |words: &[&str]| {
            runs_in_shell(&words.iter().map(ToString::to_string).collect::<Vec<_>>())
        };
        assert!(runs(&["sh", "-c", "echo"]) && runs(&["/bin/bash", "-elc", "echo"]));
        assert!(!runs(&["sh", "train.sh"]) && !runs(&["python", "-c", "x"]) && !runs(&[]));
        assert!(!runs(&["bash", "--norc", "x"]));
    }

    /// What mlctl only hides has no value.
    #[test]
    fn variables_that_are_set_are_known() {
        assert!(is_set("NODE_RANK") && is_set("AIP_MODEL_DIR"));
        assert!(!is_set("GROUP_RANK") && !is_set("HOME"));
    }

    #[test]
    fn a_script_may_mean_its_own_process() {
        for script in ["kill -9 $$", "echo \"$$\"", "f=/tmp/x.$$; rm $f"] {
            assert!(means_its_process(script), "{script}");
        }
        for script in ["kill -9 $$$$", "echo $$(NAME) $${NAME} $$NAME $$?", "echo $HOME", "$"] {
            assert!(!means_its_process(script), "{script}");
        }
    }

    #[test]
    fn references_are_found_where_they_stand() {
        for (text, wanted) in [
            ("$HOME/x", Some("$HOME")),
            ("a ${B} c", Some("${B}")),
            ("$(NAME)", Some("$(NAME)")),
            ("$(KNOWN) $(NAME)", Some("$(NAME)")),
            ("$(KNOWN) $$(NAME) $$NAME", None),
            ("5$ or $5", None),
            ("${", None),
        ] {
            assert_eq!(reference(text, |name| name == "KNOWN"), wanted, "{text}");
        }
    }
}
