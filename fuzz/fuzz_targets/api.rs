//! See `fuzz_targets::api`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::api(bytes));
