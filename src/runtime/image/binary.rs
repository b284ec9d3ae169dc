//! Whether a file is a program that runs in an empty image, and on which machines.

use std::path::PathBuf;

use oci_client::config::Architecture;

/// The kind of segment by which a program asks for a dynamic linker. See elf(5).
const PT_INTERP: u32 = 3;

/// A static Linux program.
#[derive(Clone, Debug)]
pub struct Binary {
    pub(crate) architecture: Architecture,
    /// The whole file.
    pub(crate) bytes: Vec<u8>,
}

/// Why a file can't be the only one of an image.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BinaryError {
    /// It isn't a 64-bit Linux program.
    #[error("{0} is no 64-bit Linux program")]
    NotElf(PathBuf),
    /// It is for a machine that container images have no name for.
    #[error("{path} is for a machine of an unknown kind (ELF number {machine})")]
    Machine {
        /// The path of the file.
        path: PathBuf,
        /// The number of the machine in the header of the file.
        machine: u16,
    },
    /// It would need a dynamic linker and libraries.
    #[error("{0} is linked dynamically: in an image of its own nothing that it needs is there")]
    Dynamic(PathBuf),
}

impl Binary {
    /// Checks the contents of a file. `path` is for messages only.
    pub fn new(path: PathBuf, bytes: Vec<u8>) -> Result<Self, BinaryError> {
        let Some(header) = Header::read(&bytes) else { return Err(BinaryError::NotElf(path)) };
        let architecture = match header.machine {
            62 => Architecture::Amd64,
            183 => Architecture::ARM64,
            243 => Architecture::RISCV64,
            machine => return Err(BinaryError::Machine { path, machine }),
        };
        match header.asks_for_linker(&bytes) {
            None => Err(BinaryError::NotElf(path)),
            Some(true) => Err(BinaryError::Dynamic(path)),
            Some(false) => Ok(Self { architecture, bytes }),
        }
    }

    /// The platform as registries write it, such as `linux/amd64`.
    pub fn platform(&self) -> String {
        format!("linux/{}", self.architecture)
    }
}

/// The part of an ELF header that matters here. See elf(5).
struct Header {
    machine: u16,
    segments: usize,
    segment_size: usize,
    segment_count: usize,
}

impl Header {
    fn read(bytes: &[u8]) -> Option<Self> {
        // Containers run only on machines of 64 bits and with little-endian numbers.
        if bytes.get(..6)? != b"\x7fELF\x02\x01" {
            return None;
        }
        let half = |at: usize| Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?));
        let offset = u64::from_le_bytes(bytes.get(32..40)?.try_into().ok()?);
        Some(Self {
            machine: half(18)?,
            segments: usize::try_from(offset).ok()?,
            segment_size: half(54)?.into(),
            segment_count: half(56)?.into(),
        })
    }

    /// Whether the program needs a dynamic linker; `None` when the header points outside of the
    /// file.
    fn asks_for_linker(&self, bytes: &[u8]) -> Option<bool> {
        for number in 0..self.segment_count {
            let at = self.segments.checked_add(number * self.segment_size)?;
            let kind = bytes.get(at..at.checked_add(4)?)?.try_into().ok()?;
            if u32::from_le_bytes(kind) == PT_INTERP {
                return Some(true);
            }
        }
        Some(false)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An ELF file with one segment of this kind.
    pub(crate) fn elf(machine: u16, segment: u32) -> Vec<u8> {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        bytes[32..40].copy_from_slice(&64_u64.to_le_bytes());
        bytes[54..56].copy_from_slice(&56_u16.to_le_bytes());
        bytes[56..58].copy_from_slice(&1_u16.to_le_bytes());
        bytes.extend_from_slice(&segment.to_le_bytes());
        bytes.resize(64 + 56, 0);
        bytes
    }

    #[test]
    fn only_static_programs_are_taken() {
        let of = |bytes: Vec<u8>| Binary::new("x".into(), bytes);
        assert_eq!(of(elf(62, 1)).unwrap().platform(), "linux/amd64");
        assert_eq!(of(elf(183, 1)).unwrap().platform(), "linux/arm64");
        assert!(matches!(of(elf(62, PT_INTERP)), Err(BinaryError::Dynamic(_))));
        assert!(matches!(of(elf(7, 1)), Err(BinaryError::Machine { machine: 7, .. })));
        assert!(matches!(of(b"#!/bin/sh\n".to_vec()), Err(BinaryError::NotElf(_))));
        let mut cut = elf(62, 1);
        cut.truncate(64);
        assert!(matches!(of(cut), Err(BinaryError::NotElf(_))));
    }
}
