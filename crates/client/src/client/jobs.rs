//! The calls about jobs.

use reqwest::Method;
use sagebell_api_types::query::{CURSOR, JobsQuery, LIMIT};
use sagebell_api_types::{JobAndRunsView, JobListView, JobWaitListView, TimelineView};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::job::Job;

use super::{Client, ClientError, encoded};

/// Waits on one page.
const PAGE: u32 = 200;

impl Client {
    /// Reads one page of jobs.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn list_jobs(&self, asked: &JobsQuery) -> Result<JobListView, ClientError> {
        let mut url = self.url("v1/jobs");
        let pairs = asked.pairs().map(|(name, value)| format!("{name}={}", encoded(&value)));
        url.set_query(Some(&pairs.collect::<Vec<_>>().join("&")));
        self.answer(self.http.get(url)).await
    }

    /// Reads a job.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn get_job(&self, arn: &JobArn) -> Result<JobAndRunsView, ClientError> {
        self.answer(self.call(Method::GET, &job_path(arn, ""))).await
    }

    /// Reads the timeline of a job.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn timeline(&self, arn: &JobArn) -> Result<TimelineView, ClientError> {
        self.answer(self.call(Method::GET, &job_path(arn, "/timeline"))).await
    }

    /// Reads one page of the waits on a job.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn waits(
        &self,
        arn: &JobArn,
        cursor: Option<&str>,
    ) -> Result<JobWaitListView, ClientError> {
        let mut url = self.url(&job_path(arn, "/waits"));
        let cursor = cursor.map(|cursor| format!("&{CURSOR}={}", encoded(cursor)));
        url.set_query(Some(&format!("{LIMIT}={PAGE}{}", cursor.unwrap_or_default())));
        self.answer(self.http.get(url)).await
    }

    /// Makes the monitor stop a job.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn stop(&self, arn: &JobArn) -> Result<Job, ClientError> {
        self.answer(self.call(Method::POST, &job_path(arn, "/stop"))).await
    }

    /// Makes the monitor describe a job now.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn refresh(&self, arn: &JobArn) -> Result<Job, ClientError> {
        self.answer(self.call(Method::POST, &job_path(arn, "/refresh"))).await
    }
}

fn job_path(arn: &JobArn, rest: &str) -> String {
    format!("v1/jobs/{}{rest}", encoded(arn.as_str()))
}
