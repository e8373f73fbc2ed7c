//! One sighting of a job's status: from an event, a Describe, or a replay. All
//! take the same path.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::JobArn;
use crate::kind::Kind;
use crate::phase::Phase;

/// Where a sighting came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// A state-change event of SageMaker's.
    Event,
    /// A Describe call.
    Describe,
}

/// One sighting of a job's status.
///
/// Its serialized form is the detail of the sweep's own events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The job.
    pub arn: JobArn,
    /// Its name as SageMaker spells it.
    pub name: String,
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
    /// When the sighting was made: the event's time, or the Describe's.
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

    /// When the job settled, if this sighting says that it did.
    #[must_use]
    pub fn settled_at(&self) -> Option<Timestamp> {
        self.phase.is_settled().then(|| self.ended_at.unwrap_or(self.modified_at))
    }
}
