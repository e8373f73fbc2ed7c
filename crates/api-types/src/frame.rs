//! The frames of a connection: what a waiter asks, and what it receives.
//!
//! ```
//! use sagebell_api_types::{Ask, Frame};
//!
//! let text = r#"{"action": "ping", "request_id": "7"}"#;
//! let Ok(Frame { request_id, ask: Ask::Ping }) = Frame::parse(text.as_bytes()) else { panic!() };
//! assert_eq!(request_id.as_str(), "7");
//! ```

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::bounds::{MAX_WORD, clip};
use sagebell_monitor::policy::Policy;
use sagebell_monitor::wait::WaitId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::answers::WaitAndJobView;
use crate::callback::SignalBody;
use crate::problem::ProblemDocument;
use crate::wait_request::{BadBody, CALLBACK_URL, LEASE_SECONDS, SECRET, WaitRequest, fields_of};

/// The largest frame, in bytes (API Gateway Developer Guide, "Quotas for configuring and running a
/// WebSocket API": 32 KB).
pub const FRAME_LIMIT: usize = 32 * 1_024;

/// The field by which API Gateway selects the route.
const ACTION: &str = "action";
/// The value of it in the answer to `ping`.
const PONG: &str = "pong";
const REQUEST_ID: &str = "request_id";
const ARN: &str = "arn";
const WAIT_ID: &str = "wait_id";
const STOP: &str = crate::query::STOP;
const FORCE: &str = crate::query::FORCE;

/// The longest request id, in bytes.
const REQUEST_ID_LEN: usize = 64;

/// The waiter's name for a frame: its answer has the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RequestId(String);

impl RequestId {
    /// Reads an id.
    ///
    /// # Errors
    /// What a request id looks like.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let fits = (1..=REQUEST_ID_LEN).contains(&text.len());
        if !fits || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err("expected 1 to 64 printable ASCII characters");
        }
        Ok(Self(text.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for RequestId {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, &'static str> {
        Self::parse(&text)
    }
}

impl From<RequestId> for String {
    fn from(id: RequestId) -> Self {
        id.0
    }
}

/// What a waiter sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The waiter's name for it.
    pub request_id: RequestId,
    /// What it asks.
    pub ask: Ask,
}

/// What a frame asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Register, re-attach or renew a wait, to be told through this connection.
    Wait {
        /// The job.
        arn: JobArn,
        /// The wait.
        wait_id: WaitId,
        /// The rest. It has no callback.
        request: Box<WaitRequest>,
    },
    /// Cancel a wait.
    Cancel {
        /// The job.
        arn: JobArn,
        /// The wait.
        wait_id: WaitId,
        /// Stop the job first.
        stop: bool,
        /// Even if others wait for it.
        force: bool,
    },
    /// Answer.
    Ping,
}

/// A frame that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadFrame {
    /// Its name, if it has one.
    pub request_id: Option<RequestId>,
    /// What is wrong with it.
    pub bad: BadBody,
}

impl Frame {
    /// Reads a frame.
    ///
    /// # Errors
    /// [`BadFrame`] names the field that is wrong.
    pub fn parse(text: &[u8]) -> Result<Self, BadFrame> {
        let mut fields = fields_of(text).map_err(|bad| BadFrame { request_id: None, bad })?;
        let request_id = taken(&mut fields, REQUEST_ID, RequestId::parse);
        let request_id = request_id.map_err(|bad| BadFrame { request_id: None, bad })?;
        match Ask::of(fields) {
            Ok(ask) => Ok(Self { request_id, ask }),
            Err(bad) => Err(BadFrame { request_id: Some(request_id), bad }),
        }
    }

    /// The text that says this.
    #[must_use]
    pub fn encoded(&self) -> String {
        let mut frame = match &self.ask {
            // Plain data: serializing it cannot fail.
            Ask::Wait { request, .. } => serde_json::to_value(request).unwrap_or_default(),
            Ask::Cancel { stop, force, .. } => json!({ STOP: stop, FORCE: force }),
            Ask::Ping => json!({}),
        };
        if let Some(fields) = frame.as_object_mut() {
            fields.insert(ACTION.to_owned(), self.ask.action().into());
            fields.insert(REQUEST_ID.to_owned(), self.request_id.as_str().into());
            if let Ask::Wait { arn, wait_id, .. } | Ask::Cancel { arn, wait_id, .. } = &self.ask {
                fields.insert(ARN.to_owned(), arn.as_str().into());
                fields.insert(WAIT_ID.to_owned(), wait_id.as_str().into());
            }
        }
        frame.to_string()
    }
}

impl Ask {
    /// The value of [`ACTION`].
    #[must_use]
    pub const fn action(&self) -> &'static str {
        match self {
            Self::Wait { .. } => "wait",
            Self::Cancel { .. } => "cancel",
            Self::Ping => "ping",
        }
    }

    fn of(mut fields: Map<String, Value>) -> Result<Self, BadBody> {
        const ACTIONS: &str = "expected `wait`, `cancel` or `ping`";
        let action = taken(&mut fields, ACTION, |text| Ok::<_, String>(text.to_owned()))?;
        if action == "ping" {
            return left_over(&fields).map_or(Ok(Self::Ping), Err);
        }
        if action != "wait" && action != "cancel" {
            return Err(BadBody::field(ACTION, ACTIONS));
        }
        let arn = taken(&mut fields, ARN, |text| JobArn::parse(text).map_err(|e| e.to_string()))?;
        let wait_id = taken(&mut fields, WAIT_ID, |text| WaitId::parse(text).map_err(|e| e.0))?;
        if action == "cancel" {
            let (stop, force) = (flag(&mut fields, STOP)?, flag(&mut fields, FORCE)?);
            return left_over(&fields).map_or(Ok(Self::Cancel { arn, wait_id, stop, force }), Err);
        }
        if let Some(name) =
            [CALLBACK_URL, SECRET].into_iter().find(|name| fields.contains_key(*name))
        {
            return Err(BadBody::field(name, "a wait on a connection has no callback"));
        }
        let lease = || Policy::CONNECTION_LEASE_SECONDS.into();
        fields.entry(LEASE_SECONDS).or_insert_with(lease);
        let request = Box::new(WaitRequest::of(fields)?);
        Ok(Self::Wait { arn, wait_id, request })
    }
}

/// Takes a text out of the fields.
fn taken<T, E: Into<String>>(
    fields: &mut Map<String, Value>,
    name: &str,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Result<T, BadBody> {
    match fields.remove(name) {
        Some(Value::String(text)) => read(&text).map_err(|problem| BadBody::field(name, problem)),
        Some(_) => Err(BadBody::field(name, "expected a string")),
        None => Err(BadBody::field(name, "missing; expected a string")),
    }
}

fn flag(fields: &mut Map<String, Value>, name: &str) -> Result<bool, BadBody> {
    match fields.remove(name) {
        None => Ok(false),
        Some(Value::Bool(flag)) => Ok(flag),
        Some(_) => Err(BadBody::field(name, "expected `true` or `false`")),
    }
}

fn left_over(fields: &Map<String, Value>) -> Option<BadBody> {
    fields.keys().next().map(|name| BadBody::field(name, "unknown field"))
}

/// What a waiter receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// The answer to `wait` or `cancel`.
    Wait {
        /// The name of the frame that it answers.
        request_id: RequestId,
        /// The wait and its job, as known now.
        answer: Box<WaitAndJobView>,
    },
    /// The answer to `ping`. It has no name: on AWS the gateway itself gives it, and says the same
    /// to every ping.
    Pong,
    /// The answer to a frame that failed.
    Problem {
        /// The name of the frame, if that could be read.
        request_id: Option<RequestId>,
        /// What happened.
        problem: Box<ProblemDocument>,
    },
    /// A signal, in the same form as a callback's body.
    Signal(Box<SignalBody>),
    /// Anything else, clipped. For example, API Gateway itself answers
    /// `{"message": "Internal server error", …}` if the function behind it fails.
    Other(String),
}

impl Received {
    /// Reads what the monitor sent.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self::read(text).unwrap_or_else(|| Self::Other(clip(text, MAX_WORD)))
    }

    fn read(text: &str) -> Option<Self> {
        let Value::Object(mut fields) = serde_json::from_str(text).ok()? else { return None };
        if fields.get(ACTION).and_then(Value::as_str) == Some(PONG) {
            return Some(Self::Pong);
        }
        if fields.contains_key("data") {
            return Some(Self::Signal(serde_json::from_str(text).ok()?));
        }
        let request_id = fields.remove(REQUEST_ID);
        let request_id =
            request_id.and_then(|id| RequestId::parse(id.as_str().unwrap_or_default()).ok());
        if fields.contains_key("code") {
            let problem = serde_json::from_value(fields.into()).ok()?;
            return Some(Self::Problem { request_id, problem });
        }
        let answer = serde_json::from_value(fields.into()).ok()?;
        Some(Self::Wait { request_id: request_id?, answer })
    }

    /// The text that says this. A signal has a size of its own: see [`SignalBody::encoded`].
    ///
    /// # Errors
    /// None in practice: texts, numbers and times can always be serialized.
    pub fn encoded(self) -> Result<String, serde_json::Error> {
        let (request_id, body) = match self {
            Self::Signal(body) => return body.encoded(),
            Self::Other(text) => return Ok(text),
            Self::Wait { request_id, answer } => (Some(request_id), serde_json::to_value(answer)?),
            Self::Pong => (None, json!({ ACTION: PONG })),
            Self::Problem { request_id, problem } => (request_id, serde_json::to_value(problem)?),
        };
        let mut body = body;
        if let (Some(id), Some(fields)) = (request_id, body.as_object_mut()) {
            fields.insert(REQUEST_ID.to_owned(), id.0.into());
        }
        Ok(body.to_string())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sagebell_monitor::job::JobRecord;
    use sagebell_monitor::signal::Signal;

    use super::*;
    use crate::ErrorCode;

    const TRAINING: &str = "arn:aws:sagemaker:us-east-1:111122223333:training-job/x";

    fn id(text: &str) -> RequestId {
        RequestId::parse(text).unwrap()
    }

    fn frame(ask: Ask) -> Frame {
        Frame { request_id: id("r-1"), ask }
    }

    fn arn() -> JobArn {
        JobArn::parse(TRAINING).unwrap()
    }

    #[test]
    fn what_a_waiter_sends_the_monitor_reads() {
        let (arn, wait_id) = (arn(), WaitId::parse("w").unwrap());
        let request = WaitRequest { lease_seconds: 900, ..WaitRequest::by_renewals() };
        let wait =
            Ask::Wait { arn: arn.clone(), wait_id: wait_id.clone(), request: Box::new(request) };
        let cancel = Ask::Cancel { arn, wait_id, stop: true, force: false };
        for ask in [wait, cancel, Ask::Ping] {
            let frame = frame(ask);
            assert_eq!(Frame::parse(frame.encoded().as_bytes()).unwrap(), frame);
        }
    }

    #[test]
    fn a_wait_without_a_lease_gets_that_of_a_connection() {
        let text = json!({"action": "wait", "request_id": "r", "arn": TRAINING, "wait_id": "w"});
        let read = Frame::parse(text.to_string().as_bytes()).unwrap();
        let Ask::Wait { request, .. } = read.ask else { panic!() };
        assert_eq!(request.lease_seconds, Policy::CONNECTION_LEASE_SECONDS);
    }

    #[test]
    fn a_bad_frame_is_refused_by_its_name_and_its_field() {
        let wait = json!({"action": "wait", "request_id": "r", "arn": TRAINING, "wait_id": "w"});
        for (field, value, known) in [
            ("action", json!("dance"), true),
            ("action", json!(null), true),
            ("request_id", json!(""), false),
            ("request_id", json!("x".repeat(65)), false),
            ("request_id", json!(7), false),
            ("arn", json!("arn:aws:s3:::x"), true),
            ("wait_id", json!("a b"), true),
            ("callback_url", json!("http://10.0.0.1/"), true),
            ("secret", json!("whsec_x"), true),
            ("lease_seconds", json!("soon"), true),
            ("surprise", json!(1), true),
        ] {
            let mut text = wait.clone();
            text[field] = value;
            let BadFrame { request_id, bad } =
                Frame::parse(text.to_string().as_bytes()).unwrap_err();
            assert!(matches!(&bad, BadBody::Field { name, .. } if name == field), "{field}: {bad}");
            assert_eq!(request_id.is_some(), known, "{field}");
        }
        for text in ["", "[]", "{", "1"] {
            assert!(Frame::parse(text.as_bytes()).is_err(), "{text}");
        }
        for action in ["ping", "cancel"] {
            let text = json!({"action": action, "request_id": "r", "arn": TRAINING,
                              "wait_id": "w", "labels": {}});
            assert!(Frame::parse(text.to_string().as_bytes()).is_err(), "{action}");
        }
    }

    #[test]
    fn what_the_monitor_sends_a_waiter_reads() {
        let job = JobRecord::unseen(&arn(), Timestamp::UNIX_EPOCH, Timestamp::MAX).job;
        let signal = Signal { wait_id: WaitId::parse("w").unwrap(), seq: 1, job };
        let problem = ProblemDocument::new(ErrorCode::TryAgain, "busy".to_owned(), None);
        for sent in [
            Received::Pong,
            Received::Problem { request_id: Some(id("r")), problem: Box::new(problem.clone()) },
            Received::Problem { request_id: None, problem: Box::new(problem) },
            Received::Signal(Box::new(SignalBody::new(signal))),
        ] {
            assert_eq!(Received::parse(&sent.clone().encoded().unwrap()), sent);
        }
        let gateways =
            r#"{"message": "Internal server error", "connectionId":"x=", "requestId":"y="}"#;
        for text in [gateways, "", "[]", "hello", r#"{"request_id": "r"}"#] {
            assert!(matches!(Received::parse(text), Received::Other(_)), "{text}");
        }
    }
}
