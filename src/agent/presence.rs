//! Where nothing replaces an agent, each one holds a connection to the primary's from its birth on:
//! its end tells at once of an agent that died before it could join, or of a primary that won't
//! come.

use std::io::{self, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::{Duration, Instant};

use super::config::AgentConfig;
use super::connect::connect;
use super::input::Input;
use super::wire::{self, Purpose};
use crate::gang::ReplicaId;

/// The primary's agent listens within this time, or something else is wrong.
const RECONNECT_LIMIT: Duration = Duration::from_secs(20);

/// Between two tries.
const PACE: Duration = Duration::from_millis(20);

/// Shows this agent to the primary's. Whoever watches the agents may rely on it after this call.
pub(super) fn show(config: &AgentConfig, token: &Arc<[u8]>, inputs: Sender<Input>) {
    let begin = Instant::now();
    let stream = loop {
        match present(config, token) {
            Ok(stream) => break stream,
            // Joining will tell what is wrong.
            Err(_) if begin.elapsed() > RECONNECT_LIMIT => return,
            Err(_) => std::thread::sleep(PACE),
        }
    };
    std::thread::spawn(move || {
        until_end(stream);
        // The main loop is gone only when the process ends.
        let _ = inputs.send(Input::PrimaryGone);
    });
}

fn present(config: &AgentConfig, token: &[u8]) -> io::Result<TcpStream> {
    let mut stream = connect(&config.primary_address)?;
    wire::greet(&mut stream, token, &config.gang.run, Purpose::Presence)?;
    wire::send(&mut stream, &config.replica)?;
    Ok(stream)
}

/// The primary's side: returns when the agent behind the stream is gone.
pub(super) fn watch(mut stream: TcpStream, inputs: &Sender<Input>) {
    let Ok(replica) = wire::receive::<ReplicaId>(&mut stream) else { return };
    until_end(stream);
    let _ = inputs.send(Input::AgentGone { replica });
}

/// Nothing is ever sent: what ends is the process at the other end.
fn until_end(mut stream: TcpStream) {
    let mut nothing = [0; 16];
    while matches!(stream.read(&mut nothing), Ok(count) if count > 0) {}
}
