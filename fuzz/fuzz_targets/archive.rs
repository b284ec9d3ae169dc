//! An archive of Keras or PyTorch, whatever its bytes: `cargo +nightly fuzz run archive`.

#![no_main]

#[allow(dead_code, reason = "each target uses one of them")]
#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    properties::of_an_archive(bytes);
});
