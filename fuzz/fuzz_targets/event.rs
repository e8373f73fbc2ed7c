//! See `sagebell_fuzz_targets::event`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sagebell_fuzz_targets::event(bytes));
