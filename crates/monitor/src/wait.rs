//! A wait: the registration of one waiter on one job, and the rules of its life.

mod channel;
mod clock_jumps;
mod text;

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::JobArn;
use crate::job::JobRecord;
use crate::kind::Lifecycle;
use crate::policy::Policy;
use crate::principal::Principal;
use crate::search::Search;
use crate::time::later;

pub use channel::{Channel, ConnectionId};
pub use text::{CallbackUrl, InvalidText, Secret, WaitId};

/// Which signals a wait receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignalOn {
    /// Only the end.
    #[default]
    Settled,
    /// Every change of state on the way, coalesced, and the end.
    Progress,
}

/// What to do with the job if the wait is abandoned, or its deadline passes before the job settles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnAbandon {
    /// Stop it.
    Stop,
    /// Let it run.
    #[default]
    Keep,
}

/// The state of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitState {
    /// The job is not settled, or the waiter has not received the signal yet.
    Waiting,
    /// The waiter received the settled state: by a callback that it answered, or by the answer to
    /// its own `PUT`.
    Signalled,
    /// The waiter cancelled the wait or answered 410.
    Cancelled,
    /// The lease and the grace ended, and the waiter did not answer the probes.
    Abandoned,
    /// The job settled, but no signal could reach the waiter before the deadline.
    Undeliverable,
    /// The deadline passed before the job settled.
    Expired,
}

impl WaitState {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Signalled => "signalled",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
            Self::Undeliverable => "undeliverable",
            Self::Expired => "expired",
        }
    }
}

/// The key of a wait in the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct WaitKey {
    /// The job waited for.
    pub arn: JobArn,
    /// The waiter's name for this wait.
    pub id: WaitId,
    /// The principal that registered it: two principals may use the same id. `None` for a wait that
    /// 0.1.0 stored, whose key has no owner. See [`Wait::keyed_by_owner`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Principal>,
}

impl WaitKey {
    /// The key of a wait of this principal.
    #[must_use]
    pub fn of(arn: JobArn, owner: Principal, id: WaitId) -> Self {
        Self { arn, id, owner: Some(owner) }
    }

    /// The key under which 0.1.0 stored the wait.
    #[must_use]
    pub fn before_owners(&self) -> Self {
        Self { owner: None, ..self.clone() }
    }
}

/// The progress of delivering signals to a wait. Its stored names are those of version 0.1.0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// The number of the latest signal.
    pub seq: u64,
    /// The job's revision that this signal reports.
    #[serde(rename = "telling")]
    pub sending: Option<u64>,
    /// The latest revision that the waiter received.
    #[serde(rename = "heard")]
    pub received: Option<u64>,
    /// The number of failed attempts to send this signal.
    pub attempts: u32,
    /// A sender has claimed the wait: nobody else may send before this time.
    pub claimed_until: Option<Timestamp>,
    /// When the next attempt is due.
    pub retry_at: Option<Timestamp>,
    /// Why the last attempt failed. Only the job's owner sees it.
    pub last_error: Option<String>,
    /// The class of that failure. Other principals see it.
    #[serde(default)]
    pub last_error_class: Option<FailureClass>,
    /// Whether the server at the callback URL has proved that it has the secret. Until then it
    /// receives only probes. Waiters of version 0.1.0 know no such proof, so their waits count as
    /// proven.
    #[serde(default = "registered_before_proofs")]
    pub proven: bool,
}

fn registered_before_proofs() -> bool {
    true
}

/// The class of a failed callback or probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The URL, or an address of its host, is not allowed.
    NotAllowed,
    /// No connection: refused, no route, no such name.
    NoConnection,
    /// The connection gave no answer in time, or the answer was incomplete.
    NoAnswer,
    /// An answer that is neither 2xx nor 410.
    BadStatus,
    /// An answer to a probe that does not prove that the waiter has the secret.
    NoProof,
    /// An internal error of Sagebell.
    Internal,
}

impl FailureClass {
    /// The text for principals that do not own the job.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAllowed => "not allowed",
            Self::NoConnection => "no connection",
            Self::NoAnswer => "no answer",
            Self::BadStatus => "neither 2xx nor 410",
            Self::NoProof => "no proof of the secret",
            Self::Internal => "an internal error of Sagebell",
        }
    }
}

impl Delivery {
    /// Resets failures and claims, because the waiter has a new address.
    pub(crate) fn restart(&mut self) {
        self.attempts = 0;
        self.claimed_until = None;
        self.retry_at = None;
        self.last_error = None;
        self.last_error_class = None;
    }
}

/// The registration of one waiter on one job, as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// The job.
    pub arn: JobArn,
    /// The waiter's name for this wait.
    pub id: WaitId,
    /// The principal that registered it.
    pub owner: Principal,
    /// Whether the key in the store contains the owner. Keys of 0.1.0 do not, and such a wait stays
    /// under its old key until it ends.
    #[serde(default)]
    pub keyed_by_owner: bool,
    /// How the waiter is told.
    #[serde(flatten)]
    pub channel: Channel,
    /// When the connection was lost, if the wait is told through one. A registration ends this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone_since: Option<Timestamp>,
    /// Which signals the wait receives.
    #[serde(rename = "hear")]
    pub signal_on: SignalOn,
    /// Older observations belong to an older job or update, and are ignored.
    pub not_before: Option<Timestamp>,
    /// How long the wait lives without a renewal, in seconds.
    pub lease_seconds: u32,
    /// When the lease ends.
    pub lease_until: Timestamp,
    /// When the monitor ends the wait.
    pub deadline: Timestamp,
    /// The extended deadline, if the clock may have jumped over the original (see `overtime.rs`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overtime: Option<Timestamp>,
    /// What to do with the job if the wait is abandoned.
    pub on_abandon: OnAbandon,
    /// Whether the job's tag allowed its principal to set `stop`. A principal that is recorded as
    /// the owner does not need this. The tag is read again before the stop.
    #[serde(default)]
    pub stop_allowed: bool,
    /// The waiter's labels. Jobs can be listed by the label `run`.
    pub labels: BTreeMap<String, String>,
    /// The state of the wait.
    pub state: WaitState,
    /// The progress of the delivery.
    pub delivery: Delivery,
    /// The progress of the search for its waiter.
    #[serde(default)]
    pub search: Search,
    /// When the next check of the job is due.
    pub check_at: Timestamp,
    /// The number of checks so far, which decides the pause before the next.
    pub checks: u32,
    /// The wait has ended, but its job must still be stopped.
    pub stop_pending: bool,
    /// When the sweep must handle this wait. `None` after it has ended.
    pub due_at: Option<Timestamp>,
    /// When the wait was first registered.
    pub created_at: Timestamp,
    /// When the store may delete it.
    pub expires_at: Timestamp,
}

/// Whether a wait needs a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// No: there is nothing new, or nothing that it asked for.
    None,
    /// Yes, about progress.
    Progress,
    /// Yes, about the end of the job.
    Settled,
}

impl Wait {
    /// The key of the wait in the store.
    #[must_use]
    pub fn key(&self) -> WaitKey {
        let owner = self.keyed_by_owner.then(|| self.owner.clone());
        WaitKey { arn: self.arn.clone(), id: self.id.clone(), owner }
    }

    /// Whether `record` is about the job or update that this wait was registered for, and not about
    /// an older one with the same ARN.
    #[must_use]
    pub fn is_about(&self, record: &JobRecord) -> bool {
        let Some(not_before) = self.not_before else {
            return true;
        };
        let spec = self.arn.kind().spec();
        let (instant, skew) = match spec.lifecycle {
            Lifecycle::OneShot => {
                (record.job.created_at.or(record.job.modified_at), Policy::ONE_SHOT_SKEW)
            }
            Lifecycle::Resource => (record.job.modified_at, Policy::RESOURCE_SKEW),
        };
        instant.is_some_and(|at| at.saturating_add(skew).is_ok_and(|at| at >= not_before))
    }

    /// Whether the job of this wait is settled.
    #[must_use]
    pub fn is_settled_by(&self, record: &JobRecord) -> bool {
        record.job.phase.is_settled() && self.is_about(record)
    }

    /// Whether there is a way to send it a signal.
    #[must_use]
    pub fn can_be_signalled(&self) -> bool {
        match self.channel {
            Channel::Callback { .. } => true,
            Channel::Connection { .. } => self.gone_since.is_none(),
            Channel::None => false,
        }
    }

    /// The signal that this wait needs about `record`. None, while it cannot be signalled: the
    /// answer to its next registration tells the state.
    #[must_use]
    pub fn news(&self, record: &JobRecord) -> News {
        if self.state != WaitState::Waiting || !self.can_be_signalled() || !self.is_about(record) {
            return News::None;
        }
        if record.job.phase.is_settled() {
            return News::Settled;
        }
        let received = self.delivery.received.is_some_and(|received| received >= record.revision);
        match self.signal_on {
            SignalOn::Progress if !received && record.is_seen() => News::Progress,
            SignalOn::Progress | SignalOn::Settled => News::None,
        }
    }

    /// When the search for the waiter begins.
    #[must_use]
    pub fn lapses_at(&self, policy: &Policy) -> Timestamp {
        self.gone_since.unwrap_or_else(|| later(self.lease_until, policy.grace))
    }

    /// Leaves only the class of the last failure.
    pub(crate) fn withhold_reason(&mut self) {
        let class = self.delivery.last_error_class;
        self.delivery.last_error = class.map(|class| class.as_str().to_owned());
    }

    /// Whether somebody still waits, as far as the monitor knows.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        let is_probed = matches!(self.channel, Channel::Callback { .. });
        self.state == WaitState::Waiting && !(is_probed && self.search.is_in_vain())
    }

    /// Notes that this connection is closed. Returns whether the wait was told through it: a wait
    /// that has another channel by now loses nothing.
    pub(crate) fn lose(&mut self, connection: &ConnectionId, now: Timestamp) -> bool {
        let loses = self.state == WaitState::Waiting
            && self.gone_since.is_none()
            && self.channel.is_connection(connection);
        if loses {
            self.gone_since = Some(now);
            self.search = Search::default();
            self.delivery.restart();
        }
        loses
    }

    /// Renews the lease: the waiter asked for it, or has proved that it is there.
    pub(crate) fn renew(&mut self, now: Timestamp) {
        self.lease_until = later(now, Duration::from_secs(self.lease_seconds.into()));
        self.search = Search::default();
    }

    /// Gives the waiter its time again: it could not have come back.
    pub(crate) fn start_over(&mut self, now: Timestamp) {
        self.renew(now);
        self.gone_since = self.gone_since.map(|_| now);
    }

    /// Ends the wait.
    pub(crate) fn finish(&mut self, state: WaitState, now: Timestamp, policy: &Policy) {
        self.state = state;
        self.delivery.claimed_until = None;
        self.delivery.retry_at = None;
        self.expires_at = later(now, policy.retention);
        self.reschedule(policy);
    }

    /// Updates [`due_at`](Self::due_at). Every write of a wait calls this.
    pub(crate) fn reschedule(&mut self, policy: &Policy) {
        self.due_at = match self.state {
            _ if self.stop_pending => Some(self.check_at),
            WaitState::Waiting => {
                let sending = self.delivery.claimed_until.or(self.delivery.retry_at);
                let lapses_at = self.lapses_at(policy);
                let search_at = self.search.next_at.map_or(lapses_at, |at| at.max(lapses_at));
                let end = search_at.min(self.ends_at());
                Some(end.min(sending.unwrap_or(self.check_at)))
            }
            _ => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_states_word_is_the_serialized_one() {
        use WaitState::{Abandoned, Cancelled, Expired, Signalled, Undeliverable, Waiting};
        for state in [Waiting, Signalled, Cancelled, Abandoned, Undeliverable, Expired] {
            assert_eq!(serde_json::json!(state), state.as_str());
        }
    }
}
