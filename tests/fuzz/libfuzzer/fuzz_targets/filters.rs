//! libFuzzer's loop around the target of the same name in tests/fuzz.
#![no_main]

#[path = "../../mod.rs"]
mod fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::filters::target(data));
