//! A replica's log: the command's output, and the agent's events.
//!
//! On this machine the events have a file of their own ([`EventFile`]) and the log is what the command
//! has printed, byte for byte. A pod has one stream, with the agent's own lines in it: an own line is
//! `::mlctl:<nonce>:: ` and an [`Event`](crate::event::Event) as JSON, at most 4 KiB, always at the start
//! of a line. The nonce is a random word of the run. A line of the command that starts like an own line of
//! any run gets one backslash in front, which the reader takes away again; so events are never parsed from
//! what a user prints. Where an own line had to be put into a line of the command, it begins with
//! `"joins":true`, and the reader puts the two parts together again. Marks are own lines too that are no
//! events: they say how much has been printed (`count.rs`), so that a reader says where some of it is lost.

mod collect;
mod count;
mod event_file;
mod hypertune;
mod metrics;
mod reader;
mod reports;
mod writer;

pub use collect::Collector;
pub use event_file::{EventFile, PlacedEvent};
pub use hypertune::{Hypertune, METRIC_FILE};
pub use metrics::*;
pub use reader::*;
pub use reports::Reports;
pub use writer::*;

/// How every own line starts, before the nonce.
const MARK: &[u8] = b"::mlctl:";

/// How an own line begins behind which the line before it goes on.
const JOINS: &[u8] = b"{\"joins\":true,";

/// The longest own line, its end included.
pub const OWN_LINE_LIMIT: usize = 4096;

fn prefix(nonce: &str) -> Vec<u8> {
    [MARK, nonce.as_bytes(), b":: "].concat()
}

/// Backslashes and then the mark: what a user's line must not start with unescaped.
fn looks_like_own(line: &[u8]) -> bool {
    let slashes = line.iter().take_while(|byte| **byte == b'\\').count();
    line[slashes..].starts_with(MARK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EVENT_VERSION, Event, EventKind};

    fn event(attempt: u32, message: &str) -> Event {
        Event {
            v: EVENT_VERSION,
            seq: 0,
            time: jiff::Timestamp::UNIX_EPOCH,
            run: "digits-abc123".into(),
            attempt,
            replica: None,
            kind: EventKind::Warning { message: message.into() },
        }
    }

    /// Whatever is printed, and wherever the bytes are cut, comes out as it went in.
    #[test]
    fn every_line_survives_every_cut() {
        let words: [&[u8]; 8] = [
            b"plain",
            b"::mlctl:abc:: {}",
            b"\\::mlctl:abc:: x",
            b"\\\\::mlctl:",
            b"",
            b"\xff\xfe",
            b"::mlct",
            b"50%\r100%",
        ];
        for seed in 0..300 {
            let mut random = fastrand::Rng::with_seed(seed);
            let lines: Vec<&[u8]> = (0..12).map(|_| words[random.usize(..words.len())]).collect();
            let mut writer = StreamWriter::new(Vec::new(), "abc", None);
            for (number, line) in lines.iter().enumerate() {
                if random.bool() {
                    writer.event(&event(number as u32, "::mlctl:abc:: inside"));
                }
                writer.output(line);
                writer.output(b"\n");
            }
            let bytes = writer.into_inner();
            let mut reader = StreamReader::new("abc");
            let mut items = Vec::new();
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let (now, later) = rest.split_at(random.usize(1..=rest.len().min(9)));
                items.extend(reader.push(now));
                rest = later;
            }
            items.extend(reader.finish());
            let read: Vec<Vec<u8>> = items
                .into_iter()
                .filter_map(|item| match item {
                    Item::Line(line) => Some(line.bytes),
                    Item::Event(_) => None,
                })
                .collect();
            assert_eq!(read, lines, "seed {seed}");
        }
    }

    #[test]
    fn a_line_that_an_event_stands_in_is_one_line() {
        let mut writer = StreamWriter::new(Vec::new(), "abc", None);
        writer.output(b"loss=0.");
        writer.event(&event(1, "hello"));
        writer.event(&event(1, "again"));
        writer.output(b"25");
        writer.event(&event(1, "and again"));
        writer.output(b"\nnext");
        writer.event(&Event { kind: EventKind::CommandStarting, ..event(2, "") });
        writer.output(b"another\n");
        let bytes = writer.into_inner();
        let lines = |items: Vec<Item>| -> Vec<(u32, String)> {
            let line = |item| match item {
                Item::Line(line) => {
                    Some((line.standing.attempt, String::from_utf8(line.bytes).unwrap()))
                }
                Item::Event(_) => None,
            };
            items.into_iter().filter_map(line).collect()
        };
        let whole = [(0, "loss=0.25"), (1, "next"), (2, "another")];
        let whole = whole.map(|(attempt, line)| (attempt, line.to_owned()));
        let mut reader = StreamReader::new("abc");
        let mut items = reader.push(&bytes);
        assert_eq!(items.iter().filter(|item| matches!(item, Item::Event(_))).count(), 4);
        items.extend(reader.finish());
        assert_eq!(lines(items), whole);
        // Who can't wait for what follows sees the parts, each once.
        let mut reader = StreamReader::new("abc");
        let mut items = Vec::new();
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            items.extend(reader.push(line));
            items.extend(reader.settle());
        }
        let early = ["loss=0.", "25", "", "next", "another"];
        assert_eq!(lines(items).into_iter().map(|line| line.1).collect::<Vec<_>>(), early);
    }

    /// What comes of a log that lacks the bytes between two of its lines, by their numbers.
    fn without(bytes: &[u8], from: u32, to: u32) -> Vec<String> {
        let at = |number: u32| {
            let line = format!("line {number:060}\n");
            bytes.windows(line.len()).position(|part| part == line.as_bytes()).unwrap()
        };
        let replica = "worker-0".parse().unwrap();
        let mut reader = StreamReader::new("abc").of(&replica);
        let mut items = reader.push(&bytes[..at(from)]);
        items.extend(reader.push(&bytes[at(to)..]));
        items.extend(reader.finish());
        let line = |item| match item {
            Item::Line(line) => Some(String::from_utf8(line.bytes).unwrap()),
            Item::Event(_) => None,
        };
        items.into_iter().filter_map(line).collect()
    }

    #[test]
    fn of_a_flood_it_is_said_how_much_is_missing_and_where() {
        let mut writer = StreamWriter::new(Vec::new(), "abc", None);
        for number in 0..60_000 {
            writer.output(format!("line {number:060}\n").as_bytes());
        }
        writer.event(&event(1, "the end"));
        let bytes = writer.into_inner();
        let whole = without(&bytes, 100, 100);
        assert!(whole.len() == 60_000 && whole.iter().all(|line| line.starts_with("line ")));
        for (from, to) in [(0, 50_000), (10_000, 40_000), (100, 101), (59_990, 59_999)] {
            let lines = without(&bytes, from, to);
            let said: Vec<&String> =
                lines.iter().filter(|line| line.starts_with("[mlctl")).collect();
            let [said] = said[..] else { panic!("{said:?}") };
            let missing = to - from;
            assert!(
                said.contains(&format!(" {missing} line")) && said.contains("worker-0"),
                "{said}"
            );
            assert_eq!(lines.len() as u32, 60_001 - missing);
        }
    }

    #[test]
    fn a_log_that_is_no_flood_has_no_marks() {
        let mut writer = StreamWriter::new(Vec::new(), "abc", None);
        for number in 0..1000 {
            writer.output(format!("line {number}\n").as_bytes());
            writer.event(&event(1, "an event"));
        }
        let text = String::from_utf8(writer.into_inner()).unwrap();
        assert!(!text.contains("written"), "{text}");
    }

    #[test]
    fn a_long_event_is_cut_to_the_limit() {
        let mut writer = StreamWriter::new(Vec::new(), "abc", None);
        writer.event(&event(1, &"x".repeat(10_000)));
        let bytes = writer.into_inner();
        assert!(bytes.len() <= OWN_LINE_LIMIT && bytes.ends_with(b"\n"));
        assert!(matches!(StreamReader::new("abc").push(&bytes)[..], [Item::Event(_)]));
    }
}
