//! Any text is a spec or a list of findings, never a panic: `cargo +nightly fuzz run load`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use mlctl::spec::{self, LoadOptions, RenderOptions, Source};

fuzz_target!(|text: &str| {
    match spec::load(&[Source::new("spec", text)], &LoadOptions::default()) {
        Ok(loaded) => {
            loaded.warnings.render(RenderOptions::default());
        }
        Err(findings) => {
            findings.render(RenderOptions::default());
            findings.to_json();
        }
    }
});
