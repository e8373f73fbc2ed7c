//! The vectors were computed with the Python `standardwebhooks` package and
//! are those of the Standard Webhooks and Svix libraries' own tests.

use super::*;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
const SECOND: i64 = 1_614_265_330;
const BODY: &[u8] = br#"{"test": 2432232314}"#;
const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

fn secret(text: &str) -> Secret {
    Secret::parse(text).unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn headers(signature: &str) -> SignedHeaders<'_> {
    SignedHeaders { id: ID, timestamp: "1614265330", signature }
}

fn verify(headers: &SignedHeaders<'_>, body: &[u8], now: i64) -> Result<(), VerifyError> {
    Verifier::new(secret(SECRET)).verify(headers, body, at(now))
}

#[test]
fn signs_as_the_other_libraries_do() {
    let vectors = [
        (SECRET, ID, SECOND, "{\"test\": 2432232314}", SIGNATURE),
        (SECRET, ID, SECOND, "", "v1,v48jdbgvh29KJz2Qc+ghw8G6vG3nAKnujWBg8oM/62A="),
        (
            "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
            "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
            1_649_367_553,
            r#"{"email":"test@example.com","username":"test_user"}"#,
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=",
        ),
        (
            "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==",
            "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
            1_674_087_231,
            r#"{"type":"contact.created","näme":"ü"}"#,
            "v1,SKm5KNAVc1ASfrJ59tY4ExLwRt4qQUTRUNIA8GnqhEo=",
        ),
    ];
    for (key, id, second, body, expected) in vectors {
        let signature = sign(&secret(key), id, at(second), body.as_bytes());
        assert_eq!(signature.as_deref(), Ok(expected), "{id}");
    }
}

#[test]
fn only_whole_seconds_are_signed() {
    let late_in_it = Timestamp::new(SECOND, 999_999_999).unwrap();
    let signature = sign(&secret(SECRET), ID, late_in_it, BODY);
    assert_eq!(signature.as_deref(), Ok(SIGNATURE));
}

#[test]
fn a_body_that_is_no_text_is_not_signed_and_not_believed() {
    assert_eq!(sign(&secret(SECRET), ID, at(SECOND), b"\xff"), Err(SignError::Body));
    let refused = verify(&headers(SIGNATURE), b"\xff", SECOND);
    assert_eq!(refused, Err(VerifyError::Unsignable(SignError::Body)));
}

#[test]
fn a_good_signature_is_believed_alone_and_among_others() {
    let several = format!("v1,AAAA v1a,whatever {SIGNATURE} v2,{SIGNATURE}");
    for signature in [SIGNATURE, &several] {
        assert_eq!(verify(&headers(signature), BODY, SECOND), Ok(()), "{signature}");
    }
}

#[test]
fn anything_changed_is_refused() {
    let good = headers(SIGNATURE);
    let forged = [
        (SignedHeaders { id: "msg_other", ..good }, BODY),
        (SignedHeaders { timestamp: "1614265331", ..good }, BODY),
        (good, br#"{"test": 2432232315}"#.as_slice()),
        (headers("v1,"), BODY),
        (headers("v1,g0hM9SsE"), BODY),
        (headers("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=="), BODY),
        (headers("v1,h0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="), BODY),
    ];
    for (headers, body) in forged {
        let refused = verify(&headers, body, SECOND);
        assert_eq!(refused, Err(VerifyError::BadSignature), "{headers:?}");
    }
    let another = Verifier::new(secret("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"));
    let refused = another.verify(&good, BODY, at(SECOND));
    assert_eq!(refused, Err(VerifyError::BadSignature));
}

#[test]
fn unknown_schemes_alone_prove_nothing() {
    let v2 = SIGNATURE.replacen("v1", "v2", 1);
    for signature in ["", "v1", "nonsense", &v2, "V1,x v10,y"] {
        let refused = verify(&headers(signature), BODY, SECOND);
        assert_eq!(refused, Err(VerifyError::UnknownVersion), "{signature}");
    }
}

#[test]
fn the_timestamp_may_be_five_minutes_off_either_way_and_no_more() {
    let good = headers(SIGNATURE);
    assert_eq!(verify(&good, BODY, SECOND + 300), Ok(()));
    assert_eq!(verify(&good, BODY, SECOND - 300), Ok(()));
    let stale = VerifyError::Stale { age_seconds: 301 };
    assert_eq!(verify(&good, BODY, SECOND + 301), Err(stale));
    let ahead = VerifyError::TooNew { ahead_seconds: 301 };
    assert_eq!(verify(&good, BODY, SECOND - 301), Err(ahead));
}

#[test]
fn a_timestamp_is_digits() {
    let texts =
        ["", "+1614265330", "-1", "1614265330.0", " 1614265330", "0x1", "99999999999999999999"];
    for timestamp in texts {
        let refused = verify(&SignedHeaders { timestamp, ..headers(SIGNATURE) }, BODY, SECOND);
        let named =
            matches!(refused, Err(VerifyError::Malformed { header: HEADER_WEBHOOK_TIMESTAMP, .. }));
        assert!(named, "{timestamp:?}: {refused:?}");
    }
}

#[test]
fn what_is_wrong_with_the_headers_is_named() {
    let all = [HEADER_WEBHOOK_ID, HEADER_WEBHOOK_TIMESTAMP, HEADER_WEBHOOK_SIGNATURE];
    for missing in all {
        let mut map = HeaderMap::new();
        for header in all.into_iter().filter(|header| *header != missing) {
            map.insert(header, "x".parse().unwrap());
        }
        assert_eq!(SignedHeaders::read(&map), Err(VerifyError::Missing(missing)));
        map.insert(missing, http::HeaderValue::from_bytes(b"\xff").unwrap());
        let refused = SignedHeaders::read(&map).unwrap_err().to_string();
        assert!(refused.contains(missing), "{refused}");
    }
    let empty = SignedHeaders { id: "", ..headers(SIGNATURE) };
    let refused = verify(&empty, BODY, SECOND).unwrap_err().to_string();
    assert_eq!(refused, "the header `webhook-id` is malformed: it must be not empty");
}
