//! Frames: a length (4 bytes, big-endian, at most 1 MiB), a seal (32 bytes), and JSON.
//!
//! The seal is an HMAC-SHA256 over the number of the frame and its body, by a key that only this
//! connection has in this direction: nobody in between can change, repeat, reorder or add a frame.
//! It doesn't hide what is said. Before both sides have proved themselves, and on connections of
//! the first version, frames have no seal.

use std::io::{self, Read, Write};

use hmac::Mac;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::proof::Keyed;

/// The longest frame.
const FRAME_LIMIT: usize = 1 << 20;

/// The length of a seal.
const SEAL: usize = 32;

/// What is in front of a frame's body: its length.
pub(super) const HEAD: usize = 4;

/// Both directions of a connection whose sides have proved themselves.
#[derive(Debug)]
pub struct Channel {
    /// What this side says.
    pub sender: Sender,
    /// What the other side says.
    pub receiver: Receiver,
}

/// Writes frames in their order.
#[derive(Debug, Default)]
pub struct Sender(Option<Seals>);

/// Reads frames in their order.
#[derive(Debug, Default)]
pub struct Receiver(Option<Seals>);

/// The seals of one direction.
#[derive(Debug)]
struct Seals {
    key: Keyed,
    next: u64,
}

impl Seals {
    fn next(&mut self, body: &[u8]) -> Keyed {
        let mut mac = self.key.clone();
        mac.update(&self.next.to_be_bytes());
        mac.update(body);
        self.next += 1;
        mac
    }
}

impl Sender {
    pub(super) fn sealing(key: Keyed) -> Self {
        Self(Some(Seals { key, next: 0 }))
    }

    /// Writes one frame.
    pub fn send(&mut self, stream: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
        stream.write_all(&self.frame(message)?)
    }

    /// One frame as it is written.
    pub(super) fn frame(&mut self, message: &impl Serialize) -> io::Result<Vec<u8>> {
        let body = serde_json::to_vec(message)?;
        let mut frame = (checked(body.len(), FRAME_LIMIT)? as u32).to_be_bytes().to_vec();
        if let Some(seals) = &mut self.0 {
            frame.extend_from_slice(&seals.next(&body).finalize().into_bytes());
        }
        frame.extend_from_slice(&body);
        Ok(frame)
    }
}

impl Receiver {
    pub(super) fn sealed(key: Keyed) -> Self {
        Self(Some(Seals { key, next: 0 }))
    }

    /// Reads one frame. It takes no more memory than bytes have come.
    pub fn receive<T: DeserializeOwned>(&mut self, stream: &mut impl Read) -> io::Result<T> {
        self.receive_at_most(stream, FRAME_LIMIT)
    }

    pub(super) fn receive_at_most<T: DeserializeOwned>(
        &mut self,
        stream: &mut impl Read,
        limit: usize,
    ) -> io::Result<T> {
        let mut head = [0; HEAD];
        stream.read_exact(&mut head)?;
        let length = length(head, limit)?;
        let mut seal = [0; SEAL];
        if self.0.is_some() {
            stream.read_exact(&mut seal)?;
        }
        let mut body = Vec::new();
        stream.take(length as u64).read_to_end(&mut body)?;
        if body.len() < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if let Some(seals) = &mut self.0 {
            seals.next(&body).verify_slice(&seal).map_err(|_| {
                let reason = "a message was changed, lost or repeated on its way";
                io::Error::new(io::ErrorKind::PermissionDenied, reason)
            })?;
        }
        Ok(serde_json::from_slice(&body)?)
    }
}

/// The length that a frame's head says, if it is within the limit.
pub(super) fn length(head: [u8; HEAD], limit: usize) -> io::Result<usize> {
    checked(u32::from_be_bytes(head) as usize, limit)
}

fn checked(length: usize, limit: usize) -> io::Result<usize> {
    if length > limit {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the frame is too long"));
    }
    Ok(length)
}
