//! The component that makes nothing: it waits for what something else made.

use async_trait::async_trait;
use jiff::Timestamp;
use monitor::arn::JobArn;
use sagemaker::Api;

use crate::component::{Component, ComponentError, Finished, Outputs};
use crate::definition::Definition;
use crate::inputs::Inputs;
use crate::names::FreshName;
use crate::plan::{Make, Plan, Watch, describe};

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
        let problem = |problem: String| ComponentError::input("arn", problem);
        let arn = JobArn::parse(inputs.text("arn")).map_err(|error| problem(error.to_string()))?;
        if arn.region() != inputs.text("region") {
            return Err(problem(format!(
                "it is of the region {}, `region` says {}",
                arn.region(),
                inputs.text("region")
            )));
        }
        let Some(call) = describe(&arn) else {
            let kind = arn.kind();
            return Err(problem(format!("SageMaker describes no {kind}: wait for what it is of")));
        };
        let main = Make {
            describe: Some(call.clone()),
            call,
            name: arn.name().to_owned(),
            taggable: false,
        };
        // It may have settled long ago.
        Ok(Plan {
            already_asked: true,
            not_before: Some(Timestamp::UNIX_EPOCH),
            ..Plan::of(main, Watch::Job(arn.kind()))
        })
    }

    async fn outputs(&self, finished: Finished<'_>, _api: &Api) -> Result<Outputs, ComponentError> {
        Ok(super::outputs(&self.definition, &finished))
    }

    fn outputs_of_failure(&self, finished: Finished<'_>) -> Outputs {
        super::outputs(&self.definition, &finished)
    }
}
