//! What is made from the types: the JSON Schema and `explain`.

use mlctl::spec;

/// `MLCTL_UPDATE=1 cargo test` writes the committed schema anew.
#[test]
fn the_committed_schema_is_the_types() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/trainjob.json");
    let schema = spec::json_schema("TrainJob").unwrap();
    if std::env::var_os("MLCTL_UPDATE").is_some() {
        fs_err::write(path, &schema).unwrap();
    }
    let committed = fs_err::read_to_string(path).unwrap_or_default();
    assert!(
        committed == schema,
        "schemas/trainjob.json is old: MLCTL_UPDATE=1 cargo test --test it"
    );
}

#[test]
fn explains_fields() {
    let paths = [
        "TrainJob",
        "TrainJob.roles",
        "TrainJob.roles.worker.cpu",
        "TrainJob.roles.<role>.replicas",
        "framework",
        "TrainJob.env[0].valueFrom",
        "TrainJob.args",
        "TrainJob.retries.userError",
        "TrainJob.role",
        "TrainJob.maxCost",
        "TrainJob.output",
        "TrainJob.roles.replicas",
        "TrainJob.roles.env.name",
        "TrainJob.roles.cpu.memory",
        "TrainJob.name.first",
        "TuneJob.metrics",
    ];
    let all = paths.map(|path| match spec::explain(path) {
        Ok(explained) => explained.to_string(),
        Err(error) => format!("{error}\n"),
    });
    insta::assert_snapshot!(all.join("----\n"));
}
