//! Where things are in a registry. They are joined here alone, and from names that can't lead out of it.

use super::names::{Alias, ModelName};
use crate::storage::Place;

/// The folder of mlctl's documents in that of a model. It is no number, so that no server takes it for a
/// version, and no name of a model.
pub(super) const OWN: &str = "_mlctl";

/// The places of one model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// `<registry>/<name>`.
    base: String,
}

/// What a document in `_mlctl/` is, by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Document {
    Claim(u64),
    Decision(u64),
    Removed(u64),
    Alias(Alias, u64),
    Retention(u64),
    Deployment(u64),
    /// A file of a push that is under way, by the push's word.
    Staged(String),
}

impl Layout {
    pub(super) fn new(registry: &Place, name: &ModelName) -> Self {
        Self { base: format!("{}/{name}", registry.as_str().trim_end_matches('/')) }
    }

    /// The folder of the model: a base path of TensorFlow Serving.
    pub(super) fn model(&self) -> Place {
        self.base.as_str().into()
    }

    /// The folder of a version.
    pub(super) fn version(&self, version: u64) -> Place {
        format!("{}/{version}", self.base).into()
    }

    /// A file of a version.
    pub(super) fn file(&self, version: u64, name: &str) -> Place {
        format!("{}/{version}/{name}", self.base).into()
    }

    /// All of mlctl's documents.
    pub(super) fn own(&self) -> Place {
        format!("{}/{OWN}", self.base).into()
    }

    pub(super) fn claim(&self, version: u64) -> Place {
        format!("{}/{OWN}/claims/{version}.json", self.base).into()
    }

    pub(super) fn decision(&self, version: u64) -> Place {
        format!("{}/{OWN}/versions/{version}.json", self.base).into()
    }

    pub(super) fn removed(&self, version: u64) -> Place {
        format!("{}/{OWN}/removed/{version}.json", self.base).into()
    }

    /// The folder of an alias's documents.
    pub(super) fn alias(&self, alias: &Alias) -> Place {
        format!("{}/{OWN}/aliases/{alias}", self.base).into()
    }

    /// The folder of the documents of what is kept.
    pub(super) fn retention(&self) -> Place {
        format!("{}/{OWN}/retention", self.base).into()
    }

    /// A document of a row with rising numbers.
    pub(super) fn numbered(folder: &Place, number: u64) -> Place {
        format!("{folder}/{number}.json").into()
    }

    pub(super) fn deployment(&self, version: u64, word: &str) -> Place {
        format!("{}/{OWN}/deployments/{version}-{word}.json", self.base).into()
    }

    /// Everything that a push has staged.
    pub(super) fn staging(&self, push: &str) -> Place {
        format!("{}/{OWN}/staging/{push}", self.base).into()
    }

    /// What a document is; `None` for what mlctl has not put there.
    pub(super) fn document(&self, place: &Place) -> Option<Document> {
        let key = place.as_str().strip_prefix(&self.base)?.strip_prefix('/')?;
        let (folder, rest) = key.strip_prefix(OWN)?.strip_prefix('/')?.split_once('/')?;
        let json = rest.strip_suffix(".json");
        let document = match folder {
            "claims" => Document::Claim(number(json?)?),
            "versions" => Document::Decision(number(json?)?),
            "removed" => Document::Removed(number(json?)?),
            "retention" => Document::Retention(number(json?)?),
            "aliases" => {
                let (alias, count) = json?.split_once('/')?;
                Document::Alias(alias.parse().ok()?, number(count)?)
            }
            "deployments" => {
                let (version, word) = json?.split_once('-')?;
                let is_word = word.bytes().all(|byte| byte.is_ascii_hexdigit());
                Document::Deployment(number(version).filter(|_| is_word)?)
            }
            "staging" => Document::Staged(rest.split('/').next()?.to_owned()),
            _ => return None,
        };
        Some(document)
    }
}

/// A number as it is written in names: from 1, without a sign or zeros in front.
pub(super) fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_layout_names_is_known_again_and_nothing_else() {
        let layout = Layout::new(&"s3://b/models/".into(), &"digits".parse().unwrap());
        let alias: Alias = "champion".parse().unwrap();
        assert_eq!(
            layout.file(3, "saved_model.pb").as_str(),
            "s3://b/models/digits/3/saved_model.pb"
        );
        for (place, document) in [
            (layout.claim(3), Document::Claim(3)),
            (layout.decision(12), Document::Decision(12)),
            (layout.removed(1), Document::Removed(1)),
            (Layout::numbered(&layout.alias(&alias), 2), Document::Alias(alias.clone(), 2)),
            (Layout::numbered(&layout.retention(), 9), Document::Retention(9)),
            (layout.deployment(3, "0af1"), Document::Deployment(3)),
            (
                format!("{}/variables/x", layout.staging("w")).into(),
                Document::Staged("w".to_owned()),
            ),
        ] {
            assert_eq!(layout.document(&place), Some(document), "{place}");
        }
        for foreign in [
            "s3://b/models/digits/3/saved_model.pb",
            "s3://b/models/digits/_mlctl/versions/03.json",
            "s3://b/models/digits/_mlctl/versions/0.json",
            "s3://b/models/digits/_mlctl/versions/+3.json",
            "s3://b/models/digits/_mlctl/versions/3.json.bak",
            "s3://b/models/digits/_mlctl/aliases/../3.json",
            "s3://b/models/digits/_mlctl/aliases/Champion/3.json",
            "s3://b/models/digits/_mlctl/notes.txt",
            "s3://b/models/digits2/_mlctl/versions/3.json",
        ] {
            assert_eq!(layout.document(&foreign.into()), None, "{foreign}");
        }
    }
}
