//! The samples by name, and signal requests.

use jiff::Timestamp;
use sagebell_monitor::job::JobRecord;
use sagebell_monitor::signal::SignalRequest;
use sagebell_monitor::testing::samples;
use sagebell_monitor::wait::{Wait, WaitKey};

pub(crate) use sagebell_monitor::testing::samples::arn;

pub(crate) fn job(name: &str, now: Timestamp) -> JobRecord {
    samples::job(&arn(name), now)
}

pub(crate) fn key(job: &str, id: &str) -> WaitKey {
    samples::key(&arn(job), id)
}

pub(crate) fn wait(job: &str, id: &str, now: Timestamp) -> Wait {
    samples::wait(&arn(job), id, now)
}

pub(crate) fn request(id: &str) -> SignalRequest {
    key("a-job", id).into()
}
