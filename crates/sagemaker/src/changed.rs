//! Lists what changed.

use jiff::Timestamp;
use sagebell_monitor::event::from_summary;
use sagebell_monitor::job_list::JobList;
use sagebell_monitor::observation::Observation;
use sagebell_monitor::operations::{Changes, Operations};
use sagebell_monitor::ports::Listed;
use serde_json::{Map, Value, json};

use crate::carrier::Answered;

/// The most that SageMaker gives at a time (`MaxResults` of each of these operations).
const PAGE: u32 = 100;

/// The list operation of a kind that tells what changed.
pub(crate) fn operation(list: &JobList) -> Option<(Operations, Changes)> {
    Some((list.kind.spec().sagemaker_operations()?, list.kind.changes()?))
}

/// The input for one page. SageMaker takes a time as a number of seconds, with their fractions.
pub(crate) fn input(
    list: &JobList,
    changes: Changes,
    after: Timestamp,
    token: Option<&str>,
) -> Value {
    let mut input = Map::from_iter([
        ("LastModifiedTimeAfter".to_owned(), json!(after.as_duration().as_secs_f64())),
        ("MaxResults".to_owned(), json!(PAGE)),
    ]);
    let category = changes.category.zip(list.category.as_deref());
    let category = category.map(|(field, category)| (field.to_owned(), json!(category)));
    input.extend(category);
    input.extend(token.map(|token| ("NextToken".to_owned(), json!(token))));
    input.into()
}

/// What a page tells. A summary that cannot be read is left out: one job must not hide the others.
pub(crate) fn page(
    list: &JobList,
    changes: Changes,
    answered: &Answered,
    clock_at: Timestamp,
) -> Option<Listed> {
    let at = answered.date.unwrap_or(clock_at);
    let summaries = answered.value.get(changes.summaries)?.as_array()?;
    let observations = summaries.iter().filter_map(|summary| observation(list, summary, at));
    let next = answered.value.get("NextToken").and_then(Value::as_str);
    let next = next.filter(|token| !token.is_empty()).map(str::to_owned);
    Some(Listed { observations: observations.collect(), next, at })
}

fn observation(list: &JobList, summary: &Value, at: Timestamp) -> Option<Observation> {
    let seen = from_summary(list, summary, at)
        .inspect_err(|error| tracing::warn!(%error, %list, "a summary cannot be read"))
        .ok()?;
    // In another account's credentials the list is of another account's jobs.
    (seen.arn.account() == list.account).then_some(seen)
}
