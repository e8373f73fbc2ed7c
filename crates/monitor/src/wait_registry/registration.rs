//! A registration, and the wait and job record that it creates.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::arn::JobArn;
use crate::job::JobRecord;
use crate::policy::Policy;
use crate::principal::Principal;
use crate::search::Search;
use crate::time::later;
use crate::wait::{
    CallbackUrl, Channel, ConnectionId, Delivery, OnAbandon, Secret, SignalOn, Wait, WaitId,
    WaitKey, WaitState,
};

/// The label that jobs can be listed by.
const RUN_LABEL: &str = "run";

/// What a waiter asks for.
#[derive(Debug, Clone)]
pub struct Registration {
    /// The job.
    pub arn: JobArn,
    /// The waiter's name for the wait.
    pub id: WaitId,
    /// Who asks.
    pub owner: Principal,
    /// How to tell.
    pub channel: ChannelAsked,
    /// What to tell.
    pub signal_on: SignalOn,
    /// The time of the create or update call, by AWS's clock where possible.
    pub not_before: Option<Timestamp>,
    /// How long the wait lives without a renewal.
    pub lease_seconds: u32,
    /// When to give up; the longest allowed where absent.
    pub deadline: Option<Timestamp>,
    /// What to do with the job if the waiter is gone.
    pub on_abandon: OnAbandon,
    /// The waiter's own labels.
    pub labels: BTreeMap<String, String>,
}

/// The channel that a waiter asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChannelAsked {
    /// This connection, which the waiter holds.
    Connection(ConnectionId),
    /// A callback to this URL.
    Callback {
        /// The URL.
        url: CallbackUrl,
        /// What to sign with.
        secret: Secret,
    },
    /// None: the waiter renews, and reads the answers.
    None,
}

impl Registration {
    pub(super) fn key(&self) -> WaitKey {
        WaitKey::of(self.arn.clone(), self.owner.clone(), self.id.clone())
    }
}

/// Whether a job is to be stopped when its wait is cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It runs on.
    No,
    /// Unless others still wait for it.
    Unwanted,
    /// Whoever waits for it.
    Forced,
}

/// Writes down in the job's record what the wait needs of it.
pub(super) fn note_wants(record: &mut JobRecord, wait: &Wait) {
    record.owner.get_or_insert_with(|| wait.owner.clone());
    if wait.state == WaitState::Waiting && wait.signal_on == SignalOn::Progress {
        record.progress_wanted = true;
    }
    let run = wait.labels.get(RUN_LABEL).filter(|run| !record.runs.contains(run));
    if let Some(run) = run.filter(|_| record.runs.len() < Policy::RUNS_LIMIT) {
        record.runs.push(run.clone());
    }
    // A wait's place in the revisions must not be forgotten before the wait. With
    // some to spare, so that thousands of waits do not each write the job again.
    if record.expires_at < wait.expires_at {
        record.expires_at = later(wait.expires_at, Policy::EXPIRY_SLACK);
    }
}

impl Wait {
    /// Whether the wait has a channel that is newer than this one: a connection that was opened
    /// later. Then the registration is a late message of an earlier connection. A connection from the
    /// future was dated by a clock that has been set back since, and is not newer than any.
    pub(super) fn has_newer_channel(&self, than: &Channel, now: Timestamp) -> bool {
        let latest = later(now, Policy::GATEWAY_SKEW);
        let opened_at = |channel: &Channel| match channel {
            Channel::Connection { opened_at, .. } => Some(*opened_at),
            Channel::Callback { .. } | Channel::None => None,
        };
        let (own, other) = (opened_at(&self.channel), opened_at(than));
        self.state == WaitState::Waiting
            && self.gone_since.is_none()
            && other.is_some_and(|other| own.is_some_and(|own| own > other && own <= latest))
    }

    /// The wait as asked for, with what is to be kept of an earlier one.
    pub(super) fn registered(
        asked: &Registration,
        channel: Channel,
        before: Option<Self>,
        now: Timestamp,
        policy: &Policy,
    ) -> Self {
        let longest = later(now, Policy::DEADLINE_LONGEST);
        let renewed = before.as_ref().filter(|wait| wait.state == WaitState::Waiting);
        let moved = renewed.is_none_or(|wait| wait.channel != channel);
        let mut delivery = before.as_ref().map_or_else(Delivery::default, |b| b.delivery.clone());
        if moved {
            delivery.restart();
            delivery.proven = false;
        }
        if renewed.is_none_or(|wait| wait.not_before != asked.not_before) {
            // What it is to hear is another thing, even if the words are the same:
            // under the old signal's id its waiter would take it for a repetition.
            delivery.sending = None;
        }
        let first_look = later(now, policy.first_look(asked.arn.kind()));
        let deadline = asked.deadline.or(renewed.map(|wait| wait.deadline)).unwrap_or(longest);
        Self {
            arn: asked.arn.clone(),
            id: asked.id.clone(),
            owner: asked.owner.clone(),
            keyed_by_owner: true,
            channel,
            gone_since: None,
            signal_on: asked.signal_on,
            not_before: asked.not_before,
            lease_seconds: asked.lease_seconds,
            lease_until: later(now, Duration::from_secs(asked.lease_seconds.into())),
            deadline,
            overtime: renewed.filter(|w| w.deadline == deadline).and_then(|w| w.overtime),
            on_abandon: asked.on_abandon,
            stop_allowed: asked.on_abandon == OnAbandon::Stop
                && before.as_ref().is_some_and(|wait| wait.stop_allowed),
            labels: asked.labels.clone(),
            state: WaitState::Waiting,
            delivery,
            search: Search::default(),
            check_at: renewed.map_or(first_look, |wait| wait.check_at),
            checks: renewed.map_or(0, |wait| wait.checks),
            stop_pending: false,
            due_at: None,
            created_at: before.as_ref().map_or(now, |wait| wait.created_at),
            expires_at: later(deadline, policy.retention),
        }
    }
}
