use jiff::Timestamp;
use sagebell_monitor::event::{Parsed, parse};
use sagebell_monitor::job::JobRecord;
use sagebell_monitor::kind::Kind;
use serde_json::{Value, json};

/// Arbitrary bytes as an event, and as the detail of an event of each kind: no
/// panic, and what is taken is within its limits.
pub fn event(bytes: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else {
        return;
    };
    check(&value);
    let detail = value.get("detail").unwrap_or(&value);
    for kind in Kind::all() {
        for detail_type in kind.spec().detail_types {
            check(&json!({
                "source": "aws.sagemaker", "detail-type": detail_type, "detail": detail,
                "resources": value.get("resources"), "time": value.get("time"),
            }));
        }
    }
}

fn check(event: &Value) {
    let Ok(Parsed::Job(seen)) = parse(event, Timestamp::UNIX_EPOCH) else {
        return;
    };
    assert!(seen.status.len() <= 256 && seen.name.as_ref().is_none_or(|name| name.len() <= 256));
    assert!(seen.failure_reason.as_ref().is_none_or(|reason| reason.len() <= 4_096));
    let mut record = JobRecord::unseen(&seen.arn, Timestamp::UNIX_EPOCH, Timestamp::MAX);
    record.observe(&seen, Timestamp::UNIX_EPOCH);
    let before = record.clone();
    record.observe(&seen, Timestamp::UNIX_EPOCH);
    assert_eq!(record, before, "the same observation again changes nothing");
}
