//! The ground floor: texts that people write and read, with nothing of mlctl below them.

mod amounts;
pub(crate) mod base64;
mod foreign;
mod format;
mod gpu_memory;
pub(crate) mod hex;
mod moment;
mod nearest;
mod numbers;
#[cfg(test)]
mod properties;
mod quantity;
mod shell;
mod signal;

pub use amounts::*;
pub use foreign::*;
pub use format::*;
pub use gpu_memory::is_out_of_gpu_memory;
pub use moment::moment;
pub(crate) use nearest::{likeness, list_of, most_alike, nearest, one_slip_from};
pub use numbers::{bytes, number};
pub use quantity::quantity;
pub use shell::shell_word;
pub(crate) use signal::signal_name;
