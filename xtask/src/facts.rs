//! `infra/facts.json`: what the template repeats of the code, for the tests that compare them.

use std::time::Duration;

use sagebell_api_types::Received;
use sagebell_monitor::limits::Limits;
use sagebell_monitor::policy::Policy;
use sagebell_runtime::METRICS;
use sagebell_store_dynamodb::schema;
use serde_json::{Value, json};

/// The defaults of the functions, the table of the store, the metrics, and the answer to a ping.
pub(crate) fn facts() -> Value {
    let policy = Policy::default();
    let Limits { registrations_per_minute, unseen_per_hour, waits_per_day } = policy.limits;
    json!({
        "defaults": {
            "CheckFirstSeconds": policy.check_first.as_secs(),
            "CheckLongestSeconds": policy.check_longest.as_secs(),
            "ListSeconds": policy.list_every.as_secs(),
            "GraceSeconds": policy.grace.as_secs(),
            "RegistrationsPerMinute": registrations_per_minute,
            "RetentionDays": days(policy.retention),
            "UnseenWaitsPerHour": unseen_per_hour,
            "WaitsPerDay": waits_per_day,
        },
        "attempts_for_seconds": Policy::ATTEMPTS_FOR.as_secs(),
        "table": {
            "keys": [schema::PK, schema::SK],
            "time_to_live": schema::TTL,
            "indexes": {
                (schema::DUE_INDEX): {
                    "keys": [schema::DUE_PK, schema::DUE_SK],
                    "attributes": schema::DUE_PROJECTION,
                },
                (schema::LISTING_INDEX): {
                    "keys": [schema::LISTING_PK, schema::LISTING_SK],
                    "attributes": schema::LISTING_PROJECTION,
                },
            },
        },
        "metrics": METRICS,
        "pong": pong(),
    })
}

fn pong() -> Option<Value> {
    serde_json::from_str(&Received::Pong.encoded().ok()?).ok()
}

fn days(time: Duration) -> f64 {
    time.as_secs_f64() / 86_400.0
}
