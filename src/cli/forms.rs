//! Which verbs print a text of its own form, so that no document can take its place.

use super::{CliError, ErrorKind, Format, Verb};
use crate::cli::verbs::cluster::ClusterAction;
use crate::cli::verbs::tune::TuneAction;

/// Refuses a form of the output that a verb has not.
pub(super) fn check(verb: &Verb, format: Format) -> Result<(), CliError> {
    let has = |forms: &[Format]| format == Format::Table || forms.contains(&format);
    let (is_right, what) = match verb {
        Verb::Exec(_) => (has(&[]), "exec prints what its command prints"),
        Verb::Completions(_) => (has(&[]), "completions prints a script of the shell"),
        Verb::Man(_) => (has(&[]), "man prints pages"),
        Verb::Schema(_) => (has(&[Format::Json]), "schema prints JSON Schema"),
        Verb::Cost(args) if args.template.is_some() => {
            (has(&[Format::Yaml]), "--template prints a price file in YAML")
        }
        Verb::Cluster(args) if matches!(args.action, ClusterAction::Manifests(_)) => {
            (has(&[Format::Yaml]), "cluster manifests prints YAML for kubectl")
        }
        Verb::Tune(args) if matches!(args.action, Some(TuneAction::Suggest(_))) => {
            (has(&[]), "tune suggest prints a line of JSON for each that it reads")
        }
        _ => return Ok(()),
    };
    if is_right {
        return Ok(());
    }
    Err(CliError::new(ErrorKind::Usage, format!("{what}: it has no such form"))
        .hint("leave --output out"))
}
