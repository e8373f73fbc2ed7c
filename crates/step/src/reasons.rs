//! Why a job ended: every reason in its description.
//!
//! SageMaker has a member for the reason, and for many kinds more than one: messages of the
//! container, of each production variant, of each validation of a package, of each part that failed
//! (API reference, the Describe operations). Promise: the reason contains the text of every such
//! member, however deep it is, the outermost first.

use serde_json::Value;

use crate::progress::Seen;

/// The members that say why.
const WHY: [&str; 7] = [
    "FailureReason",
    "FailureMessage",
    "StatusReason",
    "ExitMessage",
    "PartialFailureMessage",
    "BlockedReason",
    "EdgePackagingJobStatusMessage",
];
/// The same within these, where they are said of what went well, too.
const WHY_OF_VARIANTS: (&str, &str) = ("VariantStatus", "StatusMessage");
/// The members that say of what, beside or around those.
const OF_WHAT: [&str; 3] = ["VariantName", "StepName", "Name"];
/// What people wrote, not SageMaker.
const NOT_ITS_OWN: [&str; 4] = ["Environment", "HyperParameters", "Tags", "PipelineParameters"];
/// The longest reason, for clusters of thousands and long lists.
const MOST: usize = 10;

/// What these tell, in one text: a description, those of its parts that failed, and what
/// was seen before it. `None`: nothing.
#[must_use]
pub fn of(description: &Value, parts: &[Value], seen: &[Seen]) -> Option<String> {
    let mut found = Vec::new();
    collect(description, (0, None), &mut found);
    parts.iter().for_each(|part| collect(part, (1, None), &mut found));
    found.sort_by_key(|(place, _)| *place);
    let mut reasons: Vec<String> = Vec::new();
    let signalled = seen.last().and_then(|last| last.reason.clone());
    for text in found.into_iter().map(|(_, text)| text).chain(signalled) {
        // The same is often said twice, once with its name.
        if !reasons.iter().any(|before| before.contains(&text)) && reasons.len() < MOST {
            reasons.push(text);
        }
    }
    if reasons.is_empty() {
        reasons.extend(last_transition(description));
    }
    (!reasons.is_empty()).then(|| reasons.join("; "))
}

/// How deep it was found, under which of the members, and what it says.
type Found = Vec<((usize, usize), String)>;

fn collect(value: &Value, (depth, of_what): (usize, Option<&str>), found: &mut Found) {
    match value {
        Value::Object(members) => {
            let named = OF_WHAT.iter().find_map(|name| members.get(*name)?.as_str());
            // What is outermost is the job itself.
            let of_what = named.filter(|_| depth > 0).or(of_what);
            for (name, member) in members {
                if NOT_ITS_OWN.contains(&name.as_str()) {
                    continue;
                }
                let rank = WHY.iter().position(|why| why == name);
                let text = member.as_str().map(str::trim).filter(|text| !text.is_empty());
                match text.zip(rank) {
                    Some((text, rank)) => {
                        let of_what = of_what.map(|name| format!("{name}: ")).unwrap_or_default();
                        found.push(((depth, rank), format!("{of_what}{text}")));
                    }
                    _ if name == WHY_OF_VARIANTS.0 => statuses(member, (depth, of_what), found),
                    _ => collect(member, (depth + 1, of_what), found),
                }
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| collect(item, (depth + 1, of_what), found));
        }
        _ => {}
    }
}

fn statuses(value: &Value, (depth, of_what): (usize, Option<&str>), found: &mut Found) {
    let messages = value.as_array().into_iter().flatten();
    let messages = messages.filter_map(|status| status.get(WHY_OF_VARIANTS.1)?.as_str());
    for text in messages.map(str::trim).filter(|text| !text.is_empty()) {
        found.push(((depth, 0), format!("{}: {text}", of_what.unwrap_or("a variant"))));
    }
}

/// What a training job's last finer status says, if nothing says more.
fn last_transition(description: &Value) -> Option<String> {
    let transitions = description.get("SecondaryStatusTransitions")?.as_array()?;
    let text = transitions.last()?.get("StatusMessage")?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sagebell_monitor::phase::Phase;
    use serde_json::json;

    use super::*;

    fn reasons(description: &Value) -> String {
        of(description, &[], &[]).unwrap_or_default()
    }

    #[test]
    fn a_reason_alone_is_told_as_it_is() {
        let reason = "AlgorithmError: a; b\nc";
        assert_eq!(reasons(&json!({"TrainingJobName": "x", "FailureReason": reason})), reason);
        assert_eq!(reasons(&json!({"FailureReason": "", "Status": "Stopped"})), "");
    }

    #[test]
    fn every_member_that_says_why_is_told_with_its_name() {
        let processing = json!({"ExitMessage": "no such file", "FailureReason": "AlgorithmError"});
        assert_eq!(reasons(&processing), "AlgorithmError; no such file".to_owned());
        let auto_ml = json!({"FailureReason": "it failed", "PartialFailureReasons": [
            {"PartialFailureMessage": "no candidate"}, {"PartialFailureMessage": "no report"}]});
        assert_eq!(reasons(&auto_ml), "it failed; no candidate; no report");
        let package = json!({"ModelPackageName": "p", "ModelPackageStatusDetails": {
            "ValidationStatuses": [
                {"Name": "first", "Status": "Completed"},
                {"Name": "second", "Status": "Failed", "FailureReason": "no permission"}],
            "ImageScanStatuses": [{"Name": "third", "FailureReason": "a weakness"}]}});
        assert!(reasons(&package).contains("second: no permission"), "{}", reasons(&package));
        assert!(reasons(&package).contains("third: a weakness"), "{}", reasons(&package));
        let variant = |name: &str, says: &str| {
            json!({"VariantName": name, "VariantStatus": [
            {"Status": "Creating", "StatusMessage": says}]})
        };
        let endpoint = json!({"EndpointName": "e", "PendingDeploymentSummary": {
            "ProductionVariants": [variant("a", "no capacity"), variant("b", "")]}});
        assert_eq!(reasons(&endpoint), "a: no capacity");
        let tuning = json!({"BestTrainingJob": {"FailureReason": "out of memory"}});
        assert_eq!(reasons(&tuning), "out of memory");
    }

    #[test]
    fn the_parts_that_failed_are_told_by_name() {
        let execution = json!({"FailureReason": "Step failure"});
        let steps = [json!({"StepName": "train", "FailureReason": "ClientError: no data"})];
        let reasons = of(&execution, &steps, &[]).unwrap();
        assert_eq!(reasons, "Step failure; train: ClientError: no data");
    }

    #[test]
    fn what_people_wrote_is_no_reason() {
        let environment = json!({"FailureReason": "not this"});
        assert_eq!(
            reasons(&json!({"Environment": environment, "HyperParameters": environment})),
            ""
        );
    }

    #[test]
    fn what_was_signalled_counts_where_the_description_says_less() {
        let seen = Seen {
            at: Timestamp::UNIX_EPOCH,
            phase: Phase::Failed,
            status: "Failed".to_owned(),
            detail: None,
            reason: Some("ClientError: no data".to_owned()),
        };
        let seen = [seen];
        assert_eq!(of(&json!({}), &[], &seen).as_deref(), Some("ClientError: no data"));
        let same = json!({"FailureReason": "ClientError: no data at all"});
        assert_eq!(of(&same, &[], &seen).as_deref(), Some("ClientError: no data at all"));
    }

    #[test]
    fn a_training_jobs_last_message_is_told_where_nothing_says_more() {
        let mut job = json!({"SecondaryStatusTransitions": [
            {"StatusMessage": "Downloading"}, {"StatusMessage": "ran out of time"}]});
        assert_eq!(reasons(&job), "ran out of time");
        job["FailureReason"] = json!("AlgorithmError");
        assert_eq!(reasons(&job), "AlgorithmError");
    }

    #[test]
    fn no_more_is_told_than_a_person_reads() {
        let parts: Vec<_> =
            (0..1_000).map(|n| json!({"FailureReason": format!("<{n}>")})).collect();
        assert_eq!(reasons(&json!({ "Parts": parts })).split("; ").count(), MOST);
    }
}
