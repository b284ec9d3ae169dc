use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use super::frame::{Receiver, Sender};
use super::handshake::{Admission, Answer, Challenge, Hello, NEWEST, Purpose, Step, greet, spoken};
use super::proof::{key, prove};
use super::{Channel, HANDSHAKE_LIMIT};
use crate::agent::socket::Socket;

fn admission(run: &str) -> Admission {
    Admission::new(Arc::from(&b"token"[..]), run.into())
}

/// The listening side over a stream, until it has let somebody in or not; `heard` gets all that was
/// read.
fn admit(
    stream: &mut UnixStream,
    run: &str,
    heard: &mut Vec<u8>,
) -> io::Result<(Purpose, Channel)> {
    let mut admission = admission(run);
    loop {
        let mut bytes = vec![0; admission.missing()];
        stream.read_exact(&mut bytes)?;
        heard.extend_from_slice(&bytes);
        match admission.take(&bytes)? {
            Step::More => {}
            Step::Reply(reply) => stream.write_all(&reply)?,
            Step::Admitted(purpose, channel) => return Ok((purpose, *channel)),
        }
    }
}

type Met = (io::Result<Channel>, io::Result<(Purpose, Channel)>);

fn meet(token: &'static str, run: &'static str, purpose: Purpose) -> Met {
    let (dialler, mut listener) = UnixStream::pair().unwrap();
    let greeted = std::thread::spawn(move || {
        greet(&Socket::Unix(dialler), token.as_bytes(), &run.into(), purpose)
    });
    let admitted = admit(&mut listener, "digits-abc123", &mut Vec::new());
    drop(listener);
    (greeted.join().unwrap(), admitted)
}

#[test]
fn only_the_token_holder_of_the_run_gets_in() {
    let (greeted, admitted) = meet("token", "digits-abc123", Purpose::Member);
    let (mut mine, (purpose, mut theirs)) = (greeted.unwrap(), admitted.unwrap());
    assert_eq!(purpose, Purpose::Member);
    let mut said = Vec::new();
    mine.sender.send(&mut said, &"hello").unwrap();
    assert_eq!(theirs.receiver.receive::<String>(&mut said.as_slice()).unwrap(), "hello");
    for (token, run) in [("other", "digits-abc123"), ("token", "digits-xyz999")] {
        let (greeted, admitted) = meet(token, run, Purpose::Member);
        assert!(greeted.is_err() && admitted.is_err());
    }
}

#[test]
fn agents_speak_the_newest_version_that_both_know() {
    let old: Hello =
        serde_json::from_str(r#"{"run":"r","purpose":"control","nonce":"n"}"#).unwrap();
    assert_eq!(spoken(old.version.min(NEWEST), old.purpose).unwrap(), 1);
    assert_eq!(spoken(NEWEST, Purpose::Member).unwrap(), NEWEST);
    for (version, purpose) in
        [(NEWEST + 1, Purpose::Control), (1, Purpose::Member), (1, Purpose::Presence)]
    {
        let error = spoken(version, purpose).unwrap_err().to_string();
        assert!(error.contains("runnerImage"), "{error}");
    }
    assert!(spoken(0, Purpose::Control).is_err());
}

/// Agents as they were before versions were named: a run of theirs can be cancelled, and they can
/// cancel one.
#[test]
fn the_first_version_is_spoken_as_it_was() {
    use serde_json::{Value as Json, json};
    let mut lines = include_str!("../../../tests/it/formats/v1/handshake.jsonl").lines();
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
    // What follows on such a connection.
    let cancel: crate::agent::links::CancelRequest =
        serde_json::from_str(r#"{"by":"ada"}"#).unwrap();
    assert_eq!(json!(cancel).to_string(), r#"{"by":"ada"}"#);
    let mut frame = Vec::new();
    Sender::default().send(&mut frame, &cancel).unwrap();
    assert_eq!(frame, b"\0\0\0\x0c{\"by\":\"ada\"}");
}

/// An older mlctl that cancels, whole.
#[test]
fn an_older_mlctl_may_only_cancel() {
    for (purpose, is_let_in) in
        [(Purpose::Control, true), (Purpose::Member, false), (Purpose::Presence, false)]
    {
        let mut admission = admission("r");
        let hello = Hello { version: 1, run: "r".into(), purpose, nonce: "n".into(), proof: None };
        let reply = take_all(&mut admission, &Sender::default().frame(&hello).unwrap());
        let Ok(Step::Reply(reply)) = reply else {
            assert!(!is_let_in, "{reply:?}");
            continue;
        };
        let challenge: Challenge = Receiver::default().receive(&mut reply.as_slice()).unwrap();
        let said = ["r", purpose.word(), "n", &challenge.nonce];
        let answer = Answer { proof: prove(b"token", 1, "dialler", &said).unwrap() };
        let step = take_all(&mut admission, &Sender::default().frame(&answer).unwrap());
        assert!(matches!(step, Ok(Step::Admitted(..))) && is_let_in);
    }
}

/// Gives an admission a frame as it wants it.
fn take_all(admission: &mut Admission, mut frame: &[u8]) -> io::Result<Step> {
    loop {
        let (now, later) = frame.split_at(admission.missing().min(frame.len()));
        frame = later;
        match admission.take(now)? {
            Step::More if !frame.is_empty() => {}
            step => return Ok(step),
        }
    }
}

fn hello(version: u32, proven: u32, purpose: Purpose) -> Vec<u8> {
    let nonce = "n".repeat(64);
    let proof = prove(b"token", proven, "opener", &["r", "Member", &nonce]).unwrap();
    let hello = Hello { version, run: "r".into(), purpose, nonce, proof: Some(proof) };
    Sender::default().frame(&hello).unwrap()
}

#[test]
fn the_first_words_are_answered_only_with_their_own_proof() {
    let answered = |frame: Vec<u8>| {
        take_all(&mut admission("r"), &frame).is_ok_and(|step| matches!(step, Step::Reply(_)))
    };
    assert!(answered(hello(NEWEST, NEWEST, Purpose::Member)));
    // Another purpose, another version, none at all.
    assert!(!answered(hello(NEWEST, NEWEST, Purpose::Presence)));
    assert!(!answered(hello(NEWEST + 1, NEWEST, Purpose::Member)));
    assert!(answered(hello(NEWEST + 1, NEWEST + 1, Purpose::Member)));
    let bare = serde_json::json!(
        {"version": NEWEST, "run": "r", "purpose": "member", "nonce": "n"}
    );
    assert!(!answered(Sender::default().frame(&bare).unwrap()));
}

/// A proof that is sent back proves nothing, whoever made it.
#[test]
fn proofs_are_not_taken_back() {
    let mut admission = admission("r");
    let frame = hello(NEWEST, NEWEST, Purpose::Member);
    let Ok(Step::Reply(reply)) = take_all(&mut admission, &frame) else { panic!("no reply") };
    let challenge: Challenge = Receiver::default().receive(&mut reply.as_slice()).unwrap();
    let reflected = Sender::default().frame(&Answer { proof: challenge.proof }).unwrap();
    assert!(take_all(&mut admission, &reflected).is_err());
    // All that was said in a handshake that went well, once more.
    let (dialler, mut listener) = UnixStream::pair().unwrap();
    let greeted = std::thread::spawn(move || {
        greet(&Socket::Unix(dialler), b"token", &"r".into(), Purpose::Member)
    });
    let mut heard = Vec::new();
    assert!(admit(&mut listener, "r", &mut heard).is_ok());
    assert!(greeted.join().unwrap().is_ok());
    let mut admission = self::admission("r");
    let length = 4 + u32::from_be_bytes(*heard.first_chunk().unwrap()) as usize;
    let (hello, answer) = heard.split_at(length);
    assert!(matches!(take_all(&mut admission, hello), Ok(Step::Reply(_))));
    let error = take_all(&mut admission, answer).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
}

/// A channel as one side has it, and the same side's own words: what was written can't be read.
#[test]
fn frames_can_not_be_changed_repeated_reordered_or_sent_back() {
    let keyed = |side: &str| key(b"token", NEWEST, side, &["r", "n"]).unwrap();
    let mut sender = Sender::sealing(keyed("dialler"));
    let frames: Vec<Vec<u8>> =
        ["one", "two", "three"].iter().map(|word| sender.frame(word).unwrap()).collect();
    let hear = |side: &str, frames: &[&[u8]]| {
        let mut receiver = Receiver::sealed(keyed(side));
        let bytes = frames.concat();
        let mut stream = bytes.as_slice();
        let words: Vec<String> =
            std::iter::from_fn(|| receiver.receive(&mut stream).ok()).collect();
        words
    };
    let [one, two, three] = [&*frames[0], &*frames[1], &*frames[2]];
    assert_eq!(hear("dialler", &[one, two, three]), ["one", "two", "three"]);
    assert_eq!(hear("dialler", &[one, one, two]), ["one"]);
    assert_eq!(hear("dialler", &[one, three]), ["one"]);
    assert_eq!(hear("dialler", &[two]), [""; 0]);
    assert_eq!(hear("listener", &[one]), [""; 0]);
    for at in 0..two.len() {
        let mut changed = two.to_vec();
        changed[at] ^= 1;
        assert_eq!(hear("dialler", &[one, &changed]), ["one"], "byte {at}");
    }
}

#[test]
fn garbage_is_turned_away() {
    for garbage in [
        &b"GET / HTTP/1.1\r\n\r\n"[..],
        b"\xff\xff\xff\xff",
        b"\0\0\x04\x01",
        b"\0\0\0\0",
        b"\0\0\0\x02{}",
    ] {
        assert!(take_all(&mut admission("r"), garbage).is_err(), "{garbage:?}");
    }
    let mut long = Vec::from(1024_u32.to_be_bytes());
    long.extend(vec![b'['; 1024]);
    assert!(take_all(&mut admission("r"), &long).is_err());
}

/// A length is only a promise: no memory is taken before the bytes are there.
#[test]
fn a_frame_takes_the_memory_of_what_has_come() {
    let mut promise = Vec::from((1_u32 << 20).to_be_bytes());
    promise.extend_from_slice(b"{}");
    let error = Receiver::default().receive::<String>(&mut promise.as_slice()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    let beyond = Vec::from(((1_u32 << 20) + 1).to_be_bytes());
    let error = Receiver::default().receive::<String>(&mut beyond.as_slice()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

/// Whoever answers one byte at a time has no more time than others.
#[test]
fn a_slow_answer_ends_with_the_handshake() {
    let (client, mut server) = UnixStream::pair().unwrap();
    let begin = std::time::Instant::now();
    let drip = std::thread::spawn(move || {
        // The promise of a long frame, and then a byte now and then.
        let _ = server.write_all(&1000_u32.to_be_bytes());
        while server.write_all(b" ").is_ok() {
            std::thread::sleep(HANDSHAKE_LIMIT / 50);
        }
    });
    let error = greet(&Socket::Unix(client), b"token", &"r".into(), Purpose::Member).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert!(begin.elapsed() < HANDSHAKE_LIMIT * 2);
    drip.join().unwrap();
}
