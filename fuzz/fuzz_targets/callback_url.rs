//! See `sagebell_fuzz_targets::callback_url`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sagebell_fuzz_targets::callback_url(bytes));
