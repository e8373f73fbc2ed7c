//! Reads an answer, with a limit on its size, and checks that it comes from Sagebell.

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Response, StatusCode};
use sagebell_api_types::{PROBLEM_JSON, ProblemDocument};
use sagebell_monitor::ports::Clock as _;
use sagebell_system::SystemClock;
use sagebell_webhook::{date, retry_after};
use serde::Deserialize;
use url::Url;

use super::error::ClientError;

/// The largest answer that is read, in bytes. A page of 200 jobs is smaller.
const LONGEST: usize = 8 * 1024 * 1024;
/// How much of a foreign answer an error repeats, in characters.
const SAID: usize = 200;
/// An answer of the API.
pub(super) async fn read<T: for<'de> Deserialize<'de>>(
    base: &Url,
    response: Response,
) -> Result<T, ClientError> {
    let head = Head::of(base, &response);
    let unreachable = |source| ClientError::Unreachable { url: base.clone(), source };
    let body = match body(response).await.map_err(unreachable)? {
        Some(body) => body,
        None => return Err(head.foreign(&format!("more than {LONGEST} bytes"))),
    };
    if !head.status.is_success() {
        return Err(head.refusal(&body));
    }
    serde_json::from_slice(&body)
        .map_err(|error| head.foreign(&format!("{error}: {}", String::from_utf8_lossy(&body))))
}

/// The body. `None` if it is too large.
pub(super) async fn body(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > LONGEST {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// The parts of an answer before its body.
struct Head {
    url: Url,
    status: StatusCode,
    is_problem: bool,
    retry_after: Option<std::time::Duration>,
}

impl Head {
    fn of(base: &Url, response: &Response) -> Self {
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let wish = text(RETRY_AFTER);
        // A date of theirs is told by their clock.
        let now = date(response.headers()).unwrap_or_else(|| SystemClock.now());
        Self {
            url: base.clone(),
            status: response.status(),
            is_problem: text(CONTENT_TYPE).is_some_and(|kind| kind.starts_with(PROBLEM_JSON)),
            retry_after: wish.and_then(|wish| retry_after(wish, now)),
        }
    }

    fn refusal(&self, body: &[u8]) -> ClientError {
        let problem =
            serde_json::from_slice::<ProblemDocument>(body).ok().filter(|_| self.is_problem);
        match problem {
            None => self.foreign(&String::from_utf8_lossy(body)),
            Some(problem) => ClientError::of(problem, self.retry_after),
        }
    }

    fn foreign(&self, said: &str) -> ClientError {
        let said = said.chars().filter(|letter| !letter.is_control()).take(SAID).collect();
        ClientError::Foreign {
            url: Box::new(self.url.clone()),
            status: self.status.as_u16(),
            said,
            retry_after: self.retry_after,
        }
    }
}
