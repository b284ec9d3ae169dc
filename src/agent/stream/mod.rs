//! A replica's log: the command's output, untouched, with the agent's own lines in it.
//!
//! An own line is `::mlctl:<nonce>:: ` and an [`Event`](crate::event::Event) as JSON, at most
//! 4 KiB, always at the start of a line. The nonce is a random word of the run. A line of the
//! command that starts like an own line of any run gets one backslash in front, which the reader
//! takes away again; so events are never parsed from what a user prints.

mod collect;
mod hypertune;
mod metrics;
mod reader;
mod reports;
mod writer;

pub use collect::Collector;
pub use hypertune::{Hypertune, METRIC_FILE};
pub use metrics::*;
pub use reader::*;
pub use reports::Reports;
pub use writer::*;

/// How every own line starts, before the nonce.
const MARK: &[u8] = b"::mlctl:";

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
            let mut writer = StreamWriter::new(Vec::new(), "abc");
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
    fn an_own_line_never_joins_a_pending_one() {
        let mut writer = StreamWriter::new(Vec::new(), "abc");
        writer.output(b"loading...");
        writer.event(&event(1, "hello"));
        writer.output(b"done\n");
        let mut reader = StreamReader::new("abc");
        let items = reader.push(&writer.into_inner());
        assert!(matches!(&items[0], Item::Line(line) if line.bytes == b"loading..."));
        assert!(matches!(&items[1], Item::Event(event) if event.attempt == 1));
        assert!(matches!(&items[2], Item::Line(line) if line.attempt == 1));
    }

    #[test]
    fn a_long_event_is_cut_to_the_limit() {
        let mut writer = StreamWriter::new(Vec::new(), "abc");
        writer.event(&event(1, &"x".repeat(10_000)));
        let bytes = writer.into_inner();
        assert!(bytes.len() <= OWN_LINE_LIMIT && bytes.ends_with(b"\n"));
        assert!(matches!(StreamReader::new("abc").push(&bytes)[..], [Item::Event(_)]));
    }
}
