//! Thousands of documents that were changed on their way: what the fuzz targets look for, in a few
//! seconds.

use std::path::PathBuf;

use mlctl::gang::RunId;
use mlctl::store::{ListFilter, Store};

use crate::support::{copy_tree, repository};

#[path = "../../../fuzz/properties.rs"]
mod properties;

/// Pieces that something may be about: limits of numbers, ways out of a folder, nesting, terminals.
const PIECES: [&[u8]; 24] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"\\",
    b"\n",
    b"null",
    b"true",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"99999999999999999999999999",
    b"\"\"",
    b"../../..",
    b"\0",
    b"\xff",
    b"\\u0000",
    b"\\ud800",
    b"\x1b]52;c;eA==\x07",
    "\u{202e}".as_bytes(),
    b"[[[[[[[[[[[[[[[[",
];

fn v1(name: &str) -> PathBuf {
    repository().join("tests/it/formats/v1").join(name)
}

fn whole(name: &str) -> Vec<Vec<u8>> {
    vec![fs_err::read(v1(name)).unwrap()]
}

fn lines(name: &str) -> Vec<Vec<u8>> {
    let text = fs_err::read_to_string(v1(name)).unwrap();
    text.lines().map(|line| line.as_bytes().to_vec()).collect()
}

fn of_runs(name: &str) -> Vec<Vec<u8>> {
    let runs = fs_err::read_dir(v1("state/runs")).unwrap();
    runs.filter_map(|run| fs_err::read(run.unwrap().path().join(name)).ok()).collect()
}

/// Changes a document in one to four places.
fn mutate(document: &mut Vec<u8>, random: &mut fastrand::Rng) {
    for _ in 0..random.usize(1..=4) {
        if document.is_empty() {
            return;
        }
        let at = random.usize(..document.len());
        let end = (at + random.usize(1..40)).min(document.len());
        match random.u8(..7) {
            0 => document[at] ^= 1 << random.u8(..8),
            1 => drop(document.drain(at..end)),
            2 => document.truncate(at),
            3 => {
                let piece = document[at..end].to_vec();
                let to = random.usize(..document.len());
                document.splice(to..to, piece);
            }
            4 => {
                // A whole value, where one begins.
                let value = document[at..].iter().position(|byte| *byte == b':');
                let Some(begin) = value.map(|offset| at + offset + 1) else { continue };
                let length = document[begin..].iter().position(|byte| b",}\n".contains(byte));
                let end = length.map_or(document.len(), |length| begin + length);
                document.splice(begin..end, pick(random).iter().copied());
            }
            _ => drop(document.splice(at..at, pick(random).iter().copied())),
        }
    }
}

fn pick(random: &mut fastrand::Rng) -> &'static [u8] {
    PIECES[random.usize(..PIECES.len())]
}

/// Every seed is accepted as it is, and nothing that was made of one breaks the property.
#[track_caller]
fn throw(seeds: &[Vec<u8>], rounds: usize, property: fn(&[u8]) -> usize) {
    for seed in seeds {
        assert!(property(seed) > 0, "refused: {}", String::from_utf8_lossy(seed));
    }
    let mut random = fastrand::Rng::with_seed(11);
    let mut accepted = 0;
    for round in 0..rounds {
        let mut document = seeds[round % seeds.len()].clone();
        mutate(&mut document, &mut random);
        accepted += usize::from(property(&document) > 0);
    }
    // Else the changes would be too coarse to find anything behind the parser.
    assert!(accepted > rounds / 50, "{accepted} of {rounds} were accepted");
}

#[test]
fn nothing_of_a_cluster_breaks_its_reader() {
    let log = of_runs("logs/worker-0.log");
    let seeds =
        [whole("record.json"), whole("pod.json"), lines("terminations.jsonl"), of_runs("run.json")];
    throw(&seeds.concat(), 4000, properties::of_a_cluster);
    for document in log {
        properties::of_a_cluster(&document);
    }
}

#[test]
fn nothing_on_the_wire_breaks_an_agent() {
    let hello = lines("handshake.jsonl").into_iter();
    let hello = hello.filter(|line| String::from_utf8_lossy(line).contains("control")).collect();
    let seeds = [lines("to-primary.jsonl"), lines("to-member.jsonl"), hello].concat();
    throw(&seeds, 4000, |body| {
        let frame = [&(body.len() as u32).to_be_bytes()[..], body].concat();
        // Where a changed body has a right length, and where its bytes are no frame at all.
        properties::of_the_wire(body) + properties::of_the_wire(&frame)
    });
}

#[test]
fn nothing_in_the_state_breaks_its_reader() {
    let seeds = [
        of_runs("run.json"),
        of_runs("plan.json"),
        of_runs("events.jsonl"),
        lines("events.jsonl"),
        whole("cursor.json"),
        of_runs("agents/worker-0.json"),
    ];
    throw(&seeds.concat(), 4000, properties::of_the_state);
}

#[test]
fn nothing_in_the_index_breaks_its_reader() {
    throw(&whole("state/index"), 4000, properties::of_the_index);
}

/// A whole state folder of which one file was changed: the other runs are there as before.
#[test]
fn a_damaged_file_of_the_state_hides_no_other_run() {
    let files = ["run.json", "events.jsonl", "plan.json"];
    let mut random = fastrand::Rng::with_seed(13);
    let root = tempfile::tempdir().unwrap();
    copy_tree(&v1("state"), root.path());
    let names: Vec<RunId> = fs_err::read_dir(root.path().join("runs"))
        .unwrap()
        .map(|run| run.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    for round in 0..60 {
        let run = &names[round % names.len()];
        let file = root.path().join("runs").join(run.as_str()).join(files[round % files.len()]);
        let before = fs_err::read(&file).unwrap();
        let mut after = before.clone();
        mutate(&mut after, &mut random);
        fs_err::write(&file, after).unwrap();
        let store = Store::open(root.path()).unwrap();
        store.check().unwrap();
        let listing =
            store.list(&ListFilter::default(), &mut |run: &RunId| store.record(run)).unwrap();
        let listed: Vec<RunId> = listing.runs.iter().map(|run| run.entry.id.clone()).collect();
        // Whatever is said of the damaged one, it is said.
        let _ = store.record(run).and_then(|record| store.events(&record));
        for other in names.iter().filter(|name| *name != run) {
            assert!(listed.contains(other), "{other} is hidden by {}", file.display());
        }
        fs_err::write(&file, before).unwrap();
    }
}

/// A model that the tests have, as one of the seeds.
fn model(name: &str) -> Vec<Vec<u8>> {
    vec![fs_err::read(repository().join("tests/it/models/fixtures").join(name)).unwrap()]
}

#[test]
fn nothing_in_a_model_breaks_its_reader() {
    throw(&model("text/saved_model.pb"), 1000, properties::of_a_saved_model);
    throw(&[model("int8.tflite"), model("flex.tflite")].concat(), 2000, properties::of_tflite);
    let web = [model("web-graph/model.json"), model("web-layers/model.json")];
    throw(&web.concat(), 2000, properties::of_tfjs);
    throw(&model("network.onnx"), 4000, properties::of_onnx);
    throw(&model("network.keras"), 1000, properties::of_an_archive);
}

#[test]
fn a_model_that_is_cut_anywhere_is_read_or_refused() {
    type Property = fn(&[u8]) -> usize;
    for (name, property) in [
        ("text/saved_model.pb", properties::of_a_saved_model as Property),
        ("int8.tflite", properties::of_tflite),
        ("web-graph/model.json", properties::of_tfjs),
        ("network.onnx", properties::of_onnx),
        ("network.keras", properties::of_an_archive),
    ] {
        let whole = model(name).concat();
        // Each place in what is short, and some hundreds of what is long.
        for end in (0..whole.len()).step_by((whole.len() / 700).max(1)) {
            property(&whole[..end]);
        }
    }
}
