//! The places of this machine that travel to a cluster: the code, and data that take the place of some.

use std::path::Path;

use crate::plan::{DataPlan, Plan};
use crate::storage::{CodeRules, Place};

/// A place of this machine that travels.
pub(super) struct Source<'a> {
    /// The field of the spec that names it, for messages.
    pub(super) field: &'static str,
    /// A folder or file.
    pub(super) place: &'a Place,
    /// Where it goes in the working folder; `None`: it is the working folder.
    pub(super) target: Option<&'a Path>,
    /// What of it travels, beside what its ignore files say.
    pub(super) rules: CodeRules,
}

/// The code of a plan, then its data that are on this machine: what is in claims is mounted, and what
/// is in buckets the agents fetch.
pub(super) fn sources(plan: &Plan) -> Vec<Source<'_>> {
    let gang = plan.gang();
    let code = gang.code.iter().map(|place| Source {
        field: "code",
        place,
        target: None,
        rules: gang.code_rules.clone(),
    });
    let travels = |data: &&DataPlan| matches!(data.uri, Place::Path(_));
    let data = gang.data.iter().filter(travels).map(|data| Source {
        field: "data",
        place: &data.uri,
        target: Some(Path::new(&data.path)),
        rules: CodeRules::data(),
    });
    code.chain(data).collect()
}

/// Data at `target` take the place of what the code has there, also of a link on the way there.
pub(super) fn is_hidden(path: &Path, is_link: bool, target: &Path) -> bool {
    path.starts_with(target) || is_link && target.starts_with(path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::bundle::CodeBundle;
    use crate::plan::{PlanContext, RuntimeDefaults};
    use crate::spec::TrainJob;
    use crate::work::train::plan;

    #[test]
    fn data_of_this_machine_hides_what_the_code_has_there() {
        let root = tempfile::tempdir().unwrap();
        // What a run has written is no code, but data like any other.
        for (name, text) in [
            ("code/data/a", "1"),
            ("code/x.py", "2"),
            ("set/b", "3"),
            ("out/model/.mlctl-run", "x"),
            ("out/model/w", "4"),
            ("code/out/model/.mlctl-run", "x"),
        ] {
            let path = root.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        symlink("data", root.path().join("code/now")).unwrap();
        symlink("data", root.path().join("code/then")).unwrap();
        let file = format!("file://{}/set/b", root.path().display());
        let spec: TrainJob = serde_json::from_value(serde_json::json!({
            "apiVersion": "mlctl.dev/v1", "kind": "TrainJob", "name": "a", "command": ["a"],
            "code": "code",
            "data": [{"uri": "set", "path": "./data"}, {"uri": file, "path": "one"},
                     {"uri": file, "path": "now/x"}, {"uri": "out", "path": "init"}],
        }))
        .unwrap();
        let context = PlanContext {
            run: "a-123456".into(),
            runtime_defaults: RuntimeDefaults::CLUSTER,
            code_base: root.path().into(),
        };
        let bundle = CodeBundle::of(&plan(&spec, &context).unwrap()).unwrap();
        let paths: Vec<&str> = bundle.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(
            paths,
            ["x.py", "then", "data/b", "one", "now/x", "init/model/.mlctl-run", "init/model/w"]
        );
    }
}
