//! The handshake before the first frame. Both sides prove that they hold the run's token, over both
//! nonces, the run and what the connection is for. That guards against other pods and users, not
//! against the run's own code.
//!
//! The dialling side's first message has a proof too, over its own words alone. Whoever can't make
//! one costs the listening side one HMAC and is not answered. It may be repeated by somebody who has
//! heard it, so that it opens nothing: it tells a member from a stranger while a place is short.

use crate::gang::RunId;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::frame::{Channel, HEAD, Receiver, Sender, length};
use super::proof::{key, nonce, prove, verify};
use crate::agent::socket::{Socket, Timed};

/// The longest frame before the other side has proved itself.
const HELLO_LIMIT: usize = 1024;

/// A handshake takes at most this long, all of it.
pub(in crate::agent) const HANDSHAKE_LIMIT: Duration = Duration::from_secs(5);

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Purpose {
    /// A member of the gang.
    Member,
    /// The agent of a member, from its birth to its end.
    Presence,
    /// Somebody who holds the token and wants the run to end.
    Control,
}

impl Purpose {
    /// How it is signed. Part of the wire's format: never change one.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Member => "Member",
            Self::Presence => "Presence",
            Self::Control => "Control",
        }
    }

    /// The oldest version in which something of this purpose is said. Whoever asks a run to end may
    /// be an mlctl of another age than its agents; nothing of worth is said then.
    fn oldest(self) -> u32 {
        match self {
            Self::Member | Self::Presence => SEALED,
            Self::Control => 1,
        }
    }
}

/// The newest form of what agents say to each other. The dialling side names its newest, the
/// listening side answers with the newest that both speak, and the proofs are made over that.
pub(super) const NEWEST: u32 = SEALED;

/// From this version on the first message has a proof, and every frame after the handshake a seal.
pub(super) const SEALED: u32 = 2;

/// Agents that were built before versions were named speak the first.
fn first() -> u32 {
    1
}

#[derive(Serialize, Deserialize)]
pub(super) struct Hello {
    #[serde(default = "first")]
    pub(super) version: u32,
    pub(super) run: RunId,
    pub(super) purpose: Purpose,
    pub(super) nonce: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proof: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Challenge {
    #[serde(default = "first")]
    pub(super) version: u32,
    pub(super) nonce: String,
    pub(super) proof: String,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Answer {
    pub(super) proof: String,
}

/// The dialling side. It says nothing but who it is before the other side has proved itself. On
/// success the stream blocks on reads.
pub(in crate::agent) fn greet(
    socket: &Socket,
    token: &[u8],
    run: &RunId,
    purpose: Purpose,
) -> io::Result<Channel> {
    socket.without_delay()?;
    let mut stream = Timed::new(socket, HANDSHAKE_LIMIT);
    let mine = nonce()?;
    let proof = prove(token, NEWEST, "opener", &[run, purpose.word(), &mine])?;
    let hello = Hello {
        version: NEWEST,
        run: run.into(),
        purpose,
        nonce: mine.clone(),
        proof: Some(proof),
    };
    Sender::default().send(&mut stream, &hello)?;
    let challenge: Challenge = Receiver::default().receive_at_most(&mut stream, HELLO_LIMIT)?;
    let version = spoken(challenge.version, purpose)?;
    let said = [run, purpose.word(), &mine, &challenge.nonce];
    verify(token, version, "listener", &said, &challenge.proof)?;
    let answer = Answer { proof: prove(token, version, "dialler", &said)? };
    Sender::default().send(&mut stream, &answer)?;
    socket.set_read_timeout(None)?;
    channel(token, version, ("dialler", "listener"), &said)
}

/// The listening side of one connection, without the connection: it is told what was read.
pub struct Admission {
    token: Arc<[u8]>,
    run: RunId,
    /// What has come of the frame that is awaited.
    frame: Vec<u8>,
    /// What has been said so far; `None` before the first message.
    said: Option<Said>,
}

struct Said {
    version: u32,
    purpose: Purpose,
    theirs: String,
    mine: String,
    is_opened: bool,
}

/// What follows from the bytes that have come.
#[derive(Debug)]
pub enum Step {
    /// More bytes are awaited.
    More,
    /// This is to be sent.
    Reply(Vec<u8>),
    /// The other side holds the token.
    Admitted(Purpose, Box<Channel>),
}

impl Admission {
    /// Of a connection to the agent of this run.
    pub fn new(token: Arc<[u8]>, run: RunId) -> Self {
        Self { token, run, frame: Vec::new(), said: None }
    }

    /// How many bytes may be read now: never more than belong to the handshake.
    pub fn missing(&self) -> usize {
        match self.frame.first_chunk::<HEAD>() {
            None => HEAD - self.frame.len(),
            Some(head) => {
                let length = length(*head, HELLO_LIMIT).unwrap_or(0);
                (HEAD + length).saturating_sub(self.frame.len())
            }
        }
    }

    /// The nonce of a connection whose first message had a proof.
    pub(in crate::agent) fn opening(&self) -> Option<&str> {
        self.said.as_ref().filter(|said| said.is_opened).map(|said| said.theirs.as_str())
    }

    /// Takes at most [`Self::missing`] bytes. After an error the connection is to be closed.
    pub fn take(&mut self, bytes: &[u8]) -> io::Result<Step> {
        self.frame.extend_from_slice(bytes);
        let Some(head) = self.frame.first_chunk::<HEAD>() else { return Ok(Step::More) };
        length(*head, HELLO_LIMIT)?;
        if self.missing() > 0 {
            return Ok(Step::More);
        }
        let frame = std::mem::take(&mut self.frame);
        let mut frame = frame.as_slice();
        match self.said.take() {
            None => {
                let hello = Receiver::default().receive_at_most(&mut frame, HELLO_LIMIT)?;
                self.challenge(hello)
            }
            Some(said) => {
                let answer = Receiver::default().receive_at_most(&mut frame, HELLO_LIMIT)?;
                self.admit(&said, &answer)
            }
        }
    }

    fn challenge(&mut self, hello: Hello) -> io::Result<Step> {
        if *hello.run != *self.run {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "another run"));
        }
        let version = spoken(hello.version.min(NEWEST), hello.purpose)?;
        let is_opened = version >= SEALED;
        if is_opened {
            // Over the version that was offered: nobody in between has put an older one there.
            let opening = [&*hello.run, hello.purpose.word(), &hello.nonce];
            let proof = hello.proof.as_deref().unwrap_or_default();
            verify(&self.token, hello.version, "opener", &opening, proof)?;
        }
        let mine = nonce()?;
        let said = Said { version, purpose: hello.purpose, theirs: hello.nonce, mine, is_opened };
        let proof = prove(&self.token, version, "listener", &said.parts(&self.run))?;
        let challenge = Challenge { version, nonce: said.mine.clone(), proof };
        self.said = Some(said);
        Sender::default().frame(&challenge).map(Step::Reply)
    }

    fn admit(&self, said: &Said, answer: &Answer) -> io::Result<Step> {
        let parts = said.parts(&self.run);
        verify(&self.token, said.version, "dialler", &parts, &answer.proof)?;
        let channel = channel(&self.token, said.version, ("listener", "dialler"), &parts)?;
        Ok(Step::Admitted(said.purpose, Box::new(channel)))
    }
}

impl Said {
    fn parts<'a>(&'a self, run: &'a str) -> [&'a str; 4] {
        [run, self.purpose.word(), &self.theirs, &self.mine]
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("missing", &self.missing()).finish_non_exhaustive()
    }
}

/// How frames go from `me` to `them` and back.
fn channel(
    token: &[u8],
    version: u32,
    (me, them): (&str, &str),
    said: &[&str],
) -> io::Result<Channel> {
    if version < SEALED {
        return Ok(Channel { sender: Sender::default(), receiver: Receiver::default() });
    }
    Ok(Channel {
        sender: Sender::sealing(key(token, version, me, said)?),
        receiver: Receiver::sealed(key(token, version, them, said)?),
    })
}

/// A version that this program speaks, or why it can't.
pub(super) fn spoken(version: u32, purpose: Purpose) -> io::Result<u32> {
    let oldest = purpose.oldest();
    if (oldest..=NEWEST).contains(&version) {
        return Ok(version);
    }
    let text = format!(
        "the other agent speaks version {version} of the gang's messages, and this one {oldest} to \
         {NEWEST}: all replicas need the same mlctl (the setting `runnerImage`)"
    );
    Err(io::Error::new(io::ErrorKind::InvalidData, text))
}
