//! An image as one file: the OCI image layout in a tar, which container engines import.

use std::io::{self, Write};

use oci_client::Reference;
use serde_json::json;

use super::runner::{Blob, RunnerImage, append};

/// The file of an image layout that everything else is found by.
const INDEX: &str = "index.json";

/// Writes an image as a tar, under a name. An image for a single architecture also gets the file
/// that `docker load` of older engines reads.
pub fn write_archive(out: impl Write, image: &RunnerImage, name: &Reference) -> io::Result<()> {
    let mut tar = tar::Builder::new(out);
    let json = |value: &serde_json::Value| serde_json::to_vec(value).map_err(io::Error::from);
    append(&mut tar, "oci-layout", 0o644, &json(&json!({"imageLayoutVersion": "1.0.0"}))?)?;
    let root = image.root();
    let index = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            "mediaType": root.media_type,
            "digest": root.digest,
            "size": root.size(),
            "annotations": {
                "io.containerd.image.name": name.whole(),
                "org.opencontainers.image.ref.name": name.tag().unwrap_or("latest"),
            },
        }],
    });
    append(&mut tar, INDEX, 0o644, &json(&index)?)?;
    if let [only] = image.images.as_slice() {
        let manifest = json!([{
            "Config": path(&only.config),
            "RepoTags": [name.whole()],
            "Layers": [path(&only.layer)],
        }]);
        append(&mut tar, "manifest.json", 0o644, &json(&manifest)?)?;
    }
    let parts = image.images.iter().flat_map(|one| [&one.layer, &one.config, &one.manifest]);
    for blob in parts.chain(&image.index) {
        append(&mut tar, &path(blob), 0o644, &blob.bytes)?;
    }
    tar.into_inner()?.flush()
}

/// The path of a blob in an image layout.
fn path(blob: &Blob) -> String {
    format!("blobs/{}", blob.digest.replacen(':', "/", 1))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;

    use super::*;
    use crate::agent::pod::DOCUMENT_VERSION;
    use crate::runtime::image::binary::Binary;
    use crate::runtime::image::binary::tests::elf;

    fn archive(machines: &[u16]) -> (RunnerImage, Vec<u8>) {
        let binaries: Vec<_> =
            machines.iter().map(|m| Binary::new("x".into(), elf(*m, 1)).unwrap()).collect();
        let image = RunnerImage::new(&binaries).unwrap();
        let mut bytes = Vec::new();
        write_archive(&mut bytes, &image, &"localhost/mlctl:1".parse().unwrap()).unwrap();
        (image, bytes)
    }

    fn files(bytes: &[u8]) -> BTreeMap<String, Vec<u8>> {
        let mut archive = tar::Archive::new(bytes);
        let entries = archive.entries().unwrap().map(|entry| {
            let mut entry = entry.unwrap();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            (entry.path().unwrap().to_string_lossy().into_owned(), bytes)
        });
        entries.collect()
    }

    fn blob(files: &BTreeMap<String, Vec<u8>>, descriptor: &serde_json::Value) -> Vec<u8> {
        let digest = descriptor["digest"].as_str().unwrap();
        let bytes = files[&format!("blobs/{}", digest.replace(':', "/"))].clone();
        assert_eq!(descriptor["size"], bytes.len());
        assert_eq!(Blob::new("", bytes.clone()).digest, digest);
        bytes
    }

    #[test]
    fn every_part_is_where_its_digest_says() {
        let (image, bytes) = archive(&[62]);
        let files = files(&bytes);
        let read = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).unwrap();
        let index = read(&files[INDEX]);
        let entry = &index["manifests"][0];
        assert_eq!(entry["annotations"]["io.containerd.image.name"], "localhost/mlctl:1");
        assert_eq!(entry["digest"], image.digest());
        let manifest = read(&blob(&files, entry));
        let config = read(&blob(&files, &manifest["config"]));
        assert_eq!(config["architecture"], "amd64");
        assert_eq!(config["config"]["Entrypoint"][0], "/mlctl");
        assert_eq!(config["config"]["User"], "65532:65532");
        assert_eq!(config["config"]["Labels"]["dev.mlctl.document"], DOCUMENT_VERSION.to_string());
        let layer = blob(&files, &manifest["layers"][0]);
        assert_eq!(config["rootfs"]["diff_ids"][0], manifest["layers"][0]["digest"]);
        let mut layer = tar::Archive::new(layer.as_slice());
        let entries: Vec<_> = layer
            .entries()
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (entry.path().unwrap().into_owned(), entry.header().mode().unwrap())
            })
            .collect();
        assert_eq!(entries, [("mlctl".into(), 0o755)]);
        let docker = read(&files["manifest.json"]);
        assert!(files.contains_key(docker[0]["Layers"][0].as_str().unwrap()));
    }

    #[test]
    fn the_same_binaries_give_the_same_bytes() {
        assert_eq!(archive(&[62]).1, archive(&[62]).1);
        assert_ne!(archive(&[62]).0.digest(), archive(&[183]).0.digest());
    }

    #[test]
    fn several_architectures_have_an_index() {
        let (image, bytes) = archive(&[62, 183]);
        let files = files(&bytes);
        let root = &serde_json::from_slice::<serde_json::Value>(&files[INDEX]).unwrap();
        let index: serde_json::Value =
            serde_json::from_slice(&blob(&files, &root["manifests"][0])).unwrap();
        let platforms: Vec<_> = index["manifests"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                blob(&files, entry);
                entry["platform"]["architecture"].as_str().unwrap()
            })
            .collect();
        assert_eq!(platforms, ["amd64", "arm64"]);
        assert_eq!(image.root().media_type, "application/vnd.oci.image.index.v1+json");
    }
}
