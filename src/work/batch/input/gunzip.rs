//! Gzip, unpacked as it arrives.

use std::io::Write;

use bytes::{Buf, Bytes};
use flate2::write::MultiGzDecoder;

/// So many packed bytes are unpacked at once: they become 16 MiB at most.
const STEP: usize = 16 << 10;

/// Unpacks a file of one or more members.
pub(crate) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    packed: Bytes,
}

impl Gunzip {
    /// Nothing has arrived yet.
    pub(crate) fn new() -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), packed: Bytes::new() }
    }

    /// The next packed bytes, when there are none left of those before.
    pub(crate) fn push(&mut self, packed: Bytes) {
        self.packed = packed;
    }

    /// The next unpacked bytes; `None` when more packed ones are needed.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, String> {
        while self.packed.has_remaining() {
            let step = self.packed.len().min(STEP);
            let used = self.decoder.write(&self.packed[..step]).map_err(|error| told(&error))?;
            self.packed.advance(used);
            let unpacked = self.taken();
            if !unpacked.is_empty() {
                return Ok(Some(unpacked));
            }
        }
        Ok(None)
    }

    /// The last unpacked bytes, when there are no more packed ones.
    pub(crate) fn finish(&mut self) -> Result<Bytes, String> {
        let ended = self.decoder.try_finish();
        ended.map_err(|_| "the gzip file is cut off, or damaged at its end".to_owned())?;
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
        let mut damaged = packed(b"something that has a checksum");
        let last = damaged.len() - 6;
        damaged[last] ^= 1;
        assert!(unpacked(&damaged, 100).is_err());
    }
}
