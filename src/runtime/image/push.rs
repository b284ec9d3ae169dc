//! Puts the runner image into a registry.

use std::path::Path;
use std::time::Duration;

use oci_client::errors::OciDistributionError;
use oci_client::{Reference, RegistryOperation};

use super::registry::{Registry, RegistryError};
use super::runner::{Blob, RunnerImage};

/// The registry has answered one request within this time, or it counts as unreachable. The layer
/// is sent in one piece, and its answer comes after that.
const PUSH_ANSWER_LIMIT: Duration = Duration::from_mins(10);

/// Pushes an image under a name, with the user's credentials in `docker_config` (docker's
/// `config.json`). Parts that the registry has already are not sent again.
pub async fn push(
    image: &RunnerImage,
    name: &Reference,
    docker_config: &Path,
) -> Result<(), RegistryError> {
    let registry = Registry::of(&name.whole(), "", docker_config, PUSH_ANSWER_LIMIT).await?;
    registry.log_in(RegistryOperation::Push).await?;
    for single in &image.images {
        for blob in [&single.layer, &single.config] {
            push_blob(&registry, blob).await?;
        }
        if image.index.is_some() {
            push_manifest(&registry, &single.manifest, &single.manifest.digest).await?;
        }
    }
    push_manifest(&registry, image.root(), name.tag().unwrap_or("latest")).await
}

/// Pushes a blob, unless the registry has it.
async fn push_blob(registry: &Registry, blob: &Blob) -> Result<(), RegistryError> {
    let Registry { client, image, .. } = registry;
    let explain = |error| registry.explain(error);
    if client.blob_exists(image, &blob.digest).await.map_err(explain)? {
        return Ok(());
    }
    match client.push_blob(image, blob.bytes.clone(), &blob.digest).await {
        // Some registries take a blob without saying where it is now, which the client takes for an
        // error.
        Err(OciDistributionError::RegistryNoLocationError)
            if client.blob_exists(image, &blob.digest).await.map_err(explain)? =>
        {
            Ok(())
        }
        pushed => pushed.map(drop).map_err(explain),
    }
}

/// Pushes a manifest. `tag` may also be its digest, for one that only an index refers to.
async fn push_manifest(registry: &Registry, blob: &Blob, tag: &str) -> Result<(), RegistryError> {
    let image = &registry.image;
    let target = Reference::with_tag(
        image.registry().to_owned(),
        image.repository().to_owned(),
        tag.to_owned(),
    );
    let media_type = blob.media_type.parse().map_err(|_| RegistryError::Failed {
        registry: image.registry().to_owned(),
        reason: format!("{} is no media type", blob.media_type),
    })?;
    registry
        .client
        .push_manifest_raw(&target, blob.bytes.clone(), media_type)
        .await
        .map(drop)
        .map_err(|error| registry.explain(error))
}
