//! Whether the mlctl in a runner image can read what this one writes: asked before a submission, so
//! that nobody waits for pods that can only refuse.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use oci_client::Reference;

use super::entrypoint::{ImageConfig, read};
use super::runner::DOCUMENT_LABEL;
use crate::agent::pod::older_image;

/// A submission waits so long for the registry and no longer.
const LIMIT: Duration = Duration::from_secs(2);

/// Where images are called so, they were put onto the nodes by hand: no registry has them.
const SIDE_LOADED: &str = "localhost";

/// What a runner image says of the mlctl in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It reads documents of pods up to this format.
    Format(u32),
    /// The image doesn't say it, or nobody can be asked. That is no reason against it.
    Unknown,
}

impl Known {
    fn of(labels: &BTreeMap<String, String>) -> Self {
        let label = labels.get(DOCUMENT_LABEL).and_then(|text| text.parse().ok());
        label.map_or(Self::Unknown, Self::Format)
    }

    /// Why pods of this image can't run what is written in this format.
    pub(crate) fn against(self, image: &str, written: u32) -> Option<String> {
        match self {
            Self::Format(known) if known < written => {
                Some(format!("{image}: {}", older_image(known, written)))
            }
            Self::Format(_) | Self::Unknown => None,
        }
    }
}

/// Asks the registry of a runner image, for a moment.
pub(crate) async fn known(image: &str, architecture: &str, docker_config: &Path) -> Known {
    let is_side_loaded =
        image.parse().is_ok_and(|image: Reference| image.registry() == SIDE_LOADED);
    if is_side_loaded {
        return Known::Unknown;
    }
    match tokio::time::timeout(LIMIT, read(image, architecture, docker_config)).await {
        Ok(Ok(ImageConfig { labels, .. })) => Known::of(&labels),
        // Who can't ask may still submit: the nodes may have other ways to the image.
        Ok(Err(_)) | Err(_) => Known::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(label: &str) -> Known {
        Known::of(&[(DOCUMENT_LABEL.to_owned(), label.to_owned())].into())
    }

    #[test]
    fn only_an_image_that_is_known_to_be_older_is_refused() {
        let refused = |known: Known| known.against("r.example/mlctl:1", 2);
        for known in [said("2"), said("3"), said(""), said("two"), Known::of(&BTreeMap::new())] {
            assert_eq!(refused(known), None, "{known:?}");
        }
        let reason = refused(said("1")).unwrap();
        for word in ["r.example/mlctl:1", "format 2", "knows 1", "`runnerImage`"] {
            assert!(reason.contains(word), "{word}: {reason}");
        }
    }

    #[test]
    fn an_image_without_a_registry_costs_no_question() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        // Without a driver for time or sockets any question would panic.
        let found = runtime.block_on(known("localhost/mlctl:1", "amd64", Path::new("/none")));
        assert_eq!(found, Known::Unknown);
    }
}
