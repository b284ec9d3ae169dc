//! Gzip, unpacked as it arrives.

use std::io::Write;

use bytes::{Buf, Bytes};
use flate2::write::GzDecoder;

/// So many packed bytes are unpacked at once: they become 16 MiB at most.
const STEP: usize = 16 << 10;

/// Unpacks a file of one or more members. Zeros behind the last one, as tape archives and some stores
/// pad files, are nothing.
pub(crate) struct Gunzip {
    decoder: GzDecoder<Vec<u8>>,
    packed: Bytes,
    /// Only zeros have followed the last member.
    padding: bool,
    /// The file can't be read from here on.
    broken: Option<String>,
}

impl Gunzip {
    /// Nothing has arrived yet.
    pub(crate) fn new() -> Self {
        let decoder = GzDecoder::new(Vec::new());
        Self { decoder, packed: Bytes::new(), padding: false, broken: None }
    }

    /// The next packed bytes, when there are none left of those before.
    pub(crate) fn push(&mut self, packed: Bytes) {
        self.packed = packed;
    }

    /// The next unpacked bytes; `None` when more packed ones are needed. Damage is told once everything
    /// before it has been given out.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, String> {
        if let Some(reason) = &self.broken {
            return Err(reason.clone());
        }
        while self.packed.has_remaining() {
            match self.step() {
                Ok(used) => self.packed.advance(used),
                Err(reason) => self.broken = Some(reason),
            }
            let unpacked = self.taken();
            if !unpacked.is_empty() {
                return Ok(Some(unpacked));
            }
            if let Some(reason) = &self.broken {
                return Err(reason.clone());
            }
        }
        Ok(None)
    }

    /// Unpacks some bytes; says how many were used.
    fn step(&mut self) -> Result<usize, String> {
        if self.padding {
            let zeros = self.packed.iter().take_while(|byte| **byte == 0).count();
            return if zeros == self.packed.len() {
                Ok(zeros)
            } else {
                Err("something follows the end of the gzip file".into())
            };
        }
        let step = self.packed.len().min(STEP);
        let used = self.decoder.write(&self.packed[..step]).map_err(|error| told(&error))?;
        if used == 0 {
            // A member has ended.
            self.decoder.try_finish().map_err(|error| told(&error))?;
            if self.packed[0] == 0 {
                self.padding = true;
            } else {
                self.decoder = GzDecoder::new(std::mem::take(self.decoder.get_mut()));
            }
        }
        Ok(used)
    }

    /// The last unpacked bytes, when there are no more packed ones.
    pub(crate) fn finish(&mut self) -> Result<Bytes, String> {
        if !self.padding {
            let ended = self.decoder.try_finish();
            ended.map_err(|_| "the gzip file is cut off, or damaged at its end".to_owned())?;
        }
        Ok(self.taken())
    }

    fn taken(&mut self) -> Bytes {
        std::mem::take(self.decoder.get_mut()).into()
    }
}

fn told(error: &std::io::Error) -> String {
    format!("the gzip file is damaged: {error}")
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn unpacked(file: &[u8], step: usize) -> Result<Vec<u8>, String> {
        let mut gunzip = Gunzip::new();
        let mut all = Vec::new();
        for chunk in file.chunks(step) {
            gunzip.push(Bytes::copy_from_slice(chunk));
            while let Some(bytes) = gunzip.next()? {
                all.extend_from_slice(&bytes);
            }
        }
        all.extend_from_slice(&gunzip.finish()?);
        Ok(all)
    }

    #[test]
    fn members_follow_each_other_and_damage_is_told() {
        let text: Vec<u8> = (0..200_000_u32).flat_map(|n| (n % 251).to_le_bytes()).collect();
        let file = [packed(&text), packed(b""), packed(b"more")].concat();
        for step in [3, 4096, 1 << 20] {
            let all = unpacked(&file, step).unwrap();
            assert!(all.len() == text.len() + 4 && all.ends_with(b"more"));
        }
        assert!(unpacked(&file[..file.len() - 3], 100).unwrap_err().contains("cut off"));
        let padded = [packed(&text), vec![0; 40_000]].concat();
        for step in [3, 4096, 1 << 20] {
            assert!(unpacked(&padded, step).unwrap() == text);
        }
        let mut damaged = packed(b"something that has a checksum");
        let last = damaged.len() - 6;
        damaged[last] ^= 1;
        assert!(unpacked(&damaged, 100).is_err());
    }

    #[test]
    fn what_lies_before_damage_is_unpacked() {
        let text: Vec<u8> = (0..2000_u32).flat_map(|n| format!("{n}\n").into_bytes()).collect();
        for behind in [&b"garbage"[..], b"\0\0garbage", b"garbage that is longer than a header"] {
            let file = [&packed(&text)[..], behind].concat();
            let mut gunzip = Gunzip::new();
            gunzip.push(file.into());
            let mut all = Vec::new();
            let reason = loop {
                match gunzip.next() {
                    Ok(Some(bytes)) => all.extend_from_slice(&bytes),
                    Ok(None) => break gunzip.finish().unwrap_err(),
                    Err(reason) => break reason,
                }
            };
            assert!(all == text, "{reason}");
        }
    }
}
