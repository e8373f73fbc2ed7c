use jiff::Timestamp;
use sagebell_monitor::wait::Secret;
use sagebell_webhook::{SignedHeaders, Verifier, sign};

use crate::first_line;

/// Arbitrary headers and bodies at the waiter's verifier: no panic, and only
/// what was signed passes.
///
/// The input: the headers `webhook-id`, `webhook-timestamp` and
/// `webhook-signature` and the time in seconds since 1970, a line each, and the
/// body.
pub fn callback(bytes: &[u8]) {
    let (id, rest) = first_line(bytes);
    let (timestamp, rest) = first_line(rest);
    let (signature, rest) = first_line(rest);
    let (second, body) = first_line(rest);
    let texts = [id, timestamp, signature, second].map(str::from_utf8);
    let [Ok(id), Ok(timestamp), Ok(signature), Ok(second)] = texts else { return };
    let Ok(second) = second.parse::<u32>() else { return };

    let secret = Secret::from_bytes(&[7; 32]).unwrap();
    let now = Timestamp::from_second(second.into()).unwrap();
    let verifier = Verifier::new(secret.clone());
    let made_up = SignedHeaders { id, timestamp, signature };
    let at = timestamp.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
    let right = at.and_then(|at| sign(&secret, id, at, body).ok());
    let copied = right.is_some_and(|right| signature.contains(&right));
    assert!(copied || verifier.verify(&made_up, body, now).is_err(), "a signature was guessed");

    let Ok(own) = sign(&secret, id, now, body) else { return };
    let timestamp = second.to_string();
    let signed = SignedHeaders { id, timestamp: &timestamp, signature: &own };
    assert_eq!(verifier.verify(&signed, body, now).is_ok(), !id.is_empty());

    let mut other = body.to_vec();
    other.insert(second as usize % (other.len() + 1), 0);
    assert!(verifier.verify(&signed, &other, now).is_err(), "another body passed");
}
