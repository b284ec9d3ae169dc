//! A connection to another agent, before anything is said over it.

use std::io;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// A connection attempt takes at most this long for each address of the host.
pub(super) const DIAL_LIMIT: Duration = Duration::from_secs(5);

/// Connects to `host:port`. The name is resolved anew each time, since a replaced pod has another
/// address; the error is that of the last address tried.
pub(super) fn connect(address: &str) -> io::Result<TcpStream> {
    let mut last = io::Error::new(io::ErrorKind::NotFound, format!("{address}: no address"));
    for resolved in address.to_socket_addrs()? {
        match TcpStream::connect_timeout(&resolved, DIAL_LIMIT) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    Err(last)
}
