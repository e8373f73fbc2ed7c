//! The answers of the API.
//!
//! Promise: no answer contains the secret of a wait.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use sagebell_monitor::job::{Job, JobRecord, TimelineEntry};
use sagebell_monitor::kfp_ui::KfpUi;
use sagebell_monitor::ports::Page;
use sagebell_monitor::principal::Principal;
use sagebell_monitor::wait::{CallbackUrl, Channel, OnAbandon, SignalOn, Wait, WaitId, WaitState};
use sagebell_monitor::wait_registry::WaitAndJob;
use serde::{Deserialize, Serialize};

use crate::schema;

/// A wait, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Wait)]
pub struct WaitView {
    /// The waiter's name for it.
    #[schema(value_type = String)]
    pub id: WaitId,
    /// How the waiter is told. A monitor of version 0.1.0, which has callbacks only, does not say.
    // A text: a monitor may have channels that an older client does not know.
    #[serde(default = "callback")]
    #[schema(value_type = schema::ChannelWord)]
    pub channel: Cow<'static, str>,
    /// The URL of the callback.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uri", required = false)]
    pub callback_url: Option<CallbackUrl>,
    /// Since when the waiter is without its connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    pub gone_since: Option<Timestamp>,
    /// Which signals the wait receives.
    #[schema(value_type = schema::SignalOnWord)]
    pub signal_on: SignalOn,
    /// Older observations belong to an older job or update, and are ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    pub not_before: Option<Timestamp>,
    /// How long the wait lives without a renewal.
    pub lease_seconds: u32,
    /// When the lease ends.
    #[schema(value_type = String, format = DateTime)]
    pub lease_until: Timestamp,
    /// When the monitor ends the wait.
    #[schema(value_type = String, format = DateTime)]
    pub deadline: Timestamp,
    /// What to do with the job if the wait is abandoned.
    #[schema(value_type = schema::OnAbandonWord)]
    pub on_abandon: OnAbandon,
    /// The waiter's own labels.
    pub labels: BTreeMap<String, String>,
    /// The state of the wait.
    #[schema(value_type = schema::WaitStateWord)]
    pub state: WaitStateView,
    /// When the wait was first registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The progress of the delivery.
    pub delivery: DeliveryView,
}

fn callback() -> Cow<'static, str> {
    "callback".into()
}

/// The state of a wait. A word that this version does not know, as a newer API may answer,
/// is kept as it came: the rest of the answer is still understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum WaitStateView {
    /// One of the words of this version.
    Known(WaitState),
    /// Another word.
    Unknown(String),
}

/// The progress of the delivery of a wait's signals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// The number of the latest signal. 0: none yet.
    pub seq: u64,
    /// The number of failed attempts to send that signal.
    pub attempts: u32,
    /// Why the last attempt failed. Principals that do not own the job see only its class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub last_error: Option<String>,
    /// When the next attempt is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = DateTime, required = false)]
    pub retry_at: Option<Timestamp>,
}

impl From<Wait> for WaitView {
    fn from(wait: Wait) -> Self {
        Self {
            id: wait.id,
            channel: wait.channel.as_str().into(),
            callback_url: match wait.channel {
                Channel::Callback { url, .. } => Some(url),
                Channel::Connection { .. } | Channel::None => None,
            },
            gone_since: wait.gone_since,
            signal_on: wait.signal_on,
            not_before: wait.not_before,
            lease_seconds: wait.lease_seconds,
            lease_until: wait.lease_until,
            deadline: wait.deadline,
            on_abandon: wait.on_abandon,
            labels: wait.labels,
            state: WaitStateView::Known(wait.state),
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

/// A wait and its job, as known now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = WaitAndJob)]
pub struct WaitAndJobView {
    /// The wait.
    pub wait: WaitView,
    /// The job. If it is settled, the wait is signalled by this answer.
    #[schema(value_type = schema::JobSchema)]
    pub job: Job,
}

impl From<WaitAndJob> for WaitAndJobView {
    fn from(both: WaitAndJob) -> Self {
        Self { wait: both.wait.into(), job: both.job }
    }
}

/// A job, as known now, and the runs whose steps wait for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = JobAndRuns)]
pub struct JobAndRunsView {
    /// The job.
    #[serde(flatten)]
    #[schema(value_type = schema::JobSchema)]
    pub job: Job,
    /// The runs: the `run` labels of its waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub runs: Vec<RunView>,
}

impl JobAndRunsView {
    /// What is recorded of a job. `kfp_ui`: where KFP's user interface is.
    #[must_use]
    pub fn new(record: JobRecord, kfp_ui: Option<&KfpUi>) -> Self {
        let run = |id: String| RunView { kfp_url: kfp_ui.and_then(|ui| ui.run(&id)), id };
        Self { job: record.job, runs: record.runs.into_iter().map(run).collect() }
    }
}

/// A run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Run)]
pub struct RunView {
    /// The label.
    pub id: String,
    /// Its page in KFP's user interface, if the monitor knows where that is, and the label is the id
    /// of a run of KFP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, format = "uri", required = false)]
    pub kfp_url: Option<String>,
}

/// A wait on a job, as anyone who may read sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = JobWait)]
pub struct JobWaitView {
    /// The principal that registered it, e.g. `111122223333:role/pipeline`.
    pub principal: String,
    /// The wait. Only its own principal sees its `callback_url`.
    pub wait: WaitView,
}

impl JobWaitView {
    /// The wait as this principal sees it.
    #[must_use]
    pub fn for_principal(wait: Wait, who: &Principal) -> Self {
        let (is_own, principal) = (wait.owner == *who, wait.owner.0.clone());
        let mut wait = WaitView::from(wait);
        wait.callback_url = wait.callback_url.filter(|_| is_own);
        Self { principal, wait }
    }
}

/// One page of the waits on a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = JobWaitList)]
pub struct JobWaitListView {
    /// The waits.
    pub items: Vec<JobWaitView>,
    /// The next page's `cursor`; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub next: Option<String>,
}

/// One page of jobs, the latest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = JobList)]
pub struct JobListView {
    /// The jobs.
    #[schema(value_type = Vec<schema::JobSchema>)]
    pub items: Vec<Job>,
    /// The next page's `cursor`; absent at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    pub next: Option<String>,
}

impl From<Page<Job>> for JobListView {
    fn from(page: Page<Job>) -> Self {
        Self { items: page.items, next: page.next.map(|next| next.0) }
    }
}

/// The timeline of a job, ordered by the job's times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Timeline)]
pub struct TimelineView {
    /// The observations that said something new.
    #[schema(value_type = Vec<schema::TimelineEntrySchema>)]
    pub items: Vec<TimelineEntry>,
    /// How many observations were dropped. The first and the latest are kept.
    pub dropped: u64,
}

impl From<JobRecord> for TimelineView {
    fn from(record: JobRecord) -> Self {
        Self { items: record.timeline, dropped: record.timeline_dropped }
    }
}

/// The principal of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Principal)]
pub struct PrincipalView {
    /// E.g. `111122223333:role/pipeline`.
    pub principal: String,
}

/// Where a waiter opens a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Connect)]
pub struct ConnectView {
    /// The address of the WebSocket, e.g. `wss://a1b2c3.execute-api.us-east-1.amazonaws.com/v1`.
    #[schema(format = "uri")]
    pub url: String,
}

/// Whether the service answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Health)]
pub struct HealthView {
    /// `ok`, always.
    pub status: Cow<'static, str>,
}
