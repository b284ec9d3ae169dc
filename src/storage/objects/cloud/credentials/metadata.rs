//! Whether this machine is one of a cloud's, which answers at its metadata server.

use std::time::Duration;

use tokio::net::TcpStream;

/// The server is on the same host or there is none.
const LIMIT: Duration = Duration::from_secs(1);

/// Somebody answers at `HOST:PORT`, within a second.
pub(super) async fn answers(address: &str) -> bool {
    matches!(tokio::time::timeout(LIMIT, TcpStream::connect(address)).await, Ok(Ok(_)))
}
