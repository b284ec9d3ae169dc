//! `mlctl tune suggest`: the optimiser as a filter, for programs that run their trials themselves.

use std::io::{BufRead, Read, stdin};

use mlctl_optimizer::answer;
use serde_json::json;

use crate::cli::{CliError, Context, ErrorKind, exit};

/// The longest request. One of a thousand trials with twenty parameters is a megabyte.
const LONGEST: usize = 64 << 20;

/// Arguments of `tune suggest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A request is one line of JSON. `completed` are trials that have ended, with the value
that is to be small (null: the trial has failed); `pending` are those that run; `n` is
how many are asked for. What is left out is empty, and `n` is 1:

  {\"params\":[{\"name\":\"lr\",\"type\":\"float\",\"low\":1e-5,\"high\":0.1,\"log\":true},
             {\"name\":\"units\",\"type\":\"int\",\"low\":16,\"high\":512,\"log\":true},
             {\"name\":\"optimizer\",\"type\":\"cat\",\"choices\":[\"adam\",\"sgd\"]}],
   \"seed\":0,
   \"completed\":[{\"params\":{\"lr\":0.01,\"units\":64,\"optimizer\":\"adam\"},
                 \"value\":0.31}],
   \"pending\":[],\"n\":2}

The answer is one line too, {\"suggestions\":[{...},{...}]}, or {\"error\":\"...\"}, after
which the next request is read. The same request has the same answer. Nothing is
remembered between requests.

Examples:
  mlctl tune suggest < requests.jsonl > answers.jsonl")]
pub struct SuggestArgs {}

/// Answers every line of standard input.
pub(super) fn suggest(context: &Context, _: &SuggestArgs) -> Result<u8, CliError> {
    let broken = |what: &str, error: &std::io::Error| {
        CliError::new(ErrorKind::Internal, format!("{what}: {error}"))
    };
    let mut input = stdin().lock();
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut input).take(LONGEST as u64 + 1).read_until(b'\n', &mut line);
        if read.map_err(|error| broken("standard input", &error))? == 0 {
            return Ok(exit::OK);
        }
        if line.len() > LONGEST {
            skip_line(&mut input).map_err(|error| broken("standard input", &error))?;
        }
        let mut answer = answered(&line);
        answer.push('\n');
        context.printer.lines(answer.as_bytes())?;
    }
}

fn answered(line: &[u8]) -> String {
    let wrong = |what: String| json!({ "error": what }).to_string();
    if line.len() > LONGEST {
        return wrong(format!("the line has more than {LONGEST} bytes"));
    }
    match str::from_utf8(line) {
        Ok(text) => answer(text.trim_end_matches(['\n', '\r'])),
        Err(error) => wrong(format!("the line is no UTF-8 text: {error}")),
    }
}

/// Reads on behind the line's end.
fn skip_line(input: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let buffer = input.fill_buf()?;
        let (used, is_over) = match memchr::memchr(b'\n', buffer) {
            Some(end) => (end + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        input.consume(used);
        if is_over {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_is_no_text_is_answered() {
        assert!(answered(b"\xff").contains("no UTF-8"));
        assert!(answered(&vec![b' '; LONGEST + 1]).contains("more than"));
    }

    #[test]
    fn a_long_line_is_passed_over() {
        let mut input = &b"rest of it\nnext\n"[..];
        skip_line(&mut input).unwrap();
        assert_eq!(input, b"next\n");
        skip_line(&mut &b"no end"[..]).unwrap();
    }
}
