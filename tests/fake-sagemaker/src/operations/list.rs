//! List operations: filters, order and pages.

use std::cmp::Ordering;

use sagebell_monitor::kind::Kind;
use sagebell_monitor::time::parse_time;
use serde_json::{Map, Value, json};

use super::{Request, references};
use crate::error::AwsError;
use crate::model::Listing;
use crate::resource::Resource;
use crate::state::SageMakerState;
use crate::view::view;

/// Items on a page unless asked otherwise, and at most.
const PAGE: usize = 10;
const MAX_PAGE: usize = 100;

type View = Map<String, Value>;

pub(super) fn list(state: &SageMakerState, request: &Request<'_>) -> Result<Value, AwsError> {
    let input = &request.call.input;
    let Some(listing) = &request.model.list else {
        return Ok(json!({}));
    };
    references::find(state, request.call)?;
    let size = page_size(input)?;
    let all = state.all_of(request.family, &request.call.region);
    let mut found: Vec<(&Resource, View)> = all.into_iter().map(|of| (of, view(of))).collect();
    found.retain(|(of, view)| fits(of, view, input));
    found.sort_by(|one, other| order(one, other, input, listing));
    let start = match input.get("NextToken").and_then(Value::as_str) {
        None => 0,
        Some(token) => place_after(&found, token)?,
    };
    let page: Vec<_> = found.iter().skip(start).take(size).collect();
    let more = found.len() > start + page.len();
    let next = page.last().filter(|_| more).map(|(of, _)| of.number.to_string());
    let lower = state.settings.lists_in_lower_case;
    let item = |view: &View| listed(listing.item.project(view), lower);
    let items = page.iter().map(|(_, view)| Value::Object(item(view)));
    let mut answer = View::from_iter([(listing.key.clone(), items.collect())]);
    answer.extend(next.map(|next| ("NextToken".to_owned(), json!(next))));
    Ok(Value::Object(answer))
}

fn listed(mut item: View, in_lower_case: bool) -> View {
    let arns = item.iter_mut().filter(|(member, _)| in_lower_case && member.ends_with("Arn"));
    for (_, arn) in arns {
        if let Value::String(arn) = arn {
            arn.make_ascii_lowercase();
        }
    }
    item
}

fn page_size(input: &View) -> Result<usize, AwsError> {
    let Some(size) = input.get("MaxResults").filter(|size| !size.is_null()) else {
        return Ok(PAGE);
    };
    let size = size.as_u64().and_then(|size| usize::try_from(size).ok());
    size.filter(|size| (1..=MAX_PAGE).contains(size)).ok_or_else(|| {
        AwsError::validation(format!(
            "1 validation error detected: Value at 'maxResults' failed to satisfy constraint: \
             Member must be between 1 and {MAX_PAGE}"
        ))
    })
}

/// A token is the number of the last item of the page before.
fn place_after(found: &[(&Resource, View)], token: &str) -> Result<usize, AwsError> {
    let number: Option<u64> = token.parse().ok();
    let place = found.iter().position(|(of, _)| Some(of.number) == number);
    place.map(|place| place + 1).ok_or_else(|| AwsError::validation("Invalid NextToken."))
}

fn fits(resource: &Resource, view: &View, input: &View) -> bool {
    input.iter().all(|(member, wanted)| fits_one(resource, view, member, wanted))
}

fn fits_one(resource: &Resource, view: &View, member: &str, wanted: &Value) -> bool {
    let time = |member: &str| view.get(member).and_then(parse_time);
    let time_of = |time_member: &str| {
        let first = time(time_member).or_else(|| time(&format!("{time_member}Time")));
        first.or_else(|| time("CreationTime").filter(|_| time_member == "Created"))
    };
    if let Some(of) = member.strip_suffix("After") {
        return time_of(of).zip(parse_time(wanted)).is_none_or(|(at, bound)| at > bound);
    }
    if let Some(of) = member.strip_suffix("Before") {
        return time_of(of).zip(parse_time(wanted)).is_none_or(|(at, bound)| at < bound);
    }
    let Some(wanted) = wanted.as_str() else {
        return true;
    };
    let same = |value: Option<&Value>| value.and_then(Value::as_str) == Some(wanted);
    match member {
        "NextToken" | "SortBy" | "SortOrder" => true,
        "NameContains" => resource.name.to_lowercase().contains(&wanted.to_lowercase()),
        "PipelineNamePrefix" => resource.name.starts_with(wanted),
        "StatusEquals" => resource.status() == Some(wanted),
        // Of a package, the group's ARN serves as well as its name.
        "ModelPackageGroupName" if resource.family.kind == Some(Kind::ModelPackage) => {
            same(view.get(member)) || wanted.ends_with(&format!("/{}", text(view, member)))
        }
        _ => {
            let of = member.strip_suffix("Equals").unwrap_or(member);
            !view.contains_key(of) || same(view.get(of))
        }
    }
}

fn text<'a>(view: &'a View, member: &str) -> &'a str {
    view.get(member).and_then(Value::as_str).unwrap_or_default()
}

fn order(
    (one, _): &(&Resource, View),
    (other, _): &(&Resource, View),
    input: &View,
    listing: &Listing,
) -> Ordering {
    let by_age = one.number.cmp(&other.number);
    let ordered = match input.get("SortBy").and_then(Value::as_str) {
        Some("Name" | "NAME") => one.name.cmp(&other.name),
        Some("Status" | "STATUS") => one.status().cmp(&other.status()),
        Some("LastModifiedTime" | "LAST_MODIFIED_TIME") => one.modified.cmp(&other.modified),
        _ => Ordering::Equal,
    }
    .then(by_age);
    let asked = input.get("SortOrder").and_then(Value::as_str);
    let ascending =
        asked.map_or(listing.ascending, |asked| asked.eq_ignore_ascii_case("ascending"));
    if ascending { ordered } else { ordered.reverse() }
}
