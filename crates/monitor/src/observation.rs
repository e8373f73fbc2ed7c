//! One observation of a job's status: from an event, a Describe, or a replay. All
//! take the same path.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::JobArn;
use crate::bounds::{MAX_REASON, MAX_WORD, believed, clip};
use crate::kind::{Kind, Lifecycle};
use crate::phase::Phase;

/// Where an observation came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A state-change event of SageMaker's.
    Event,
    /// A Describe call.
    Describe,
}

/// One observation of a job's status.
///
/// Its serialized form is the detail of the sweep's own events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The job.
    pub arn: JobArn,
    /// Its name as SageMaker spells it, where a name field tells; never cut out
    /// of an ARN, whose case is not reliable.
    #[serde(default)]
    pub name: Option<String>,
    /// What the status means.
    pub phase: Phase,
    /// SageMaker's own word.
    pub status: String,
    /// SageMaker's finer word, where the kind has one.
    pub secondary_status: Option<String>,
    /// Why it failed, in SageMaker's words.
    pub failure_reason: Option<String>,
    /// When the job was created: its generation. Some kinds' events leave it out.
    pub created_at: Option<Timestamp>,
    /// When SageMaker last changed the job; the event's own time where the
    /// detail has none.
    pub modified_at: Timestamp,
    /// When the job ended, where SageMaker says.
    pub ended_at: Option<Timestamp>,
    /// When the observation was made: the event's time, or the Describe's.
    pub seen_at: Timestamp,
    /// Where it came from.
    pub source: Source,
}

impl Observation {
    /// The kind of job.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.arn.kind()
    }

    /// The observation as it may be recorded, whoever made it and whatever it
    /// says: texts held to their bounds, no time later than `now` by more than
    /// clocks differ, and the phase that the table of kinds gives to the status.
    ///
    /// A time that is not believed gives no standing against observations whose
    /// times are true: in the place of a modification time stands the creation, or,
    /// where that is not told or a job has ended for good, the observation's own
    /// time; in the place of that one `now`. A time of creation that was moved to
    /// `now` would make a later generation of the job, so there is none instead.
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
            arn: self.arn,
            source: self.source,
            seen_at,
            status,
            secondary_status,
        }
    }

    /// When the job settled, if this observation says that it did.
    #[must_use]
    pub fn settled_at(&self) -> Option<Timestamp> {
        self.phase.is_settled().then(|| self.ended_at.unwrap_or(self.modified_at))
    }
}
