//! A private workteam.

use async_trait::async_trait;
use sagemaker::Api;
use serde_json::{Value, json};

use super::parts::{self, JobKind, object};
use crate::component::{Component, ComponentError, Finished, Outputs};
use crate::definition::Definition;
use crate::inputs::Inputs;
use crate::names::FreshName;
use crate::plan::{Plan, Watch};

const WORKTEAM: JobKind = JobKind {
    create: "CreateWorkteam",
    describe: "DescribeWorkteam",
    name_field: "WorkteamName",
    watch: Watch::Made,
};

pub(super) struct Workteam {
    pub(super) definition: &'static Definition,
}

#[async_trait]
impl Component for Workteam {
    fn definition(&self) -> &Definition {
        self.definition
    }

    async fn plan(
        &self,
        inputs: &Inputs,
        _fresh: &FreshName,
        _api: &Api,
    ) -> Result<Plan, ComponentError> {
        let name = inputs.text("team_name").to_owned();
        let topic = inputs.given("sns_topic").map(|topic| json!({ "NotificationTopicArn": topic }));
        let request = object(json!({
            "WorkteamName": name,
            "MemberDefinitions": members(inputs)?,
            "Description": inputs.text("description"),
            "NotificationConfiguration": topic,
            "Tags": parts::tags(inputs, "tags"),
        }));
        Ok(parts::job(&WORKTEAM, name, request))
    }

    async fn outputs(&self, finished: Finished<'_>, _api: &Api) -> Result<Outputs, ComponentError> {
        let arn = match finished.arn {
            Some(arn) => arn,
            None => parts::text(finished.answer, "/Workteam/WorkteamArn", "workteam_arn")?,
        };
        Ok(parts::outputs([("workteam_arn", arn.into())]))
    }

    fn outputs_of_failure(&self, _finished: Finished<'_>) -> Outputs {
        Outputs::new()
    }
}

/// A member per user group.
fn members(inputs: &Inputs) -> Result<Vec<Value>, ComponentError> {
    let needed = |input| {
        let problem = "a private workteam needs it: its members are a Cognito pool's user groups";
        inputs.given(input).ok_or_else(|| ComponentError::input(input, problem))
    };
    let (pool, client) = (needed("user_pool")?, needed("client_id")?);
    let member = |group| {
        json!({
            "CognitoMemberDefinition": { "UserPool": pool, "UserGroup": group, "ClientId": client },
        })
    };
    Ok(parts::list(needed("user_groups")?).into_iter().map(member).collect())
}
