//! `JobArn`: the validated, canonical name of a job.
//!
//! SageMaker spells some ARNs in more than one way; the canonical form is the
//! key under which every sighting and every wait of one job meet.

use serde::{Deserialize, Serialize};

use crate::kind::Kind;

/// Longest ARN accepted, in bytes. SageMaker's own limit is 256 (a pipeline
/// step adds its name, at most 256 more).
const MAX_LEN: usize = 640;

/// Marks the step part that Sagebell adds to a pipeline execution's ARN, since
/// SageMaker gives steps no ARN of their own.
const STEP_MARK: &str = "/step/";

/// A SageMaker job's ARN, checked and in canonical form:
/// `arn:{partition}:sagemaker:{region}:{account}:{type}/{id}`.
///
/// - `tuningJob/x` becomes `hyper-parameter-tuning-job/x` (events use both).
/// - An endpoint's id is lower-cased: `CreateEndpoint` treats names so
///   (SageMaker API reference, `CreateEndpoint`, *EndpointName*).
/// - A pipeline step is `…:pipeline/p/execution/e/step/name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobArn {
    text: String,
    kind: Kind,
}

/// Why a text is no job's ARN.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// Not `arn:partition:sagemaker:region:account:type/id`.
    #[error("not a SageMaker ARN (expected arn:aws:sagemaker:REGION:ACCOUNT:TYPE/NAME): {what}")]
    Malformed {
        /// The part that is wrong.
        what: &'static str,
    },
    /// A SageMaker resource that is no job (a model card, a domain, …).
    #[error("`{resource}` is not a resource type that Sagebell can wait for")]
    NotAJob {
        /// The resource type in the ARN.
        resource: String,
    },
}

struct Parts<'a> {
    prefix_len: usize,
    resource: &'a str,
    id: &'a str,
}

fn malformed<T>(what: &'static str) -> Result<T, ArnError> {
    Err(ArnError::Malformed { what })
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn split(text: &str) -> Result<Parts<'_>, ArnError> {
    if text.len() > MAX_LEN {
        return malformed("longer than 640 bytes");
    }
    if !text.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'<' | b'>' | b'\\')) {
        return malformed("it has a blank, a quote or a character outside ASCII");
    }
    let mut fields = text.splitn(6, ':');
    let mut next = || fields.next().unwrap_or_default();
    let (arn, partition, service) = (next(), next(), next());
    let (region, account, rest) = (next(), next(), next());
    if arn != "arn" || !is_word(partition) {
        return malformed("it does not begin with arn:PARTITION");
    }
    if service != "sagemaker" {
        return malformed("the service is not sagemaker");
    }
    if !is_word(region) {
        return malformed("the region is missing");
    }
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return malformed("the account is not 12 digits");
    }
    let Some((resource, id)) = rest.split_once('/') else {
        return malformed("the resource is not TYPE/NAME");
    };
    if !is_word(resource) {
        return malformed("the resource type is missing");
    }
    if id.is_empty() || id.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        return malformed("the resource name is missing or has an empty part");
    }
    let prefix_len = text.len() - rest.len();
    Ok(Parts { prefix_len, resource, id })
}

impl JobArn {
    /// Checks and canonicalizes an ARN.
    ///
    /// # Errors
    /// [`ArnError`] names the part that is wrong, or the resource type that is
    /// no job.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        let parts = split(text)?;
        let Some(kind) = Kind::of_resource(parts.resource, parts.id) else {
            return Err(ArnError::NotAJob { resource: parts.resource.to_owned() });
        };
        if parts.id.split('/').count() > most_parts(kind) {
            return malformed("the resource name has more parts than its type allows");
        }
        let prefix = text.get(..parts.prefix_len).unwrap_or_default();
        let resource = kind.spec().resource;
        let text = match kind {
            Kind::Endpoint => format!("{prefix}{resource}/{}", parts.id.to_ascii_lowercase()),
            _ => format!("{prefix}{resource}/{}", parts.id),
        };
        Ok(Self { text, kind })
    }

    /// The ARN that stands for one step of a pipeline execution.
    ///
    /// # Errors
    /// [`ArnError`] if `self` is no pipeline execution or the name is no name.
    pub fn step(&self, step_name: &str) -> Result<Self, ArnError> {
        if self.kind != Kind::PipelineExecution || step_name.contains('/') {
            return malformed("a step belongs to a pipeline execution and has a plain name");
        }
        Self::parse(&format!("{}{STEP_MARK}{step_name}", self.text))
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The kind of job that the resource type tells.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The AWS region, e.g. `us-east-1`.
    #[must_use]
    pub fn region(&self) -> &str {
        self.field(3)
    }

    /// The 12-digit AWS account.
    #[must_use]
    pub fn account(&self) -> &str {
        self.field(4)
    }

    /// The part after the resource type: the job's name for most kinds.
    #[must_use]
    pub fn id(&self) -> &str {
        self.field(5).split_once('/').map_or("", |(_, id)| id)
    }

    /// What a person calls the job: the id, or its last part where the id is a
    /// path (pipeline executions and steps).
    #[must_use]
    pub fn name(&self) -> &str {
        match self.kind {
            Kind::PipelineExecution | Kind::PipelineStep => {
                self.id().rsplit('/').next().unwrap_or_default()
            }
            _ => self.id(),
        }
    }

    fn field(&self, index: usize) -> &str {
        self.text.splitn(6, ':').nth(index).unwrap_or_default()
    }
}

/// How many parts, divided by slashes, the id of a kind may have.
fn most_parts(kind: Kind) -> usize {
    match kind {
        Kind::PipelineStep => 5,
        Kind::PipelineExecution => 3,
        // A package and its version.
        Kind::ModelPackage | Kind::ImageVersion => 2,
        _ => 1,
    }
}

/// Whether a pipeline resource's id names an execution or a step of one.
pub(crate) fn pipeline_kind(id: &str) -> Option<Kind> {
    let mut parts = id.split('/');
    let (_pipeline, execution) = (parts.next()?, parts.next());
    let (_id, step, name, more) = (parts.next(), parts.next(), parts.next(), parts.next());
    match (execution, _id, step, name, more) {
        (Some("execution"), Some(_), None, None, None) => Some(Kind::PipelineExecution),
        (Some("execution"), Some(_), Some("step"), Some(_), None) => Some(Kind::PipelineStep),
        _ => None,
    }
}

impl std::fmt::Display for JobArn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for JobArn {
    type Error = ArnError;
    fn try_from(text: String) -> Result<Self, ArnError> {
        Self::parse(&text)
    }
}

impl From<JobArn> for String {
    fn from(arn: JobArn) -> Self {
        arn.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arn(rest: &str) -> String {
        format!("arn:aws:sagemaker:us-east-1:111122223333:{rest}")
    }

    #[test]
    fn both_spellings_of_a_tuning_job_are_one_job() {
        let old = JobArn::parse(&arn("tuningJob/x")).unwrap();
        let new = JobArn::parse(&arn("hyper-parameter-tuning-job/x")).unwrap();
        assert_eq!(old, new);
        assert_eq!(old.kind(), Kind::Tuning);
        assert_eq!(old.name(), "x");
    }

    #[test]
    fn endpoint_names_differ_by_more_than_case() {
        let one = JobArn::parse(&arn("endpoint/MyEndpoint")).unwrap();
        assert_eq!(one, JobArn::parse(&arn("endpoint/myendpoint")).unwrap());
        let job = JobArn::parse(&arn("training-job/MyJob")).unwrap();
        assert_eq!(job.name(), "MyJob");
    }

    #[test]
    fn a_step_hangs_off_its_execution() {
        let run = JobArn::parse(&arn("pipeline/p/execution/e1")).unwrap();
        assert_eq!((run.kind(), run.name()), (Kind::PipelineExecution, "e1"));
        let step = run.step("train").unwrap();
        assert_eq!((step.kind(), step.name()), (Kind::PipelineStep, "train"));
        assert_eq!(JobArn::parse(step.as_str()).unwrap(), step);
        assert!(run.step("a/b").is_err());
        assert!(step.step("again").is_err());
    }

    #[test]
    fn parts_are_read_back() {
        let job =
            JobArn::parse("arn:aws-cn:sagemaker:cn-north-1:037210630506:processing-job/a").unwrap();
        assert_eq!((job.region(), job.account(), job.id()), ("cn-north-1", "037210630506", "a"));
    }

    #[test]
    fn what_is_no_job_is_refused_with_the_part_named() {
        for (text, part) in [
            ("", "begin with arn"),
            ("arn:aws:s3:::bucket", "service"),
            ("arn:aws:sagemaker::111122223333:training-job/x", "region"),
            ("arn:aws:sagemaker:us-east-1:1:training-job/x", "account"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job", "TYPE/NAME"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/", "name"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/a/../b", "empty part"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/a b", "blank"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/a/b", "more parts"),
            ("arn:aws:sagemaker:us-east-1:111122223333:model-card/x", "model-card"),
            ("arn:aws:sagemaker:us-east-1:111122223333:pipeline/x", "pipeline"),
        ] {
            let error = JobArn::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(JobArn::parse(&arn(&format!("training-job/{}", "x".repeat(700)))).is_err());
    }
}
