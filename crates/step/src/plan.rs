//! The plan of a component: the calls of SageMaker, prepared before the first one is sent.

use std::borrow::Cow;

use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::operations::Operations;
use serde_json::Value;

/// One call of SageMaker's API.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The operation, for example `CreateTrainingJob`.
    pub operation: Cow<'static, str>,
    /// Its input.
    pub input: Value,
}

impl Call {
    /// A call.
    pub fn new(operation: impl Into<Cow<'static, str>>, input: Value) -> Self {
        Self { operation: operation.into(), input }
    }
}

/// A call that creates something, and how to read what it created.
#[derive(Debug, Clone, PartialEq)]
pub struct Create {
    /// The call. Tags that mark the owner are added by the run, not here.
    pub call: Call,
    /// The call that reads what was created: for a step that finds it already there, and for the
    /// outputs. `None`: it has no name before it is created. Then [`describe`] reads it by the ARN
    /// in the answer, and a repeated call creates no second one, because it carries a token.
    pub describe: Option<Call>,
    /// Its name.
    pub name: String,
    /// Whether the call accepts tags (a list of `Key` and `Value` in `Tags`).
    pub taggable: bool,
}

/// How the step knows that the work is done.
#[derive(Debug, Clone, PartialEq)]
pub enum Watch {
    /// A job: its status settles.
    Job(Kind),
    /// Nothing to wait for: it exists when SageMaker has answered.
    Created,
}

impl Watch {
    /// How the step knows it for this kind. A kind without a status (a model, an endpoint
    /// configuration) exists as soon as it is created.
    #[must_use]
    pub fn of(kind: Kind) -> Self {
        if kind.spec().fields.status.is_empty() { Self::Created } else { Self::Job(kind) }
    }
}

/// A condition on the Describe answer of a job that succeeded. If it is not met, the job did not do
/// what was requested (for example, an update was rolled back).
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// A JSON pointer into the answer.
    pub pointer: &'static str,
    /// The expected value.
    pub value: Value,
    /// What it means if the value differs, for people.
    pub otherwise: &'static str,
}

/// All calls of one step that change something.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// Created first, in this order: for example an endpoint configuration.
    pub first: Vec<Create>,
    /// What the step creates and waits for.
    pub main: Create,
    /// Whether an earlier attempt of this step already called `main`. Then its call is left out.
    pub already_asked: bool,
    /// How the step knows that it is done.
    pub watch: Watch,
    /// Older states of the resource are ignored. `None`: older than the call.
    pub not_before: Option<Timestamp>,
    /// The conditions on a job that succeeded.
    pub expected: Option<Expected>,
    /// Calls after the job succeeded: for example, the removal of what it replaced.
    pub after: Vec<Call>,
}

impl Plan {
    /// The plan that only creates `main`.
    #[must_use]
    pub fn of(main: Create, watch: Watch) -> Self {
        Self {
            first: Vec::new(),
            main,
            already_asked: false,
            watch,
            not_before: None,
            expected: None,
            after: Vec::new(),
        }
    }
}

/// Reads a job by its ARN. `None`: its kind has no Describe (a pipeline's step, an
/// evaluation job), or one in another service's API (a human loop).
#[must_use]
pub fn describe(arn: &JobArn) -> Option<Call> {
    let operations = arn.kind().spec().sagemaker_operations().filter(Operations::are_its_own)?;
    Some(Call::new(operations.describe, Value::Object(sagebell_sagemaker::named(arn)?)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read_by(resource: &str) -> Option<Call> {
        let arn = format!("arn:aws:sagemaker:us-east-1:123456789012:{resource}");
        describe(&JobArn::parse(&arn).unwrap())
    }

    #[test]
    fn only_what_has_no_status_is_not_waited_for() {
        let created: Vec<_> =
            Kind::all().filter(|kind| Watch::of(*kind) == Watch::Created).collect();
        assert_eq!(created, [Kind::EndpointConfig, Kind::Model]);
    }

    #[test]
    fn a_job_is_read_by_what_its_kind_goes_by() {
        let call = |operation: &'static str, input| Some(Call::new(operation, input));
        assert_eq!(
            read_by("training-job/x"),
            call("DescribeTrainingJob", json!({"TrainingJobName": "x"}))
        );
        assert_eq!(
            read_by("image-version/i/3"),
            call("DescribeImageVersion", json!({"ImageName": "i", "Version": 3}))
        );
        let package = "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/1";
        assert_eq!(
            read_by("model-package/g/1"),
            call("DescribeModelPackage", json!({"ModelPackageName": package}))
        );
        assert_eq!(read_by("pipeline/p/execution/e/step/s"), None);
    }
}
