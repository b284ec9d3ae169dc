//! From a place's text to the store that it names and the key within.

use super::StorageErrorKind;
use super::hub::Repository;
use crate::storage::Place;

/// Whose protocol a store speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Cloud {
    /// S3 and its like: `s3://bucket/key`.
    S3,
    /// Google Cloud Storage: `gs://bucket/key`.
    Gcs,
    /// Azure Blob Storage: `az://container/key`, `abfs[s]://container@account.../key`,
    /// `https://account.blob.core.windows.net/container/key`.
    Azure,
}

/// The store that a place is in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Home {
    /// This machine's files.
    Files,
    /// A bucket of a cloud.
    Bucket {
        /// The cloud.
        cloud: Cloud,
        /// The bucket or container.
        bucket: String,
        /// Azure's account, where the URL names it.
        account: Option<String>,
    },
    /// One URL of a web server; the whole text is the key.
    Web,
    /// A repository of the Hugging Face Hub.
    Hub(Repository),
}

/// A place taken apart. The text of the place is `base` and `key`, nothing is escaped or normalized.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) home: Home,
    pub(super) base: String,
    pub(super) key: String,
}

impl Address {
    /// Takes a place apart; the reason where it can't be.
    pub(super) fn of(place: &Place) -> Result<Self, (StorageErrorKind, String)> {
        let unsupported = |reason: String| (StorageErrorKind::Unsupported, reason);
        let text = place.as_str();
        match place {
            Place::Path(path) => {
                let key = path.as_path().to_string_lossy().into_owned();
                let base = text.strip_suffix(key.as_str()).unwrap_or_default().to_owned();
                if key.is_empty() {
                    return Err(unsupported("it names no file".into()));
                }
                Ok(Self { home: Home::Files, base, key })
            }
            Place::Claim(_) => {
                Err(unsupported("a claim of a cluster can be read by its pods only".into()))
            }
            Place::Object(_) => {
                let (scheme, rest) = text.split_once("://").unwrap_or_default();
                let (host, key) = rest.split_once('/').unwrap_or((rest, ""));
                let bucket = |cloud, bucket: &str, account: Option<&str>, key: &str| {
                    if bucket.is_empty() {
                        return Err(unsupported(format!(
                            "it names no bucket: {scheme}://BUCKET/KEY"
                        )));
                    }
                    let home = Home::Bucket {
                        cloud,
                        bucket: bucket.to_owned(),
                        account: account.map(str::to_owned),
                    };
                    let mut base = text.strip_suffix(key).unwrap_or(text).to_owned();
                    if !base.ends_with('/') {
                        base.push('/');
                    }
                    Ok(Self { home, base, key: key.to_owned() })
                };
                match scheme {
                    "s3" | "s3a" => bucket(Cloud::S3, host, None, key),
                    "gs" => bucket(Cloud::Gcs, host, None, key),
                    "az" | "abfs" | "abfss" | "wasb" | "wasbs" => match host.split_once('@') {
                        None => bucket(Cloud::Azure, host, None, key),
                        Some((container, host)) => {
                            bucket(Cloud::Azure, container, host.split('.').next(), key)
                        }
                    },
                    "https" if is_azure(host) && !key.contains('?') => {
                        let (container, key) = key.split_once('/').unwrap_or((key, ""));
                        bucket(Cloud::Azure, container, host.split('.').next(), key)
                    }
                    "hf" => {
                        let (repository, at) = Repository::parse(rest).ok_or_else(|| {
                            unsupported("write hf://ORG/NAME@REVISION/PATH".into())
                        })?;
                        let key = &rest[at..];
                        let mut base = text.strip_suffix(key).unwrap_or(text).to_owned();
                        if !base.ends_with('/') {
                            base.push('/');
                        }
                        Ok(Self { home: Home::Hub(repository), base, key: key.to_owned() })
                    }
                    "http" | "https" => {
                        Ok(Self { home: Home::Web, base: String::new(), key: text.to_owned() })
                    }
                    other => Err(unsupported(format!(
                        "{other}:// is no store that mlctl knows: s3, gs, az (abfs, abfss), http(s), \
                         hf, file or a path"
                    ))),
                }
            }
        }
    }

    /// The place of another key of the same store.
    pub(super) fn place(&self, key: &str) -> Place {
        format!("{}{key}", self.base).into()
    }

    /// The key with one `/` behind it: what everything below it begins with.
    pub(super) fn folder(&self) -> String {
        match self.key.trim_end_matches('/') {
            "" if self.home == Home::Files => "/".to_owned(),
            "" => String::new(),
            key => format!("{key}/"),
        }
    }
}

fn is_azure(host: &str) -> bool {
    [".blob.core.windows.net", ".dfs.core.windows.net"].iter().any(|end| host.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> (String, String) {
        let address = Address::of(&text.into()).unwrap();
        assert_eq!(
            address.place(&address.key).as_str().trim_end_matches('/'),
            text.trim_end_matches('/')
        );
        let home = match address.home {
            Home::Bucket { cloud, bucket, account } => {
                format!("{cloud:?} {bucket} {}", account.unwrap_or_default())
            }
            home => format!("{home:?}"),
        };
        (home.trim_end().to_owned(), address.key)
    }

    #[test]
    fn a_place_is_taken_apart_as_it_is_written() {
        for (text, home, key) in [
            ("s3://b/a x/1#ü%20?.jsonl", "S3 b", "a x/1#ü%20?.jsonl"),
            ("s3://b", "S3 b", ""),
            ("gs://b/d/", "Gcs b", "d/"),
            ("az://c/k", "Azure c", "k"),
            ("abfss://c@acc.dfs.core.windows.net/k/l", "Azure c acc", "k/l"),
            ("https://acc.blob.core.windows.net/c/k", "Azure c acc", "k"),
            (
                "https://acc.blob.core.windows.net/c/k?sig=x",
                "Web",
                "https://acc.blob.core.windows.net/c/k?sig=x",
            ),
            ("http://h/x?y", "Web", "http://h/x?y"),
            ("file:///a b", "Files", "/a b"),
            ("./a", "Files", "./a"),
        ] {
            assert_eq!(parts(text), (home.to_owned(), key.to_owned()), "{text}");
        }
        for text in ["s3:///x", "pvc://a/b", "hdfs://x/y", "file://"] {
            let (kind, _) = Address::of(&text.into()).unwrap_err();
            assert_eq!(kind, StorageErrorKind::Unsupported, "{text}");
        }
    }
}
