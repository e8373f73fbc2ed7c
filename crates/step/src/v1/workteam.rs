//! A private workteam.

use std::future::ready;

use serde_json::{Value, json};

use super::job::{Job, nothing_known};
use super::parts::{self, object};
use crate::component::{ComponentError, Finished, Outputs};
use crate::inputs::Inputs;
use crate::plan::Watch;

pub(super) const WORKTEAM: Job = Job {
    create: "CreateWorkteam",
    describe: "DescribeWorkteam",
    name_field: "WorkteamName",
    watch: Watch::Created,
    name_input: "team_name",
    prefix: None,
    request,
    known: nothing_known,
    results: |finished, _api| Box::pin(ready(results(finished))),
};

fn request(inputs: &Inputs, name: &str) -> Result<Value, ComponentError> {
    let topic = inputs.given("sns_topic").map(|topic| json!({ "NotificationTopicArn": topic }));
    Ok(object(json!({
        "WorkteamName": name,
        "MemberDefinitions": members(inputs)?,
        "Description": inputs.text("description"),
        "NotificationConfiguration": topic,
        "Tags": parts::tags(inputs, "tags"),
    })))
}

fn results(finished: Finished<'_>) -> Result<Outputs, ComponentError> {
    let arn = match finished.arn {
        Some(arn) => arn,
        None => parts::text(finished.answer, "/Workteam/WorkteamArn", "workteam_arn")?,
    };
    Ok(parts::outputs([("workteam_arn", arn.into())]))
}

/// A member per user group.
fn members(inputs: &Inputs) -> Result<Vec<Value>, ComponentError> {
    let needed = |input| {
        let problem =
            "a private workteam needs this: its members are user groups of a Cognito pool";
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
