//! The `mlctl` binary.

use std::process::ExitCode;

/// musl's own allocator lets threads wait for each other.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    mlctl::cli::run(std::env::args_os()).into()
}
