//! The body of a registration.
//!
//! Promise: an error names one wrong field. Unknown fields are errors too. No error repeats the
//! secret.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::unique_names::{self, Malformed};
use sagebell_monitor::wait::{CallbackUrl, OnAbandon, Secret, SignalOn};
use sagebell_monitor::wait_registry::Field;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::schema;

/// The fields: name and expected value.
const FIELDS: [(&str, &str); 8] = [
    (CALLBACK_URL, "an absolute URL"),
    (DEADLINE, "a time such as 2030-01-31T12:00:00Z"),
    (LABELS, "an object whose values are strings"),
    (LEASE_SECONDS, "a whole number of seconds"),
    (NOT_BEFORE, "a time such as 2030-01-31T12:00:00Z"),
    (ON_ABANDON, "`stop` or `keep`"),
    (SECRET, "a string, whsec_ and 24 to 64 random bytes in base64"),
    (SIGNAL_ON, "`settled` or `progress`"),
];
/// The field that says where to call back.
pub const CALLBACK_URL: &str = "callback_url";
const DEADLINE: &str = "deadline";
const LABELS: &str = "labels";
pub(crate) const LEASE_SECONDS: &str = "lease_seconds";
const NOT_BEFORE: &str = "not_before";
const ON_ABANDON: &str = "on_abandon";
pub(crate) const SECRET: &str = "secret";
const SIGNAL_ON: &str = "signal_on";
/// The name that version 0.1.0 gave to [`SIGNAL_ON`].
const HEAR: &str = "hear";

/// The name on the wire of a field that the monitor refuses.
#[must_use]
pub fn field_name(field: Field) -> &'static str {
    match field {
        Field::CallbackUrl => CALLBACK_URL,
        Field::Deadline => DEADLINE,
        Field::Labels => LABELS,
        Field::LeaseSeconds => LEASE_SECONDS,
        Field::NotBefore => NOT_BEFORE,
        Field::OnAbandon => ON_ABANDON,
    }
}

/// What a waiter asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitRequest {
    /// The URL of the callback. The monitor must allow its network and port. Without it the wait
    /// has no channel: its waiter renews it, and reads the state in the answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uri", max_length = 2048, required = false)]
    pub callback_url: Option<CallbackUrl>,
    /// The secret that signs the callbacks (Standard Webhooks): `whsec_` and 24 to 64
    /// random bytes in base64, generated for this wait. No answer contains it. A callback URL needs
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        value_type = String,
        write_only,
        pattern = "^whsec_[A-Za-z0-9+/]+={0,2}$",
        required = false,
    )]
    pub secret: Option<Secret>,
    /// Which signals to send. Version 0.1.0 called the field `hear`.
    #[serde(default)]
    #[schema(value_type = schema::SignalOnWord, required = false)]
    pub signal_on: SignalOn,
    /// The time of the create or update call, by AWS's clock if possible. Older
    /// observations belong to an older job of this name, and are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    pub not_before: Option<Timestamp>,
    /// How long the wait lives without a renewal.
    #[serde(default = "lease_seconds_default")]
    #[schema(
        required = false,
        minimum = 5,
        maximum = 86_400,
        default = lease_seconds_default,
    )]
    pub lease_seconds: u32,
    /// When the monitor ends the wait. At most 35 days from now, which is also the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    pub deadline: Option<Timestamp>,
    /// What to do with the job if the wait is abandoned.
    #[serde(default)]
    #[schema(value_type = schema::OnAbandonWord, required = false)]
    pub on_abandon: OnAbandon,
    /// The waiter's labels, 16 at most. Jobs can be listed by the label `run`.
    #[serde(default)]
    #[schema(required = false)]
    pub labels: BTreeMap<String, String>,
}

/// The form in which a schema's default is given.
fn lease_seconds_default() -> u32 {
    Policy::LEASE_SECONDS_DEFAULT
}

/// Why a body is not a valid request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    /// It is not JSON, or no object.
    #[error("{0}")]
    NotAnObject(String),
    /// One field is not what it must be.
    #[error("{name}: {problem}")]
    Field {
        /// The field.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
}

impl BadBody {
    pub(crate) fn field(name: &str, problem: impl Into<String>) -> Self {
        Self::Field { name: name.to_owned(), problem: problem.into() }
    }
}

impl WaitRequest {
    /// A request for callbacks that says no more than it must.
    #[must_use]
    pub fn by_callback(url: CallbackUrl, secret: Secret) -> Self {
        Self { callback_url: Some(url), secret: Some(secret), ..Self::by_renewals() }
    }

    /// A request without a callback that says no more than it must.
    #[must_use]
    pub fn by_renewals() -> Self {
        Self {
            callback_url: None,
            secret: None,
            signal_on: SignalOn::default(),
            not_before: None,
            lease_seconds: lease_seconds_default(),
            deadline: None,
            on_abandon: OnAbandon::default(),
            labels: BTreeMap::new(),
        }
    }

    /// Reads a body.
    ///
    /// # Errors
    /// [`BadBody`] names the field that is wrong.
    pub fn parse(body: &[u8]) -> Result<Self, BadBody> {
        Self::of(fields_of(body)?)
    }

    /// Reads the fields.
    ///
    /// # Errors
    /// [`BadBody`] names the field that is wrong.
    pub(crate) fn of(mut fields: Map<String, Value>) -> Result<Self, BadBody> {
        if let Some(value) = fields.remove(HEAR)
            && fields.insert(SIGNAL_ON.to_owned(), value).is_some()
        {
            return Err(BadBody::field(
                HEAR,
                format!("the old name of `{SIGNAL_ON}`. Give only `{SIGNAL_ON}`"),
            ));
        }
        for (name, other) in [(CALLBACK_URL, SECRET), (SECRET, CALLBACK_URL)] {
            if fields.contains_key(other) && !fields.contains_key(name) {
                let shape = shape(name).unwrap_or_default();
                let problem = format!("missing beside `{other}`; expected {shape}");
                return Err(BadBody::field(name, problem));
            }
        }
        if let Some(name) = fields.keys().find(|name| shape(name).is_none()) {
            let known = FIELDS.map(|(name, _)| name).join(", ");
            return Err(BadBody::field(name, format!("unknown field; expected one of {known}")));
        }
        serde_path_to_error::deserialize(Value::Object(fields)).map_err(|error| wrong(&error))
    }
}

/// The fields of a body. A field may be absent or `null`.
///
/// # Errors
/// If it is not JSON, no object, or has a field twice.
pub(crate) fn fields_of(body: &[u8]) -> Result<Map<String, Value>, BadBody> {
    let body = unique_names::parse(body).map_err(|error| match error {
        Malformed::Twice(name) => BadBody::field(&name, "given twice"),
        Malformed::Json(error) => BadBody::NotAnObject(error.to_string()),
    })?;
    let Value::Object(mut fields) = body else {
        return Err(BadBody::NotAnObject("the body is not a JSON object".to_owned()));
    };
    fields.retain(|_, value| !value.is_null());
    Ok(fields)
}

/// An error about a field with a wrong value. It repeats nothing of a secret.
fn wrong(error: &serde_path_to_error::Error<serde_json::Error>) -> BadBody {
    let path = error.path().to_string();
    let name = path.split(['.', '[']).next().unwrap_or_default();
    let shape = shape(name).unwrap_or_default();
    let problem = match name {
        SECRET => format!("expected {shape}"),
        _ => format!("expected {shape}: {}", error.inner()),
    };
    BadBody::field(name, problem)
}

fn shape(name: &str) -> Option<&'static str> {
    FIELDS.iter().find(|(field, _)| *field == name).map(|(_, shape)| *shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> WaitRequest {
        let url = CallbackUrl::parse("http://10.0.0.7:8080/callback").unwrap();
        let time = Some(Timestamp::UNIX_EPOCH);
        let request = WaitRequest::by_callback(url, Secret::from_bytes(&[7; 32]).unwrap());
        WaitRequest { not_before: time, deadline: time, ..request }
    }

    #[test]
    fn what_a_client_sends_the_server_reads() {
        let body = serde_json::to_vec(&request()).unwrap();
        assert_eq!(WaitRequest::parse(&body).unwrap(), request());
    }

    #[test]
    fn the_table_has_every_field() {
        let Value::Object(sent) = serde_json::to_value(request()).unwrap() else { panic!() };
        let sent: Vec<&str> = sent.keys().map(String::as_str).collect();
        let mut sent = sent;
        sent.sort_unstable();
        assert_eq!(sent, FIELDS.map(|(name, _)| name));
    }

    #[test]
    fn a_callback_is_whole_or_absent() {
        let none = WaitRequest::parse(b"{}").unwrap();
        assert_eq!(none, WaitRequest::by_renewals());
        for (alone, missing) in [(CALLBACK_URL, SECRET), (SECRET, CALLBACK_URL)] {
            let mut body = serde_json::to_value(request()).unwrap();
            body.as_object_mut().unwrap().remove(missing);
            let refused = WaitRequest::parse(body.to_string().as_bytes()).unwrap_err();
            assert!(matches!(refused, BadBody::Field { name, .. } if name == missing), "{alone}");
        }
    }

    #[test]
    fn the_old_name_of_a_field_is_read_but_not_beside_the_new_one() {
        let progress = WaitRequest { signal_on: SignalOn::Progress, ..request() };
        let mut body = serde_json::to_value(&progress).unwrap();
        body["hear"] = body["signal_on"].clone();
        let refused = WaitRequest::parse(body.to_string().as_bytes()).unwrap_err();
        assert!(matches!(refused, BadBody::Field { name, .. } if name == "hear"));
        body.as_object_mut().unwrap().remove("signal_on");
        assert_eq!(WaitRequest::parse(body.to_string().as_bytes()).unwrap(), progress);
    }

    #[test]
    fn a_value_deep_inside_is_laid_to_its_field() {
        let mut body = serde_json::to_value(request()).unwrap();
        body["labels"] = serde_json::json!({"run": 7});
        let refused = WaitRequest::parse(body.to_string().as_bytes()).unwrap_err();
        assert!(matches!(refused, BadBody::Field { name, .. } if name == "labels"));
    }
}
