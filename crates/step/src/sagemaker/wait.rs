//! The component that creates nothing: it waits for what something else created.

use async_trait::async_trait;
use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_sagemaker::Api;

use crate::component::{Component, ComponentError, Finished, Outputs};
use crate::definition::Definition;
use crate::inputs::Inputs;
use crate::names::FreshName;
use crate::plan::{Create, Plan, Watch, describe};

pub(super) const NAME: &str = "sagemaker-wait";

pub(super) struct Wait {
    definition: Definition,
}

impl Wait {
    pub(super) fn new(definition: Definition) -> Self {
        Self { definition }
    }
}

#[async_trait]
impl Component for Wait {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    async fn plan(
        &self,
        inputs: &Inputs,
        _fresh: &FreshName,
        _api: &Api,
    ) -> Result<Plan, ComponentError> {
        plan(inputs.text("arn"), inputs.text("region"))
            .map_err(|problem| ComponentError::input("arn", problem))
    }

    fn known(&self, finished: Finished<'_>) -> Outputs {
        super::outputs(&self.definition, &finished)
    }
}

/// The plan, or what is wrong with the ARN.
fn plan(arn: &str, region: &str) -> Result<Plan, String> {
    let arn = JobArn::parse(arn).map_err(|error| error.to_string())?;
    if arn.region() != region {
        return Err(format!("it is in the region {}, but `region` is {region}", arn.region()));
    }
    let Some(call) = describe(&arn) else {
        return Err(format!(
            "SageMaker has no Describe for a {}. Wait for the job that it belongs to",
            arn.kind()
        ));
    };
    let name = arn.name().to_owned();
    let main = Create { describe: Some(call.clone()), call, name, taggable: false };
    // It may have settled long ago.
    let not_before = Some(Timestamp::UNIX_EPOCH);
    Ok(Plan { already_asked: true, not_before, ..Plan::of(main, Watch::of(arn.kind())) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const JOB: &str = "arn:aws:sagemaker:us-east-1:123456789012:processing-job/theirs";

    #[test]
    fn nothing_is_made_and_a_job_that_settled_before_counts() {
        let plan = plan(JOB, "us-east-1").unwrap();
        assert!(plan.already_asked);
        assert_eq!(plan.not_before, Some(Timestamp::UNIX_EPOCH));
        assert_eq!(plan.main.call.operation, "DescribeProcessingJob");
    }

    #[test]
    fn what_can_not_be_waited_for_is_said() {
        let step = "arn:aws:sagemaker:us-east-1:123456789012:pipeline/p/execution/e/step/s";
        for (arn, region, problem) in [
            ("theirs", "us-east-1", "not a SageMaker ARN"),
            (JOB, "eu-west-1", "it is in the region us-east-1"),
            (step, "us-east-1", "SageMaker has no Describe for a pipeline_step"),
        ] {
            let error = plan(arn, region).unwrap_err();
            assert!(error.starts_with(problem), "{error}");
        }
    }
}
