//! The `mlctl` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    mlctl::cli::run(std::env::args_os()).into()
}
