//! What a store refused, in words: who asked, and which permission or setting is missing.

use object_store::Error;

use super::Bucket;
use crate::storage::Place;
use crate::storage::objects::address::{Address, Cloud};
use crate::storage::objects::{StorageError, StorageErrorKind};

impl Bucket {
    /// An error of the store, with the bucket, the identity that was used and what is missing.
    pub(in crate::storage::objects) fn error(
        &self,
        operation: &'static str,
        place: &Place,
        error: &Error,
    ) -> StorageError {
        let mut told = StorageError::of(operation, place, error);
        let text = error.to_string();
        let code = element(&text, "Code");
        told.reason = match told.kind {
            StorageErrorKind::NotFound if code == Some("NoSuchBucket") => {
                format!(
                    "there is no bucket {} at that endpoint: mind its name and region",
                    self.name
                )
            }
            StorageErrorKind::NotFound if code == Some("ContainerNotFound") => {
                format!("there is no container {} in that account: mind both names", self.name)
            }
            StorageErrorKind::NotFound => "there is no such object".to_owned(),
            StorageErrorKind::Changed => {
                "it is not the version that was listed: it was written since".to_owned()
            }
            StorageErrorKind::Denied => {
                let said = said(&text, code);
                let missing = self.missing(operation, place, code);
                format!("{} refuses {}{said}; {missing}", self.name, self.identity)
            }
            StorageErrorKind::Unreachable => {
                format!("{}, used by {}: {}", self.name, self.identity, short(&text))
            }
            _ => short(&text),
        };
        told
    }

    /// What would let the request pass.
    fn missing(&self, operation: &str, place: &Place, code: Option<&str>) -> String {
        match code {
            Some("InvalidAccessKeyId" | "UnrecognizedClientException") => {
                return "this store doesn't know that key: is it of this endpoint?".into();
            }
            Some("AuthenticationFailed") => {
                return "the key or token isn't valid for that account, or this machine's clock is \
                        wrong"
                    .into();
            }
            Some("SignatureDoesNotMatch") => return "the secret doesn't belong to that key".into(),
            Some("ExpiredToken" | "TokenRefreshRequired" | "InvalidToken") => {
                return "the session has ended: sign in again".into();
            }
            Some("RequestTimeTooSkewed") => return "this machine's clock is wrong".into(),
            _ => {}
        }
        let key = Address::of(place).map(|address| address.key).unwrap_or_default();
        let name = &self.name;
        match (self.cloud, operation) {
            (Cloud::S3, "listing") => format!("it needs s3:ListBucket on arn:aws:s3:::{name}"),
            (Cloud::S3, "reading") => format!(
                "it needs s3:GetObject on arn:aws:s3:::{name}/{key} (and s3:ListBucket on \
                 arn:aws:s3:::{name}, without which what isn't there is refused too)"
            ),
            (Cloud::S3, "removing") => {
                format!("it needs s3:DeleteObject on arn:aws:s3:::{name}/{key}")
            }
            (Cloud::S3, _) => format!("it needs s3:PutObject on arn:aws:s3:::{name}/{key}"),
            (Cloud::Gcs, "listing") => format!("it needs storage.objects.list on gs://{name}"),
            (Cloud::Gcs, "reading") => format!("it needs storage.objects.get on gs://{name}"),
            (Cloud::Gcs, "removing") => format!("it needs storage.objects.delete on gs://{name}"),
            (Cloud::Gcs, _) => format!(
                "it needs storage.objects.create on gs://{name}, and storage.objects.delete to write \
                 over what is there"
            ),
            (Cloud::Azure, "listing" | "reading") => {
                format!("it needs the role Storage Blob Data Reader on the container {name}")
            }
            (Cloud::Azure, _) => {
                format!("it needs the role Storage Blob Data Contributor on the container {name}")
            }
        }
    }
}

/// The store's own words, in brackets.
fn said(text: &str, code: Option<&str>) -> String {
    match (code, element(text, "Message")) {
        (Some(code), Some(message)) => {
            // Azure's second line has the number of the request, and its third the time.
            format!(" ({code}: {})", message.lines().next().unwrap_or_default())
        }
        (Some(code), None) => format!(" ({code})"),
        (None, _) => String::new(),
    }
}

/// A client's message without the URL of the request, which says nothing that the place doesn't, and
/// without markup.
fn short(text: &str) -> String {
    let code = element(text, "Code");
    if let Some(code) = code {
        let message = element(text, "Message").unwrap_or_default();
        return format!("{code}: {message}").trim_end_matches(": ").to_owned();
    }
    let words: Vec<&str> = text.split_whitespace().filter(|word| !word.contains("://")).collect();
    words.join(" ")
}

/// The text of an element of an answer in XML.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let at = text.find(&format!("<{name}>"))? + name.len() + 2;
    let end = text[at..].find("</")?;
    Some(text[at..at + end].trim())
}
