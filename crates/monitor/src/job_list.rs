//! SageMaker's lists of jobs, and how far the sweep has read each of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::arn::JobArn;
use crate::kind::Kind;
use crate::operations::Changes;
use crate::partition::Partition;

/// A list of SageMaker's that tells what changed: the jobs of one kind, in one region of one account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct JobList {
    /// The account, 12 digits.
    pub account: String,
    /// The region.
    pub region: String,
    /// The kind.
    pub kind: Kind,
    /// The category, if one call lists only the jobs of one (see [`Changes::category`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
}

impl JobList {
    /// The list that this job is on. `None` if its kind has none that tells what changed.
    #[must_use]
    pub fn of(arn: &JobArn) -> Option<Self> {
        let kind = arn.kind();
        let category = kind.changes()?.category.and_then(|_| arn.id().split('/').next());
        Some(Self {
            account: arn.account().to_owned(),
            region: arn.region().to_owned(),
            kind,
            category: category.map(str::to_owned),
        })
    }

    /// The ARN of the job with this name on it.
    pub(crate) fn job(&self, name: &str) -> Option<JobArn> {
        let Self { account, region, kind, category } = self;
        let (partition, resource) = (Partition::of_region(region).id, kind.spec().resource);
        let category = category.as_ref().map(|of| format!("{of}/")).unwrap_or_default();
        let arn =
            format!("arn:{partition}:sagemaker:{region}:{account}:{resource}/{category}{name}");
        JobArn::parse(&arn).ok()
    }
}

impl std::fmt::Display for JobList {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let category = self.category.as_deref().map(|of| format!(" ({of})")).unwrap_or_default();
        write!(f, "{}{category} of account {} in {}", self.kind, self.account, self.region)
    }
}

impl Kind {
    /// How its list tells what changed. `None`: it cannot be asked for that.
    #[must_use]
    pub fn changes(self) -> Option<Changes> {
        self.spec().sagemaker_operations()?.changes
    }
}

/// How far a list has been read. Its times are SageMaker's, except where it is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListProgress {
    /// The list.
    pub list: JobList,
    /// Every change after this was read …
    pub since: Timestamp,
    /// … up to this.
    pub until: Timestamp,
    /// When it was last read to its end, or first wanted, by the sweep's clock.
    pub read_at: Timestamp,
    /// Whether the next sweep must read it, however short its last reading is ago.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_once: bool,
    /// Until when somebody waits for a job on it, as far as the sweep knows, by the sweep's clock.
    pub wanted_until: Timestamp,
    /// The pages that are still to be read, if the last reading was too long for one sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest: Option<Rest>,
}

/// The rest of a list that was read in part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rest {
    /// What SageMaker wants for the next page.
    pub token: String,
    /// The filter that the reading began with: the token belongs to it.
    pub after: Timestamp,
    /// When the reading began.
    pub begun_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list_of(resource: &str) -> Option<JobList> {
        let arn = format!("arn:aws:sagemaker:us-east-1:111122223333:{resource}");
        JobList::of(&JobArn::parse(&arn).unwrap())
    }

    #[test]
    fn jobs_of_a_kind_share_a_list_whatever_their_names() {
        let list = list_of("training-job/x").unwrap();
        assert_eq!(list_of("training-job/Y"), Some(list.clone()));
        assert_eq!(list.to_string(), "training of account 111122223333 in us-east-1");
        assert_ne!(list_of("processing-job/x"), Some(list));
    }

    #[test]
    fn a_category_has_a_list_of_its_own_as_sagemaker_spells_it() {
        let list = list_of("job/agentrft/x").unwrap();
        assert_eq!(list.category.as_deref(), Some("AgentRFT"));
        assert_ne!(list_of("job/AgentRFTEvaluation/x"), Some(list));
    }

    #[test]
    fn a_job_on_it_has_an_arn_by_its_name() {
        for resource in ["training-job/x", "job/AgentRFT/x"] {
            let arn = format!("arn:aws:sagemaker:us-east-1:111122223333:{resource}");
            assert_eq!(list_of(resource).unwrap().job("x").unwrap().as_str(), arn);
        }
    }

    #[test]
    fn what_cannot_be_asked_for_changes_is_on_no_list() {
        for resource in ["pipeline/p/execution/e", "image-version/i/1", "model/m", "cluster/c"] {
            assert_eq!(list_of(resource), None, "{resource}");
        }
    }
}
