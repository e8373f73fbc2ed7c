//! The answers of pages: a page, "nothing new", or a page that says what went wrong.
//!
//! Promise: a page that did not change is not sent again to a browser that has it (RFC 9110,
//! section 13.1.2).

use axum::extract::OptionalFromRequestParts;
use axum::response::{Html, IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use maud::{Markup, html};

use super::assets::digest;
use super::layout::{Room, layout};
use crate::problem::Problem;
use sagebell_api_types::ErrorCode;

/// Nothing but the pages' own files, and no page of others around them.
pub(crate) const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     connect-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'self'";

/// What a page comes to.
pub(crate) type Answer = Result<Response, Failure>;

/// The version of a page that the browser has.
pub(crate) struct Known(HeaderValue);

impl<S: Sync> OptionalFromRequestParts<S> for Known {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.headers.get(header::IF_NONE_MATCH).cloned().map(Self))
    }
}

/// The page, or "nothing new" for a browser that has it.
pub(crate) fn page(page: Markup, known: Option<&Known>) -> Response {
    let text = page.into_string();
    let version = HeaderValue::from_str(&format!("\"{:016x}\"", digest(&text)));
    // Hexadecimal digits are always a header's value.
    let version = version.unwrap_or_else(|_| HeaderValue::from_static("\"\""));
    let is_known = known.is_some_and(|known| known.0 == version);
    let mut response = match is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Html(text).into_response(),
    };
    strict(response.headers_mut());
    response.headers_mut().insert(header::ETAG, version);
    response
}

fn strict(headers: &mut HeaderMap) {
    // With `no-referrer` a browser would not say that a form comes from the page itself (Fetch
    // Standard, "append a request `Origin` header").
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
}

/// A failure, told by a page.
pub(crate) struct Failure(Problem);

impl<P: Into<Problem>> From<P> for Failure {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let code = self.0.code();
        let next = next_step(code);
        let told = self.0.clone().document();
        let page = layout(
            &told.title,
            Room::Other,
            None,
            &html! {
                h1 { (told.title) }
                p { bdi { (sagebell_monitor::inert::one_line(&told.detail)) } }
                @if let Some(field) = &told.field {
                    p { "The wrong part of the address is " code { (field) } "." }
                }
                p { (next) }
                p { a href="./" { "All jobs" } }
            },
        );
        // The status, and the time after which to try again, are those of the problem.
        let mut response = self.0.into_response();
        *response.body_mut() = page.into_string().into();
        let headers = response.headers_mut();
        headers.remove(header::CONTENT_LENGTH);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        strict(headers);
        response
    }
}

/// What a person can do about it.
fn next_step(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::InvalidField => "Remove that part, or begin again with all jobs.",
        ErrorCode::JobNotFound => {
            "Sagebell learns of a job by its events and by waits. It forgets a job some time after \
             its end."
        }
        ErrorCode::NotOwner | ErrorCode::ReadOnly | ErrorCode::OthersWaiting => {
            "Ask the owner of the job, or stop it in the SageMaker console."
        }
        ErrorCode::SagemakerThrottled | ErrorCode::TryAgain => "Try again in a moment.",
        ErrorCode::SagemakerUnavailable => "Use a monitor that may call SageMaker.",
        _ => "If this goes on, look into the monitor's log.",
    }
}
