//! What the API answers.
//!
//! Promise: a wait's secret is not in here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sagebell_monitor::job::{Job, JobRecord, TimelineEntry};
use sagebell_monitor::ports::Page;
use sagebell_monitor::wait::{CallbackUrl, Hear, OnAbandon, Wait, WaitId, WaitState};
use sagebell_monitor::waits::WaitAndJob;
use serde::Serialize;

use crate::schema;

/// A wait, as its owner sees it.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Wait)]
pub(crate) struct WaitView {
    /// The waiter's name for it.
    #[schema(value_type = String)]
    id: WaitId,
    /// Where to call back.
    #[schema(value_type = String, format = "uri")]
    callback_url: CallbackUrl,
    /// What it wants to hear.
    #[schema(value_type = schema::HearWord)]
    hear: Hear,
    /// Sightings from before this belong to an older job or update.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    not_before: Option<Timestamp>,
    /// How long it lives without being renewed.
    lease_seconds: u32,
    /// When the lease runs out.
    #[schema(value_type = String, format = DateTime)]
    lease_until: Timestamp,
    /// When to give up.
    #[schema(value_type = String, format = DateTime)]
    deadline: Timestamp,
    /// What becomes of the job when its waiter is gone for good.
    #[schema(value_type = schema::OnAbandonWord)]
    on_abandon: OnAbandon,
    /// The waiter's own labels.
    labels: BTreeMap<String, String>,
    /// Where it is in its life.
    #[schema(value_type = schema::WaitStateWord)]
    state: WaitState,
    /// When it was first registered.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// How far telling it has come.
    delivery: DeliveryView,
}

/// How far telling a wait has come.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Delivery)]
struct DeliveryView {
    /// The number of the last signal begun; 0: none yet.
    seq: u64,
    /// Failed attempts at that signal.
    attempts: u32,
    /// What the last failed attempt met; who does not own the job is told its class alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    last_error: Option<String>,
    /// When to try again.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    retry_at: Option<Timestamp>,
}

impl From<Wait> for WaitView {
    fn from(wait: Wait) -> Self {
        Self {
            id: wait.id,
            callback_url: wait.callback_url,
            hear: wait.hear,
            not_before: wait.not_before,
            lease_seconds: wait.lease_seconds,
            lease_until: wait.lease_until,
            deadline: wait.deadline,
            on_abandon: wait.on_abandon,
            labels: wait.labels,
            state: wait.state,
            created_at: wait.created_at,
            delivery: DeliveryView {
                seq: wait.delivery.seq,
                attempts: wait.delivery.attempts,
                last_error: wait.delivery.last_error,
                retry_at: wait.delivery.retry_at,
            },
        }
    }
}

/// A wait and its job, as now known.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = WaitAndJob)]
pub(crate) struct WaitAndJobView {
    /// The wait.
    wait: WaitView,
    /// The job. If it is settled, the wait is signalled by this answer.
    #[schema(value_type = schema::JobSchema)]
    job: Job,
}

impl From<WaitAndJob> for WaitAndJobView {
    fn from(both: WaitAndJob) -> Self {
        Self { wait: both.wait.into(), job: both.job }
    }
}

/// One page of jobs, those recorded last first.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = JobList)]
pub(crate) struct JobListView {
    /// The jobs.
    #[schema(value_type = Vec<schema::JobSchema>)]
    items: Vec<Job>,
    /// The next page's `cursor`; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    next: Option<String>,
}

impl From<Page<Job>> for JobListView {
    fn from(page: Page<Job>) -> Self {
        Self { items: page.items, next: page.next.map(|next| next.0) }
    }
}

/// What was seen of a job, in the order of its own times.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Timeline)]
pub(crate) struct TimelineView {
    /// The sightings that said something new.
    #[schema(value_type = Vec<schema::TimelineEntrySchema>)]
    items: Vec<TimelineEntry>,
    /// How many more there were: the first and the latest are kept.
    dropped: u64,
}

impl From<JobRecord> for TimelineView {
    fn from(record: JobRecord) -> Self {
        Self { items: record.timeline, dropped: record.timeline_dropped }
    }
}

/// Who is calling.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Principal)]
pub(crate) struct PrincipalView {
    /// E.g. `111122223333:role/pipeline`.
    pub(crate) principal: String,
}

/// Whether the service answers.
#[derive(Serialize, utoipa::ToSchema)]
#[schema(as = Health)]
pub(crate) struct HealthView {
    /// Always `ok`.
    pub(crate) status: &'static str,
}
