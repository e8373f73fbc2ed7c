//! A Ground Truth labeling job.

use std::future::ready;

use sagebell_monitor::kind::Kind;
use sagebell_monitor::partition::Partition;
use serde_json::{Value, json};

use super::job::{Job, nothing_known};
use super::parts::{self, number_or_null, object};
use crate::component::{ComponentError, Finished, Outputs};
use crate::inputs::Inputs;
use crate::plan::Watch;

pub(super) const JOB: Job = Job {
    create: "CreateLabelingJob",
    describe: "DescribeLabelingJob",
    name_field: "LabelingJobName",
    watch: Watch::Job(Kind::Labeling),
    name_input: "job_name",
    prefix: Some("LabelingJob"),
    request,
    known: nothing_known,
    results: |finished, _api| Box::pin(ready(results(finished))),
};

/// The account whose functions serve the built-in tasks, by region.
///
/// Source: the API reference of `HumanTaskConfig`, `PreHumanTaskLambdaArn`.
const FUNCTION_ACCOUNTS: [(&str, &str); 12] = [
    ("ap-northeast-1", "477331159723"),
    ("ap-northeast-2", "845288260483"),
    ("ap-south-1", "565803892007"),
    ("ap-southeast-1", "377565633583"),
    ("ap-southeast-2", "454466003867"),
    ("ca-central-1", "918755190332"),
    ("eu-central-1", "203001061592"),
    ("eu-west-1", "568282634449"),
    ("eu-west-2", "487402164563"),
    ("us-east-1", "432418664414"),
    ("us-east-2", "266458841044"),
    ("us-west-2", "081040173940"),
];

/// A built-in kind of task: its name, the suffix of its functions, its algorithm.
struct Task {
    name: &'static str,
    function: &'static str,
    algorithm: &'static str,
}

const SEGMENTATION: &str = "semantic segmentation";

const TASKS: [Task; 4] = [
    Task { name: "bounding box", function: "BoundingBox", algorithm: "object-detection" },
    Task {
        name: "image classification",
        function: "ImageMultiClass",
        algorithm: "image-classification",
    },
    Task {
        name: SEGMENTATION,
        function: "SemanticSegmentation",
        algorithm: "semantic-segmentation",
    },
    Task {
        name: "text classification",
        function: "TextMultiClass",
        algorithm: "text-classification",
    },
];

fn request(inputs: &Inputs, name: &str) -> Result<Value, ComponentError> {
    Ok(object(json!({
        "LabelingJobName": name,
        "LabelAttributeName": label_attribute(inputs, name)?,
        "InputConfig": input_config(inputs),
        "OutputConfig": {
            "S3OutputPath": inputs.text("output_location"),
            "KmsKeyId": inputs.text("output_encryption_key"),
        },
        "RoleArn": inputs.text("role"),
        "LabelCategoryConfigS3Uri": inputs.given("label_category_config"),
        "StoppingConditions": stopping(inputs),
        "LabelingJobAlgorithmsConfig": automation(inputs)?,
        "HumanTaskConfig": human_task(inputs)?,
        "Tags": parts::tags(inputs, "tags"),
    })))
}

fn results(finished: Finished<'_>) -> Result<Outputs, ComponentError> {
    let (manifest, model) = ("output_manifest_location", "active_learning_model_arn");
    let of_job = |field: &str, output| {
        parts::text(finished.answer, &format!("/LabelingJobOutput/{field}"), output)
    };
    let trained = if finished.inputs.is("enable_auto_labeling") {
        of_job("FinalActiveLearningModelArn", model)?
    } else {
        // A blank is what the old component wrote.
        " "
    };
    let manifested = of_job("OutputDatasetS3Uri", manifest)?;
    Ok(parts::outputs([(manifest, manifested.into()), (model, trained.into())]))
}

fn task_name(inputs: &Inputs) -> String {
    inputs.text("task_type").to_lowercase()
}

fn built_in(inputs: &Inputs) -> Option<&'static Task> {
    let name = task_name(inputs);
    TASKS.iter().find(|task| task.name == name)
}

/// `LabelAttributeName`: the given one, or the name of the job. Its suffix says what the labels
/// are.
fn label_attribute<'a>(inputs: &'a Inputs, job: &'a str) -> Result<&'a str, ComponentError> {
    let Some(name) = inputs.given("label_attribute_name") else { return Ok(job) };
    let ending = name.rsplit('-').next();
    let (fits, problem) = if task_name(inputs) == SEGMENTATION {
        (ending == Some("ref"), "for semantic segmentation it must end in `-ref`")
    } else {
        let taken = matches!(ending, Some("ref" | "metadata"));
        (!taken, "it must end in `-ref` only for semantic segmentation, and never in `-metadata`")
    };
    if fits { Ok(name) } else { Err(ComponentError::input("label_attribute_name", problem)) }
}

fn is_public(inputs: &Inputs) -> bool {
    inputs.text("worker_type").to_lowercase() == "public"
}

fn input_config(inputs: &Inputs) -> Value {
    let classifiers = [
        ("no_adult_content", "FreeOfAdultContent"),
        ("no_ppi", "FreeOfPersonallyIdentifiableInformation"),
    ];
    let given = classifiers.iter().filter(|(input, _)| inputs.is(input));
    let classifiers: Vec<&str> = given.map(|(_, classifier)| *classifier).collect();
    let attributes = is_public(inputs).then(|| json!({ "ContentClassifiers": classifiers }));
    object(json!({
        "DataSource": { "S3DataSource": { "ManifestS3Uri": inputs.text("manifest_location") } },
        "DataAttributes": attributes,
    }))
}

/// `StoppingConditions`; null if there are none.
fn stopping(inputs: &Inputs) -> Value {
    let conditions = object(json!({
        "MaxHumanLabeledObjectCount": number_or_null(inputs, "max_human_labeled_objects"),
        "MaxPercentageOfInputDatasetLabeled": number_or_null(inputs, "max_percent_objects"),
    }));
    if conditions == json!({}) { Value::Null } else { conditions }
}

/// `LabelingJobAlgorithmsConfig`; null without automated labeling.
fn automation(inputs: &Inputs) -> Result<Value, ComponentError> {
    if !inputs.is("enable_auto_labeling") {
        return Ok(Value::Null);
    }
    let Some(task) = built_in(inputs) else {
        let problem = "automated labeling is for built-in tasks only";
        return Err(ComponentError::input("enable_auto_labeling", problem));
    };
    let arn = arn_of(
        "sagemaker",
        inputs.text("region"),
        "027400017018",
        &format!("labeling-job-algorithm-specification/{}", task.algorithm),
    );
    Ok(object(json!({
        "LabelingJobAlgorithmSpecificationArn": arn,
        "InitialActiveLearningModelArn": inputs.given("initial_model_arn"),
        "LabelingJobResourceConfig": { "VolumeKmsKeyId": inputs.text("resource_encryption_key") },
    })))
}

fn human_task(inputs: &Inputs) -> Result<Value, ComponentError> {
    let functions = functions(inputs)?;
    let keywords = parts::list(inputs.text("task_keywords"));
    Ok(object(json!({
        "WorkteamArn": workteam(inputs)?,
        "UiConfig": { "UiTemplateS3Uri": inputs.text("ui_template") },
        "PreHumanTaskLambdaArn": functions.before,
        "TaskKeywords": Some(keywords).filter(|keywords| !keywords.is_empty()),
        "TaskTitle": inputs.text("title"),
        "TaskDescription": inputs.text("description"),
        "NumberOfHumanWorkersPerDataObject": inputs.integer("num_workers_per_object"),
        "TaskTimeLimitInSeconds": inputs.integer("time_limit"),
        "TaskAvailabilityLifetimeInSeconds": number_or_null(inputs, "task_availibility"),
        "MaxConcurrentTaskCount": number_or_null(inputs, "max_concurrent_tasks"),
        "AnnotationConsolidationConfig": { "AnnotationConsolidationLambdaArn": functions.after },
        "PublicWorkforceTaskPrice": price(inputs)?,
    })))
}

/// The ARN of something of AWS's own.
fn arn_of(service: &str, region: &str, account: &str, resource: &str) -> String {
    let partition = Partition::of_region(region).id;
    format!("arn:{partition}:{service}:{region}:{account}:{resource}")
}

/// The functions before and after the humans' work.
struct Functions {
    before: String,
    after: String,
}

fn functions(inputs: &Inputs) -> Result<Functions, ComponentError> {
    let own = inputs.given("pre_human_task_function").zip(inputs.given("post_human_task_function"));
    let own =
        own.map(|(before, after)| Functions { before: before.to_owned(), after: after.to_owned() });
    let task = task_name(inputs);
    let Some(built_in) = built_in(inputs) else {
        if !task.is_empty() && task != "custom" {
            let problem = "must be Bounding Box, Image Classification, Semantic Segmentation, \
                           Text Classification or Custom";
            return Err(ComponentError::input("task_type", problem));
        }
        let problem = "a custom task needs this and `post_human_task_function`";
        return own.ok_or_else(|| ComponentError::input("pre_human_task_function", problem));
    };
    let region = inputs.text("region");
    let Some((_, account)) = FUNCTION_ACCOUNTS.iter().find(|(known, _)| *known == region) else {
        let problem = format!(
            "the step knows no functions for it in `{region}`. Give `pre_human_task_function` and \
             `post_human_task_function`"
        );
        return own.ok_or_else(|| ComponentError::input("task_type", problem));
    };
    let function = |side: &str| {
        arn_of("lambda", region, account, &format!("function:{side}-{}", built_in.function))
    };
    Ok(Functions { before: function("PRE"), after: function("ACS") })
}

fn workteam(inputs: &Inputs) -> Result<String, ComponentError> {
    if is_public(inputs) {
        let team = "workteam/public-crowd/default";
        return Ok(arn_of("sagemaker", inputs.text("region"), "394669845002", team));
    }
    let problem = "give this, or set `worker_type` to public";
    let arn = inputs.given("workteam_arn");
    arn.map(str::to_owned).ok_or_else(|| ComponentError::input("workteam_arn", problem))
}

/// `PublicWorkforceTaskPrice`, in tenths of a cent; null for workers of one's own.
fn price(inputs: &Inputs) -> Result<Value, ComponentError> {
    if !is_public(inputs) {
        return Ok(Value::Null);
    }
    // What is finer than a tenth of a cent is left out; a decimal fraction that a
    // float can't hold is not.
    let tenths = (inputs.float("workforce_task_price") * 1000.0 + 1e-6).floor();
    if !(0.0..1e9).contains(&tenths) {
        return Err(ComponentError::input(
            "workforce_task_price",
            "must be dollars, for example 0.012",
        ));
    }
    #[expect(clippy::cast_possible_truncation, reason = "its range was checked")]
    let tenths = tenths as i64;
    Ok(json!({
        "AmountInUsd": {
            "Dollars": tenths / 1000,
            "Cents": tenths / 10 % 100,
            "TenthFractionsOfACent": tenths % 10,
        },
    }))
}
