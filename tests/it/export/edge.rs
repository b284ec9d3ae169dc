//! The example for small devices, and the trainings that `init` writes for them.

use serde_json::Value as Json;

use crate::support::{Sandbox, both, heavy, with_uv};

#[test]
fn digits_for_small_devices_four_ways() {
    let _alone = heavy();
    let sandbox = Sandbox::new();
    sandbox.example("edge");
    // Fewer epochs than the example has: what is looked at is the way.
    let few = ["args.epochs=6", "args.aware-epochs=2", "args.prune-epochs=4", "output=out"];
    let sets = few.iter().flat_map(|set| ["--set", set]);
    let mut command = sandbox.mlctl(["train", "edge"].into_iter().chain(sets));
    let output = command.env("PATH", with_uv()).output().unwrap();
    assert!(output.status.success(), "{}", both(&output));
    let text = fs_err::read_to_string(sandbox.dir().join("edge/out/model/edge.json")).unwrap();
    let table: Json = serde_json::from_str(&text).unwrap();
    let rows = table["models"].as_array().expect("models");
    let row = |name: &str| {
        let row = rows.iter().find(|row| row["model"] == name);
        row.unwrap_or_else(|| panic!("{name} in {table}"))
    };
    for name in ["float", "int8", "qat", "pruned"] {
        assert!(row(name)["accuracy"].as_f64().unwrap() > 0.9, "{table}");
    }
    let bytes = |name: &str, what: &str| row(name)[what].as_u64().unwrap();
    assert!(2 * bytes("int8", "bytes") < bytes("float", "bytes"), "{table}");
    assert!(2 * bytes("qat", "bytes") < bytes("float", "bytes"), "{table}");
    assert!(2 * bytes("pruned", "gzipBytes") < bytes("float", "gzipBytes"), "{table}");
    assert!(row("pruned")["sparsity"].as_f64().unwrap() > 0.7, "{table}");
}

/// What `init` writes are files of that example, which was just run, beside a spec that names them.
#[test]
fn trainings_for_devices_are_written_whole() {
    for (flag, script) in [("--qat", "qat.py"), ("--prune", "prune.py")] {
        let sandbox = Sandbox::new();
        sandbox.run(0, ["init", "tensorflow", flag]);
        sandbox.run(0, ["validate"]);
        let spec = fs_err::read_to_string(sandbox.dir().join("mlctl.yaml")).unwrap();
        assert!(spec.contains(script), "{spec}");
        for file in [script, "data.py", "digits.csv.gz", "requirements.txt"] {
            assert!(sandbox.dir().join(file).is_file(), "{file}");
        }
        let args = ["init", "plain", flag];
        sandbox.run(2, args);
    }
}
