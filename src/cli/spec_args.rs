//! How the command line names specs, the same for every verb that takes some.

use std::path::PathBuf;

/// Where a spec comes from.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct SpecArgs {
    /// A spec, another system's file, a folder with mlctl.yaml, a script, or - for stdin
    #[arg(value_name = "FILE")]
    pub file: Option<PathBuf>,
    /// The same as FILE; several times for several
    #[arg(short = 'f', long = "file", id = "files", value_name = "FILE", alias = "config")]
    pub files: Vec<PathBuf>,
    /// Change a value of the file: name=x, args.epochs=9, roles.worker.replicas=4. A text is taken as it
    /// is, byte for byte; lists and mappings are YAML: 'command=[python, t.py]'.
    /// A name with dots is quoted or escaped: 'labels["a.b/c"]=x', 'labels.a\.b/c=x'.
    /// In a Vertex AI file by its own names: workerPoolSpecs[0].machineSpec...=x
    #[expect(
        clippy::doc_link_with_quotes,
        reason = "the help of an option, which shows backticks"
    )]
    #[arg(long, value_name = "PATH=VALUE", value_parser = change)]
    pub set: Vec<String>,
    /// Another name than the one that the file says
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

impl SpecArgs {
    /// The files that are named, in the order of the command line; none means [`DEFAULT_FILE`].
    pub fn named(&self) -> Vec<&PathBuf> {
        self.file.iter().chain(&self.files).collect()
    }
}

/// A change with both halves; what they mean depends on the spec.
pub fn change(text: &str) -> Result<String, String> {
    if text.contains('=') { Ok(text.to_owned()) } else { Err("write it as PATH=VALUE".to_owned()) }
}
