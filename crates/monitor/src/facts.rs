//! What events and descriptions tell of a job beside its state: what it runs on, what is billed,
//! what it wrote and what it measured.
//!
//! Promise: facts of one job may come in any order, twice, or not at all. The result is the same:
//! of two values the greater one is kept.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::bounds::{MAX_WORD, clip};
use crate::time::parse_time;

/// Files kept of a job.
pub const FILES_LIMIT: usize = 10;
/// Metrics kept of a job.
pub const METRICS_LIMIT: usize = 20;
/// The longest address of a file that is kept, in bytes: that of SageMaker's `S3Uri`.
const URI_LEN: usize = 1_024;

/// What stands before the members that all kinds with instances have.
const INSTANCES: [&str; 3] =
    ["/ResourceConfig", "/ProcessingResources/ClusterConfig", "/TransformResources"];
const RAN_SECONDS: &str = "/TrainingTimeInSeconds";
const BILLED_SECONDS: &str = "/BillableTimeInSeconds";
const METRICS: &str = "/FinalMetricDataList";

/// What a job writes to S3, in the descriptions of the kinds that do.
const FILES: [(FileKind, &str); 5] = [
    (FileKind::Model, "/ModelArtifacts/S3ModelArtifacts"),
    (FileKind::Output, "/TransformOutput/S3OutputPath"),
    (FileKind::Output, "/OutputDataConfig/S3OutputPath"),
    (FileKind::Output, "/OutputConfig/S3OutputLocation"),
    (FileKind::Labels, "/LabelingJobOutput/OutputDatasetS3Uri"),
];
/// The outputs of a processing job.
const PROCESSING_OUTPUTS: &str = "/ProcessingOutputConfig/Outputs";

/// What is known of a job beside its state.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The type of its instances.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_type: Option<String>,
    /// How many instances it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance_count: Option<u64>,
    /// How long each instance ran, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ran_seconds: Option<u64>,
    /// How much of that is billed, in seconds of each instance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billed_seconds: Option<u64>,
    /// What it writes to S3.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub files: BTreeSet<File>,
    /// Its last metrics, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metrics: BTreeMap<String, Metric>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// The trained model.
    Model,
    /// An output.
    Output,
    /// The labels of a labeling job.
    Labels,
}

impl FileKind {
    /// The word for people.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Output => "output",
            Self::Labels => "labels",
        }
    }
}

/// Something in S3.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct File {
    /// What it is.
    pub what: FileKind,
    /// Its `s3://` address.
    pub uri: String,
}

/// The last value of a metric.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Metric {
    /// When it was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The number, as SageMaker wrote it.
    pub value: String,
}

impl Facts {
    /// What the detail of an event, a Describe answer or a summary tells.
    #[must_use]
    pub fn read(detail: &Value) -> Self {
        let of_instances = |member: &str| {
            INSTANCES.iter().find_map(|parent| detail.pointer(&format!("{parent}{member}")))
        };
        let seconds = |pointer: &str| detail.pointer(pointer).and_then(Value::as_u64);
        let instance_type = of_instances("/InstanceType").and_then(Value::as_str);
        let facts = Self {
            instance_type: instance_type.map(str::to_owned),
            instance_count: of_instances("/InstanceCount").and_then(Value::as_u64),
            ran_seconds: seconds(RAN_SECONDS),
            billed_seconds: seconds(BILLED_SECONDS),
            files: files(detail).collect(),
            metrics: metrics(detail),
        };
        facts.bounded()
    }

    /// The facts as they may be recorded, whatever their origin.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        self.instance_type = self.instance_type.map(|text| clip(&text, MAX_WORD));
        self.files.retain(|file| file.uri.len() <= URI_LEN);
        // DynamoDB takes no name without a character.
        let fits = |name: &String| !name.is_empty() && name.len() <= MAX_WORD;
        self.metrics.retain(|name, metric| fits(name) && metric.value.len() <= MAX_WORD);
        self.bound();
        self
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds what others tell of the same job.
    pub fn merge(&mut self, others: &Self) {
        self.instance_type = self.instance_type.take().max(others.instance_type.clone());
        self.instance_count = self.instance_count.max(others.instance_count);
        self.ran_seconds = self.ran_seconds.max(others.ran_seconds);
        self.billed_seconds = self.billed_seconds.max(others.billed_seconds);
        self.files.extend(others.files.iter().cloned());
        for (name, metric) in &others.metrics {
            let known = self.metrics.entry(name.clone()).or_insert_with(|| metric.clone());
            if *known < *metric {
                known.clone_from(metric);
            }
        }
        self.bound();
    }

    /// Keeps the first by name, whatever came first in time.
    fn bound(&mut self) {
        while self.files.len() > FILES_LIMIT {
            self.files.pop_last();
        }
        while self.metrics.len() > METRICS_LIMIT {
            self.metrics.pop_last();
        }
    }

    /// The seconds of all instances together that are billed: "multiply `BillableTimeInSeconds` by
    /// the number of instances" (SageMaker API reference, `DescribeTrainingJob`).
    #[must_use]
    pub fn billed_instance_seconds(&self) -> Option<u64> {
        self.billed_seconds?.checked_mul(self.instance_count?)
    }

    /// What spot instances saved, in percent: `(1 - BillableTimeInSeconds /
    /// TrainingTimeInSeconds) * 100` (the same page).
    #[must_use]
    pub fn saved_percent(&self) -> Option<u64> {
        let (ran, billed) = (self.ran_seconds?, self.billed_seconds?);
        let saved = ran.checked_sub(billed).filter(|saved| *saved > 0)?;
        Some(saved.saturating_mul(100) / ran)
    }
}

/// What the job that this describes writes to S3.
pub fn files(detail: &Value) -> impl Iterator<Item = File> {
    let single = FILES.iter().map(|(what, pointer)| (*what, detail.pointer(pointer)));
    let outputs = detail.pointer(PROCESSING_OUTPUTS).and_then(Value::as_array);
    let outputs = outputs.into_iter().flatten().take(FILES_LIMIT);
    let outputs = outputs.map(|output| (FileKind::Output, output.pointer("/S3Output/S3Uri")));
    let all = single.chain(outputs);
    all.filter_map(|(what, uri)| Some(File { what, uri: uri?.as_str()?.to_owned() }))
}

fn metrics(detail: &Value) -> BTreeMap<String, Metric> {
    let listed = detail.pointer(METRICS).and_then(Value::as_array);
    let metric = |entry: &Value| {
        let name = clip(entry.get("MetricName")?.as_str()?, MAX_WORD);
        let value = entry.get("Value")?.as_number()?.to_string();
        Some((name, Metric { at: entry.get("Timestamp").and_then(parse_time), value }))
    };
    listed.into_iter().flatten().filter_map(metric).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn described() -> Value {
        json!({
            "ResourceConfig": {"InstanceType": "ml.g5.xlarge", "InstanceCount": 2},
            "TrainingTimeInSeconds": 1_000, "BillableTimeInSeconds": 370,
            "ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"},
            "FinalMetricDataList": [
                {"MetricName": "loss", "Value": 0.25, "Timestamp": 1_767_225_600},
                {"MetricName": 7, "Value": 1.0}, {"MetricName": "", "Value": 1.0}, {"MetricName": "text", "Value": "1"}],
        })
    }

    #[test]
    fn a_description_tells_what_was_used_saved_written_and_measured() {
        let facts = Facts::read(&described());
        assert_eq!(facts.instance_type.as_deref(), Some("ml.g5.xlarge"));
        assert_eq!(facts.billed_instance_seconds(), Some(740));
        assert_eq!(facts.saved_percent(), Some(63));
        assert_eq!(facts.files.iter().next().unwrap().uri, "s3://b/model.tar.gz");
        assert_eq!(facts.metrics.len(), 1);
        assert_eq!(facts.metrics["loss"].value, "0.25");
        assert!(Facts::read(&json!({"TrainingTimeInSeconds": -1})).is_empty());
    }

    #[test]
    fn without_spot_nothing_is_saved() {
        for (ran, billed) in [(10, 10), (0, 0), (10, 20)] {
            let times = json!({"TrainingTimeInSeconds": ran, "BillableTimeInSeconds": billed});
            assert_eq!(Facts::read(&times).saved_percent(), None, "{ran} {billed}");
        }
    }

    #[test]
    fn long_lists_and_texts_are_cut() {
        let metrics: Vec<_> =
            (0..500).map(|n| json!({"MetricName": format!("m{n}"), "Value": n})).collect();
        let outputs: Vec<_> =
            (0..500).map(|n| json!({"S3Output": {"S3Uri": format!("s3://b/{n}")}})).collect();
        let long = "x".repeat(5_000);
        let facts = Facts::read(&json!({
            "FinalMetricDataList": metrics, "ProcessingOutputConfig": {"Outputs": outputs},
            "ResourceConfig": {"InstanceType": long},
            "OutputDataConfig": {"S3OutputPath": format!("s3://{long}")},
        }));
        assert_eq!((facts.metrics.len(), facts.files.len()), (METRICS_LIMIT, FILES_LIMIT));
        assert!(serde_json::to_string(&facts).unwrap().len() < 4_000);
    }

    /// Facts that overlap, and more of them than are kept.
    fn any_facts() -> impl Strategy<Value = Facts> {
        let number = || prop::option::of(0_u64..4);
        let metric = (0_i64..3, 0_u8..3).prop_map(|(at, value)| Metric {
            at: Timestamp::from_second(at).ok(),
            value: value.to_string(),
        });
        let metrics = prop::collection::btree_map("[a-z]", metric, 0..20);
        let files = prop::collection::btree_set("[a-z]", 0..9);
        (number(), number(), files, metrics).prop_map(|(count, ran, files, metrics)| Facts {
            instance_count: count,
            ran_seconds: ran,
            files: files.into_iter().map(|uri| File { what: FileKind::Output, uri }).collect(),
            metrics,
            ..Facts::default()
        })
    }

    fn merged(all: &[&Facts]) -> Facts {
        let mut facts = Facts::default();
        all.iter().for_each(|other| facts.merge(other));
        facts
    }

    proptest! {
        #[test]
        fn the_order_of_facts_makes_no_difference(a in any_facts(), b in any_facts(), c in any_facts()) {
            let expected = merged(&[&a, &b, &c]);
            prop_assert_eq!(&merged(&[&c, &a, &b]), &expected);
            prop_assert_eq!(&merged(&[&b, &c, &a, &c]), &expected);
        }
    }
}
