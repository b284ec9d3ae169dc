//! Code that is too large for ConfigMaps: one archive, which goes through the bucket of the run's output.

use std::io::{self, Read, Write};
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use super::bundle_error::{BundleError, MAX_ARCHIVE, MAX_CODE};
use super::code_files::{files, fits};
use super::sources::{Source, is_hidden, sources};
use crate::plan::{CodeArchive, Plan, mask_spec};
use crate::storage::{Carried, Place, carry, walk};
use crate::text::hex;

/// When files in archives were modified, in seconds since 1970: in 2001.
const MODIFIED: u64 = 1_000_000_000;

/// A packed archive: what a plan says of it, and the file, which is removed when it is dropped.
#[derive(Debug)]
pub struct PackedCode {
    /// For `GangPlan::archive`.
    pub archive: CodeArchive,
    /// A tar archive, compressed with gzip.
    pub file: NamedTempFile,
}

impl PackedCode {
    /// Packs a plan's code and those data that are on this machine; `None` where ConfigMaps hold them,
    /// or where the plan has no bucket to go through. The same files give the same bytes.
    pub fn of(plan: &Plan) -> Result<Option<Self>, BundleError> {
        let Some(folder) = folder(plan) else { return Ok(None) };
        let mut all = Vec::new();
        for Source { field, place, rules, .. } in sources(plan) {
            all.extend(files(field, place, &rules)?.0);
        }
        if all.iter().map(|file| file.size).sum::<u64>() <= MAX_CODE {
            return Ok(None);
        }
        fits(&all, MAX_ARCHIVE)?;
        let (file, sha256) = pack(plan)?;
        let uri = format!("{folder}/{sha256}.tar.gz").into();
        let size = file.as_file().metadata()?.len();
        Ok(Some(Self { archive: CodeArchive { uri, sha256, size }, file }))
    }
}

/// Where archives of a plan's code lie: below its output, among mlctl's own documents.
fn folder(plan: &Plan) -> Option<String> {
    let output = plan.batch().map(|batch| &batch.output).or(plan.gang().output.as_ref())?;
    let Place::Object(_) = output else { return None };
    Some(format!("{}/_mlctl/code", output.as_str().trim_end_matches('/')))
}

fn pack(plan: &Plan) -> Result<(NamedTempFile, String), BundleError> {
    let sources = sources(plan);
    // What TMPDIR names may not be there.
    let file = NamedTempFile::new().or_else(|_| NamedTempFile::new_in("/tmp"))?;
    let mut target = Hashed { inner: file, digest: Sha256::new() };
    let mut tar = tar::Builder::new(GzEncoder::new(&mut target, Compression::default()));
    for Source { place, target: to, rules, .. } in &sources {
        let code = walk(Path::new(place.as_str()), rules)?;
        for entry in code.entries.iter().filter(|entry| !entry.is_dir) {
            // Data hides what the code has at the same place, as a mount would.
            let hidden = to.is_none()
                && sources
                    .iter()
                    .filter_map(|other| other.target)
                    .any(|to| is_hidden(&entry.path, entry.link.is_some(), to));
            if hidden {
                continue;
            }
            let path = match to {
                Some(to) if Path::new(place.as_str()).is_file() => to.to_path_buf(),
                Some(to) => to.join(&entry.path),
                None => entry.path.clone(),
            };
            match carry(&code, entry, mask_spec)? {
                Carried::Left(_) => {}
                Carried::Link(to) => {
                    let mut header = tar::Header::new_gnu();
                    header.set_entry_type(tar::EntryType::Symlink);
                    header.set_size(0);
                    header.set_mode(0o777);
                    header.set_mtime(MODIFIED);
                    tar.append_link(&mut header, &path, to)?;
                }
                Carried::File { bytes, mode, .. } => {
                    add(&mut tar, &path, mode, bytes.len() as u64, &bytes[..])?;
                }
                // A file that grows meanwhile is cut off, one that shrinks is an error of the archive.
                Carried::Large { file, mode, size } => {
                    add(&mut tar, &path, mode, size, file.take(size))?;
                }
            }
        }
    }
    tar.into_inner()?.finish()?;
    target.inner.flush()?;
    Ok((target.inner, hex::encode(target.digest.finalize())))
}

fn add(
    tar: &mut tar::Builder<impl Write>,
    path: &Path,
    mode: u32,
    size: u64,
    content: impl Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(size);
    header.set_mode(if mode & 0o111 == 0 { 0o666 } else { 0o777 });
    // The same for the same files, and one that zip archives can hold, which begin with 1980.
    header.set_mtime(MODIFIED);
    tar.append_data(&mut header, path, content)
}

/// Writes and hashes the same bytes.
struct Hashed<W> {
    inner: W,
    digest: Sha256,
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.digest.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::PathBuf;

    use flate2::read::GzDecoder;

    use super::*;
    use crate::plan::{DataPlan, PlanContext, RuntimeDefaults};
    use crate::spec::TrainJob;

    fn plan_of(root: &Path, output: &str) -> Plan {
        let job = TrainJob {
            name: "large".into(),
            image: Some("a".into()),
            command: Some(vec!["x".into()]),
            code: Some("code".into()),
            output: Some(serde_json::from_value(output.into()).unwrap()),
            ..TrainJob::default()
        };
        let context = PlanContext {
            run: "large-abc123".parse().unwrap(),
            runtime_defaults: RuntimeDefaults::CLUSTER,
            code_base: root.into(),
        };
        let mut plan = crate::work::train::plan(&job, &context).unwrap();
        let uri = root.join("set").to_string_lossy().into_owned().into();
        plan.gang_mut().data = vec![DataPlan { uri, path: "data".into() }];
        plan
    }

    #[test]
    fn the_same_files_are_the_same_archive_and_only_a_bucket_takes_it() {
        let root = tempfile::tempdir().unwrap();
        for (name, size) in [("code/data/a", 1), ("code/big.bin", 6 << 20), ("set/b", 1)] {
            let path = root.path().join(name);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, vec![7; size]).unwrap();
        }
        std::os::unix::fs::symlink("data", root.path().join("code/now")).unwrap();
        let mut plan = plan_of(root.path(), "s3://bucket/out");
        let uri = root.path().join("set").to_string_lossy().into_owned().into();
        plan.gang_mut().data.push(DataPlan { uri, path: "now/x".into() });
        let first = PackedCode::of(&plan).unwrap().unwrap();
        let second = PackedCode::of(&plan).unwrap().unwrap();
        assert_eq!(first.archive, second.archive);
        let uri = first.archive.uri.as_str();
        assert!(
            uri.starts_with("s3://bucket/out/_mlctl/code/") && uri.ends_with(".tar.gz"),
            "{uri}"
        );
        let mut tar = tar::Archive::new(GzDecoder::new(first.file.reopen().unwrap()));
        let paths: BTreeSet<PathBuf> =
            tar.entries().unwrap().map(|entry| entry.unwrap().path().unwrap().into()).collect();
        assert_eq!(paths, ["big.bin".into(), "data/b".into(), "now/x/b".into()].into());
        assert!(PackedCode::of(&plan_of(root.path(), "pvc://claim/out")).unwrap().is_none());
        fs_err::remove_file(root.path().join("code/big.bin")).unwrap();
        assert!(PackedCode::of(&plan).unwrap().is_none(), "ConfigMaps hold it");
    }
}
