//! What is made from the types: the JSON Schema and `explain`.

use mlctl::spec;

/// `MLCTL_UPDATE=1 cargo test` writes the committed schemas anew.
#[test]
fn the_committed_schemas_are_the_types() {
    for kind in spec::kind_names() {
        let file = format!("schemas/{}.json", kind.to_lowercase());
        let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
        let schema = spec::json_schema(kind).unwrap();
        if std::env::var_os("MLCTL_UPDATE").is_some() {
            fs_err::write(&path, &schema).unwrap();
        }
        let committed = fs_err::read_to_string(path).unwrap_or_default();
        assert!(committed == schema, "{file} is old: MLCTL_UPDATE=1 cargo test --test it");
    }
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
        "BatchPredictJob",
        "BatchPredictJob.model.server",
        "BatchPredictJob.input",
        "TuneJob",
        "TuneJob.metrics",
        "TuneJob.parameters",
        "TuneJob.parameters.scale",
        "TuneJob.earlyStopping",
        "TuneJob.collect.regex",
        "TuneJob.trial",
        "TuneJob.trial.roles.worker.cpu",
    ];
    let all = paths.map(|path| match spec::explain(path) {
        Ok(explained) => explained.to_string(),
        Err(error) => format!("{error}\n"),
    });
    insta::assert_snapshot!(all.join("----\n"));
}
