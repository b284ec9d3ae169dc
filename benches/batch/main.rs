//! What `just bench-batch` runs beside `mlctl` itself: the parts that need Rust's speed or mlctl's own
//! library. The first argument says which.

#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods
)]

mod data_path;
mod server;
mod transfer;

/// As the binary that users get.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["server"] => server::serve(),
        ["data-path", rows] => data_path::measure(rows.parse().unwrap()),
        ["transfer", what, place, file] => transfer::measure(what, place, file.as_ref()),
        _ => panic!("benches/batch/run says what there is"),
    }
}
