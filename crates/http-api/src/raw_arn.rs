//! Makes `/v1/jobs/arn:…:training-job/x/waits/w` the same call as
//! `/v1/jobs/arn%3A…%3Atraining-job%2Fx/waits/w`.
//!
//! Some front ends decode `%2F` before the router sees the path (for example the `rawPath` of a
//! Lambda function URL, or a reverse proxy). People also type ARNs without encoding.
//!
//! Promise: a path with an encoded ARN stays unchanged. An ARN that is not encoded is read as a
//! whole, so a training job may have the name `timeline`.

use std::borrow::Cow;

use axum::extract::Request;
use http::Uri;
use http::uri::PathAndQuery;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, percent_encode};
use sagebell_monitor::arn::JobArn;

/// What stands before the ARN.
const PREFIX: &str = "/v1/jobs/";
/// What every ARN begins with.
const ARN_START: &[u8] = b"arn:";
/// A raw ARN has at least `arn:…:TYPE` and `NAME`.
const ARN_PARTS: usize = 2;

/// Encodes a raw ARN in the request's path.
pub(crate) fn encode(mut request: Request) -> Request {
    if let Some(uri) =
        encoded_path(request.uri().path()).and_then(|path| with_path(request.uri(), path))
    {
        *request.uri_mut() = uri;
    }
    request
}

/// A path too long for a URI stays as it came: no route takes it.
fn with_path(uri: &Uri, mut path: String) -> Option<Uri> {
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path).ok()?);
    Uri::from_parts(parts).ok()
}

fn encoded_path(path: &str) -> Option<String> {
    let segments: Vec<&str> = path.strip_prefix(PREFIX)?.split('/').collect();
    let first = decoded(segments.first()?);
    let is_raw = segments.len() >= ARN_PARTS && first.starts_with(ARN_START);
    if !is_raw || first.contains(&b'/') {
        return None;
    }
    let (arn, rest) = segments.split_at_checked(arn_parts(&segments))?;
    let arn = percent_encode(&joined(arn), NON_ALPHANUMERIC).to_string();
    let parts = std::iter::once(arn.as_str()).chain(rest.iter().copied());
    Some(format!("{PREFIX}{}", parts.collect::<Vec<_>>().join("/")))
}

/// How many of the segments are the ARN. Where several readings are ARNs
/// (`…/x/timeline`), the one that leaves most to the route is meant: no name in
/// SageMaker has a slash, and what follows one is a number or a fixed word.
fn arn_parts(segments: &[&str]) -> usize {
    let readings = route_words(segments).map(|words| segments.len() - words);
    let is_arn = |parts: &usize| {
        let text = joined(segments.get(..*parts).unwrap_or_default());
        std::str::from_utf8(&text).is_ok_and(|text| JobArn::parse(text).is_ok())
    };
    let right = readings.clone().find(is_arn);
    // Where none is an ARN, the shortest gets the best message.
    right.or_else(|| readings.clone().find(|parts| *parts >= ARN_PARTS)).unwrap_or(segments.len())
}

/// How many segments at the end may be the route's own, the most first.
fn route_words(segments: &[&str]) -> impl Iterator<Item = usize> + Clone {
    let wait = matches!(segments, [.., "waits", _]).then_some(2);
    let word = matches!(segments, [.., "timeline" | "refresh" | "stop" | "waits"]).then_some(1);
    wait.into_iter().chain(word).chain([0])
}

fn decoded(segment: &str) -> Cow<'_, [u8]> {
    percent_decode_str(segment).into()
}

fn joined(segments: &[&str]) -> Vec<u8> {
    let parts: Vec<Cow<'_, [u8]>> = segments.iter().map(|segment| decoded(segment)).collect();
    parts.join(&b'/')
}

#[cfg(test)]
mod tests {
    use percent_encoding::utf8_percent_encode;

    use super::*;

    const ACCOUNT: &str = "arn:aws:sagemaker:us-east-1:111122223333";

    /// The path with `arn` encoded and `rest` after it.
    fn call(arn: &str, rest: &str) -> String {
        let arn = format!("{ACCOUNT}:{arn}");
        format!("{PREFIX}{}{rest}", utf8_percent_encode(&arn, NON_ALPHANUMERIC))
    }

    #[test]
    fn a_raw_arn_ends_where_the_routes_own_words_begin() {
        for (arn, rest) in [
            ("training-job/x", ""),
            ("training-job/x", "/timeline"),
            ("training-job/x", "/refresh"),
            ("training-job/x", "/stop"),
            ("training-job/x", "/waits"),
            ("training-job/waits", "/waits"),
            ("training-job/x", "/waits/w"),
            ("training-job/timeline", ""),
            ("training-job/timeline", "/timeline"),
            ("training-job/refresh", "/refresh"),
            ("training-job/waits", "/waits/waits"),
            ("training-job/waits", "/timeline"),
            ("training-job/x", "/waits/timeline"),
            ("model-package/waits/1", ""),
            ("model-package/timeline/1", "/timeline"),
            ("pipeline/timeline/execution/e", "/refresh"),
            ("pipeline/p/execution/timeline", ""),
            ("pipeline/p/execution/e/step/timeline", ""),
            ("pipeline/p/execution/e/step/refresh", "/waits/w"),
            ("pipeline/p/execution/e/step/waits", "/waits/w"),
        ] {
            let raw = format!("{PREFIX}{ACCOUNT}:{arn}{rest}");
            assert_eq!(encoded_path(&raw), Some(call(arn, rest)), "{raw}");
            let half = raw.replace(':', "%3A");
            assert_eq!(encoded_path(&half), Some(call(arn, rest)), "{half}");
        }
    }

    #[test]
    fn an_encoded_arn_always_wins() {
        for (arn, rest) in [
            ("training-job/x", ""),
            ("training-job/x/timeline", ""),
            ("training-job/x/waits/w", "/waits/v"),
            ("pipeline/p", "/execution/e"),
        ] {
            assert_eq!(encoded_path(&call(arn, rest)), None);
        }
    }

    #[test]
    fn what_is_no_arn_is_left_alone() {
        for path in [
            "/",
            "/healthz",
            "/v1/jobs",
            "/v1/jobs/",
            "/v1/jobs/x/y",
            "/v1/jobs/../..",
            "/v1/jobs/arn:x",
        ] {
            assert_eq!(encoded_path(path), None, "{path}");
        }
    }

    #[test]
    fn a_malformed_arn_still_reaches_its_route() {
        for (raw, encoded) in [
            ("arn:aws:s3/x/timeline", "arn%3Aaws%3As3%2Fx/timeline"),
            ("arn:x/timeline", "arn%3Ax%2Ftimeline"),
            ("arn:x/y/%FF/waits/%FF", "arn%3Ax%2Fy%2F%FF/waits/%FF"),
            ("arn:x/../..", "arn%3Ax%2F%2E%2E%2F%2E%2E"),
        ] {
            let raw = format!("{PREFIX}{raw}");
            assert_eq!(encoded_path(&raw), Some(format!("{PREFIX}{encoded}")));
        }
    }

    #[test]
    fn the_query_stays() {
        let uri = format!("https://x{PREFIX}{ACCOUNT}:training-job/x/waits/w?stop=true");
        let request = Request::builder().uri(uri).body(axum::body::Body::empty()).unwrap();
        let uri = encode(request).uri().to_string();
        assert_eq!(uri, format!("https://x{}?stop=true", call("training-job/x", "/waits/w")));
    }
}
