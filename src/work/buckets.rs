//! How the buckets are reached that a spec names.

use std::collections::BTreeMap;

use crate::spec::BatchStorage;
use crate::storage::{BucketSettings, Place};

/// Settings by bucket: what `storage` says of all of them holds for every scheme among the places, what it
/// says of one replaces that.
pub(crate) fn bucket_settings<'a>(
    storage: &BatchStorage,
    places: impl IntoIterator<Item = &'a Place>,
) -> BTreeMap<String, BucketSettings> {
    let BatchStorage {
        secret: _,
        service_account: _,
        endpoint,
        region,
        path_style,
        anonymous,
        buckets,
    } = storage;
    let all = BucketSettings {
        endpoint: endpoint.clone(),
        region: region.clone(),
        path_style: *path_style,
        anonymous: *anonymous,
        ..BucketSettings::default()
    };
    let mut settings = BTreeMap::new();
    if all != BucketSettings::default() {
        let schemes = places.into_iter().filter_map(scheme);
        settings.extend(schemes.map(|scheme| (scheme, all.clone())));
    }
    settings.extend(buckets.iter().map(|(name, bucket)| (name.clone(), bucket.clone())));
    settings
}

/// `s3://` of `s3://bucket/x`; none of a path.
fn scheme(place: &Place) -> Option<String> {
    let Place::Object(_) = place else { return None };
    let (scheme, _) = place.as_str().split_once("://")?;
    Some(format!("{scheme}://"))
}
