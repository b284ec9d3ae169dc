//! The runner image: mlctl's own static binary and nothing else, for one or several architectures.
//!
//! Pure, and the same binaries give the same bytes: who makes it again gets the same digest.

use std::collections::{BTreeMap, HashMap};
use std::io;

use oci_client::config::{Config, ConfigFile, Os, Rootfs};
use oci_client::manifest::{
    IMAGE_CONFIG_MEDIA_TYPE, IMAGE_LAYER_MEDIA_TYPE, ImageIndexEntry, OCI_IMAGE_INDEX_MEDIA_TYPE,
    OCI_IMAGE_MEDIA_TYPE, OciDescriptor, OciImageIndex, OciImageManifest, Platform,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::binary::Binary;
use crate::agent::pod::DOCUMENT_VERSION;
use crate::text::hex;

/// The name of the binary in the image.
const PROGRAM: &str = "mlctl";

/// The user of the image. It is a number, because kubelets can't check `runAsNonRoot` by a name,
/// and no particular user's.
const USER: &str = "65532:65532";

/// Label of the newest format of a pod's document that the image's mlctl reads. Binaries are taken to
/// be of the version that packs them.
pub(super) const DOCUMENT_LABEL: &str = "dev.mlctl.document";

/// A part of an image, as registries keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blob {
    pub(crate) media_type: &'static str,
    /// The digest of the bytes, as `sha256:` and hexadecimal digits.
    pub(crate) digest: String,
    pub(crate) bytes: Vec<u8>,
}

/// The image for one architecture.
#[derive(Clone, Debug)]
pub(crate) struct Single {
    pub(crate) layer: Blob,
    pub(crate) config: Blob,
    pub(crate) manifest: Blob,
    platform: Platform,
}

/// An image of mlctl for one or several architectures.
#[derive(Clone, Debug)]
pub struct RunnerImage {
    pub(crate) images: Vec<Single>,
    /// The index over the images; `None` for a single architecture.
    pub(crate) index: Option<Blob>,
}

impl RunnerImage {
    /// Packs binaries, each of a different architecture.
    pub fn new(binaries: &[Binary]) -> io::Result<Self> {
        let images = binaries.iter().map(Single::new).collect::<io::Result<Vec<_>>>()?;
        let index = match images.as_slice() {
            [_] => None,
            many => Some(index(many)?),
        };
        Ok(Self { images, index })
    }

    /// The digest by which registries know the whole image: `sha256:` and hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.root().digest
    }

    /// The part that stands for the whole image: the index, or the only manifest.
    pub(crate) fn root(&self) -> &Blob {
        self.index.as_ref().unwrap_or(&self.images[0].manifest)
    }
}

impl Blob {
    pub(crate) fn new(media_type: &'static str, bytes: Vec<u8>) -> Self {
        let digest = format!("sha256:{}", hex::encode(Sha256::digest(&bytes)));
        Self { media_type, digest, bytes }
    }

    fn json(media_type: &'static str, value: &impl Serialize) -> io::Result<Self> {
        Ok(Self::new(media_type, serde_json::to_vec(value)?))
    }

    pub(crate) fn size(&self) -> i64 {
        i64::try_from(self.bytes.len()).unwrap_or(i64::MAX)
    }

    fn descriptor(&self) -> OciDescriptor {
        OciDescriptor {
            media_type: self.media_type.into(),
            digest: self.digest.clone(),
            size: self.size(),
            ..OciDescriptor::default()
        }
    }
}

impl Single {
    fn new(binary: &Binary) -> io::Result<Self> {
        let layer = Blob::new(IMAGE_LAYER_MEDIA_TYPE, layer(&binary.bytes)?);
        let config = ConfigFile {
            architecture: binary.architecture.clone(),
            os: Os::Linux,
            config: Some(Config {
                user: Some(USER.into()),
                entrypoint: Some(vec![format!("/{PROGRAM}")]),
                // Only one: several would be written in any order, and make other bytes each time.
                labels: Some(HashMap::from([(
                    DOCUMENT_LABEL.into(),
                    DOCUMENT_VERSION.to_string(),
                )])),
                ..Config::default()
            }),
            rootfs: Rootfs { r#type: "layers".into(), diff_ids: vec![layer.digest.clone()] },
            ..ConfigFile::default()
        };
        let config = Blob::json(IMAGE_CONFIG_MEDIA_TYPE, &config)?;
        let manifest = OciImageManifest {
            schema_version: 2,
            media_type: Some(OCI_IMAGE_MEDIA_TYPE.into()),
            config: config.descriptor(),
            layers: vec![layer.descriptor()],
            annotations: Some(BTreeMap::from([(
                "org.opencontainers.image.version".into(),
                env!("CARGO_PKG_VERSION").into(),
            )])),
            ..OciImageManifest::default()
        };
        let manifest = Blob::json(OCI_IMAGE_MEDIA_TYPE, &manifest)?;
        let platform = Platform {
            architecture: binary.architecture.clone(),
            os: Os::Linux,
            os_version: None,
            os_features: None,
            variant: None,
            features: None,
        };
        Ok(Self { layer, config, manifest, platform })
    }
}

/// The index over the images of several architectures.
fn index(images: &[Single]) -> io::Result<Blob> {
    let manifests = images.iter().map(|image| ImageIndexEntry {
        media_type: image.manifest.media_type.into(),
        digest: image.manifest.digest.clone(),
        size: image.manifest.size(),
        platform: Some(image.platform.clone()),
        annotations: None,
        artifact_type: None,
    });
    Blob::json(
        OCI_IMAGE_INDEX_MEDIA_TYPE,
        &OciImageIndex {
            schema_version: 2,
            media_type: Some(OCI_IMAGE_INDEX_MEDIA_TYPE.into()),
            manifests: manifests.collect(),
            artifact_type: None,
            annotations: None,
        },
    )
}

/// A tar with the binary. Nothing in it differs when it is made again.
fn layer(program: &[u8]) -> io::Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    append(&mut tar, PROGRAM, 0o755, program)?;
    tar.into_inner()
}

/// Appends a file. It belongs to root and is of 1970, so that the same contents give the same
/// bytes.
pub(crate) fn append(
    tar: &mut tar::Builder<impl io::Write>,
    name: &str,
    mode: u32,
    bytes: &[u8],
) -> io::Result<()> {
    let mut header = tar::Header::new_ustar();
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(bytes.len() as u64);
    tar.append_data(&mut header, name, bytes)
}
