//! What `setup.python` installs from the code is looked at by whoever loads a spec.

use mlctl::spec::{self, CodeFiles, LoadOptions, RenderOptions, Source, SpecFiles};

const SPEC: &str = "\
apiVersion: mlctl.dev/v1
kind: TrainJob
name: digits
code: src
setup: {python: {requirements: requirements.txt, noDeps: [six, ./wheels/none.whl]}}
command: [python, train.py]
";

/// Code with these files.
struct Code(&'static [(&'static str, &'static str)]);

impl CodeFiles for Code {
    fn is_folder(&self, path: &str) -> bool {
        path == "src"
    }

    fn is_there(&self, path: &str) -> bool {
        self.0.iter().any(|(name, _)| name.starts_with(path))
    }

    fn text(&self, path: &str) -> Result<Source, String> {
        let found = self.0.iter().find(|(name, _)| *name == path);
        found
            .map(|(name, text)| Source::new(*name, *text))
            .ok_or_else(|| format!("there is no {path}"))
    }
}

fn findings(text: &str, code: Code) -> String {
    let files = SpecFiles::by(|path| Err(format!("no {path}"))).with_code(code);
    let options = LoadOptions { files, ..LoadOptions::default() };
    match spec::load(&[Source::new("mlctl.yaml", text)], &options) {
        Ok(loaded) => loaded.warnings.render(RenderOptions::default()),
        Err(findings) => findings.render(RenderOptions::default()),
    }
}

#[test]
fn what_is_not_there_is_named_where_it_is_written() {
    insta::assert_snapshot!(findings(
        SPEC,
        Code(&[
            ("src/requirements.txt", "six # why\n-r reqs/base.txt\n./${WHICH}\n./mine[extra]\n"),
            (
                "src/reqs/base.txt",
                "--index-url https://ada:pw@host/simple\n-c ../pins.txt\n-c ../../pins.txt\n\
                 \\\n  ./none\nmine @ file:none\n-e ./mine\n-e git+https://host/a.git\n/no/where\n"
            ),
            ("src/mine/pyproject.toml", ""),
            ("src/requirements.in", ""),
        ])
    ));
}

#[test]
fn files_that_include_each_other_come_to_an_end() {
    let code = Code(&[
        ("src/requirements.txt", "-r more.txt\n"),
        ("src/more.txt", "-r ./requirements.txt\n-r reqs/../more.txt\n"),
    ]);
    let spec = SPEC.replace(", noDeps: [six, ./wheels/none.whl]", "");
    assert_eq!(findings(&spec, code).trim(), "");
}

#[test]
fn trials_and_predictions_are_looked_at_too() {
    let study = "\
apiVersion: mlctl.dev/v1
kind: TuneJob
name: search
metrics: [{name: loss, goal: minimize}]
parameters: {rate: {double: [0.1, 1]}}
maxTrials: 2
trial:
  framework: none
  code: src
  setup: {python: {requirements: none.txt}}
  command: [python, train.py]
";
    let found = findings(study, Code(&[("src/train.py", "")]));
    assert!(
        found.contains("there is no src/none.txt") && found.contains("mlctl.yaml:10:"),
        "{found}"
    );
}
