//! The demo as a newcomer runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::process::Command;

fn demo(words: &[&str]) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_sagebell")).arg("demo").args(words).output().unwrap()
}

#[test]
fn every_wait_hears_the_right_thing() {
    let done = demo(&["--output", "json"]);
    let stdout = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{stdout}\n{}", String::from_utf8_lossy(&done.stderr));
    let summary: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let waits = summary["waits"].as_array().unwrap();
    let received: Vec<_> = waits
        .iter()
        .map(|wait| (wait["wait"].as_str().unwrap(), wait["outcome"].as_str().unwrap()))
        .collect();
    assert_eq!(
        received,
        [
            ("training-with-progress", "succeeded"),
            ("tuning", "succeeded"),
            ("processing-that-fails", "failed"),
            ("transform", "succeeded"),
            ("endpoint-that-rolls-back", "failed"),
        ]
    );
}

#[test]
fn it_shows_people_what_happened() {
    let done = demo(&[]);
    let stdout = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{stdout}");
    for word in ["training-with-progress", "as it should be", "30 s poll"] {
        assert!(stdout.contains(word), "{word} in {stdout}");
    }
}
