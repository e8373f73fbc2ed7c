//! A job as Sagebell knows it, and the rules by which observations change it.
//!
//! Promise: observations may come in any order, twice, or not at all. The resulting state is the
//! same, and it never moves backwards.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::JobArn;
use crate::facts::Facts;
use crate::kind::{Kind, Lifecycle};
use crate::observation::{Observation, Source};
use crate::phase::Phase;
use crate::policy::Policy;
use crate::principal::Principal;
use crate::time::later;

/// A job on the wire, in the same form in API answers and callbacks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The job's ARN, canonical.
    pub arn: JobArn,
    /// Its kind.
    pub kind: Kind,
    /// Its name as SageMaker spells it.
    pub name: String,
    /// The meaning of the status.
    pub phase: Phase,
    /// The status, exactly as SageMaker sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The secondary status, exactly as SageMaker sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_status: Option<String>,
    /// Why it failed, in SageMaker's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_reason: Option<String>,
    /// When it was created. This identifies its generation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When SageMaker last changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modified_at: Option<Timestamp>,
    /// When it settled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
}

/// One entry of a job's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    /// When the job reached this state, by SageMaker's clock.
    pub at: Timestamp,
    /// When it was observed.
    pub seen_at: Timestamp,
    /// The meaning of the status.
    pub phase: Phase,
    /// The status, exactly as SageMaker sent it.
    pub status: String,
    /// The secondary status, exactly as SageMaker sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secondary_status: Option<String>,
    /// Where the observation came from.
    pub source: Source,
    /// Whether a later state was known already.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub late: bool,
}

/// The record of a job in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobRecord {
    /// The state.
    pub job: Job,
    /// Whether the name comes from a name field of SageMaker. Until then it is the last part of the
    /// ARN.
    #[serde(default)]
    pub named: bool,
    /// The principal that registered a wait on it first. The job's tag has priority (see
    /// [`crate::owners`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Principal>,
    /// Grows by one with every change of state. It is never reset, so it also works for a waiter of
    /// a re-created job.
    pub revision: u64,
    /// The observations, by SageMaker's time.
    pub timeline: Vec<TimelineEntry>,
    /// The number of entries that were dropped from the timeline.
    pub timeline_dropped: u64,
    /// Whether some wait receives progress signals.
    pub progress_wanted: bool,
    /// The `run` labels of its waits.
    pub runs: Vec<String>,
    /// What is known of the job beside its state.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
    /// When the state of this record last changed.
    pub recorded_at: Timestamp,
    /// When the store may forget it.
    pub expires_at: Timestamp,
}

/// How an observation changed a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// The state changed.
    Advanced,
    /// The state is the same, with more details (a time, a reason).
    Refreshed,
    /// Nothing: it was known already.
    Duplicate,
    /// It is older than the known state. Only the timeline notes it.
    Late,
}

impl Change {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Advanced => "advanced",
            Self::Refreshed => "refreshed",
            Self::Duplicate => "duplicate",
            Self::Late => "late",
        }
    }
}

/// How the job of an observation relates to the recorded job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Generation {
    Older,
    Same,
    Newer,
}

impl JobRecord {
    /// A job that has a wait but was never observed.
    #[must_use]
    pub fn unseen(arn: &JobArn, now: Timestamp, expires_at: Timestamp) -> Self {
        Self {
            job: Job {
                arn: arn.clone(),
                kind: arn.kind(),
                name: arn.name().to_owned(),
                phase: Phase::Unknown,
                status: None,
                secondary_status: None,
                failure_reason: None,
                created_at: None,
                modified_at: None,
                settled_at: None,
            },
            named: false,
            owner: None,
            revision: 0,
            timeline: Vec::new(),
            timeline_dropped: 0,
            progress_wanted: false,
            runs: Vec::new(),
            facts: Facts::default(),
            recorded_at: now,
            expires_at,
        }
    }

    /// Whether the job was observed at all.
    #[must_use]
    pub fn is_seen(&self) -> bool {
        self.revision > 0
    }

    /// Whether something changed after the last observation, and the job was not checked since.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.is_seen() && self.job.status.is_none()
    }

    /// Notes that something changed at `at`, and the event does not say what. The state observed
    /// before is in doubt until the next check. The next observation counts as news, whatever it
    /// contains. If the change is the creation of the job, nothing is in doubt.
    pub fn doubt(&mut self, at: Timestamp) {
        let observed = self.timeline.iter().map(|entry| entry.seen_at).max();
        // EventBridge cuts an event's time to whole seconds.
        let cut = Policy::RESOURCE_SKEW;
        let is_creation = self.job.created_at.is_some_and(|created| at <= later(created, cut));
        let is_seen = observed.is_none_or(|observed| observed >= later(at, cut));
        if self.is_in_doubt() || is_creation || is_seen {
            return;
        }
        self.job.phase = Phase::Unknown;
        self.job.status = None;
        self.job.secondary_status = None;
        self.job.failure_reason = None;
        self.job.settled_at = None;
    }

    /// Applies an observation, if it says anything new.
    ///
    /// The order of states is total. It depends only on the content of the observations, never on
    /// when they arrive. So every order of arrival ends with the same state:
    ///
    /// - a later creation time replaces the job, an earlier one is late;
    /// - a one-shot job that is settled stays so;
    /// - otherwise the later modification wins, then the further phase, then
    ///   the text of the status.
    pub fn observe(&mut self, seen: &Observation, now: Timestamp) -> Change {
        let change = match self.generation_of(seen) {
            Generation::Older => Change::Late,
            Generation::Newer => {
                self.timeline.clear();
                self.timeline_dropped = 0;
                self.named = false;
                self.replace(seen);
                self.take_name(seen);
                self.facts = seen.facts.clone();
                Change::Advanced
            }
            Generation::Same => self.observe_same_generation(seen),
        };
        match change {
            Change::Advanced => {
                self.revision += 1;
                self.recorded_at = now;
                self.note(seen, false);
            }
            Change::Refreshed => self.note(seen, false),
            Change::Late => self.note(seen, true),
            Change::Duplicate => {}
        }
        change
    }

    fn generation_of(&self, seen: &Observation) -> Generation {
        let Some(ours) = self.job.created_at else {
            // What was last changed before the other was created is not it.
            let before = self.job.modified_at.zip(seen.created_at);
            let is_newer = before.is_some_and(|(ours, theirs)| is_earlier(ours, theirs));
            return if is_newer { Generation::Newer } else { Generation::Same };
        };
        // An observation that does not say when its job was created belongs to the
        // one on record, unless it is older than that job.
        let theirs = seen.created_at.unwrap_or(seen.modified_at);
        if is_earlier(theirs, ours) {
            Generation::Older
        } else if seen.created_at.is_some() && is_earlier(ours, theirs) {
            Generation::Newer
        } else {
            Generation::Same
        }
    }

    fn observe_same_generation(&mut self, seen: &Observation) -> Change {
        let before = self.job.clone();
        let change = self.rank_against(seen);
        if matches!(change, Change::Advanced | Change::Refreshed) {
            self.replace(seen);
        }
        self.job.created_at = before.created_at.max(seen.created_at);
        self.take_name(seen);
        let known = self.facts.clone();
        self.facts.merge(&seen.facts);
        if change == Change::Duplicate && (self.job != before || self.facts != known) {
            return Change::Refreshed;
        }
        change
    }

    fn rank_against(&self, seen: &Observation) -> Change {
        let absorbs = self.job.kind.spec().lifecycle == Lifecycle::OneShot;
        let (ours, theirs) = (self.job.phase, seen.phase);
        if absorbs && ours.is_settled() && ours != theirs {
            return Change::Late;
        }
        if absorbs && !ours.is_settled() && theirs.is_settled() {
            return Change::Advanced;
        }
        let same_state = self.is_same_state(seen);
        // Of two observations of one end, the one that knows the reason is better.
        let ours = (absorbs && self.job.failure_reason.is_some(), Rank::of_job(&self.job));
        let theirs = (absorbs && seen.failure_reason.is_some(), Rank::of_observation(seen));
        match theirs.cmp(&ours) {
            std::cmp::Ordering::Greater if same_state => Change::Refreshed,
            std::cmp::Ordering::Greater => Change::Advanced,
            std::cmp::Ordering::Equal => Change::Duplicate,
            std::cmp::Ordering::Less => Change::Late,
        }
    }

    fn is_same_state(&self, seen: &Observation) -> bool {
        self.job.phase == seen.phase
            && self.job.status.as_deref() == Some(&seen.status)
            && self.job.secondary_status == seen.secondary_status
    }

    fn replace(&mut self, seen: &Observation) {
        self.job = Job {
            arn: self.job.arn.clone(),
            kind: self.job.kind,
            name: self.job.name.clone(),
            phase: seen.phase,
            status: Some(seen.status.clone()),
            secondary_status: seen.secondary_status.clone(),
            failure_reason: seen.failure_reason.clone(),
            created_at: seen.created_at,
            modified_at: Some(seen.modified_at),
            settled_at: seen.settled_at(),
        };
    }

    /// Adopts the spelling of a name field, also in the ARN. A job has one name. If two are seen,
    /// the order in which they come makes no difference.
    fn take_name(&mut self, seen: &Observation) {
        let Some(name) = &seen.name else {
            return;
        };
        if !self.named || *name < self.job.name {
            self.job.name.clone_from(name);
            self.job.arn = self.job.arn.spelt(name);
        }
        self.named = true;
    }

    fn note(&mut self, seen: &Observation, late: bool) {
        let entry = TimelineEntry {
            at: seen.modified_at,
            seen_at: seen.seen_at,
            phase: seen.phase,
            status: seen.status.clone(),
            secondary_status: seen.secondary_status.clone(),
            source: seen.source,
            late,
        };
        if self.timeline.iter().any(|known| known.says_the_same(&entry)) {
            return;
        }
        let place = self.timeline.partition_point(|known| known.at <= entry.at);
        self.timeline.insert(place, entry);
        if self.timeline.len() > Policy::TIMELINE_LIMIT {
            // The first entry stays: it tells when the job began.
            self.timeline.remove(1);
            self.timeline_dropped += 1;
        }
    }
}

impl TimelineEntry {
    fn says_the_same(&self, other: &Self) -> bool {
        self.at == other.at
            && self.status == other.status
            && self.secondary_status == other.secondary_status
    }
}

/// The order of two states of one job.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rank<'a> {
    modified_at: Option<Timestamp>,
    phase: Phase,
    status: Option<&'a str>,
    secondary_status: Option<&'a str>,
    failure_reason: Option<&'a str>,
    settled_at: Option<Timestamp>,
}

impl<'a> Rank<'a> {
    fn of_job(job: &'a Job) -> Self {
        Self {
            modified_at: job.modified_at,
            phase: job.phase,
            status: job.status.as_deref(),
            secondary_status: job.secondary_status.as_deref(),
            failure_reason: job.failure_reason.as_deref(),
            settled_at: job.settled_at,
        }
    }

    fn of_observation(seen: &'a Observation) -> Self {
        Self {
            modified_at: Some(seen.modified_at),
            phase: seen.phase,
            status: Some(&seen.status),
            secondary_status: seen.secondary_status.as_deref(),
            failure_reason: seen.failure_reason.as_deref(),
            settled_at: seen.settled_at(),
        }
    }
}

/// Whether `one` is earlier than `other` by more than two senders' rounding.
fn is_earlier(one: Timestamp, other: Timestamp) -> bool {
    let gap: Duration = Policy::GENERATION_TOLERANCE;
    one.checked_add(gap).is_ok_and(|one| one < other)
}
