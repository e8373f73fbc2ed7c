//! A component that creates one resource, or updates it if it exists.

use async_trait::async_trait;
use sagebell_monitor::time::parse_time;
use sagebell_sagemaker::{Api, Class};
use serde_json::{Map, Value, json};

use super::kind::{Kind, Update, fields};
use super::outputs::outputs;
use crate::component::{Component, ComponentError, Finished, Outputs};
use crate::definition::Definition;
use crate::inputs::Inputs;
use crate::names::FreshName;
use crate::plan::{Call, Create, Expected, Plan, Watch};
use crate::request::Request;

pub(super) struct Resource {
    pub(super) definition: Definition,
    pub(super) kind: &'static Kind,
}

const ROLLED_BACK: &str = "the update was rolled back. The endpoint runs as before";

impl Resource {
    fn create(&self, operation: &'static str, request: &Map<String, Value>, name: &str) -> Create {
        let taken = request.iter().filter(|(member, _)| crate::model::takes(operation, member));
        let input = taken.map(|(member, value)| (member.clone(), value.clone()));
        Create {
            call: Call::new(operation, Value::Object(input.collect())),
            describe: Some(self.describe(name)),
            name: name.to_owned(),
            taggable: crate::model::takes(operation, "Tags"),
        }
    }

    fn describe(&self, name: &str) -> Call {
        Call::new(self.kind.describe, json!({self.kind.key: name}))
    }

    /// What there is of this name.
    async fn read(&self, name: &str, api: &Api) -> Result<Option<Value>, ComponentError> {
        let call = self.describe(name);
        match api.call(&call.operation, &call.input).await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.class == Class::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The plan for what may be there already, and must be as the request says in
    /// the end, as ACK saw to it.
    fn reconcile(
        &self,
        update: Update,
        request: &Map<String, Value>,
        name: &str,
        there: Option<&Value>,
    ) -> Plan {
        let wanted = request.get(update.member).unwrap_or(&Value::Null);
        let state = |there: &Value| update.states.iter().find_map(|at| there.pointer(at).cloned());
        let operation = if there.is_some() { update.operation } else { self.kind.create };
        Plan {
            already_asked: there.and_then(state).as_ref() == Some(wanted),
            // What it became when it was last asked for is news all the same.
            not_before: there
                .filter(|there| state(there).as_ref() == Some(wanted))
                .and_then(|there| parse_time(there.get("LastModifiedTime")?)),
            expected: self.expected(update, wanted),
            ..Plan::of(self.create(operation, request, name), self.kind.watch())
        }
    }

    /// SageMaker fills in what a schedule leaves out, so only names are compared.
    fn expected(&self, update: Update, wanted: &Value) -> Option<Expected> {
        let pointer = update.states.last().copied().unwrap_or_default();
        let value = wanted.clone();
        wanted.is_string().then_some(Expected { pointer, value, otherwise: ROLLED_BACK })
    }
}

#[async_trait]
impl Component for Resource {
    fn definition(&self) -> &Definition {
        &self.definition
    }

    async fn plan(
        &self,
        inputs: &Inputs,
        fresh: &FreshName,
        api: &Api,
    ) -> Result<Plan, ComponentError> {
        let mut request = Request::of(self.kind.create, fields(&self.definition), inputs)?;
        let (key, word) = (self.kind.key, self.kind.prefix);
        let name = match self.kind.watch() {
            Watch::Job(kind) => request.job_name(key, (kind, word), fresh),
            _ => request.name(key, || fresh.with(word)),
        };
        let request = request.into_members();
        let Some(update) = self.kind.update else {
            return Ok(Plan::of(self.create(self.kind.create, &request, &name), self.kind.watch()));
        };
        let there = self.read(&name, api).await?;
        Ok(self.reconcile(update, &request, &name, there.as_ref()))
    }

    fn known(&self, finished: Finished<'_>) -> Outputs {
        outputs(&self.definition, self.kind, &finished, false)
    }

    async fn results(&self, finished: Finished<'_>, _api: &Api) -> Result<Outputs, ComponentError> {
        Ok(outputs(&self.definition, self.kind, &finished, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definition::{self, Family};
    use crate::v2::kind::find;

    fn plan_of(name: &str, wanted: &Value, there: Option<Value>) -> Plan {
        let kind = find(name).unwrap();
        let definition = definition::find(Family::V2, name).unwrap();
        let resource = Resource { definition, kind };
        let request = wanted.as_object().unwrap();
        resource.reconcile(kind.update.unwrap(), request, "mine", there.as_ref())
    }

    fn endpoint(there: Option<Value>) -> Plan {
        let wanted = json!({"EndpointName": "mine", "EndpointConfigName": "new",
            "Tags": [], "DeploymentConfig": {}});
        plan_of("Endpoint", &wanted, there)
    }

    #[test]
    fn an_endpoint_that_is_not_there_is_made() {
        let plan = endpoint(None);
        assert_eq!((&*plan.main.call.operation, plan.main.taggable), ("CreateEndpoint", true));
        assert!(!plan.already_asked && plan.not_before.is_none());
    }

    #[test]
    fn one_that_runs_another_configuration_is_updated_and_must_run_the_new_one() {
        let plan = endpoint(Some(json!({"EndpointConfigName": "old", "LastModifiedTime": 5})));
        assert_eq!((&*plan.main.call.operation, plan.main.taggable), ("UpdateEndpoint", false));
        let input = json!({"EndpointName": "mine", "EndpointConfigName": "new",
            "DeploymentConfig": {}});
        assert_eq!(plan.main.call.input, input);
        let expected = plan.expected.unwrap();
        assert_eq!((expected.pointer, expected.value), ("/EndpointConfigName", json!("new")));
        assert!(!plan.already_asked && plan.not_before.is_none());
    }

    #[test]
    fn what_an_earlier_attempt_asked_for_is_not_asked_for_again() {
        let is = json!({"EndpointConfigName": "new", "LastModifiedTime": 5});
        let becomes = json!({"EndpointConfigName": "old", "LastModifiedTime": 5,
            "PendingDeploymentSummary": {"EndpointConfigName": "new"}});
        for there in [is, becomes] {
            let plan = endpoint(Some(there));
            assert!(plan.already_asked);
            assert_eq!(plan.not_before.map(|at| at.as_second()), Some(5));
        }
    }

    #[test]
    fn a_schedule_is_compared_by_its_whole_configuration() {
        let config = json!({"MonitoringType": "DataQuality"});
        let wanted = json!({"MonitoringScheduleName": "mine", "MonitoringScheduleConfig": config});
        let same = plan_of("MonitoringSchedule", &wanted, Some(wanted.clone()));
        assert!(same.already_asked && same.expected.is_none());
        let other = plan_of("MonitoringSchedule", &wanted, Some(json!({})));
        assert_eq!(other.main.call.operation, "UpdateMonitoringSchedule");
        assert!(!other.already_asked);
    }
}
