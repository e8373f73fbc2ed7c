//! Creates what a plan contains, or adopts what an earlier attempt of this task created.
//!
//! Promise: if something exists under the name without this task's tag, the step neither changes
//! nor adopts it.

use jiff::Timestamp;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::time::parse_time;
use sagebell_sagemaker::{Api, CallError, Class};
use serde_json::{Value, json};

use crate::names::{OWNER_TAG, Task};
use crate::plan::{Call, Create};

/// The maximum number of tags of a resource, and so the longest list of them.
const TAGS_MEMBER: &str = "Tags";

/// What was created or adopted.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// Its ARN, if SageMaker returned one.
    pub arn: Option<String>,
    /// SageMaker's answer: to the call, or to Describe if it was adopted.
    pub answer: Value,
    /// When it was created or changed, by SageMaker's clock, at the latest.
    pub at: Option<Timestamp>,
    /// The latest time of that clock.
    pub answered_at: Option<Timestamp>,
    /// Whether an earlier attempt created it.
    pub adopted: bool,
}

/// Why it was not created.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// SageMaker refused the call.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The name is taken.
    #[error(
        "{operation}: `{name}` already exists and does not belong to this step: {why}. Choose another name, or leave it out: the step then generates one"
    )]
    NotOurs {
        /// The operation.
        operation: String,
        /// The name.
        name: String,
        /// Why it does not belong to this step.
        why: String,
    },
}

/// Creates it, with the tags of this task and (if known) of the principal. If it already exists
/// with the tag of this task, adopts it.
///
/// # Errors
/// [`CreateError`].
pub async fn create(
    api: &Api,
    create: &Create,
    task: &Task,
    principal: Option<&str>,
) -> Result<Created, CreateError> {
    let Call { operation, input } = &create.call;
    let mut input = input.clone();
    if create.taggable {
        task.mark(&mut input, principal);
    }
    match api.call_dated(operation, &input).await {
        Ok(answered) => {
            let at = answered.date;
            let arn = arn_in(operation, &answered.value);
            match &create.describe {
                // CreateEdgePackagingJob answers nothing at all.
                Some(describe) if arn.is_none() => {
                    let found = find(api, describe).await?;
                    Ok(Created { at, answered_at: at, adopted: false, ..found })
                }
                _ => {
                    Ok(Created { arn, answer: answered.value, at, answered_at: at, adopted: false })
                }
            }
        }
        Err(error) if error.class == Class::AlreadyExists => adopt(api, create, task).await,
        // Which of two refusals SageMaker tells first is not documented: it may be the
        // very job that is there already which uses the quota up.
        Err(error) if error.class == Class::LimitExceeded => {
            adopt(api, create, task).await.or(Err(error.into()))
        }
        Err(error) => Err(error.into()),
    }
}

async fn adopt(api: &Api, create: &Create, task: &Task) -> Result<Created, CreateError> {
    let not_ours = |why: &str| CreateError::NotOurs {
        operation: create.call.operation.to_string(),
        name: create.name.clone(),
        why: why.to_owned(),
    };
    let describe = create.describe.as_ref().filter(|_| create.taggable);
    let describe = describe.ok_or_else(|| not_ours("it cannot have a tag with its owner"))?;
    let found = find(api, describe).await?;
    let arn = found
        .arn
        .as_deref()
        .ok_or_else(|| not_ours("it has no ARN, so its tags cannot be read"))?;
    if task.owns(&tags(api, arn).await?) {
        return Ok(found);
    }
    Err(not_ours(&format!("it does not have the tag {OWNER_TAG}={}", task.owner())))
}

/// Reads what was created before.
///
/// # Errors
/// SageMaker's.
pub async fn find(api: &Api, describe: &Call) -> Result<Created, CallError> {
    let answered = api.call_dated(&describe.operation, &describe.input).await?;
    let (answer, answered_at) = (answered.value, answered.date);
    let created = answer.get("CreationTime").and_then(parse_time);
    Ok(Created {
        arn: arn_in(&describe.operation, &answer),
        at: created,
        answered_at,
        answer,
        adopted: true,
    })
}

async fn tags(api: &Api, arn: &str) -> Result<Vec<Value>, CallError> {
    let input = json!({"ResourceArn": arn});
    let mut pages = api.pages("ListTags", &input, TAGS_MEMBER);
    let mut tags = Vec::new();
    while let Some(page) = pages.next().await? {
        tags.extend(page);
    }
    Ok(tags)
}

/// The ARN of the resource. A Describe answer may contain others too (for an execution, that of its
/// pipeline), so the field from the table of kinds comes first.
fn arn_in(operation: &str, answer: &Value) -> Option<String> {
    let is_arn =
        |text: &&str| text.starts_with("arn:") && text.split(':').nth(2) == Some("sagemaker");
    let is_of = |kind: &Kind| {
        let operations = kind.spec().operations;
        operations.is_some_and(|of| [of.create, of.describe].contains(&operation))
    };
    let fields = Kind::all().find(is_of).map_or(&[][..], |kind| kind.spec().fields.arn);
    let own = fields.iter().filter_map(|pointer| answer.pointer(pointer));
    let members = answer.as_object()?.iter();
    let others = members.filter(|(key, _)| key.ends_with("Arn")).map(|(_, value)| value);
    own.chain(others).find_map(|value| value.as_str().filter(is_arn).map(str::to_owned))
}
