//! The monitor's port to SageMaker.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::event::from_describe;
use sagebell_monitor::job_list::JobList;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::observation::Observation;
use sagebell_monitor::owners::OWNER_TAG;
use sagebell_monitor::ports::{Clock, Listed, SageMaker, SageMakerError};
use sagebell_monitor::principal::Principal;
use serde_json::{Value, json};

use crate::api::Api;
use crate::carrier::Answered;
use crate::error::{CallError, Class};
use crate::{changed, request, step};

/// Describes, lists and stops jobs, each in the account and region of its ARN.
#[derive(Clone)]
pub struct SageMakerApi {
    api: Api,
    /// By account, with credentials and a budget of their own.
    members: BTreeMap<String, Api>,
    clock: Arc<dyn Clock>,
}

impl SageMakerApi {
    /// The port on this API. Does no I/O.
    #[must_use]
    pub fn new(api: Api, clock: Arc<dyn Clock>) -> Self {
        Self { api, members: BTreeMap::new(), clock }
    }

    /// The same port with these APIs for jobs of other accounts, by the account.
    pub(crate) fn with_members(self, members: BTreeMap<String, Api>) -> Self {
        Self { members, ..self }
    }

    /// The API for jobs of this account and region. An account that is no member's is taken for the own
    /// one: the answers tell if it is not.
    fn api(&self, account: &str, region: &str) -> Api {
        self.members.get(account).unwrap_or(&self.api).in_region(region)
    }

    fn api_of(&self, arn: &JobArn) -> Api {
        self.api(arn.account(), arn.region())
    }

    async fn observe(&self, arn: &JobArn) -> Result<(Value, Observation), SageMakerError> {
        let Answered { value: answer, date } = self.read(arn).await?;
        same_account(arn, &answer)?;
        // SageMaker's times are judged by its own clock: this machine's may be wrong.
        let now = date.unwrap_or_else(|| self.clock.latest());
        let seen = from_describe(arn.clone(), &answer, now);
        let seen = seen.map_err(|error| SageMakerError::Refused(error.to_string()))?;
        Ok((answer, seen))
    }

    async fn read(&self, arn: &JobArn) -> Result<Answered, SageMakerError> {
        let api = self.api_of(arn);
        let answer = match (arn.kind(), arn.kind().spec().sagemaker_operations()) {
            (kind, None) => {
                return Err(SageMakerError::Unsupported { operation: "describe", kind });
            }
            (Kind::PipelineStep, _) => {
                let step = step::describe(&api, arn).await;
                step.map(|value| Answered { value, date: None })
            }
            (_, Some(operations)) => {
                let input = request::describe(arn).ok_or_else(|| nameless(arn))?;
                api.call_dated(operations.describe, &input).await
            }
        };
        answer.map_err(port_error)
    }

    async fn tags(&self, arn: &JobArn, answer: &Value) -> Result<Vec<Value>, SageMakerError> {
        // As SageMaker spells it: a tag is looked up by the ARN.
        let spelt = own_arn(arn, answer).unwrap_or(arn.as_str());
        let api = self.api_of(arn);
        let tags = api.pages("ListTags", &json!({"ResourceArn": spelt}), "Tags").all().await;
        tags.map_err(|error| match port_error(error) {
            // The job was there a moment ago: this says nothing of it.
            SageMakerError::NotFound => {
                SageMakerError::Refused(format!("SageMaker returns no tags for {spelt}"))
            }
            error => error,
        })
    }

    /// Unlike any other call's: by execution and millisecond. SageMaker wants 32 to
    /// 128 characters.
    fn token(&self, arn: &JobArn) -> String {
        let now = self.clock.now().as_millisecond();
        let name: String = arn.name().chars().take(64).collect();
        format!("sagebell-stop-{now:020}-{name}")
    }
}

#[async_trait]
impl SageMaker for SageMakerApi {
    async fn describe(&self, arn: &JobArn) -> Result<Observation, SageMakerError> {
        let (_, seen) = self.observe(arn).await?;
        Ok(seen)
    }

    async fn changed(
        &self,
        list: &JobList,
        after: Timestamp,
        token: Option<&str>,
    ) -> Result<Listed, SageMakerError> {
        let kind = list.kind;
        let unsupported = SageMakerError::Unsupported { operation: "list", kind };
        let (operations, changes) = changed::operation(list).ok_or(unsupported)?;
        let api = self.api(&list.account, &list.region);
        let input = changed::input(list, changes, after, token);
        let answered = api.call_dated(operations.list, &input).await.map_err(port_error)?;
        let page = changed::page(list, changes, &answered, self.clock.earliest());
        page.ok_or_else(|| {
            let missing = format!("the answer has no list of {}", changes.summaries);
            SageMakerError::Refused(missing)
        })
    }

    /// Reads the tags of the job in a Describe answer, if its kind has any.
    async fn owner(&self, arn: &JobArn) -> Result<Option<Principal>, SageMakerError> {
        if !arn.kind().spec().has_tags {
            return Ok(None);
        }
        let (answer, _) = self.observe(arn).await?;
        let tags = self.tags(arn, &answer).await?;
        let word = |tag: &Value, member| Some(tag.get(member)?.as_str()?.to_owned());
        let tag = tags.iter().find(|tag| word(tag, "Key").as_deref() == Some(OWNER_TAG));
        Ok(tag.and_then(|tag| word(tag, "Value")).map(Principal))
    }

    /// Looks before it stops: a name is not enough to stop a job of the account
    /// that the ARN names, and one that is over needs no call. If SageMaker then
    /// refuses, it looks again: the job may just have ended.
    async fn stop(&self, arn: &JobArn) -> Result<(), SageMakerError> {
        let kind = arn.kind();
        let unsupported = SageMakerError::Unsupported { operation: "stop", kind };
        let operations = kind.spec().sagemaker_operations();
        let operation = operations.and_then(|operations| operations.stop).ok_or(unsupported)?;
        let (answer, seen) = self.observe(arn).await?;
        if arn.kind().is_over_in(seen.phase) {
            return Ok(());
        }
        let input = request::stop(arn, &answer, &self.token(arn)).ok_or_else(|| nameless(arn))?;
        let error = match self.api_of(arn).call(operation, &input).await {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        if matches!(error.class, Class::Invalid | Class::Conflict) {
            let (_, seen) = self.observe(arn).await?;
            if arn.kind().is_over_in(seen.phase) {
                return Ok(());
            }
        }
        Err(port_error(error))
    }
}

/// What names an image's version is its number.
fn nameless(arn: &JobArn) -> SageMakerError {
    SageMakerError::Refused(format!("{arn} has no version number"))
}

/// The job's ARN as a Describe spells it.
fn own_arn<'a>(arn: &JobArn, answer: &'a Value) -> Option<&'a str> {
    let mut arns = arn.kind().spec().fields.arn.iter();
    arns.find_map(|pointer| answer.pointer(pointer)?.as_str())
}

/// Most Describe calls take a name: in another account's credentials they answer
/// with another job of that name.
fn same_account(arn: &JobArn, answer: &Value) -> Result<(), SageMakerError> {
    let account = own_arn(arn, answer).and_then(|own| own.split(':').nth(4));
    match account {
        Some(account) if account != arn.account() => Err(SageMakerError::Refused(format!(
            "the credentials are for account {account}, the job is in {}",
            arn.account()
        ))),
        _ => Ok(()),
    }
}

/// What a failed call means for the monitor. `Throttled` contains every temporary failure, also a
/// SageMaker that cannot be reached. Then the sweep checks again within a minute. After a refusal
/// it checks less and less often.
fn port_error(error: CallError) -> SageMakerError {
    match error.class {
        Class::NotFound => SageMakerError::NotFound,
        Class::Stale | Class::Throttled | Class::Unavailable => {
            SageMakerError::Throttled(error.to_string())
        }
        // Without a code, SageMaker was not asked: there are no credentials.
        Class::Denied if error.code.is_some() => SageMakerError::Refused(format!(
            "{error}. The role of the caller needs {}",
            error.iam_action()
        )),
        Class::AlreadyExists
        | Class::Conflict
        | Class::Denied
        | Class::Invalid
        | Class::LimitExceeded
        | Class::Other => SageMakerError::Refused(error.to_string()),
    }
}
