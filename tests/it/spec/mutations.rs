//! Thousands of broken specs: no panic, and every place lies in the text.

use mlctl::spec::{self, Diagnostics, LoadOptions, RenderOptions, Source};

const SEEDS: &[&str] = &[
    include_str!("../specs/right/everything.yaml"),
    include_str!("../specs/right/tensorflow.yaml"),
    include_str!("../specs/right/anchors.yaml"),
    include_str!("../specs/right/expand.yaml"),
    include_str!("../specs/right/json.yaml"),
    include_str!("../specs/wrong/several_documents.yaml"),
    include_str!("../specs/wrong/env.yaml"),
];
const PIECES: &[&str] = &[
    "\t",
    "\n",
    ":",
    ": ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "&a ",
    "*a",
    "<<: *a",
    "!x ",
    "#",
    "|",
    ">",
    "---\n",
    "${",
    "$$",
    "é",
    "\u{feff}",
    "null",
    "~",
    "-1",
    "1e999",
    "0x",
    "\u{0}",
    "日本",
    "\r\n",
    "%YAML 1.2\n",
];

fn check(text: String, random: &mut fastrand::Rng) {
    let options = LoadOptions {
        set: if random.u8(..8) == 0 {
            vec![format!("roles.worker{}", pick(random))]
        } else {
            vec![]
        },
        ..LoadOptions::default()
    };
    let findings = match spec::load(&[Source::new("spec", text)], &options) {
        Ok(loaded) => loaded.warnings,
        Err(findings) => findings,
    };
    places_lie_in_their_texts(&findings);
    findings.render(RenderOptions::default());
    findings.to_json();
}

fn pick(random: &mut fastrand::Rng) -> &'static str {
    PIECES[random.usize(..PIECES.len())]
}

fn places_lie_in_their_texts(findings: &Diagnostics) {
    for finding in &findings.list {
        assert!(!finding.labels.is_empty(), "no place: {finding:?}");
        for label in &finding.labels {
            let text = &findings.sources[label.span.source].text;
            assert!(text.get(label.span.start..label.span.end).is_some(), "{finding:?}\n{text}");
        }
    }
}

#[test]
fn nothing_panics() {
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..4000 {
        let mut text = SEEDS[round % SEEDS.len()].to_owned();
        for _ in 0..random.usize(1..4) {
            let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
            let at = boundaries[random.usize(..boundaries.len())];
            match random.u8(..4) {
                0 => text.insert_str(at, pick(&mut random)),
                1 => {
                    text.remove(at);
                }
                2 => text.truncate(at.max(1)),
                _ => {
                    let lines: Vec<&str> = text.split_inclusive('\n').collect();
                    let (from, to) = (random.usize(..lines.len()), random.usize(..lines.len()));
                    let mut lines = lines.clone();
                    lines.swap(from, to);
                    text = lines.concat();
                }
            }
            if text.is_empty() {
                text.push('x');
            }
        }
        check(text, &mut random);
    }
}
