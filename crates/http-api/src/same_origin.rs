//! Whether a request comes from a page of the same server.
//!
//! Every browser says by `Origin` or `Sec-Fetch-Site` where a form comes from (Fetch Standard,
//! "`Origin` header"; Fetch Metadata Request Headers, W3C, section 2.3). A program says nothing, and
//! needs no protection from itself.

use http::{HeaderMap, Uri, header};

const FETCH_SITE: &str = "sec-fetch-site";

/// Whether nothing in the headers says that the request comes from a page of another server.
#[must_use]
pub fn is_of_own_page(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST.as_str()).unwrap_or_default();
    let is_own = |origin: &str| {
        let authority = origin.parse::<Uri>().ok().and_then(|uri| uri.authority().cloned());
        authority.is_some_and(|authority| authority.as_str() == host)
    };
    text(FETCH_SITE).is_none_or(|site| site == "same-origin" || site == "none")
        && text(header::ORIGIN.as_str()).is_none_or(is_own)
}
