//! The graph of a SavedModel, whatever its bytes: `cargo +nightly fuzz run saved_model`.

#![no_main]

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::of_a_saved_model(bytes);
});
