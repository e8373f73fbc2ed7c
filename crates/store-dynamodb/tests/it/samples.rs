//! The samples by name, as the store's indexes hold them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sagebell_monitor::job::JobRecord;
use sagebell_monitor::testing::samples;
use sagebell_monitor::wait::{Wait, WaitKey};

pub(crate) use sagebell_monitor::testing::samples::arn;

pub(crate) fn job(name: &str, now: Timestamp) -> JobRecord {
    samples::job(&arn(name), now)
}

pub(crate) fn key(job: &str, id: &str) -> WaitKey {
    samples::key(&arn(job), id)
}

/// A wait of a run, which is due.
pub(crate) fn wait(job: &str, id: &str, now: Timestamp) -> Wait {
    let labels = BTreeMap::from([("run".to_owned(), "run-1".to_owned())]);
    Wait { labels, due_at: Some(now), ..samples::wait(&arn(job), id, now) }
}
