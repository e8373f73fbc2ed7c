//! Which counts become CloudWatch metrics.
//!
//! CloudWatch bills each metric name with its dimensions for each month in which it was sent,
//! even if the value was zero ("Amazon CloudWatch pricing", custom metrics). So a count becomes a
//! metric only if an alarm reads it, and a zero is sent only where it has a meaning. All other
//! counts are still in the log, where the dashboard and people query them.

use serde_json::{Map, Value};

/// The metrics of CloudWatch: what an alarm of `infra/template.yaml` reads.
pub const METRICS: [&str; 4] = [
    "sagebell_api_unreachable_total",
    EVENTS,
    "sagebell_sweep_overdue_total",
    "sagebell_sweep_undeliverable_total",
];
/// The count whose zero `SilenceAlarm` reads, and the count beside which the zero has a meaning:
/// something changed, and no event told it.
const EVENTS: &str = "sagebell_events_total";
const MISSED: &str = "sagebell_events_missed_total";

/// The member of a document that says what in it is a metric.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
const METADATA: &str = "_aws";

/// Documents of CloudWatch's embedded metric format, a line each, without what nobody needs.
pub(crate) fn publish(documents: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(documents.len());
    for document in documents.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        let needed = match serde_json::from_slice::<Map<String, Value>>(document) {
            Ok(document) => needed(document).map(|document| Value::from(document).to_string()),
            Err(_) => Some(String::from_utf8_lossy(document).into_owned()),
        };
        if let Some(needed) = needed {
            lines.extend_from_slice(needed.as_bytes());
            lines.push(b'\n');
        }
    }
    lines
}

/// What is needed of one document, if anything is.
fn needed(mut document: Map<String, Value>) -> Option<Map<String, Value>> {
    let none = Value::from(0);
    let missed = document.get(MISSED).is_some_and(|count| *count != none);
    let counts = names(&document);
    let counts: Vec<_> = counts
        .into_iter()
        .filter(|name| {
            let kept = document.get(name) != Some(&none) || missed && name == EVENTS;
            if !kept {
                document.remove(name);
            }
            kept
        })
        .collect();
    if counts.is_empty() {
        return None;
    }
    let is_metric =
        |name: &str| METRICS.contains(&name) && counts.iter().any(|count| count == name);
    let metrics = metrics(&mut document)?;
    metrics.retain(|metric| metric.get("Name").and_then(Value::as_str).is_some_and(is_metric));
    if metrics.is_empty() {
        document.remove(METADATA);
    }
    Some(document)
}

/// The list of a document's metrics.
fn metrics(document: &mut Map<String, Value>) -> Option<&mut Vec<Value>> {
    document.get_mut(METADATA)?.pointer_mut("/CloudWatchMetrics/0/Metrics")?.as_array_mut()
}

/// The names in that list.
fn names(document: &Map<String, Value>) -> Vec<String> {
    let metrics = document
        .get(METADATA)
        .and_then(|metadata| metadata.pointer("/CloudWatchMetrics/0/Metrics")?.as_array());
    let names = metrics.into_iter().flatten().filter_map(|metric| metric.get("Name")?.as_str());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn document(counts: &Value) -> Value {
        let names = counts.as_object().unwrap().keys();
        let metrics: Vec<_> = names.map(|name| json!({"Name": name})).collect();
        let metadata = json!({
            "Timestamp": 1,
            "CloudWatchMetrics": [
                {"Namespace": "Sagebell", "Dimensions": [["Function"]], "Metrics": metrics}
            ],
        });
        let mut document = json!({"_aws": metadata, "Function": "sweep"});
        document.as_object_mut().unwrap().extend(counts.as_object().unwrap().clone());
        document
    }

    fn published(counts: &Value) -> Vec<Value> {
        let lines = publish(format!("{}\n", document(counts)).as_bytes());
        String::from_utf8(lines).unwrap().lines().map(|line| line.parse().unwrap()).collect()
    }

    #[test]
    fn what_an_alarm_reads_is_a_metric() {
        let counts =
            json!({"sagebell_sweep_overdue_total": 3, "sagebell_sweep_undeliverable_total": 1});
        assert_eq!(published(&counts), [document(&counts)]);
    }

    #[test]
    fn zeros_are_left_out_but_where_they_say_something() {
        assert!(
            published(&json!({"sagebell_sweep_due_total": 0, "sagebell_x_total": 0})).is_empty()
        );
        // Something was missed: the zero says that no event came.
        let counts = json!({
            "sagebell_events_missed_total": 1, "sagebell_events_total": 0,
            "sagebell_observations_total": 0,
        });
        let [line] = &published(&counts)[..] else { panic!() };
        let metrics = line.pointer("/_aws/CloudWatchMetrics/0/Metrics").unwrap();
        assert_eq!(metrics, &json!([{"Name": "sagebell_events_total"}]));
        assert_eq!(line["sagebell_events_total"], 0);
        assert_eq!(line["sagebell_events_missed_total"], 1);
        // Nothing was missed: were this zero sent, an hour of checks would look like a silence.
        let quiet = json!({"sagebell_events_missed_total": 0, "sagebell_events_total": 0});
        assert!(published(&quiet).is_empty());
        let never = json!({"sagebell_events_total": 0, "sagebell_observations_total": 1});
        let [line] = &published(&never)[..] else { panic!() };
        assert_eq!(line, &json!({"Function": "sweep", "sagebell_observations_total": 1}));
    }

    #[test]
    fn what_nobody_reads_is_logged_and_no_metric() {
        let [line] = &published(&json!({"sagebell_api_requests_total": 2}))[..] else { panic!() };
        assert_eq!(line, &json!({"Function": "sweep", "sagebell_api_requests_total": 2}));
        let both = json!({"sagebell_events_total": 1, "sagebell_observations_total": 1});
        let [line] = &published(&both)[..] else { panic!() };
        let metrics = line.pointer("/_aws/CloudWatchMetrics/0/Metrics").unwrap();
        assert_eq!(metrics, &json!([{"Name": "sagebell_events_total"}]));
        assert_eq!(line["sagebell_observations_total"], 1);
    }

    #[test]
    fn what_is_no_document_is_kept_as_it_is() {
        assert_eq!(publish(b"\nnot json\n"), b"not json\n");
    }
}
