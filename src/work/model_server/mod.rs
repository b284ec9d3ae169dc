//! The model server beside a worker of a batch prediction or a replica of an endpoint: its model is fetched,
//! it is started, watched, restarted and ended.

mod builtin;
mod launch;
mod probe;
mod process;
mod ready;
mod stage;
mod state;
mod supervisor;
mod tail;
#[cfg(test)]
mod tests;

pub use builtin::tensorflow_server;
pub use launch::{Launch, Ports, free_ports, one_at_a_time};
pub use process::Output;
pub use stage::{StageError, stage};
pub use state::ServerState;
pub use supervisor::{ModelServer, ServerOptions};
