//! The verb `models` over the folder of the state.

use std::os::unix::fs::PermissionsExt;

use super::{document, saved_model, versions};
use crate::support::{Sandbox, stderr, stdout};

#[test]
fn a_model_is_pushed_named_pulled_copied_and_removed() {
    let sandbox = Sandbox::new();
    saved_model(&sandbox, "one", "first");
    saved_model(&sandbox, "two", "second");
    sandbox.run(0, ["models", "push", "./one", "digits", "--alias", "champion"]);
    let second = document(&sandbox, &["push", "./two", "digits", "--label", "team=vision"]);
    assert_eq!((second["schemaVersion"].as_u64(), second["version"].as_u64()), (Some(1), Some(2)));
    let models = sandbox.state().join("models");
    let mode = fs_err::metadata(&models).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
    let read = |at: &str| fs_err::read_to_string(models.join(at)).unwrap();
    assert_eq!(read("digits/2/variables/variables.data-00000-of-00001"), "second");
    // TensorFlow Serving takes whatever is called by a number, and mlctl's own folder is not.
    let mut found: Vec<String> = fs_err::read_dir(models.join("digits"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    found.sort();
    assert_eq!(found, ["1", "2", "_mlctl"]);

    let shown = document(&sandbox, &["show", "digits@champion"]);
    assert_eq!(shown["version"], 1);
    assert_eq!(shown["kind"], "saved-model");
    let newest = document(&sandbox, &["show", "digits@default"]);
    assert_eq!(
        (newest["version"].as_u64(), &newest["labels"]["team"]),
        (Some(2), &"vision".into())
    );
    sandbox.run(0, ["models", "alias", "digits@1", "default"]);
    assert_eq!(document(&sandbox, &["show", "digits@default"])["version"], 1);
    sandbox.run(0, ["models", "alias", "digits", "default", "--remove"]);
    assert_eq!(document(&sandbox, &["show", "digits@default"])["version"], 2);

    sandbox.run(0, ["models", "pull", "digits@champion", "got"]);
    let got = sandbox.dir().join("got/variables/variables.data-00000-of-00001");
    assert_eq!(fs_err::read_to_string(got).unwrap(), "first");
    sandbox.run(5, ["models", "pull", "digits@2", "got"]);
    let copy = document(&sandbox, &["copy", "digits@2", "other"]);
    assert_eq!(
        (&copy["lineage"]["copyOf"], copy["version"].as_u64()),
        (&"digits@2".into(), Some(1))
    );
    assert_eq!(copy["labels"]["team"], "vision");

    let refused = sandbox.run(5, ["models", "remove", "digits@1", "--yes"]);
    assert!(stderr(&refused).contains("digits@1 has the alias champion"), "{}", stderr(&refused));
    sandbox.run(0, ["models", "remove", "digits@2", "--yes"]);
    assert_eq!(versions(&sandbox, "digits"), [1]);
    assert!(!models.join("digits/2").exists());
    // A number is never used again.
    assert_eq!(document(&sandbox, &["push", "./two", "digits"])["version"], 3);
    let list = stdout(&sandbox.run(0, ["models", "list"]));
    assert!(list.contains("digits") && list.contains("other"), "{list}");
}

#[test]
fn the_newest_versions_are_kept_and_what_has_an_alias() {
    let sandbox = Sandbox::new();
    saved_model(&sandbox, "one", "weights");
    sandbox.run(0, ["models", "push", "./one", "digits", "--alias", "champion"]);
    sandbox.run(0, ["models", "retention", "digits", "--keep", "2"]);
    for _ in 0..3 {
        sandbox.run(0, ["models", "push", "./one", "digits"]);
    }
    assert_eq!(versions(&sandbox, "digits"), [1, 3, 4]);
    sandbox.run(2, ["models", "retention", "digits", "--keep", "0"]);
}

#[test]
fn the_newest_of_version_folders_is_pushed_and_told() {
    let sandbox = Sandbox::new();
    saved_model(&sandbox, "base/9", "old");
    saved_model(&sandbox, "base/10", "new");
    let pushed = sandbox.run(0, ["models", "push", "./base", "digits", "-o", "json"]);
    assert!(stderr(&pushed).contains("the newest, 10, is pushed"), "{}", stderr(&pushed));
    let file = sandbox.state().join("models/digits/1/variables/variables.data-00000-of-00001");
    assert_eq!(fs_err::read_to_string(file).unwrap(), "new");
}

#[test]
fn what_is_no_model_no_name_or_no_place_is_refused_with_a_way_on() {
    let sandbox = Sandbox::new();
    sandbox.write("code/train.py", "print()");
    saved_model(&sandbox, "out/model", "weights");
    let told = |code: i32, args: &[&str]| stderr(&sandbox.run(code, [&["models"], args].concat()));
    assert!(told(5, &["push", "./code", "digits"]).contains("code, notes or data only"));
    assert!(told(5, &["push", "./out", "digits"]).contains("out/model"));
    assert!(told(4, &["push", "nothing", "digits"]).contains("nothing"));
    for bad in ["../x", "Digits", "3", "a/b", "_mlctl"] {
        assert!(told(2, &["push", "./out/model", bad]).contains("can't be the name of a model"));
    }
    assert!(told(2, &["show", "../../etc@3"]).contains("can't be the name of a model"));
    assert!(!sandbox.dir().join("x").exists());
    sandbox.run(0, ["models", "push", "./out/model", "digits"]);
    assert!(told(4, &["show", "digit"]).contains("did you mean digits?"));
    assert!(told(4, &["show", "digits@7"]).contains("its versions are 1"));
    assert!(told(4, &["pull", "digits@champion"]).contains("there is no digits@champion"));
}

#[test]
fn the_setting_names_a_folder_and_a_wrong_one_is_told() {
    let sandbox = Sandbox::new();
    saved_model(&sandbox, "one", "weights");
    let settings = sandbox.home().join(".config/mlctl");
    fs_err::create_dir_all(&settings).unwrap();
    let set = |text: &str| fs_err::write(settings.join("config.yaml"), text).unwrap();
    for wrong in ["pvc://claim/models", "http://somewhere/models", "/"] {
        set(&format!("models: {wrong}\n"));
        let told = stderr(&sandbox.run(2, ["models", "list"]));
        assert!(told.contains("models:") && told.contains("can't hold models"), "{told}");
    }
    set("models: ~/kept\n");
    sandbox.run(0, ["models", "push", "./one", "digits"]);
    assert!(sandbox.home().join("kept/digits/1/saved_model.pb").exists());
    assert!(!sandbox.state().join("models").exists());
}
