//! A component that creates a job of one kind from a request of the SageMaker API.

use async_trait::async_trait;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::operations::Operations;
use sagebell_sagemaker::Api;
use serde_json::{Value, json};

use crate::component::{Component, ComponentError, Finished, Outputs};
use crate::definition::{Definition, Input};
use crate::inputs::Inputs;
use crate::model;
use crate::names::FreshName;
use crate::plan::{self, Call, Plan, Watch};
use crate::request::Request;

/// Inputs that are not fields of the request.
const NO_FIELDS: [&str; 4] = ["region", "endpoint_url", "assume_role", "request"];

pub(super) struct Create {
    definition: Definition,
    kind: Kind,
    operations: Operations,
}

/// The kind that the component with this word makes.
pub(super) fn made_by(word: &str) -> Option<Kind> {
    Kind::all().find(|kind| is_word_of(word, *kind))
}

impl Create {
    /// `None`: there is no operation with this name.
    pub(super) fn new(definition: Definition) -> Option<Self> {
        let kind = made_by(&definition.name)?;
        Some(Self { definition, kind, operations: kind.spec().operations? })
    }

    fn operation(&self) -> &'static str {
        self.operations.create
    }

    fn fields(&self) -> impl Iterator<Item = &Input> {
        self.definition.inputs.iter().filter(|input| !NO_FIELDS.contains(&input.name.as_str()))
    }

    fn main(&self, inputs: &Inputs, fresh: &FreshName) -> Result<plan::Create, ComponentError> {
        let document = inputs.object("request").cloned().unwrap_or_default();
        let mut request = Request::new(self.operation(), "request", document)?;
        request.fill(self.fields(), inputs)?;
        let word = self.kind.as_str().replace('_', "-");
        for token in model::tokens(self.operation()) {
            request.name(&token, || fresh.token());
        }
        let named = self.is_named(&request);
        let name = if named {
            request.job_name(self.operations.name, (self.kind, &word), fresh)
        } else {
            fresh.with(&word)
        };
        // Else it is read by the ARN that SageMaker answers.
        let by_name = named && self.operations.name == self.operations.key;
        let describe = by_name.then(|| self.describe(&name, &request));
        Ok(plan::Create {
            call: Call::new(self.operation(), Value::Object(request.into_members())),
            describe,
            name,
            // A version in a group has the group's tags, and CreateModelPackage refuses others.
            taggable: named && model::takes(self.operation(), "Tags"),
        })
    }

    fn describe(&self, name: &str, request: &Request) -> Call {
        let also = self.operations.also.iter();
        let also = also.filter_map(|&member| Some((member, request.get(member)?.clone())));
        let key = (self.operations.key, json!(name));
        let input = also.chain([key]).map(|(member, value)| (member.to_owned(), value));
        Call::new(self.operations.describe, Value::Object(input.collect()))
    }

    /// Whether what is created has its own name. An execution has none, and a version has the name
    /// of what it is a version of.
    fn is_named(&self, request: &Request) -> bool {
        let is_version = self.kind == Kind::ImageVersion || request.has("ModelPackageGroupName");
        !is_version && model::takes(self.operation(), self.operations.name)
    }
}

#[async_trait]
impl Component for Create {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    async fn plan(
        &self,
        inputs: &Inputs,
        fresh: &FreshName,
        _api: &Api,
    ) -> Result<Plan, ComponentError> {
        Ok(Plan::of(self.main(inputs, fresh)?, Watch::of(self.kind)))
    }

    fn known(&self, finished: Finished<'_>) -> Outputs {
        super::outputs(&self.definition, &finished)
    }
}

/// Whether the name of a component is that of the operation that creates this kind.
fn is_word_of(word: &str, kind: Kind) -> bool {
    let created_by = |of: Operations| {
        of.are_its_own() && word.replace('-', "") == of.create.to_ascii_lowercase()
    };
    kind.spec().sagemaker_operations().is_some_and(created_by)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{self, Family};
    use crate::names::Task;

    fn create(name: &str, given: &[(&str, Value)]) -> plan::Create {
        let definition = definition::find(Family::SageMaker, name).unwrap();
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let fresh = Task::of_pipeline("run", "task").fresh_name();
        Create::new(definition).unwrap().main(&Inputs::from_iter(given), &fresh).unwrap()
    }

    #[test]
    fn what_has_no_name_gets_one_and_is_read_by_it() {
        let create =
            create("create-training-job", &[("role_arn", json!("r")), ("tags", json!([]))]);
        assert!(create.name.starts_with("training-"), "{}", create.name);
        let input = json!({"RoleArn": "r", "TrainingJobName": create.name});
        assert_eq!(create.call, Call::new("CreateTrainingJob", input));
        let describe = Call::new("DescribeTrainingJob", json!({"TrainingJobName": create.name}));
        assert_eq!((create.describe, create.taggable), (Some(describe), true));
    }

    #[test]
    fn the_document_gives_what_no_field_does() {
        let request = json!({"trainingJobName": "a", "roleARN": "r"});
        let given = [("request", request), ("training_job_name", json!("b"))];
        let create = create("create-training-job", &given);
        assert_eq!(create.call.input, json!({"RoleArn": "r", "TrainingJobName": "b"}));
        assert_eq!(create.name, "b");
    }

    #[test]
    fn what_is_named_by_more_than_a_name_is_read_by_all_of_it() {
        let given = [("job_category", json!("AgentRFT")), ("job_name", json!("Mine"))];
        let describe = create("create-job", &given).describe.unwrap();
        let wanted = json!({"JobName": "Mine", "JobCategory": "AgentRFT"});
        assert_eq!(describe, Call::new("DescribeJob", wanted));
    }

    #[test]
    fn what_has_a_name_and_is_read_by_its_arn_alone_gets_the_name_all_the_same() {
        let create = create("create-model-card-export-job", &[("model_card_name", json!("card"))]);
        assert_eq!(create.call.input["ModelCardExportJobName"], json!(create.name));
        assert_eq!((create.describe, create.taggable), (None, false));
    }

    #[test]
    fn what_is_named_when_it_is_made_carries_a_token_and_is_read_by_its_arn() {
        let versions = [
            ("start-pipeline-execution", "pipeline_name", "ClientRequestToken"),
            ("create-image-version", "image_name", "ClientToken"),
            ("create-model-package", "model_package_group_name", "ClientToken"),
        ];
        for (name, of, token) in versions {
            let create = create(name, &[(of, json!("mine"))]);
            let token = create.call.input[token].as_str().unwrap().len();
            assert!((32..=36).contains(&token), "{name}: {token}");
            assert_eq!((create.describe, create.taggable), (None, false), "{name}");
        }
    }

    #[test]
    fn a_fresh_name_fits_its_kind() {
        for definition in definition::definitions(Family::SageMaker) {
            let Some(component) = Create::new(definition) else { continue };
            let name = create(&component.definition.name, &[]).name;
            let most = match component.kind {
                Kind::Tuning | Kind::AutoMl => 32,
                _ => 63,
            };
            assert!(name.len() <= most, "{name}");
        }
    }
}
