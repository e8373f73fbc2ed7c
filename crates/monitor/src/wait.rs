//! A wait: one waiter's registration on one job, and the rules of its life.

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

/// What becomes of the job when its waiter is gone for good, or its deadline
/// passed before the job settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnAbandon {
    /// Stop it.
    Stop,
    /// Let it run.
    #[default]
    Keep,
}

/// Where a wait is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitState {
    /// Its job is not settled, or it has not been told yet.
    Waiting,
    /// Told of the settled state: by a callback it answered, or by the answer
    /// to its own `PUT`.
    Signalled,
    /// Taken back by its waiter, or its waiter answered 410.
    Cancelled,
    /// Its lease and the grace ran out, and its waiter was looked for in vain.
    Abandoned,
    /// Its job settled, and its waiter could not be told before the deadline.
    Undeliverable,
    /// Its deadline passed before its job settled.
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

/// The name of a wait in the store.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WaitKey {
    /// The job waited for.
    pub arn: JobArn,
    /// What its waiter calls it.
    pub id: WaitId,
    /// Whose it is: two principals may call their waits alike. `None` for a wait
    /// that 0.1.0 stored, whose key did not say; see [`Wait::keyed_by_owner`].
    pub owner: Option<Principal>,
}

impl WaitKey {
    /// The key of a principal's own wait.
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
    /// The number of the last signal begun.
    pub seq: u64,
    /// The job's revision that this signal reports.
    #[serde(rename = "telling")]
    pub sending: Option<u64>,
    /// The latest revision that the waiter received.
    #[serde(rename = "heard")]
    pub received: Option<u64>,
    /// Failed attempts at the signal being sent.
    pub attempts: u32,
    /// Nobody else may send before this time: someone is at it.
    pub claimed_until: Option<Timestamp>,
    /// When to try again.
    pub retry_at: Option<Timestamp>,
    /// What the last failed attempt met: for the job's owner.
    pub last_error: Option<String>,
    /// The class of it: for others.
    #[serde(default)]
    pub last_error_class: Option<FailureClass>,
    /// Whether what listens at the callback's URL has proved that it has the secret:
    /// until then it is sent nothing but a probe. Waits of version 0.1.0 were registered
    /// before there was such a proof, by waiters that know none.
    #[serde(default = "registered_before_proofs")]
    pub proven: bool,
}

fn registered_before_proofs() -> bool {
    true
}

/// The kind of a failed callback or probe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureClass {
    /// The URL, or the address of its name, is not allowed.
    NotAllowed,
    /// No connection: refused, no route, no such name.
    NoConnection,
    /// A connection, but no answer in time, or one that broke off.
    NoAnswer,
    /// An answer that is neither 2xx nor 410.
    BadStatus,
    /// An answer to a probe that does not prove that the waiter has the secret.
    NoProof,
    /// A fault of Sagebell's own.
    Internal,
}

impl FailureClass {
    /// The words that who does not own the job is told.
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
    /// Forgets failures and claims: the waiter has a new address.
    pub(crate) fn restart(&mut self) {
        self.attempts = 0;
        self.claimed_until = None;
        self.retry_at = None;
        self.last_error = None;
        self.last_error_class = None;
    }
}

/// One waiter's registration on one job, as the store holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// The job.
    pub arn: JobArn,
    /// The waiter's name for this wait.
    pub id: WaitId,
    /// Who registered it.
    pub owner: Principal,
    /// Whether the store's key names the owner. Those of 0.1.0 did not; such a wait
    /// stays under its old key until its life is over.
    #[serde(default)]
    pub keyed_by_owner: bool,
    /// Where to call back.
    pub callback_url: CallbackUrl,
    /// What to sign with.
    pub secret: Secret,
    /// What it wants to hear.
    #[serde(rename = "hear")]
    pub signal_on: SignalOn,
    /// Older observations belong to an older job or update, and are ignored.
    pub not_before: Option<Timestamp>,
    /// How long the wait lives without being renewed, in seconds.
    pub lease_seconds: u32,
    /// When the lease runs out.
    pub lease_until: Timestamp,
    /// When to give up.
    pub deadline: Timestamp,
    /// When its deadline counts, which the clock may have jumped over (see `overtime.rs`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overtime: Option<Timestamp>,
    /// What to do with the job if the waiter is gone.
    pub on_abandon: OnAbandon,
    /// Whether the job's tag gave its principal the right to say `stop`: who is recorded
    /// as the owner needs no such note. The tag is read again before the stop.
    #[serde(default)]
    pub stop_allowed: bool,
    /// The waiter's own labels; `run` can be listed by.
    pub labels: BTreeMap<String, String>,
    /// Where it is in its life.
    pub state: WaitState,
    /// The progress of delivering signals to it.
    pub delivery: Delivery,
    /// How far looking for its waiter has come.
    #[serde(default)]
    pub search: Search,
    /// When to look at the job itself, for want of events.
    pub check_at: Timestamp,
    /// How many such looks there were, for the pause before the next.
    pub checks: u32,
    /// The waiter is gone and its job is still to be stopped.
    pub stop_pending: bool,
    /// When the sweep must look at this wait; `None` once its life is over.
    pub due_at: Option<Timestamp>,
    /// When it was first registered.
    pub created_at: Timestamp,
    /// When the store may forget it.
    pub expires_at: Timestamp,
}

/// Whether a wait has something to hear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// Nothing that it wants or has not heard.
    None,
    /// A state on the way.
    Progress,
    /// The end.
    Settled,
}

impl Wait {
    /// The wait's name in the store.
    #[must_use]
    pub fn key(&self) -> WaitKey {
        let owner = self.keyed_by_owner.then(|| self.owner.clone());
        WaitKey { arn: self.arn.clone(), id: self.id.clone(), owner }
    }

    /// Whether `record` speaks of the job, or the update, this wait was
    /// registered for, and not of an older one under the same ARN.
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

    /// Whether the wait's own job is settled.
    #[must_use]
    pub fn is_settled_by(&self, record: &JobRecord) -> bool {
        record.job.phase.is_settled() && self.is_about(record)
    }

    /// What `record` has to tell this wait.
    #[must_use]
    pub fn news(&self, record: &JobRecord) -> News {
        if self.state != WaitState::Waiting || !self.is_about(record) {
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

    /// When its waiter begins to be looked for.
    #[must_use]
    pub fn lapses_at(&self, policy: &Policy) -> Timestamp {
        later(self.lease_until, policy.grace)
    }

    /// Whether somebody still waits: nobody has looked for the waiter in vain.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.state == WaitState::Waiting && !self.search.is_in_vain()
    }

    /// Lengthens the lease, as the waiter asked or has shown that it is there.
    pub(crate) fn renew(&mut self, now: Timestamp) {
        self.lease_until = later(now, Duration::from_secs(self.lease_seconds.into()));
        self.search = Search::default();
    }

    /// Ends the wait's life.
    pub(crate) fn finish(&mut self, state: WaitState, now: Timestamp, policy: &Policy) {
        self.state = state;
        self.delivery.claimed_until = None;
        self.delivery.retry_at = None;
        self.expires_at = later(now, policy.retention);
        self.reschedule(policy);
    }

    /// Brings [`due_at`](Self::due_at) up to date; every write of a wait does.
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
