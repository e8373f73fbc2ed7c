//! What the pages load.

use http::{StatusCode, header};
use sagebell_monitor::testing::world::FakeWorld;
use sha2::{Digest as _, Sha256};

use super::{Seen, answer, at, page};
use crate::dashboard::{FILES, POLICY};

/// `dist/idiomorph.min.js` of idiomorph 0.7.4, as npm has it.
const IDIOMORPH: &str = "0eb0f881553bd509fe7a7e3064a1089141e089583c506c1217e885a2e608b4a4";

#[test]
fn the_library_is_the_one_that_was_taken() {
    let [_, idiomorph, _] = &FILES;
    let hash = Sha256::digest(idiomorph.text.as_bytes());
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hash, IDIOMORPH);
}

#[test]
fn the_policy_lets_nothing_of_others_in() {
    assert!(POLICY.starts_with("default-src 'none'; "));
    assert!(!POLICY.contains("unsafe") && !POLICY.contains("http"));
    let [style, ..] = &FILES;
    assert!(!style.text.contains("url(") && !style.text.contains("@import"));
}

/// The files that a page names.
fn named(page: &Seen) -> Vec<String> {
    let parts = page.text.split("\"assets/").skip(1);
    parts.map(|rest| format!("/assets/{}", rest.split_once('"').unwrap().0)).collect()
}

#[tokio::test]
async fn a_page_and_all_it_loads_are_light() {
    let world = FakeWorld::default();
    let empty = page(&world, "/").await;
    let mut bytes = empty.text.len();
    let names = named(&empty);
    assert_eq!(names.len(), FILES.len());
    for (name, kind) in names.iter().zip(["text/css", "text/javascript", "text/javascript"]) {
        let file = answer(&world, at(name)).await;
        assert_eq!(file.status, StatusCode::OK, "{name}");
        assert!(file.header(header::CONTENT_TYPE).starts_with(kind));
        assert!(file.header(header::CACHE_CONTROL).ends_with("immutable"));
        bytes += file.text.len();
    }
    assert!(bytes < 40_000, "{bytes} bytes of an empty page and its files");
    // Nothing in a page would need what the policy forbids.
    assert!(!empty.text.contains("style=\"") && !empty.text.contains("<style"));
    assert!(!empty.text.contains("<script>") && !empty.text.contains(" onclick"));
    let old = answer(&world, at("/assets/0123456789abcdef-live.js")).await;
    assert_eq!(old.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_name_that_is_no_file_s_is_a_problem_whatever_is_in_it() {
    let world = FakeWorld::default();
    for name in ["style.css", "%f3", "%3Cscript%3E", "..%2fsecret", "a b"] {
        let seen = answer(&world, at(&format!("/assets/{}", name.replace(' ', "%20")))).await;
        assert_eq!(seen.status, StatusCode::NOT_FOUND, "{name}");
        assert_eq!(seen.header(header::CONTENT_TYPE), "application/problem+json", "{name}");
    }
}
