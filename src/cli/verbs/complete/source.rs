//! What stands in each place of a command line, as one table: where a shell's completion takes it from.

/// Where the values of a place come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Runs that are known here, whatever has come of them.
    Runs,
    /// Those that have not ended.
    LivingRuns,
    /// Those that have.
    EndedRuns,
    /// Runs of studies.
    Studies,
    /// Endpoints that were served from here.
    Endpoints,
    /// The revisions of the endpoint that is named before.
    Revisions,
    /// The same, to be followed by a share.
    Weights,
    /// The replicas of the run that is named before.
    Replicas,
    /// The roles of the run that is named before.
    Roles,
    /// Names of specs that runs have.
    Names,
    /// Labels that runs have.
    Labels,
    /// States of runs, several with commas between.
    States,
    /// `local`, and clusters.
    Runtimes,
    /// Contexts of the kubeconfig and the settings.
    Contexts,
    /// Namespaces that runs have gone to, or that a context has.
    Namespaces,
    /// Kinds of specs and their fields.
    Fields,
    /// Kinds of specs.
    Kinds,
    /// Models of the registry, with their versions behind an `@`.
    Models,
    /// Values of the spec that --set may change.
    Settable,
    /// Files.
    Files,
    /// Folders.
    Folders,
    /// Verbs.
    Verbs,
    /// What can't be known.
    Nothing,
}

/// The places by their verb (`*`: any) and by what clap calls them, the first that fits counts.
const TABLE: &[(&str, &str, Source)] = &[
    ("*", "runtime", Source::Runtimes),
    ("*", "context", Source::Contexts),
    ("*", "namespace", Source::Namespaces),
    ("*", "set", Source::Settable),
    ("*", "state", Source::States),
    ("*", "replica", Source::Replicas),
    ("*", "role", Source::Roles),
    ("*", "study", Source::Studies),
    ("list", "endpoint", Source::Endpoints),
    ("batch-predict", "endpoint", Source::Nothing),
    ("*", "endpoint", Source::Endpoints),
    ("*", "endpoints", Source::Endpoints),
    ("predict", "target", Source::Endpoints),
    ("predict", "revision", Source::Revisions),
    ("scale", "revision", Source::Revisions),
    ("traffic", "weights", Source::Weights),
    ("rollback", "to", Source::Revisions),
    ("cancel", "runs", Source::LivingRuns),
    ("exec", "run", Source::LivingRuns),
    ("wait", "run", Source::LivingRuns),
    ("cleanup", "runs", Source::EndedRuns),
    ("*", "run", Source::Runs),
    ("*", "runs", Source::Runs),
    ("list", "name", Source::Names),
    ("cost", "name", Source::Names),
    ("cleanup", "name", Source::Names),
    ("list", "label", Source::Labels),
    ("cost", "label", Source::Labels),
    ("cleanup", "label", Source::Labels),
    ("models push", "source", Source::EndedRuns),
    ("models push", "name", Source::Models),
    ("models retention", "name", Source::Models),
    ("*", "versions", Source::Models),
    ("models alias", "model", Source::Models),
    ("models copy", "model", Source::Models),
    ("models pull", "model", Source::Models),
    ("models show", "model", Source::Models),
    ("batch-predict", "model", Source::Models),
    ("*", "push", Source::Models),
    ("serve", "what", Source::Files),
    ("explain", "path", Source::Fields),
    ("schema", "kind", Source::Kinds),
    ("help", "verb", Source::Verbs),
    ("*", "input", Source::Files),
    ("evaluate", "truth", Source::Files),
    ("predict", "file", Source::Files),
    ("predict", "csv", Source::Files),
    ("init", "dir", Source::Folders),
    ("man", "dir", Source::Folders),
    ("models pull", "folder", Source::Folders),
];

/// Where the values of an argument come from, by its verb and its id; `is_path` says that it is a file.
pub(super) fn source(verb: &str, id: &str, is_path: bool) -> Source {
    let found = TABLE.iter().find(|(of, name, _)| *name == id && (*of == "*" || *of == verb));
    match found {
        Some((_, _, source)) => *source,
        None if is_path => Source::Files,
        None => Source::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every row is about an argument that is there.
    #[test]
    fn the_table_is_of_arguments_that_are_there() {
        let mut root = crate::cli::command();
        root.build();
        for (verb, id, _) in TABLE {
            let mut all = vec![&root];
            let mut is_there = false;
            let mut path = &root;
            if *verb != "*" {
                for word in verb.split(' ') {
                    path = path.find_subcommand(word).expect("a verb");
                }
                all = vec![path];
            }
            while let Some(command) = all.pop() {
                is_there |= command.get_arguments().any(|arg| arg.get_id() == id);
                if *verb == "*" {
                    all.extend(command.get_subcommands());
                }
            }
            assert!(is_there, "{verb}: {id}");
        }
    }
}
