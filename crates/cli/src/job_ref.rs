//! A job as people name it: an ARN, or a kind and a name.

use sagebell_api_types::query::JobsQuery;
use sagebell_client::{Client, ClientError};
use sagebell_monitor::arn::{ArnError, JobArn};
use sagebell_monitor::kind::Kind;
use sagebell_monitor::partition::Partition;
use sagebell_monitor::ports::{Cursor, JobFilter};

use crate::args::WhichJob;

/// Jobs in one call.
const PAGE: usize = 200;
/// Calls at most: a name that is part of more jobs' names is looked for no further.
const PAGES: usize = 25;

/// A job as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobRef {
    /// By its ARN.
    Arn(JobArn),
    /// By its kind and its name: the part of its ARN after the resource type.
    Name(Kind, String),
}

/// Why a text names no job.
#[derive(Debug, thiserror::Error)]
pub enum NoJob {
    /// It begins like an ARN.
    #[error(transparent)]
    Arn(#[from] ArnError),
    /// It has no kind.
    #[error(
        "give an ARN, or a kind and a name as in training/mnist. The kinds are {}",
        Kind::all().map(Kind::as_str).collect::<Vec<_>>().join(", ")
    )]
    Kind,
    /// The monitor knows no such job.
    #[error(
        "the monitor knows no {kind} job {name}\n  `sagebell jobs --kind {kind}` lists those it knows. For another one, give its ARN, or --region and --account"
    )]
    Unknown {
        /// The kind.
        kind: Kind,
        /// The name.
        name: String,
    },
    /// The monitor knows several.
    #[error("there are {} such jobs; give the ARN of one of them:\n  {}", .0.len(), .0.join("\n  "))]
    Several(Vec<String>),
    /// There are more jobs than are looked through.
    #[error("too many jobs have this text in their names; give the ARN")]
    TooMany,
    /// The monitor could not be asked.
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl JobRef {
    /// Reads an ARN, or `kind/name`.
    ///
    /// # Errors
    /// [`NoJob::Arn`] or [`NoJob::Kind`].
    pub fn parse(text: &str) -> Result<Self, NoJob> {
        if text.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("arn:")) {
            return Ok(Self::Arn(JobArn::parse(text)?));
        }
        let (kind, name) = text.split_once('/').ok_or(NoJob::Kind)?;
        let kind = Kind::from_wire(kind).ok_or(NoJob::Kind)?;
        // Which names a kind may have, its ARN tells.
        arn_of(kind, "us-east-1", "000000000000", name)?;
        Ok(Self::Name(kind, name.to_owned()))
    }
}

fn arn_of(kind: Kind, region: &str, account: &str, name: &str) -> Result<JobArn, ArnError> {
    let (partition, resource) = (Partition::of_region(region).id, kind.spec().resource);
    JobArn::parse(&format!("arn:{partition}:sagemaker:{region}:{account}:{resource}/{name}"))
}

impl WhichJob {
    /// The ARN. A name without its region and account is looked up among the jobs that the
    /// monitor knows.
    ///
    /// # Errors
    /// [`NoJob`].
    pub async fn find(&self, client: &Client) -> Result<JobArn, NoJob> {
        match (&self.job, &self.region, &self.account) {
            (JobRef::Arn(arn), _, _) => Ok(arn.clone()),
            (JobRef::Name(kind, name), Some(region), Some(account)) => {
                Ok(arn_of(*kind, region, account, name)?)
            }
            (JobRef::Name(kind, name), region, account) => {
                let filter = JobFilter {
                    kind: Some(*kind),
                    region: region.clone(),
                    account: account.clone(),
                    text: Some(format!(":{}/{name}", kind.spec().resource)),
                    ..JobFilter::default()
                };
                only(known(client, filter, name).await?, *kind, name)
            }
        }
    }
}

/// The ARNs of the known jobs with exactly this name.
async fn known(client: &Client, filter: JobFilter, name: &str) -> Result<Vec<JobArn>, NoJob> {
    let mut asked = JobsQuery { filter, cursor: None, limit: Some(PAGE) };
    let mut found = Vec::new();
    for _ in 0..PAGES {
        let page = client.list_jobs(&asked).await?;
        let arns = page.items.into_iter().map(|job| job.arn);
        found.extend(arns.filter(|arn| arn.id().eq_ignore_ascii_case(name)));
        asked.cursor = page.next.map(Cursor);
        if asked.cursor.is_none() {
            return Ok(found);
        }
    }
    Err(NoJob::TooMany)
}

fn only(mut found: Vec<JobArn>, kind: Kind, name: &str) -> Result<JobArn, NoJob> {
    match (found.pop(), found.is_empty()) {
        (Some(arn), true) => Ok(arn),
        (None, _) => Err(NoJob::Unknown { kind, name: name.to_owned() }),
        (Some(arn), false) => {
            found.push(arn);
            Err(NoJob::Several(found.iter().map(JobArn::to_string).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:sagemaker:us-east-1:111122223333:training-job/mnist";

    #[test]
    fn a_job_is_an_arn_or_a_kind_and_a_name() {
        let arn = JobArn::parse(ARN).unwrap();
        assert_eq!(JobRef::parse(ARN).unwrap(), JobRef::Arn(arn));
        let named = JobRef::Name(Kind::Training, "mnist".to_owned());
        assert_eq!(JobRef::parse("training/mnist").unwrap(), named);
        let run = JobRef::parse("pipeline_execution/p/execution/e1").unwrap();
        assert_eq!(run, JobRef::Name(Kind::PipelineExecution, "p/execution/e1".to_owned()));
    }

    #[test]
    fn what_is_no_job_is_refused_with_what_is_expected() {
        for text in ["mnist", "train/mnist", "", "/x", "\u{1b}/x"] {
            let said = JobRef::parse(text).unwrap_err().to_string();
            assert!(said.contains("training/mnist"), "{text}: {said}");
        }
        assert!(JobRef::parse("training/a b").unwrap_err().to_string().contains("space"));
        assert!(JobRef::parse("arn:aws:s3:::x").unwrap_err().to_string().contains("sagemaker"));
    }

    #[test]
    fn a_region_tells_its_partition() {
        let arn = arn_of(Kind::Training, "cn-north-1", "111122223333", "x").unwrap();
        assert_eq!(arn.partition(), "aws-cn");
    }

    #[test]
    fn of_several_jobs_none_is_chosen() {
        let arn = JobArn::parse(ARN).unwrap();
        let of = |found| only(found, Kind::Training, "mnist");
        assert_eq!(of(vec![arn.clone()]).unwrap(), arn);
        assert!(matches!(of(vec![]).unwrap_err(), NoJob::Unknown { .. }));
        let several = of(vec![arn.clone(), arn]).unwrap_err().to_string();
        assert_eq!(several.matches(ARN).count(), 2, "{several}");
    }
}
