//! Passes a browser's requests on to the monitor, signed.
//!
//! Promise: a request goes to the monitor and nowhere else, whatever its path says, and an answer
//! is bounded.

use percent_encoding::percent_encode;
use reqwest::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, HeaderValue,
    IF_NONE_MATCH, LOCATION, REFERRER_POLICY, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use reqwest::{Method, Request, StatusCode};
use url::{Url, form_urlencoded};

use super::{Client, ClientError, RESERVED, answer};

/// Headers of a request that the monitor's pages need.
const ASKED: [HeaderName; 2] = [IF_NONE_MATCH, CONTENT_TYPE];
/// Headers of an answer that browsers need.
const ANSWERED: [HeaderName; 8] = [
    CACHE_CONTROL,
    CONTENT_SECURITY_POLICY,
    CONTENT_TYPE,
    ETAG,
    LOCATION,
    REFERRER_POLICY,
    RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
];

/// A request to be passed on.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Its method.
    pub method: Method,
    /// Its path, as it was sent.
    pub path: String,
    /// Its query, without the question mark.
    pub query: String,
    /// Its headers, of which few are passed on.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
    /// Whether pages are to offer nothing that changes a job.
    pub read_only: bool,
}

/// The answer to it.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Its status.
    pub status: StatusCode,
    /// The headers that browsers need.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Client {
    /// Passes a request on, signed if other calls are signed.
    ///
    /// # Errors
    /// [`ClientError`]: the monitor gave no answer, or one that is too long.
    pub async fn pass_on(&self, asked: &Asked) -> Result<Answered, ClientError> {
        let unreachable = |source| ClientError::Unreachable { url: self.base.clone(), source };
        let mut response = self.send(self.request(asked)).await?;
        if self.was_signed_late(&response) {
            response = self.send(self.request(asked)).await?;
        }
        let status = response.status();
        let headers = only(&mut response.headers().clone(), &ANSWERED);
        let body = answer::body(response).await.map_err(unreachable)?;
        let body = body.ok_or_else(|| ClientError::Foreign {
            url: Box::new(self.base.clone()),
            status: status.as_u16(),
            said: "an answer that is too long for a page".to_owned(),
            retry_after: None,
        })?;
        Ok(Answered { status, headers, body })
    }

    fn request(&self, asked: &Asked) -> Request {
        let mut request = Request::new(asked.method.clone(), self.address(asked));
        *request.headers_mut() = only(&mut asked.headers.clone(), &ASKED);
        if asked.read_only {
            let yes = HeaderValue::from_static("yes");
            request.headers_mut().insert(sagebell_api_types::READ_ONLY, yes);
        }
        *request.body_mut() = Some(asked.body.clone().into());
        request
    }

    /// The path is put behind the monitor's own, and never read as an address. The query is encoded
    /// as signatures encode it, so that a verifier reads the same.
    fn address(&self, asked: &Asked) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), asked.path));
        let pairs = form_urlencoded::parse(asked.query.as_bytes());
        let encoded = |text: &str| percent_encode(text.as_bytes(), RESERVED).to_string();
        let pairs = pairs.map(|(name, value)| format!("{}={}", encoded(&name), encoded(&value)));
        let query = pairs.collect::<Vec<_>>().join("&");
        url.set_query((!query.is_empty()).then_some(&query));
        url
    }
}

fn only(headers: &mut HeaderMap, names: &[HeaderName]) -> HeaderMap {
    names.iter().filter_map(|name| Some((name.clone(), headers.remove(name)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(base: &str, path: &str, query: &str) -> String {
        let asked = Asked {
            method: Method::GET,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: HeaderMap::new(),
            body: Vec::new(),
            read_only: true,
        };
        Client::new(base.parse().unwrap()).unwrap().address(&asked).to_string()
    }

    #[test]
    fn a_request_goes_to_the_monitor_whatever_its_path_says() {
        for path in
            ["//evil.example/x", "/http://evil.example", "/\\evil.example", "/@evil.example"]
        {
            let address = address("http://127.0.0.1:7070", path, "");
            assert!(address.starts_with("http://127.0.0.1:7070/"), "{address}");
        }
        assert_eq!(address("http://127.0.0.1:7070/a/", "/job", ""), "http://127.0.0.1:7070/a/job");
    }

    #[test]
    fn a_query_means_the_same_and_is_encoded_as_signatures_are() {
        let address = address("http://127.0.0.1:1", "/job", "arn=arn:aws:x/y&q=a+b%26c");
        assert_eq!(address, "http://127.0.0.1:1/job?arn=arn%3Aaws%3Ax%2Fy&q=a%20b%26c");
    }
}
