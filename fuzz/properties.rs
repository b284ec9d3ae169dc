//! What holds of anything that comes from outside, whatever its bytes: nothing panics, nothing takes
//! more memory than its bytes deserve, and what is accepted is written back the same. The fuzz
//! targets use these, and so does a test that throws mutated fixtures at them.

use std::fmt::Debug;
use std::io::Read;

use mlctl::agent::pod::PodDocument;
use mlctl::agent::stream::StreamReader;
use mlctl::agent::wire::{Admission, Receiver, Sender, Step};
use mlctl::agent::{AgentConfig, ProbeReport};
use mlctl::event::{Cursor, Event};
use mlctl::gang::{ReplicaId, TerminationMessage, ToMember, ToPrimary, Verdict};
use mlctl::model::inspect::{archive, graphs, onnx, tfjs, tflite};
use mlctl::plan::{ClusterLayout, Plan};
use mlctl::store::{IndexEntry, RunRecord, parse_index};
use mlctl::text::read_document;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest termination message that the kubelet keeps.
const TERMINATION_LIMIT: usize = 4096;

/// What is read of a cluster's objects: records, the documents of pods, termination messages, logs.
/// The number says of how many of them the bytes were.
pub fn of_a_cluster(bytes: &[u8]) -> usize {
    let mut accepted = usize::from(comes_back::<RunRecord>(bytes).is_some());
    accepted += usize::from(comes_back::<ClusterLayout>(bytes).is_some());
    accepted += usize::from(comes_back::<Verdict>(bytes).is_some());
    accepted += usize::from(comes_back::<ProbeReport>(bytes).is_some());
    if let Ok(document) = read_document::<PodDocument>(bytes, u32::MAX) {
        assert_eq!(comes_back::<PodDocument>(bytes), Some(document.clone()));
        for (job, index) in document
            .layout
            .jobs
            .iter()
            .flat_map(|job| (0..=job.replicas.len()).map(move |index| (&job.name, index)))
        {
            if let Some(replica) = document.layout.replica(job, index) {
                assert!(document.layout.place(replica).is_some());
            }
        }
        accepted += 1;
    }
    if let Some(message) = comes_back::<TerminationMessage>(bytes) {
        let short = message.to_bytes();
        let again: TerminationMessage = serde_json::from_slice(&short).expect("what was written");
        assert_eq!(again.to_bytes(), short);
        // Names are no longer than a cluster allows where they come from a cluster.
        let names = message.run.len() + message.pod_uid.len() + message.replica.to_string().len();
        assert!(names > 300 || short.len() <= TERMINATION_LIMIT, "{} bytes", short.len());
        accepted += 1;
    }
    accepted + log(bytes)
}

/// A log has the same in it wherever it is cut. The number of its own events.
fn log(bytes: &[u8]) -> usize {
    let read = |pieces: &[&[u8]]| {
        let mut reader = StreamReader::new("abcdef");
        let mut items: Vec<_> = pieces.iter().flat_map(|piece| reader.push(piece)).collect();
        items.extend(reader.finish());
        items
    };
    let whole = read(&[bytes]);
    // A line that is too long is cut where a piece ends.
    if bytes.len() < 2048 {
        let (first, second) = bytes.split_at(bytes.len() / 2);
        assert_eq!(format!("{:?}", read(&[first, second])), format!("{whole:?}"));
    }
    whole.iter().filter(|item| format!("{item:?}").starts_with("Event")).count()
}

/// What a stranger says to the primary's agent, and what somebody with the token says.
pub fn of_the_wire(bytes: &[u8]) -> usize {
    let mut admission = Admission::new(b"token"[..].into(), "all-abc123".parse().unwrap());
    let mut rest = bytes;
    let mut answered = 0;
    while !rest.is_empty() {
        let missing = admission.missing();
        assert!((1..=1028).contains(&missing), "{missing} bytes of a stranger are awaited");
        let (now, later) = rest.split_at(missing.min(rest.len()));
        rest = later;
        match admission.take(now) {
            Ok(Step::More) => {}
            Ok(Step::Reply(reply)) => {
                assert!(reply.len() < 1028);
                answered += 1;
            }
            Ok(Step::Admitted(..)) => panic!("somebody without the token was let in"),
            Err(_) => break,
        }
    }
    answered
        + usize::from(frames::<ToPrimary>(bytes))
        + usize::from(frames::<ToMember>(bytes))
        + usize::from(frames::<ReplicaId>(bytes))
}

/// The frames of a connection until one that is none; whether there was one.
fn frames<T: Serialize + DeserializeOwned + Debug + PartialEq>(mut bytes: &[u8]) -> bool {
    let mut receiver = Receiver::default();
    let mut any = false;
    while let Ok(message) = receiver.receive::<T>(&mut bytes.by_ref()) {
        let mut frame = Vec::new();
        Sender::default().send(&mut frame, &message).expect("what was a frame is one again");
        let again: T = Receiver::default().receive(&mut frame.as_slice()).expect("the same frame");
        assert_eq!(again, message);
        any = true;
    }
    any
}

/// What lies in the state folder: records, plans, journals, cursors, what agents are told.
pub fn of_the_state(bytes: &[u8]) -> usize {
    let documents = [
        comes_back::<RunRecord>(bytes).is_some(),
        comes_back::<Plan>(bytes).is_some(),
        settles::<Cursor>(bytes).is_some(),
        comes_back::<AgentConfig>(bytes).is_some(),
    ];
    let lines = bytes.split(|byte| *byte == b'\n').filter_map(comes_back::<Event>).count();
    documents.into_iter().filter(|accepted| *accepted).count() + lines
}

/// The index: a line that is understood is written back as it was understood. The number of runs.
pub fn of_the_index(bytes: &[u8]) -> usize {
    let text = String::from_utf8_lossy(bytes);
    let view = parse_index(&text);
    assert!(view.runs.len() + view.damaged <= text.lines().count());
    for run in &view.runs {
        let entry = run.to_entry();
        let line = serde_json::to_string(&entry).expect("an entry") + "\n";
        let again = parse_index(&line);
        assert_eq!(again.runs.iter().map(|run| run.to_entry()).collect::<Vec<_>>(), [entry]);
    }
    for line in bytes.split(|byte| *byte == b'\n') {
        comes_back::<IndexEntry>(line);
    }
    view.runs.len()
}

/// Reads a document; what it is, if it is one, is the same when it was written and read again.
fn comes_back<T: DeserializeOwned + Serialize + Debug + PartialEq>(bytes: &[u8]) -> Option<T> {
    let document: T = serde_json::from_slice(bytes).ok()?;
    let written = serde_json::to_vec(&document).expect("a document that was read can be written");
    let again: T = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(again, document);
    Some(document)
}

/// The same of a document of which something that says nothing is not written again: it is lost at
/// once or never.
fn settles<T: DeserializeOwned + Serialize + Debug + PartialEq>(bytes: &[u8]) -> Option<T> {
    let document: T = serde_json::from_slice(bytes).ok()?;
    comes_back(&serde_json::to_vec(&document).expect("a document that was read can be written"))
}

/// A SavedModel's graph.
pub fn of_a_saved_model(bytes: &[u8]) -> usize {
    let found = graphs(&bytes);
    found.map_or(0, |graphs| graphs.iter().map(|graph| 1 + graph.signatures.len()).sum())
}

/// A model of TensorFlow Lite.
pub fn of_tflite(bytes: &[u8]) -> usize {
    let found = tflite(&bytes);
    found.map_or(0, |model| {
        let uses: u64 = model.operators.iter().map(|one| one.count).sum();
        assert!(uses <= bytes.len() as u64 * 10_000, "{uses} operators");
        1
    })
}

/// The description of a model of TensorFlow.js, none of whose shards is there.
pub fn of_tfjs(bytes: &[u8]) -> usize {
    let found = tfjs(&bytes, &|_| None);
    found.map_or(0, |model| {
        assert!(model.shards.is_empty() || model.trouble().is_some());
        1
    })
}

/// An ONNX graph.
pub fn of_onnx(bytes: &[u8]) -> usize {
    onnx(&bytes).map_or(0, |graph| {
        assert!(graph.weights <= bytes.len() as u64);
        1
    })
}

/// An archive of Keras or PyTorch.
pub fn of_an_archive(bytes: &[u8]) -> usize {
    usize::from(archive(&bytes).is_ok())
}
