//! Arbitrary headers and bodies at the waiter's verifier: no panic, and only
//! what was signed passes.
#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use monitor::wait::Secret;
use webhook::{SignedHeaders, Verifier, sign};

#[derive(Arbitrary, Debug)]
struct Call<'a> {
    id: &'a str,
    timestamp: &'a str,
    signature: &'a str,
    body: &'a [u8],
    second: u32,
    flip: u16,
}

fuzz_target!(|call: Call<'_>| {
    let secret = Secret::from_bytes(&[7; 32]).unwrap();
    let now = Timestamp::from_second(call.second.into()).unwrap();
    let verifier = Verifier::new(secret.clone());
    let made_up =
        SignedHeaders { id: call.id, timestamp: call.timestamp, signature: call.signature };
    assert!(verifier.verify(&made_up, call.body, now).is_err(), "a signature was guessed");

    let Ok(signature) = sign(&secret, call.id, now, call.body) else { return };
    let timestamp = call.second.to_string();
    let signed = SignedHeaders { id: call.id, timestamp: &timestamp, signature: &signature };
    assert_eq!(verifier.verify(&signed, call.body, now).is_ok(), !call.id.is_empty());

    let mut other = call.body.to_vec();
    let place = usize::from(call.flip) % (other.len() + 1);
    other.insert(place, 0);
    assert!(verifier.verify(&signed, &other, now).is_err(), "another body passed");
});
