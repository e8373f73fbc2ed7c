//! See `fuzz_targets::event`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::event(bytes));
