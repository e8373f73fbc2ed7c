//! One observation of a job's status: from an event, a List, a Describe, or a replay. All
//! take the same path.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::JobArn;
use crate::bounds::{MAX_REASON, MAX_WORD, believed, clip};
use crate::facts::Facts;
use crate::kind::{Kind, Lifecycle};
use crate::phase::Phase;

/// Where an observation came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A state-change event of SageMaker.
    Event,
    /// A Describe call.
    Describe,
    /// A List call.
    List,
}

impl Source {
    /// The word on the wire, and for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Describe => "describe",
            Self::List => "list",
        }
    }
}

/// One observation of a job's status.
///
/// Its serialized form is the detail of the sweep's events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The job.
    pub arn: JobArn,
    /// Its name as SageMaker spells it, if there is a name field. It is never cut out of an ARN,
    /// because the case of ARNs is not reliable.
    #[serde(default)]
    pub name: Option<String>,
    /// The meaning of the status.
    pub phase: Phase,
    /// The status, exactly as SageMaker sent it.
    pub status: String,
    /// The secondary status, if the kind has one.
    pub secondary_status: Option<String>,
    /// Why it failed, in SageMaker's words.
    pub failure_reason: Option<String>,
    /// When the job was created. This identifies its generation. The events of some kinds leave it
    /// out.
    pub created_at: Option<Timestamp>,
    /// When SageMaker last changed the job. If the detail does not say it, the time of the event.
    pub modified_at: Timestamp,
    /// When the job ended, if SageMaker says it.
    pub ended_at: Option<Timestamp>,
    /// When the observation was made: the time of the event, or of the call.
    pub seen_at: Timestamp,
    /// Where it came from.
    pub source: Source,
    /// What it tells beside the state.
    #[serde(default, skip_serializing_if = "Facts::is_empty")]
    pub facts: Facts,
}

impl Observation {
    /// The kind of job.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.arn.kind()
    }

    /// The observation as it may be recorded, whatever its origin and content: texts have their
    /// maximum length, no time is later than `now` by more than clocks differ, and the phase is the
    /// one that the table of kinds gives to the status.
    ///
    /// A time that is too late must not win over observations with true times. Instead of a
    /// modification time, the creation time is used. If that is missing or the job has ended for
    /// good, the observation's own time is used, and instead of that `now`. A creation time moved
    /// to `now` would make a later generation of the job, so it is removed instead.
    #[must_use]
    pub fn bounded(self, now: Timestamp) -> Self {
        let seen_at = believed(Some(self.seen_at), now).unwrap_or(now);
        let created_at = believed(self.created_at, now);
        let status = clip(&self.status, MAX_WORD);
        let secondary_status = self.secondary_status.map(|word| clip(&word, MAX_WORD));
        let kind = self.arn.kind();
        let phase = kind.phase(&status, secondary_status.as_deref());
        let over = kind.spec().lifecycle == Lifecycle::OneShot && phase.is_settled();
        let in_its_place = created_at.filter(|_| !over).map_or(seen_at, |at| at.min(seen_at));
        Self {
            name: self.name.map(|name| clip(&name, MAX_WORD)),
            phase,
            failure_reason: self.failure_reason.map(|reason| clip(&reason, MAX_REASON)),
            created_at,
            modified_at: believed(Some(self.modified_at), now).unwrap_or(in_its_place),
            ended_at: believed(self.ended_at, now),
            facts: self.facts.bounded(),
            arn: self.arn,
            source: self.source,
            seen_at,
            status,
            secondary_status,
        }
    }

    /// When the job settled, if this observation is a settled one.
    #[must_use]
    pub fn settled_at(&self) -> Option<Timestamp> {
        self.phase.is_settled().then(|| self.ended_at.unwrap_or(self.modified_at))
    }
}
