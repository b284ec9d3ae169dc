//! The filter by itself: a request on each line of standard input, an answer on each of standard output.
//! Arguments `knob=value` set knobs of the method, for the ablation.

use std::io::{BufRead, Write};

use mlctl_optimizer::{Method, answer_with};

fn main() -> std::io::Result<()> {
    let mut method = Method::default();
    for argument in std::env::args().skip(1) {
        let known = argument
            .split_once('=')
            .and_then(|(name, value)| Some(method.set(name, value.parse().ok()?)))
            .unwrap_or(false);
        if !known {
            return Err(std::io::Error::other(format!("no knob: {argument}")));
        }
    }
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        writeln!(out, "{}", answer_with(&line?, &method))?;
        out.flush()?;
    }
    Ok(())
}
