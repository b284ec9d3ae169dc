//! Puts the runner image into a registry.

use std::path::Path;
use std::time::Duration;

use oci_client::errors::OciDistributionError;
use oci_client::{Reference, RegistryOperation};

use super::registry::{Registry, RegistryError};
use super::runner::{Blob, RunnerImage};

/// One answer; the layer goes up in one piece before it.
const ANSWER_LIMIT: Duration = Duration::from_mins(10);

/// Pushes an image under a name, with the user's credentials in `docker_config`. What the registry
/// has already is not sent again.
pub async fn push(
    image: &RunnerImage,
    name: &Reference,
    docker_config: &Path,
) -> Result<(), RegistryError> {
    let registry = Registry::of(&name.whole(), "", docker_config, ANSWER_LIMIT).await?;
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

async fn push_blob(registry: &Registry, blob: &Blob) -> Result<(), RegistryError> {
    let Registry { client, image, .. } = registry;
    let explain = |error| registry.explain(error);
    if client.blob_exists(image, &blob.digest).await.map_err(explain)? {
        return Ok(());
    }
    match client.push_blob(image, blob.bytes.clone(), &blob.digest).await {
        // Some registries take it without saying where it is now.
        Err(OciDistributionError::RegistryNoLocationError)
            if client.blob_exists(image, &blob.digest).await.map_err(explain)? =>
        {
            Ok(())
        }
        pushed => pushed.map(drop).map_err(explain),
    }
}

/// `tag` may be the digest: then nothing but the index refers to it.
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
