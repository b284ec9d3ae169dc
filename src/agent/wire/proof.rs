//! Proofs that somebody holds the run's token, by HMAC-SHA256 (RFC 2104). The token never travels.

use std::io;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::text::hex;

/// The state of an HMAC with its key.
pub(super) type Keyed = Hmac<Sha256>;

/// A text that is never said twice.
pub(super) fn nonce() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(hex::encode(bytes))
}

/// What a proof is over. Each part counts with its length, so that none can be taken for two, and
/// `side` tells who proves what, so that no proof can be sent back to where it came from.
fn mac(token: &[u8], version: u32, side: &str, said: &[&str]) -> io::Result<Keyed> {
    let mut mac = Keyed::new_from_slice(token).map_err(io::Error::other)?;
    let protocol = format!("mlctl gang {version}");
    for part in [protocol.as_str(), side].iter().chain(said) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    Ok(mac)
}

pub(in crate::agent) fn prove(
    token: &[u8],
    version: u32,
    side: &str,
    said: &[&str],
) -> io::Result<String> {
    Ok(hex::encode(mac(token, version, side, said)?.finalize().into_bytes()))
}

pub(in crate::agent) fn verify(
    token: &[u8],
    version: u32,
    side: &str,
    said: &[&str],
    proof: &str,
) -> io::Result<()> {
    let wrong = || io::Error::new(io::ErrorKind::PermissionDenied, "wrong token");
    // The comparison takes the same time wherever the proofs differ.
    mac(token, version, side, said)?
        .verify_slice(&hex::decode(proof).ok_or_else(wrong)?)
        .map_err(|_| wrong())
}

/// A key of this one connection for what `side` will send over it.
pub(super) fn key(token: &[u8], version: u32, side: &str, said: &[&str]) -> io::Result<Keyed> {
    let key = mac(token, version, &format!("frames of the {side}"), said)?.finalize().into_bytes();
    Keyed::new_from_slice(&key).map_err(io::Error::other)
}
