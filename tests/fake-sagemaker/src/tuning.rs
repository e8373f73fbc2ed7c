//! The training job that a tuning job finds best.

use jiff::Timestamp;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use serde_json::{Map, Value, json};

use crate::family;
use crate::life::Stage;
use crate::naming;
use crate::resource::{Birth, Resource};
use crate::state::SageMakerState;
use crate::view::seconds;

/// The members of a training job that its definition has under the same name.
const SHARED: [&str; 8] = [
    "AlgorithmSpecification",
    "RoleArn",
    "InputDataConfig",
    "VpcConfig",
    "OutputDataConfig",
    "ResourceConfig",
    "StoppingCondition",
    "CheckpointConfig",
];

/// If a tuning job has just succeeded, makes its best training job.
pub(crate) fn settled(state: &mut SageMakerState, arn: &str) {
    let Some(tuning) = state.by_arn(arn).filter(|of| is_new_success(of)) else {
        return;
    };
    let at = tuning.modified;
    let Some(birth) = best_of(tuning, state.settings.account.as_str(), at) else {
        return;
    };
    let summary = summary(tuning, &birth);
    let best = birth.arn.clone();
    let birth = Birth { number: state.next_number(), ..birth };
    if state.insert(birth).is_ok() {
        state.live(&best, &[Stage::new(std::time::Duration::ZERO, "Completed")], at);
    }
    if let Some(tuning) = state.by_arn_mut(arn) {
        tuning.fixed.insert("BestTrainingJob".to_owned(), summary);
    }
}

fn is_new_success(of: &Resource) -> bool {
    of.family.kind == Some(Kind::Tuning)
        && of.phase() == Phase::Succeeded
        && !of.fixed.contains_key("BestTrainingJob")
}

fn definition(tuning: &Resource) -> Option<&Value> {
    let one = tuning.request.get("TrainingJobDefinition");
    one.or_else(|| tuning.request.get("TrainingJobDefinitions")?.get(0))
}

fn best_of(tuning: &Resource, account: &str, at: Timestamp) -> Option<Birth> {
    let definition = definition(tuning)?;
    let family = family::of_kind(Kind::Training)?;
    let name = format!("{}-001-{:08x}", tuning.name, tuning.number);
    let member = |key: &str| Some((key.to_owned(), definition.get(key)?.clone()));
    let mut request: Map<String, Value> = SHARED.into_iter().filter_map(member).collect();
    if let Some(fixed) = definition.get("StaticHyperParameters") {
        request.insert("HyperParameters".to_owned(), fixed.clone());
    }
    let arn = naming::arn(family, &tuning.region, account, &name);
    let fixed = Map::from_iter([("TuningJobArn".to_owned(), json!(tuning.arn))]);
    let region = tuning.region.clone();
    let tags = tuning.tags.clone();
    Some(Birth { family, arn, name, region, request, fixed, tags, number: 0, at })
}

/// The best job as the tuning job's Describe tells of it.
fn summary(tuning: &Resource, best: &Birth) -> Value {
    let config = tuning.request.get("HyperParameterTuningJobConfig");
    let metric = config.and_then(|config| {
        let goal = config.get("HyperParameterTuningJobObjective")?;
        Some(json!({ "Type": goal.get("Type")?, "MetricName": goal.get("MetricName")?, "Value": 0.5 }))
    });
    let mut summary = json!({
        "TrainingJobName": best.name, "TrainingJobArn": best.arn,
        "CreationTime": seconds(best.at), "TrainingJobStatus": "Completed",
        "TunedHyperParameters": {}, "ObjectiveStatus": "Succeeded",
    });
    if let (Some(members), Some(metric)) = (summary.as_object_mut(), metric) {
        members.insert("FinalHyperParameterTuningJobObjectiveMetric".to_owned(), metric);
    }
    summary
}
