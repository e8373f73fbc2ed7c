//! Small jobs and waits.

use std::time::Duration;

use jiff::Timestamp;
use monitor::arn::JobArn;
use monitor::job::JobRecord;
use monitor::ports::WaitKey;
use monitor::wait::{Wait, WaitId, later};
use serde_json::json;

const LIFE: Duration = Duration::from_secs(3_600);

pub(crate) fn arn(name: &str) -> JobArn {
    let text = format!("arn:aws:sagemaker:eu-west-1:111122223333:training-job/{name}");
    JobArn::parse(&text).unwrap()
}

pub(crate) fn job(name: &str, now: Timestamp) -> JobRecord {
    JobRecord::unseen(&arn(name), now, later(now, LIFE))
}

pub(crate) fn key(job: &str, id: &str) -> WaitKey {
    WaitKey { arn: arn(job), id: WaitId::parse(id).unwrap() }
}

pub(crate) fn wait(job: &str, id: &str, now: Timestamp) -> Wait {
    serde_json::from_value(json!({
        "arn": arn(job), "id": id, "owner": "111122223333/role/kfp",
        "callback_url": "http://10.0.0.7:8080/",
        "secret": format!("whsec_{}", "A".repeat(32)),
        "hear": "settled", "not_before": null, "lease_seconds": 600,
        "lease_until": now, "deadline": later(now, LIFE), "on_abandon": "keep",
        "labels": {"run": "run-1"}, "state": "waiting",
        "delivery": {
            "seq": 0, "telling": null, "heard": null, "attempts": 0,
            "claimed_until": null, "retry_at": null, "last_error": null,
        },
        "check_at": now, "checks": 0, "stop_pending": false, "due_at": now,
        "created_at": now, "expires_at": later(now, LIFE),
    }))
    .unwrap()
}
