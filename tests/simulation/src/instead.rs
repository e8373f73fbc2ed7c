//! What a waiter may get instead of the API's answer: from Lambda, a gateway, a load
//! balancer or a proxy between them, or from its own side.

use fastrand::Rng;

/// One of them.
#[derive(Debug)]
pub struct Instead {
    /// What it looks like.
    pub checks: &'static str,
    /// Whether the API has done what it was asked for all the same.
    pub done: bool,
}

const fn kept_off(checks: &'static str) -> Instead {
    Instead { checks, done: false }
}

const fn done(checks: &'static str) -> Instead {
    Instead { checks, done: true }
}

/// Every kind. A function's URL answers 429 when the function is throttled, and 502 or 504
/// when it fails or is slow, which it may have noticed only after its work was done
/// (<https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>). Status codes:
/// RFC 9110, sections 15.4 to 15.6.
const ALL: [Instead; 14] = [
    kept_off("no credentials to sign with"),
    kept_off("a redirect"),
    kept_off("403 of a gateway"),
    kept_off("403 of a proxy, in HTML"),
    kept_off("408"),
    kept_off("429"),
    kept_off("503"),
    kept_off("200 with a page of HTML, for signing in"),
    done("500"),
    done("502"),
    done("504"),
    done("200 with a body that is cut off"),
    done("200 with garbage"),
    done("200 with more than is read"),
];

/// Draws one.
pub fn draw(rng: &mut Rng) -> &'static Instead {
    &ALL[rng.usize(..ALL.len())]
}
