//! Options that choose among runs, the same in every verb.

use indexmap::IndexMap;

/// Which runs by what their specs say.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Selection {
    /// Only runs of this spec name
    #[arg(long)]
    pub name: Option<String>,
    /// Only runs with this label; may be repeated
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = label)]
    pub label: Vec<(String, String)>,
}

impl Selection {
    /// The labels by their keys.
    pub fn labels(&self) -> IndexMap<String, String> {
        self.label.iter().cloned().collect()
    }
}

/// A label on the command line.
pub(super) fn label(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(key, _)| !key.is_empty());
    pair.map(|(k, v)| (k.to_owned(), v.to_owned())).ok_or_else(|| "write it as KEY=VALUE".into())
}

/// A name as objects of a cluster have them: it stands in manifests as it is.
pub(super) fn object_name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if (1..=253).contains(&text.len()) && text.chars().all(fits) {
        Ok(text.to_owned())
    } else {
        Err("a name in a cluster has letters, digits, `-` and `.` alone".into())
    }
}
