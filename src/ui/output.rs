//! The output of commands, as `logs` prints it: to a pipe byte for byte, to a terminal safe to look at.

use std::io;

use super::lines::{clock, replica_style};
use super::{BOLD, DIM, Printer, Text, streams};
use crate::gang::RunId;
use crate::runtime::LogLine;
use crate::store::now;
use crate::text::plain;

/// How lines of output are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLook {
    /// Each line begins with its replica.
    pub prefix: bool,
    /// Each line begins with the time at which it was printed.
    pub time: bool,
    /// A terminal, too, gets the command's own bytes, which may do to it what they like.
    pub raw: bool,
}

impl Printer {
    /// Lines of a file on standard output, each with its end. In a pipe the bytes are never changed.
    pub fn lines(&self, lines: &[u8]) -> io::Result<()> {
        if !self.terminal.stdout {
            return streams::out(lines);
        }
        let mut safe = Vec::new();
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            safe.extend(plain(line.strip_suffix(b"\n").unwrap_or(line)).bytes());
            safe.push(b'\n');
        }
        streams::out(&safe)
    }

    /// Lines of output on standard output. In a pipe, or with `look.raw`, the command's own bytes are
    /// never changed.
    pub fn output(&self, lines: &[LogLine], look: OutputLook) -> io::Result<()> {
        self.output_of(None, lines, look)
    }

    /// The same; each line begins with its run, where that is one of several.
    pub fn output_of(
        &self,
        run: Option<&RunId>,
        lines: &[LogLine],
        look: OutputLook,
    ) -> io::Result<()> {
        let safe = self.terminal.stdout && !look.raw;
        let mut bytes = Vec::new();
        for line in lines {
            let mut head = Text::default();
            if look.time {
                let time = clock(line.time.unwrap_or_else(now));
                head = head.then(Text::styled(DIM, &time)).then(" ");
            }
            if let Some(run) = run {
                head = head.then(Text::styled(BOLD, run.as_str())).then(" ");
            }
            if look.prefix {
                let who = line.replica.to_string();
                head = head.then(Text::styled(replica_style(&line.replica), &who)).then(" | ");
            }
            bytes.extend(head.painted_if(self.terminal.color_out).bytes());
            if safe {
                bytes.extend(plain(&line.line).bytes());
            } else {
                bytes.extend(&line.line);
            }
            bytes.push(b'\n');
        }
        streams::out(&bytes)
    }
}
