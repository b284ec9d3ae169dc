//! Frames between agents, and the handshake before the first one.
//!
//! A frame is a length (4 bytes, big-endian, at most 1 MiB) and JSON. Both sides prove that they
//! hold the run's token by HMAC-SHA256 (RFC 2104) over both nonces, the run and what the connection
//! is for; the token itself never travels. It guards against other pods and users, not against the
//! run's own code, and it doesn't hide what is said.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::gang::RunId;
use crate::text::hex;

/// The longest frame.
const FRAME_LIMIT: usize = 1 << 20;

/// The longest frame before the other side has proved itself.
const HELLO_LIMIT: usize = 1024;

/// A handshake takes at most this long.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

/// A peer that takes nothing for so long is gone.
const WRITE_LIMIT: Duration = Duration::from_secs(5);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Purpose {
    /// A member of the gang.
    Member,
    /// The agent of a member, from its birth to its end.
    Presence,
    /// Somebody who holds the token and wants the run to end.
    Control,
}

impl Purpose {
    /// How it is signed. Part of the wire's format: never change one.
    fn word(self) -> &'static str {
        match self {
            Self::Member => "Member",
            Self::Presence => "Presence",
            Self::Control => "Control",
        }
    }
}

/// The newest form of what agents say to each other, and the oldest one that is still spoken. The
/// dialling side names its newest, the listening side answers with the newest that both speak, and
/// the proofs are made over that, so that nobody in between can choose another.
const NEWEST: u32 = 1;
const OLDEST: u32 = 1;

/// Agents that were built before versions were named speak the first.
fn first() -> u32 {
    1
}

#[derive(Serialize, Deserialize)]
struct Hello {
    #[serde(default = "first")]
    version: u32,
    run: RunId,
    purpose: Purpose,
    nonce: String,
}

#[derive(Serialize, Deserialize)]
struct Challenge {
    #[serde(default = "first")]
    version: u32,
    nonce: String,
    proof: String,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    proof: String,
}

/// Writes one frame.
pub(super) fn send(stream: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let body = serde_json::to_vec(message)?;
    if body.len() > FRAME_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the frame is too long"));
    }
    let mut frame = (body.len() as u32).to_be_bytes().to_vec();
    frame.extend_from_slice(&body);
    stream.write_all(&frame)
}

/// Reads one frame.
pub(super) fn receive<T: DeserializeOwned>(stream: &mut impl Read) -> io::Result<T> {
    receive_at_most(stream, FRAME_LIMIT)
}

fn receive_at_most<T: DeserializeOwned>(stream: &mut impl Read, limit: usize) -> io::Result<T> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = u32::from_be_bytes(length) as usize;
    if length > limit {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the frame is too long"));
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

/// The dialling side. On success the stream blocks on reads and is limited on writes.
pub(super) fn greet(
    stream: &mut TcpStream,
    token: &[u8],
    run: &RunId,
    purpose: Purpose,
) -> io::Result<()> {
    limit(stream, Some(HANDSHAKE_LIMIT))?;
    let mine = nonce()?;
    send(stream, &Hello { version: NEWEST, run: run.into(), purpose, nonce: mine.clone() })?;
    let challenge: Challenge = receive_at_most(stream, HELLO_LIMIT)?;
    let version = spoken(challenge.version)?;
    let said = [run, purpose.word(), &mine, &challenge.nonce];
    verify(token, version, "listener", &said, &challenge.proof)?;
    send(stream, &Answer { proof: prove(token, version, "dialler", &said)? })?;
    limit(stream, None)
}

/// The listening side: what the connection is for.
pub(super) fn admit(stream: &mut TcpStream, token: &[u8], run: &RunId) -> io::Result<Purpose> {
    limit(stream, Some(HANDSHAKE_LIMIT))?;
    let hello: Hello = receive_at_most(stream, HELLO_LIMIT)?;
    if hello.run != *run {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "another run"));
    }
    let mine = nonce()?;
    let version = spoken(hello.version.min(NEWEST))?;
    let said = [run, hello.purpose.word(), &hello.nonce, &mine];
    let proof = prove(token, version, "listener", &said)?;
    send(stream, &Challenge { version, nonce: mine.clone(), proof })?;
    let answer: Answer = receive_at_most(stream, HELLO_LIMIT)?;
    verify(token, version, "dialler", &said, &answer.proof)?;
    limit(stream, None)?;
    Ok(hello.purpose)
}

/// A version that this program speaks, or why it can't.
fn spoken(version: u32) -> io::Result<u32> {
    if (OLDEST..=NEWEST).contains(&version) {
        return Ok(version);
    }
    let text = format!(
        "the other agent speaks version {version} of the gang's messages, and this one {OLDEST} to \
         {NEWEST}: all replicas need the same mlctl (the setting `runnerImage`)"
    );
    Err(io::Error::new(io::ErrorKind::InvalidData, text))
}

fn limit(stream: &TcpStream, reads: Option<Duration>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(reads)?;
    stream.set_write_timeout(Some(WRITE_LIMIT))
}

fn nonce() -> io::Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    Ok(hex::encode(bytes))
}

fn mac(token: &[u8], version: u32, side: &str, said: &[&str]) -> io::Result<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(token).map_err(io::Error::other)?;
    let protocol = format!("mlctl gang {version}");
    for part in [protocol.as_str(), side].iter().chain(said) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part.as_bytes());
    }
    Ok(mac)
}

fn prove(token: &[u8], version: u32, side: &str, said: &[&str]) -> io::Result<String> {
    Ok(hex::encode(mac(token, version, side, said)?.finalize().into_bytes()))
}

fn verify(token: &[u8], version: u32, side: &str, said: &[&str], proof: &str) -> io::Result<()> {
    let wrong = || io::Error::new(io::ErrorKind::PermissionDenied, "wrong token");
    // The comparison takes the same time wherever the proofs differ.
    mac(token, version, side, said)?
        .verify_slice(&hex::decode(proof).ok_or_else(wrong)?)
        .map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    fn meet(theirs: &'static str, run: &'static str) -> (io::Result<()>, io::Result<Purpose>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let dialler = std::thread::spawn(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            greet(&mut stream, theirs.as_bytes(), &run.into(), Purpose::Member)
        });
        let (mut stream, _) = listener.accept().unwrap();
        let admitted = admit(&mut stream, b"token", &"digits-abc123".into());
        drop(stream);
        (dialler.join().unwrap(), admitted)
    }

    #[test]
    fn only_the_token_holder_of_the_run_gets_in() {
        let (greeted, admitted) = meet("token", "digits-abc123");
        assert!(greeted.is_ok());
        assert_eq!(admitted.unwrap(), Purpose::Member);
        let (greeted, admitted) = meet("other", "digits-abc123");
        assert!(greeted.is_err() && admitted.is_err());
        let (greeted, admitted) = meet("token", "digits-xyz999");
        assert!(greeted.is_err() && admitted.is_err());
    }

    #[test]
    fn agents_speak_the_newest_version_that_both_know() {
        let old: Hello =
            serde_json::from_str(r#"{"run":"r","purpose":"member","nonce":"n"}"#).unwrap();
        assert_eq!(spoken(old.version.min(NEWEST)).unwrap(), 1);
        assert_eq!(spoken(NEWEST).unwrap(), NEWEST);
        let error = spoken(NEWEST + 1).unwrap_err().to_string();
        assert!(error.contains("runnerImage"), "{error}");
        assert!(spoken(0).is_err());
    }

    /// Agents as they were before versions were named: what they say is understood, and they take
    /// these proofs.
    #[test]
    fn the_first_version_is_spoken_as_it_was() {
        use serde_json::{Value as Json, json};
        let mut lines = include_str!("../../tests/it/formats/v1/handshake.jsonl").lines();
        let with_version = |line: &str| {
            let mut value: Json = serde_json::from_str(line).unwrap();
            value["version"] = 1.into();
            value
        };
        for purpose in [Purpose::Member, Purpose::Presence, Purpose::Control] {
            let (first, second, third) =
                (lines.next().unwrap(), lines.next().unwrap(), lines.next().unwrap());
            let hello: Hello = serde_json::from_str(first).unwrap();
            assert_eq!((hello.version, hello.purpose), (1, purpose));
            assert_eq!(json!(hello), with_version(first));
            let challenge: Challenge = serde_json::from_str(second).unwrap();
            assert_eq!(json!(challenge), with_version(second));
            let answer: Answer = serde_json::from_str(third).unwrap();
            assert_eq!(json!(answer).to_string(), third);
            let said = [&hello.run, purpose.word(), &hello.nonce, &challenge.nonce];
            assert_eq!(prove(b"token", 1, "listener", &said).unwrap(), challenge.proof);
            assert_eq!(prove(b"token", 1, "dialler", &said).unwrap(), answer.proof);
        }
        // What follows on such a connection, but for the gang's own messages.
        let cancel: crate::agent::links::CancelRequest =
            serde_json::from_str(r#"{"by":"ada"}"#).unwrap();
        assert_eq!(json!(cancel).to_string(), r#"{"by":"ada"}"#);
        assert_eq!(json!(crate::gang::ReplicaId::new("worker", 1)), "worker-1");
    }

    #[test]
    fn garbage_is_turned_away() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let mut garbage = TcpStream::connect(address).unwrap();
        garbage.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        assert!(admit(&mut stream, b"token", &"r".into()).is_err());
    }
}
