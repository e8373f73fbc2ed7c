//! The dashboard: what it shows, and what it does not let in.

use sagebell_monitor::testing::world::{FakeWorld, TRAINING_ARN};
use serde_json::json;

use super::{Answer, call, event, get, happens, path_of, registration};
use crate::dashboard::{POLICY, STYLE};

async fn page(world: &FakeWorld, query: &str) -> Answer {
    let answer = get(world, &format!("/{query}")).await;
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{}", answer.text);
    assert_eq!(answer.header("content-security-policy"), POLICY);
    answer
}

#[tokio::test]
async fn the_page_shows_the_jobs() {
    let world = FakeWorld::default();
    assert!(page(&world, "").await.text.contains("No jobs here."));
    happens(&world, "Completed", "Completed", 60).await;
    let text = page(&world, "").await.text;
    for shown in [
        "<meta http-equiv=\"refresh\" content=\"5\">",
        "<span class=\"phase succeeded\">succeeded</span>",
        "<bdi>mnist</bdi>",
        "2026-01-01 00:01:00",
        "us-east-1",
        "href=\"?phase=failed\"",
        "href=\"?kind=model_package\"",
    ] {
        assert!(text.contains(shown), "{shown} is not in {text}");
    }
    let link = path_of(TRAINING_ARN, "/timeline");
    assert!(text.contains(&format!("href=\"{}\"", link.trim_start_matches('/'))), "{text}");
}

#[tokio::test]
async fn the_page_is_filtered_and_paged() {
    let world = FakeWorld::default();
    for name in ["a", "b"] {
        let arn = format!("arn:aws:sagemaker:us-east-1:111122223333:training-job/{name}");
        call(&world, "PUT", &path_of(&arn, "/waits/w"), registration()).await.ok();
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    assert!(page(&world, "?phase=running").await.text.contains("No jobs here."));
    let first = page(&world, "?phase=unknown&limit=1").await.text;
    assert!(first.contains("<bdi>b</bdi>") && !first.contains("<bdi>a</bdi>"));
    assert!(first.contains("<b>unknown</b>"));

    let (_, next) = first.split_once("<nav aria-label=\"Pages\"><a href=\"").unwrap();
    let (next, _) = next.split_once('"').unwrap();
    let next = next.replace("&amp;", "&");
    assert!(next.starts_with("?phase=unknown&cursor=") && next.ends_with("&limit=1"));
    let second = page(&world, &next).await.text;
    assert!(second.contains("<bdi>a</bdi>") && !second.contains("<bdi>b</bdi>"));
    assert!(second.contains("First page") && !second.contains("Next page"));
}

#[tokio::test]
async fn hostile_words_are_shown_and_not_obeyed() {
    let world = FakeWorld::default();
    let attack = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>";
    let mut event = event(attack, attack, 60);
    event["detail"]["TrainingJobName"] = json!(attack);
    event["detail"]["FailureReason"] = json!(format!("{attack}{}", "é".repeat(2_000)));
    world.recorder().take(&event).await.unwrap();
    let text = page(&world, "").await.text;
    assert!(text.contains("&lt;script&gt;alert(1)"), "{text}");
    assert!(!text.contains("<script") && !text.contains("<img"), "{text}");
    assert!(text.matches('é').count() < 300);

    let query = "?run=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E";
    let text = page(&world, query).await.text;
    assert!(!text.contains("<script"), "{text}");
}

#[test]
fn the_policy_allows_the_style_sheet_and_nothing_else() {
    assert!(POLICY.starts_with("default-src 'none'; "));
    let hash = base64(&sha256(STYLE.as_bytes()));
    assert!(POLICY.contains(&format!("'sha256-{hash}'")), "the hash is now sha256-{hash}");
    assert!(!POLICY.contains("unsafe") && !STYLE.contains("url("));
    assert!(!STYLE.contains("</"));
}

/// FIPS 180-4, for the one hash above.
fn sha256(text: &[u8]) -> [u8; 32] {
    let primes: Vec<u32> =
        (2..312).filter(|n| (2..*n).all(|divisor| n % divisor != 0)).take(64).collect();
    let fraction = |root: f64| (root.fract() * 2_f64.powi(32)) as u32;
    let mut state: Vec<u32> = primes[..8].iter().map(|p| fraction(f64::from(*p).sqrt())).collect();
    let mut padded = [text, &[0x80]].concat();
    padded.resize(padded.len().next_multiple_of(64), 0);
    if (text.len() + 1) % 64 > 56 {
        padded.resize(padded.len() + 64, 0);
    }
    let end = padded.len() - 8;
    padded[end..].copy_from_slice(&(text.len() as u64 * 8).to_be_bytes());
    for block in padded.chunks(64) {
        let mut words: Vec<u32> =
            block.chunks(4).map(|word| u32::from_be_bytes(word.try_into().unwrap())).collect();
        for i in 16..64 {
            let (a, b) = (words[i - 15], words[i - 2]);
            let a = a.rotate_right(7) ^ a.rotate_right(18) ^ (a >> 3);
            let b = b.rotate_right(17) ^ b.rotate_right(19) ^ (b >> 10);
            let word = words[i - 16].wrapping_add(a).wrapping_add(words[i - 7]);
            words.push(word.wrapping_add(b));
        }
        let mut s = state.clone();
        for i in 0..64 {
            let e = s[4].rotate_right(6) ^ s[4].rotate_right(11) ^ s[4].rotate_right(25);
            let choice = (s[4] & s[5]) ^ (!s[4] & s[6]);
            let key = fraction(f64::from(primes[i]).cbrt());
            let one = [e, choice, key, words[i]].iter().fold(s[7], |sum, n| sum.wrapping_add(*n));
            let a = s[0].rotate_right(2) ^ s[0].rotate_right(13) ^ s[0].rotate_right(22);
            let majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
            s.rotate_right(1);
            s[4] = s[4].wrapping_add(one);
            s[0] = one.wrapping_add(a).wrapping_add(majority);
        }
        state.iter_mut().zip(s).for_each(|(sum, n)| *sum = sum.wrapping_add(n));
    }
    let bytes: Vec<u8> = state.iter().flat_map(|word| word.to_be_bytes()).collect();
    bytes.try_into().unwrap()
}

fn base64(bytes: &[u8]) -> String {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, i| bits << 8 | usize::from(*three.get(i).unwrap_or(&0)));
        for i in 0..4 {
            let digit = char::from(digits[bits >> (18 - 6 * i) & 63]);
            text.push(if i > three.len() { '=' } else { digit });
        }
    }
    text
}
