//! The body of a registration.
//!
//! Promise: every field is checked on its own, so that the answer names the one
//! at fault; unknown fields are refused, and the secret is never echoed.

use std::collections::BTreeMap;

use axum::BoxError;
use axum::extract::{FromRequest, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use jiff::Timestamp;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::WaitKey;
use sagebell_monitor::unique_names::{self, Malformed};
use sagebell_monitor::wait::{CallbackUrl, Hear, OnAbandon, Secret};
use sagebell_monitor::waits::Registration;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error_code::ErrorCode;
use crate::problem::Problem;
use crate::schema;

/// Longest body taken, in bytes.
pub(crate) const BODY_LIMIT: usize = 64 * 1_024;

/// The fields and what each takes.
const FIELDS: [(&str, &str); 8] = [
    ("callback_url", "an absolute URL"),
    ("deadline", "a time such as 2030-01-31T12:00:00Z"),
    ("hear", "`settled` or `progress`"),
    ("labels", "an object whose values are texts"),
    ("lease_seconds", "a whole number of seconds"),
    ("not_before", "a time such as 2030-01-31T12:00:00Z"),
    ("on_abandon", "`stop` or `keep`"),
    (SECRET, "a text, whsec_ and 24 to 64 random bytes in base64"),
];
const SECRET: &str = "secret";

/// What a waiter asks for.
#[derive(Debug, utoipa::ToSchema)]
pub(crate) struct WaitRequest {
    /// Where to call back. Its network and port must be allowed by the monitor.
    #[schema(value_type = String, format = "uri", max_length = 2048)]
    callback_url: CallbackUrl,
    /// What to sign callbacks with (Standard Webhooks): `whsec_` and 24 to 64
    /// random bytes in base64, made for this wait. Never answered.
    #[schema(value_type = String, write_only, pattern = "^whsec_[A-Za-z0-9+/]+={0,2}$")]
    secret: Secret,
    /// What to tell.
    #[schema(value_type = schema::HearWord, required = false)]
    hear: Hear,
    /// The time of the create or update call, by AWS's clock where possible:
    /// sightings from before belong to an older job of this name.
    #[schema(value_type = String, format = DateTime, required = false)]
    not_before: Option<Timestamp>,
    /// How long the wait lives without being renewed.
    #[schema(
        required = false,
        minimum = 5,
        maximum = 86_400,
        default = lease_seconds_default,
    )]
    lease_seconds: u32,
    /// When to give up; 35 days from now at most, and where absent.
    #[schema(value_type = String, format = DateTime, required = false)]
    deadline: Option<Timestamp>,
    /// What becomes of the job when its waiter is gone for good.
    #[schema(value_type = schema::OnAbandonWord, required = false)]
    on_abandon: OnAbandon,
    /// The waiter's own labels, 16 at most; jobs can be listed by `run`.
    #[schema(required = false)]
    labels: BTreeMap<String, String>,
}

/// The form in which a schema's default is given.
fn lease_seconds_default() -> u32 {
    Policy::LEASE_SECONDS_DEFAULT
}

impl<S: Send + Sync> FromRequest<S> for WaitRequest {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let body = Limited::new(request.into_body(), BODY_LIMIT);
        let body = body.collect().await.map_err(bad_body)?;
        Self::parse(&body.to_bytes())
    }
}

fn bad_body(error: BoxError) -> Problem {
    if error.is::<LengthLimitError>() {
        let detail = format!("at most {BODY_LIMIT} bytes");
        return Problem::new(ErrorCode::BodyTooLarge, detail);
    }
    Problem::new(ErrorCode::InvalidBody, "the body could not be read to its end")
}

fn malformed(error: Malformed) -> Problem {
    match error {
        Malformed::Twice(name) => Problem::invalid_field(name, "given twice"),
        Malformed::Json(error) => Problem::new(ErrorCode::InvalidBody, error.to_string()),
    }
}

impl WaitRequest {
    fn parse(body: &[u8]) -> Result<Self, Problem> {
        let fields = unique_names::parse(body).map_err(malformed)?;
        let Value::Object(fields) = fields else {
            return Err(Problem::new(ErrorCode::InvalidBody, "the body is no JSON object"));
        };
        Fields(fields).read()
    }

    /// The registration of this wait for its owner.
    pub(crate) fn registration(self, key: WaitKey) -> Result<Registration, Problem> {
        let owner = key.owner.ok_or_else(Problem::caller_unknown)?;
        Ok(Registration {
            arn: key.arn,
            id: key.id,
            owner,
            callback_url: self.callback_url,
            secret: self.secret,
            hear: self.hear,
            not_before: self.not_before,
            lease_seconds: self.lease_seconds,
            deadline: self.deadline,
            on_abandon: self.on_abandon,
            labels: self.labels,
        })
    }
}

/// The fields not read yet.
struct Fields(Map<String, Value>);

impl Fields {
    fn read(mut self) -> Result<WaitRequest, Problem> {
        let request = WaitRequest {
            callback_url: self.required("callback_url")?,
            secret: self.required(SECRET)?,
            hear: self.optional("hear")?.unwrap_or_default(),
            not_before: self.optional("not_before")?,
            lease_seconds: self.optional("lease_seconds")?.unwrap_or_else(lease_seconds_default),
            deadline: self.optional("deadline")?,
            on_abandon: self.optional("on_abandon")?.unwrap_or_default(),
            labels: self.optional("labels")?.unwrap_or_default(),
        };
        self.nothing_left()?;
        Ok(request)
    }

    fn required<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, Problem> {
        let missing = || Problem::invalid_field(name, format!("missing; it is {}", shape(name)));
        self.optional(name)?.ok_or_else(missing)
    }

    /// A field that may be absent or `null`.
    fn optional<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, Problem> {
        let Some(value) = self.0.remove(name) else {
            return Ok(None);
        };
        serde_json::from_value(value).map_err(|error| {
            let shape = shape(name);
            let detail = match name {
                SECRET => format!("it is {shape}"),
                _ => format!("it is {shape}, but: {error}"),
            };
            Problem::invalid_field(name, detail)
        })
    }

    fn nothing_left(self) -> Result<(), Problem> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => {
                let known = FIELDS.map(|(name, _)| name).join(", ");
                let detail = format!("no such field; there is {known}");
                Err(Problem::invalid_field(name, detail))
            }
        }
    }
}

fn shape(name: &str) -> &'static str {
    let shape = FIELDS.iter().find(|(field, _)| *field == name);
    shape.map_or("", |(_, shape)| shape)
}
