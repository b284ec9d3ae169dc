//! Names of objects as paths of files.

use std::path::{Component, Path};

use super::error::PlaceError;
use crate::storage::{Object, Place};

/// What of an object's name stays in the folder that it is fetched into: all below the place that was
/// listed, and of a pattern all below its last folder without a wildcard.
pub(super) fn relative(place: &Place, object: &Object) -> Result<String, PlaceError> {
    let (listed, name) = (place.as_str(), object.place.as_str());
    let folder = match listed.find(['*', '?', '[', '{']) {
        Some(wild) => &listed[..listed[..wild].rfind('/').map_or(0, |slash| slash + 1)],
        None if listed == name => &listed[..listed.rfind('/').map_or(0, |slash| slash + 1)],
        None => listed,
    };
    let name = name.strip_prefix(folder).unwrap_or(name).trim_start_matches('/');
    if stays_within(name) {
        Ok(name.to_owned())
    } else {
        Err(PlaceError::Name(object.place.clone()))
    }
}

/// Relative, and never upwards.
pub(super) fn stays_within(name: &str) -> bool {
    let mut parts = Path::new(name).components().peekable();
    parts.peek().is_some()
        && parts.all(|part| matches!(part, Component::Normal(_)))
        && !name.split('/').any(|part| part.is_empty() || part == ".")
}

/// A place below another.
pub(super) fn below(base: &Place, name: &str) -> Place {
    format!("{}/{name}", base.as_str().trim_end_matches('/')).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(place: &str, object: &str) -> Option<String> {
        let object = Object { place: object.into(), size: 1, etag: None, modified: None };
        relative(&place.into(), &object).ok()
    }

    #[test]
    fn names_stay_in_their_folder() {
        assert_eq!(name("s3://b/in", "s3://b/in/a/x.csv").as_deref(), Some("a/x.csv"));
        assert_eq!(name("s3://b/in/", "s3://b/in/x.csv").as_deref(), Some("x.csv"));
        assert_eq!(name("s3://b/in/x.csv", "s3://b/in/x.csv").as_deref(), Some("x.csv"));
        assert_eq!(name("s3://b/in/**/*.csv", "s3://b/in/a/x.csv").as_deref(), Some("a/x.csv"));
        assert_eq!(name("s3://b/part-*", "s3://b/part-1").as_deref(), Some("part-1"));
        for bad in ["s3://b/in/../x", "s3://b/in/a/./x", "s3://b/in/a//x"] {
            assert_eq!(name("s3://b/in", bad), None, "{bad}");
        }
    }
}
