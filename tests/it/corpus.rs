//! The fuzzers' corpus, without a fuzzer: what once was worth keeping stays
//! tested wherever the tests run.
#![allow(clippy::disallowed_macros, reason = "prints for the developer who runs it")]

use std::path::Path;

/// Small, so that the fuzzer is quick with each and people can read them.
const LARGEST_BYTES: usize = 4_096;

#[test]
fn every_target_stands_its_corpus() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    for (name, target) in sagebell_fuzz_targets::ALL {
        let mut seeds = 0;
        for file in std::fs::read_dir(corpus.join(name)).unwrap() {
            let path = file.unwrap().path();
            let seed = std::fs::read(&path).unwrap();
            assert!(seed.len() < LARGEST_BYTES, "{}", path.display());
            // Shown if the target panics.
            println!("{}", path.display());
            target(&seed);
            seeds += 1;
        }
        assert!(seeds >= 10, "{name}: {seeds} seeds");
    }
}
