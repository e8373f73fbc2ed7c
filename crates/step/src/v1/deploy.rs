//! An endpoint: created, or updated to another configuration.
//!
//! Promise: the step waits for its own update, and a rollback is a failure. The old configuration
//! is removed only on request, and only after the update has succeeded.

use async_trait::async_trait;
use sagebell_monitor::kind::Kind;
use sagebell_sagemaker::{Api, CallError, Class};
use serde_json::{Value, json};

use super::parts::{self, object};
use crate::component::{Component, ComponentError, Finished, Outputs};
use crate::definition::Definition;
use crate::inputs::Inputs;
use crate::names::FreshName;
use crate::plan::{Call, Create, Expected, Plan, Watch};

/// How the name of a configuration begins when none is given.
const CONFIG: &str = "EndpointConfig";

pub(super) struct Deploy {
    pub(super) definition: &'static Definition,
}

#[async_trait]
impl Component for Deploy {
    fn definition(&self) -> &Definition {
        self.definition
    }

    async fn plan(
        &self,
        inputs: &Inputs,
        fresh: &FreshName,
        api: &Api,
    ) -> Result<Plan, ComponentError> {
        let name = parts::name(inputs, "endpoint_name", fresh, "Endpoint");
        if inputs.is("update_endpoint") {
            let describe = describe(&name);
            let endpoint = found(api.call(&describe.operation, &describe.input).await)?;
            if let Some(endpoint) = endpoint {
                return Update { inputs, fresh, api, endpoint: &endpoint }.plan(name).await;
            }
        }
        Ok(create(inputs, fresh, name))
    }

    fn known(&self, finished: Finished<'_>) -> Outputs {
        parts::outputs([("endpoint_name", finished.plan.main.name.as_str().into())])
    }
}

/// The answer, if there is such a resource.
fn found(answer: Result<Value, CallError>) -> Result<Option<Value>, ComponentError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.class == Class::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn create(inputs: &Inputs, fresh: &FreshName, name: String) -> Plan {
    let config = parts::name(inputs, "endpoint_config_name", fresh, CONFIG);
    let tags = parts::tags(inputs, "tags");
    let request = object(json!({
        "EndpointName": name,
        "EndpointConfigName": config,
        "Tags": Some(tags).filter(|tags| !tags.is_empty()),
    }));
    plan(inputs, &config, Call::new("CreateEndpoint", request), name)
}

fn plan(inputs: &Inputs, config: &str, call: Call, name: String) -> Plan {
    let taggable = call.operation == "CreateEndpoint";
    let main = Create { call, describe: Some(describe(&name)), name, taggable };
    Plan {
        first: vec![create_config(inputs, config)],
        ..Plan::of(main, Watch::Job(Kind::Endpoint))
    }
}

fn create_config(inputs: &Inputs, name: &str) -> Create {
    let variants: Vec<Value> = (1..=3).filter_map(|number| variant(inputs, number)).collect();
    let request = object(json!({
        "EndpointConfigName": name,
        "ProductionVariants": variants,
        "KmsKeyId": inputs.given("resource_encryption_key"),
        "Tags": parts::tags(inputs, "endpoint_config_tags"),
    }));
    Create {
        call: Call::new("CreateEndpointConfig", request),
        describe: Some(describe_config(name)),
        name: name.to_owned(),
        taggable: true,
    }
}

fn describe(name: &str) -> Call {
    Call::new("DescribeEndpoint", json!({ "EndpointName": name }))
}

fn describe_config(name: &str) -> Call {
    Call::new("DescribeEndpointConfig", json!({ "EndpointConfigName": name }))
}

/// A production variant, if its model is given.
fn variant(inputs: &Inputs, number: usize) -> Option<Value> {
    let input = |what: &str| format!("{what}_{number}");
    let model = inputs.given(&input("model_name"))?;
    let name = inputs.given(&input("variant_name"));
    let name = name.map_or_else(|| format!("variant-name-{number}"), str::to_owned);
    Some(object(json!({
        "VariantName": name,
        "ModelName": model,
        "InitialInstanceCount": inputs.integer(&input("initial_instance_count")),
        "InstanceType": inputs.given(&input("instance_type")).unwrap_or("ml.m4.xlarge"),
        "InitialVariantWeight": inputs.float(&input("initial_variant_weight")),
        "AcceleratorType": inputs.given(&input("accelerator_type")),
    })))
}

/// An endpoint that is there, to be given another configuration.
struct Update<'a> {
    inputs: &'a Inputs,
    fresh: &'a FreshName,
    api: &'a Api,
    endpoint: &'a Value,
}

impl Update<'_> {
    async fn plan(&self, name: String) -> Result<Plan, ComponentError> {
        let config = self.config().await?;
        let request = json!({ "EndpointName": name, "EndpointConfigName": config });
        let plan = plan(self.inputs, &config, Call::new("UpdateEndpoint", request), name);
        Ok(Plan {
            already_asked: self.goes_by(&config),
            expected: Some(Expected {
                pointer: "/EndpointConfigName",
                otherwise: "the update was rolled back: the endpoint goes by its former \
                            configuration again",
                value: config.as_str().into(),
            }),
            after: self.after(&config),
            ..plan
        })
    }

    /// The new configuration's name: the one given, with this task's suffix if there
    /// is such a configuration and it is not of this task.
    async fn config(&self) -> Result<String, ComponentError> {
        let Some(given) = self.inputs.given("endpoint_config_name") else {
            return Ok(self.fresh.with(CONFIG));
        };
        let suffixed = self.fresh.beside(given);
        if self.goes_by(&suffixed) {
            return Ok(suffixed);
        }
        let describe = describe_config(given);
        let there = found(self.api.call(&describe.operation, &describe.input).await)?;
        let is_free = match there.as_ref().map(|config| config.pointer("/EndpointConfigArn")) {
            None => true,
            Some(arn) => self.created(arn).await?,
        };
        Ok(if is_free { given.to_owned() } else { suffixed })
    }

    /// Whether this task made it.
    async fn created(&self, arn: Option<&Value>) -> Result<bool, ComponentError> {
        let Some(arn) = arn else { return Ok(false) };
        let answer = self.api.call("ListTags", &json!({ "ResourceArn": arn })).await?;
        let tags = answer.get("Tags").and_then(Value::as_array);
        Ok(tags.is_some_and(|tags| self.fresh.task().owns(tags)))
    }

    /// Whether the endpoint has this configuration, or is on its way to it.
    fn goes_by(&self, config: &str) -> bool {
        ["/EndpointConfigName", "/PendingDeploymentSummary/EndpointConfigName"]
            .iter()
            .any(|pointer| self.endpoint.pointer(pointer).and_then(Value::as_str) == Some(config))
    }

    /// What is left to do once the endpoint has its new configuration.
    fn after(&self, config: &str) -> Vec<Call> {
        let tags = parts::tags(self.inputs, "tags");
        let arn = self.endpoint.get("EndpointArn").filter(|_| !tags.is_empty());
        let tags = arn.map(|arn| Call::new("AddTags", json!({ "ResourceArn": arn, "Tags": tags })));
        let former = self.endpoint.get("EndpointConfigName").filter(|former| *former != config);
        let former = former.filter(|_| self.inputs.is("delete_old_endpoint_config"));
        let former = former.map(|former| {
            Call::new("DeleteEndpointConfig", json!({ "EndpointConfigName": former }))
        });
        tags.into_iter().chain(former).collect()
    }
}
