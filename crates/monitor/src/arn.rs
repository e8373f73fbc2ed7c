//! `JobArn`: the validated, canonical ARN of a job.
//!
//! SageMaker writes some ARNs in more than one way. The canonical form is the key that connects
//! all observations and all waits of one job.

use serde::{Deserialize, Serialize};

use crate::kind::Kind;
use crate::partition::Partition;

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
/// - A pipeline step is `…:pipeline/p/execution/e/step/name`.
/// - **Case makes no difference.** List calls answer in lower case what Create
///   and events give in the name's own case (boto/boto3 issue 4606), and some
///   names "are not case sensitive" (SageMaker API reference,
///   `HyperParameterTuningJobName`, `AutoMLJobName`). So ARNs are compared,
///   hashed and stored by [`key`](Self::key), which is in lower case. The name of
///   a pipeline step is the exception: it is no part of an ARN of SageMaker's, it
///   always comes from a name field, and its case is its own.
/// - The id keeps the spelling it came with, for the calls that take a name.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobArn {
    text: String,
    key: String,
    kind: Kind,
}

/// Why a text is not the ARN of a job.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// Not `arn:partition:sagemaker:region:account:type/id`.
    #[error("not a SageMaker ARN (expected arn:aws:sagemaker:REGION:ACCOUNT:TYPE/NAME): {what}")]
    Malformed {
        /// The part that is wrong.
        what: &'static str,
    },
    /// A SageMaker resource that is not a job (a model card, a domain, …).
    #[error("`{resource}` is not a resource type that Sagebell can wait for")]
    NotAJob {
        /// The resource type in the ARN.
        resource: String,
    },
}

struct Parts<'a> {
    /// Everything before the resource type, in lower case.
    prefix: String,
    /// The resource type, in lower case.
    resource: String,
    id: &'a str,
}

fn malformed<T>(what: &'static str) -> Result<T, ArnError> {
    Err(ArnError::Malformed { what })
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A region is words and a number, for example `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let mut words = text.rsplit('-');
    let number = words.next().unwrap_or_default();
    let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    is_number && words.clone().count() >= 2 && words.all(is_word)
}

fn split(text: &str) -> Result<Parts<'_>, ArnError> {
    if text.len() > MAX_LEN {
        return malformed("longer than 640 bytes");
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return malformed("it has a space or a character outside ASCII");
    }
    let fields: Vec<&str> = text.splitn(6, ':').collect();
    let field = |index: usize| fields.get(index).copied().unwrap_or_default();
    let lower = |index| field(index).to_ascii_lowercase();
    let (arn, partition, service) = (lower(0), lower(1), lower(2));
    let (region, account, rest) = (lower(3), field(4), field(5));
    if arn != "arn" || Partition::of_id(&partition).is_none() {
        return malformed(
            "it does not begin with arn: and a partition of AWS, for example arn:aws",
        );
    }
    if service != "sagemaker" {
        return malformed("the service is not sagemaker");
    }
    if !is_region(&region) {
        return malformed("the region is missing or wrong; expected for example us-east-1");
    }
    if Partition::of_region(&region).id != partition {
        return malformed("the region belongs to another partition than the ARN");
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
    let prefix = format!("arn:{partition}:sagemaker:{region}:{account}:");
    Ok(Parts { prefix, resource: resource.to_ascii_lowercase(), id })
}

impl JobArn {
    /// Checks and canonicalizes an ARN.
    ///
    /// # Errors
    /// [`ArnError`] names the part that is wrong, or the resource type that is
    /// no job.
    pub fn parse(text: &str) -> Result<Self, ArnError> {
        let parts = split(text)?;
        let Some(kind) = Kind::of_resource(&parts.resource, parts.id) else {
            return Err(ArnError::NotAJob { resource: parts.resource });
        };
        let form = &kind.spec().id;
        let (least, most) = form.count();
        let has = parts.id.split('/').count();
        if has > most {
            return malformed("the resource name has more parts than its type allows");
        }
        if has < least {
            return malformed("the resource name has fewer parts than its type has");
        }
        if !parts.id.bytes().all(|b| form.allows(b)) {
            return malformed(
                "the resource name has a character that names of its type cannot have",
            );
        }
        let head = format!("{}{}/", parts.prefix, kind.spec().resource);
        let id = form.spelt(parts.id);
        let key = format!("{head}{}", form.folded(&id));
        Ok(Self { text: format!("{head}{id}"), key, kind })
    }

    /// The ARN of one step of a pipeline execution.
    ///
    /// # Errors
    /// [`ArnError`] if `self` is not a pipeline execution or the name is not valid.
    pub fn step(&self, step_name: &str) -> Result<Self, ArnError> {
        if self.kind != Kind::PipelineExecution || step_name.contains('/') {
            return malformed("a step belongs to a pipeline execution and has a plain name");
        }
        Self::parse(&format!("{}{STEP_MARK}{step_name}", self.text))
    }

    /// The canonical text, the id spelt as it came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What two spellings of one job's ARN have in common: the canonical text in
    /// lower case, but for a pipeline step's name. Stores know the job by it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The same job, spelt as SageMaker spells its `name`, where the ARN ends with
    /// that name in whatever case; else as it is.
    #[must_use]
    pub fn spelt(&self, name: &str) -> Self {
        let own = self.name();
        let head = self.text.get(..self.text.len() - own.len()).unwrap_or_default();
        let text = if own.eq_ignore_ascii_case(name) {
            format!("{head}{name}")
        } else {
            self.text.clone()
        };
        Self { text, ..self.clone() }
    }

    /// The kind of job, from the resource type.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The AWS partition, e.g. `aws-cn`.
    #[must_use]
    pub fn partition(&self) -> &str {
        self.field(1)
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

    /// The id, or its last part if the id is a path (pipeline executions and steps, jobs of a
    /// category, export jobs of a model card): the name of the job until a name field of SageMaker
    /// gives one.
    #[must_use]
    pub fn name(&self) -> &str {
        self.kind.spec().id.name(self.id())
    }

    fn field(&self, index: usize) -> &str {
        self.text.splitn(6, ':').nth(index).unwrap_or_default()
    }
}

impl PartialEq for JobArn {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for JobArn {}

impl PartialOrd for JobArn {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for JobArn {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key.cmp(&other.key)
    }
}

impl std::hash::Hash for JobArn {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
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
    fn every_kind_is_one_job_in_any_case_and_keeps_its_spelling() {
        use std::hash::BuildHasher as _;
        let hasher = std::hash::RandomState::new();
        for kind in Kind::all() {
            let id = match kind {
                Kind::PipelineExecution => "MyPipe/execution/Abc1",
                Kind::PipelineStep => "MyPipe/execution/Abc1/step/train",
                Kind::ImageVersion | Kind::ModelPackage => "MyGroup/1",
                Kind::Job => "AgentRFT/My-Job-1",
                Kind::ModelCardExport => "MyCard/export-job/My-Job-1",
                _ => "My-Job-1",
            };
            let resource = kind.spec().resource;
            let job = JobArn::parse(&arn(&format!("{resource}/{id}"))).unwrap();
            let lower = JobArn::parse(&job.as_str().to_ascii_lowercase()).unwrap();
            assert_eq!((job.id(), job.kind()), (id, kind));
            assert_eq!((&lower, lower.kind(), lower.key()), (&job, kind, job.key()));
            assert_eq!(hasher.hash_one(&lower), hasher.hash_one(&job));
            assert_eq!(lower.cmp(&job), std::cmp::Ordering::Equal);
            if kind != Kind::PipelineStep {
                assert_eq!(JobArn::parse(&job.as_str().to_ascii_uppercase()).unwrap(), job);
            }
            let again: JobArn = serde_json::from_value(serde_json::json!(job)).unwrap();
            assert_eq!(again.as_str(), job.as_str());
        }
    }

    #[test]
    fn steps_differ_by_the_case_of_their_names_and_by_nothing_elses() {
        let run = JobArn::parse(&arn("pipeline/P/execution/E1")).unwrap();
        let (one, other) = (run.step("Train").unwrap(), run.step("train").unwrap());
        assert_ne!(one, other);
        let shouted = JobArn::parse(&arn("PIPELINE/p/EXECUTION/e1/STEP/Train")).unwrap();
        assert_eq!(shouted, one);
        assert_eq!(shouted.id(), "p/execution/e1/step/Train");
    }

    #[test]
    fn a_name_field_mends_the_spelling_and_nothing_else() {
        let lower = JobArn::parse(&arn("training-job/tune-digits-7")).unwrap();
        assert_eq!(lower.spelt("Tune-Digits-7").name(), "Tune-Digits-7");
        assert_eq!(lower.spelt("Tune-Digits-7"), lower);
        assert_eq!(lower.spelt("another").name(), "tune-digits-7");
        assert_eq!(lower.spelt("").name(), "tune-digits-7");
        let cluster = JobArn::parse(&arn("cluster/abcdefghijkl")).unwrap();
        assert_eq!(cluster.spelt("My-Cluster").as_str(), cluster.as_str());
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
    fn a_jobs_category_is_spelt_as_its_calls_take_it() {
        let job = JobArn::parse(&arn("job/agentrftevaluation/x")).unwrap();
        assert_eq!((job.id(), job.name()), ("AgentRFTEvaluation/x", "x"));
        let unheard = JobArn::parse(&arn("job/NewCategory/x")).unwrap();
        assert_eq!(unheard.id(), "NewCategory/x");
    }

    #[test]
    fn an_export_job_hangs_off_its_model_card() {
        let job = JobArn::parse(&arn("Model-Card/Mine/Export-Job/Pdf-1")).unwrap();
        assert_eq!((job.kind(), job.name()), (Kind::ModelCardExport, "Pdf-1"));
        assert_eq!(job.id(), "Mine/export-job/Pdf-1");
        assert_eq!(job.spelt("PDF-1").name(), "PDF-1");
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
            ("arn", "begin with arn"),
            ("arn:evil:sagemaker:us-east-1:111122223333:training-job/x", "partition"),
            ("arn:aws-cn:sagemaker:us-east-1:111122223333:training-job/x", "another partition"),
            ("arn:aws:sagemaker:us-gov-west-1:111122223333:training-job/x", "another partition"),
            ("arn:awsx:sagemaker:us-east-1:111122223333:training-job/x", "partition"),
            ("arn::sagemaker:us-east-1:111122223333:training-job/x", "partition"),
            ("arn:aws:sagemaker:everywhere:111122223333:training-job/x", "region"),
            ("arn:aws:sagemaker:us-east:111122223333:training-job/x", "region"),
            ("arn:aws:sagemaker:us--1:111122223333:training-job/x", "region"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/a_b", "character"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/a.b", "character"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/%78", "character"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/x#1", "character"),
            ("arn:aws:s3:::bucket", "service"),
            ("arn:aws:sagemaker::111122223333:training-job/x", "region"),
            ("arn:aws:sagemaker:us-east-1:1:training-job/x", "account"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job", "TYPE/NAME"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/", "name"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/a/../b", "empty part"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/a b", "space"),
            ("arn:aws:sagemaker:us-east-1:111122223333:training-job/a/b", "more parts"),
            ("arn:aws:sagemaker:us-east-1:111122223333:model-card/x", "model-card"),
            ("arn:aws:sagemaker:us-east-1:111122223333:model-card/x/export-job", "fewer parts"),
            ("arn:aws:sagemaker:us-east-1:111122223333:job/x", "fewer parts"),
            ("arn:aws:sagemaker:us-east-1:111122223333:job/AgentRFT/x/y", "more parts"),
            ("arn:aws:sagemaker:us-east-1:111122223333:pipeline/x", "`pipeline` is not"),
            ("arn:aws:sagemaker:us-east-1:111122223333:pipeline/x/y/z", "`pipeline` is not"),
            ("arn:aws:sagemaker:us-east-1:111122223333:pipeline/x/execution", "fewer parts"),
            ("arn:aws:sagemaker:us-east-1:111122223333:pipeline/x/execution/y/z", "more parts"),
            ("arn:aws:sagemaker:us-east-1:111122223333:pipeline/x/execution/y/step", "fewer parts"),
        ] {
            let error = JobArn::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(JobArn::parse(&arn(&format!("training-job/{}", "x".repeat(700)))).is_err());
    }
}
