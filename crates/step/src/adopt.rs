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

/// Most tags that a resource can have, and so the longest list of them.
const TAGS_MEMBER: &str = "Tags";

/// What there is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    /// Its ARN, where SageMaker told one.
    pub arn: Option<String>,
    /// What SageMaker answered: to the call, or to the Describe if it was adopted.
    pub answer: Value,
    /// When it was made or changed, by SageMaker's clock: not later than this.
    pub at: Option<Timestamp>,
    /// What that clock said last.
    pub answered_at: Option<Timestamp>,
    /// Whether an earlier attempt had made it.
    pub adopted: bool,
}

/// Why it was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// SageMaker said no.
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
        /// How that is known.
        why: String,
    },
}

/// Makes it, with this task's mark on it, and the principal's if it is known; adopts it
/// if it is there with the task's mark.
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

/// Reads what was made before.
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

/// The resource's own ARN. A Describe may tell others' too (an execution's its
/// pipeline's): what the table of kinds says goes first, then any of SageMaker's.
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
