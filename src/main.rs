//! The `mlctl` binary.

fn main() {}
