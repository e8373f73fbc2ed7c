//! What is done where the old components did wrong, and what no case shows.

use serde_json::{Value, json};

use super::server::{Script, Server};
use crate::component::{ComponentError, Finished};
use crate::names::{OWNER_TAG, Task};
use crate::plan::Plan;
use crate::{args, v1};

const TRAIN: &[&str] = &[
    "--region=us-east-1",
    "--role=r",
    "--image=i",
    "--channels=[{}]",
    "--instance_count=1",
    "--volume_size=1",
    "--model_artifact_path=s3://b/o",
];
const RL: &[&str] = &[
    "--region=us-east-1",
    "--role=r",
    "--image=i",
    "--entry_point=train.py",
    "--source_dir=s3://b/s.tar.gz",
    "--volume_size=30",
    "--model_artifact_path=s3://b/o",
    "--job_name=job",
];
const LABEL: &[&str] = &[
    "--region=us-east-1",
    "--role=r",
    "--manifest_location=s3://b/m",
    "--output_location=s3://b/o",
    "--task_type=bounding box",
    "--worker_type=private",
    "--workteam_arn=w",
    "--ui_template=s3://b/t",
    "--title=t",
    "--description=d",
    "--num_workers_per_object=1",
    "--time_limit=30",
    "--job_name=job",
];
const DEPLOY: &[&str] = &["--region=us-east-1", "--model_name_1=m", "--endpoint_name=e"];
const PROCESS: &[&str] = &[
    "--region=us-east-1",
    "--role=r",
    "--image=i",
    "--instance_type=ml.m5.large",
    "--instance_count=1",
    "--output_config=[]",
];

async fn plan_at(
    server: &Server,
    component: &str,
    words: &[&[&str]],
) -> Result<Plan, ComponentError> {
    let component = v1::find(component).unwrap();
    let words: Vec<String> = words.concat().iter().map(|word| (*word).to_owned()).collect();
    let parsed = args::parse(component.definition(), &[], &words).unwrap();
    component.plan(&parsed.inputs, &task().fresh_name(), &server.api).await
}

fn task() -> Task {
    Task::of_pipeline("run", "task")
}

async fn plan(component: &str, words: &[&[&str]]) -> Result<Plan, ComponentError> {
    plan_at(&Server::start(Script::new()).await, component, words).await
}

async fn request(component: &str, words: &[&[&str]]) -> Value {
    plan(component, words).await.unwrap().main.call.input
}

/// The input that is refused.
async fn refused(component: &str, words: &[&[&str]]) -> String {
    match plan(component, words).await {
        Err(ComponentError::Input { input, .. }) => input,
        other => panic!("{other:?}"),
    }
}

fn answers<const N: usize>(answers: [(&str, Value); N]) -> Script {
    answers
        .into_iter()
        .map(|(operation, answer)| (format!("SageMaker.{operation}"), vec![answer]))
        .collect()
}

fn missing() -> Value {
    json!({"$status": 400, "__type": "ValidationException", "message": "Could not find it."})
}

#[test]
fn every_definition_of_the_family_has_its_component() {
    assert_eq!(v1::definitions().len(), 9);
    assert_eq!(v1::components().len(), 9);
    assert!(v1::find("train").is_some() && v1::find("TrainingJob").is_none());
}

#[tokio::test]
async fn a_vpc_is_whole_or_not_there_at_all() {
    let both = request("train", &[TRAIN, &["--vpc_subnets=a, b", "--vpc_security_group_ids= c "]]);
    let vpc = json!({"SecurityGroupIds": ["c"], "Subnets": ["a", "b"]});
    assert_eq!(both.await["VpcConfig"], vpc);
    assert_eq!(refused("train", &[TRAIN, &["--vpc_subnets=a"]]).await, "vpc_subnets");
    let groups = refused("rlestimator", &[RL, &["--vpc_security_group_ids=[a]"]]);
    assert_eq!(groups.await, "vpc_security_group_ids");
}

#[tokio::test]
async fn spot_instances_want_checkpoints_and_a_wait_that_covers_the_run() {
    let spot = ["--spot_instance=yes", "--max_run_time=60"];
    let checkpoints = ["--checkpoint_config={S3Uri: s3://b/c}"];
    assert_eq!(refused("train", &[TRAIN, &spot]).await, "checkpoint_config");
    let short = refused("train", &[TRAIN, &spot, &checkpoints, &["--max_wait_time=59"]]).await;
    assert_eq!(short, "max_wait_time");
    let request = request("train", &[TRAIN, &spot, &checkpoints, &["--max_wait_time=60"]]).await;
    assert_eq!(request["CheckpointConfig"], json!({"S3Uri": "s3://b/c"}));
    assert_eq!(request["EnableManagedSpotTraining"], true);
    let stopping = json!({"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 60});
    assert_eq!(request["StoppingCondition"], stopping);
}

#[tokio::test]
async fn nothing_is_trained_without_an_algorithm_or_data() {
    assert_eq!(refused("train", &[TRAIN, &["--image="]]).await, "image");
    assert_eq!(refused("train", &[TRAIN, &["--channels=[]"]]).await, "channels");
    let versioned = refused("train", &[TRAIN, &["--image=", "--algorithm_name=XGBoost"]]);
    assert_eq!(versioned.await, "algorithm_name");
    let elsewhere = ["--image=", "--algorithm_name=lda", "--region=eu-north-1"];
    assert_eq!(refused("train", &[TRAIN, &elsewhere]).await, "algorithm_name");
}

#[tokio::test]
async fn a_built_in_algorithm_is_found_by_either_of_its_names() {
    for name in ["k-nn", " KNN "] {
        let words = ["--image=", "--region=cn-north-1", &format!("--algorithm_name={name}")];
        let request = request("train", &[TRAIN, &words]).await;
        assert_eq!(
            request["AlgorithmSpecification"],
            json!({
                "TrainingImage": "390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/knn:1",
                "TrainingInputMode": "File",
            })
        );
    }
}

#[test]
fn debugger_rules_are_waited_for_and_their_errors_told() {
    let train = v1::find("train").unwrap();
    let job = |status, rule| {
        json!({
            "TrainingJobStatus": status,
            "DebugRuleEvaluationStatuses": [
                {"RuleConfigurationName": "A", "RuleEvaluationStatus": "NoIssuesFound"},
                {"RuleConfigurationName": "B", "RuleEvaluationStatus": rule, "StatusDetails": "why\n"},
            ],
        })
    };
    assert!(train.is_still_busy(&job("Completed", "InProgress")));
    assert!(!train.is_still_busy(&job("Failed", "InProgress")));
    assert!(!train.is_still_busy(&job("Completed", "IssuesFound")));
    assert_eq!(train.failure(&job("Completed", "IssuesFound")), None);
    let failure = train.failure(&job("Completed", "Error"));
    assert_eq!(failure.as_deref(), Some("debugger rules failed: B: why"));
}

#[tokio::test]
async fn processing_may_have_no_outputs_and_no_limit_of_its_own() {
    let request = request("process", &[PROCESS, &["--max_run_time=0", "--environment="]]).await;
    assert!(request.get("StoppingCondition").is_none());
    assert!(request.get("ProcessingOutputConfig").is_none());
    assert_eq!(request["Environment"], json!({}));
}

#[tokio::test]
async fn only_outputs_in_s3_have_a_place() {
    let server = Server::start(Script::new()).await;
    let plan = plan_at(&server, "process", &[PROCESS]).await.unwrap();
    let answer = json!({"ProcessingOutputConfig": {"Outputs": [
        {"OutputName": "z", "S3Output": {"S3Uri": "s3://b/z"}},
        {"OutputName": "features", "FeatureStoreOutput": {"FeatureGroupName": "g"}},
        {"OutputName": "a", "S3Output": {"S3Uri": "s3://b/a"}},
    ]}});
    let finished = Finished { inputs: &<_>::default(), plan: &plan, arn: None, answer: &answer };
    let outputs = v1::find("process").unwrap().results(finished, &server.api).await.unwrap();
    let text = v1::python_json(&outputs["output_artifacts"]);
    assert_eq!(text, r#"{"z": "s3://b/z", "a": "s3://b/a"}"#);
}

#[tokio::test]
async fn a_tuning_job_without_a_best_one_says_so() {
    let server = Server::start(Script::new()).await;
    let tuning = ["--metric_name=m", "--metric_type=Maximize", "--output_location=o"];
    let limits = ["--max_num_jobs=1", "--max_parallel_jobs=1"];
    let train: Vec<&str> =
        TRAIN.iter().filter(|word| !word.starts_with("--model_artifact")).copied().collect();
    let plan = plan_at(&server, "hyperparameter_tuning", &[&train, &tuning, &limits]).await;
    let plan = plan.unwrap();
    let finished = Finished { inputs: &<_>::default(), plan: &plan, arn: None, answer: &json!({}) };
    let component = v1::find("hyperparameter_tuning").unwrap();
    let error = component.results(finished, &server.api).await.unwrap_err();
    assert!(error.to_string().contains("best_job_name"), "{error}");
}

#[tokio::test]
async fn a_private_team_needs_its_pool_its_groups_and_its_client() {
    let team = ["--region=us-east-1", "--team_name=t", "--description=d"];
    let pool = ["--user_pool=p", "--client_id=c"];
    assert_eq!(refused("workteam", &[&team, &pool]).await, "user_groups");
    assert_eq!(refused("workteam", &[&team, &["--user_groups=g"]]).await, "user_pool");
    let topic = ["--user_groups=g, h", "--sns_topic=s"];
    let request = request("workteam", &[&team, &pool, &topic]).await;
    assert_eq!(request["NotificationConfiguration"], json!({"NotificationTopicArn": "s"}));
    let groups = request.pointer("/MemberDefinitions/1/CognitoMemberDefinition/UserGroup");
    assert_eq!(groups, Some(&json!("h")));
}

#[tokio::test]
async fn automated_labeling_names_the_algorithm_of_the_task() {
    let auto = ["--enable_auto_labeling=1", "--resource_encryption_key=k"];
    let request = request("ground_truth", &[LABEL, &auto]).await;
    let config = json!({
        "LabelingJobAlgorithmSpecificationArn": "arn:aws:sagemaker:us-east-1:027400017018:labeling-job-algorithm-specification/object-detection",
        "LabelingJobResourceConfig": {"VolumeKmsKeyId": "k"},
    });
    assert_eq!(request["LabelingJobAlgorithmsConfig"], config);
    let custom =
        ["--task_type=custom", "--pre_human_task_function=a", "--post_human_task_function=b"];
    assert_eq!(refused("ground_truth", &[LABEL, &custom, &auto]).await, "enable_auto_labeling");
}

#[tokio::test]
async fn a_label_attribute_ends_as_its_task_wants_it() {
    let with = |words: &[&'static str]| words.to_vec();
    let refused_for =
        |words: Vec<&'static str>| async move { refused("ground_truth", &[LABEL, &words]).await };
    for wrong in ["--label_attribute_name=x-ref", "--label_attribute_name=metadata"] {
        assert_eq!(refused_for(with(&[wrong])).await, "label_attribute_name");
    }
    let segmentation = "--task_type=Semantic Segmentation";
    let wrong = with(&[segmentation, "--label_attribute_name=x"]);
    assert_eq!(refused_for(wrong).await, "label_attribute_name");
    let right =
        request("ground_truth", &[LABEL, &[segmentation, "--label_attribute_name=x-ref"]]).await;
    assert_eq!(right["LabelAttributeName"], "x-ref");
}

#[tokio::test]
async fn a_price_is_told_to_the_tenth_of_a_cent() {
    for (price, parts) in [("0.29", [0, 29, 0]), ("1.236", [1, 23, 6]), ("0.0129", [0, 1, 2])] {
        let words = ["--worker_type=Public", &format!("--workforce_task_price={price}")];
        let request = request("ground_truth", &[LABEL, &words]).await;
        let amount = &request["HumanTaskConfig"]["PublicWorkforceTaskPrice"]["AmountInUsd"];
        let [dollars, cents, tenths] = parts;
        let wanted = json!({"Dollars": dollars, "Cents": cents, "TenthFractionsOfACent": tenths});
        assert_eq!(*amount, wanted, "{price}");
    }
}

#[tokio::test]
async fn a_region_without_functions_takes_ones_own() {
    let region = ["--region=sa-east-1"];
    assert_eq!(refused("ground_truth", &[LABEL, &region]).await, "task_type");
    let own = ["--pre_human_task_function=a", "--post_human_task_function=b"];
    let request = request("ground_truth", &[LABEL, &region, &own]).await;
    assert_eq!(request["HumanTaskConfig"]["PreHumanTaskLambdaArn"], "a");
}

#[tokio::test]
async fn a_toolkit_has_an_image_for_its_processors() {
    let coach = ["--image=", "--toolkit=coach", "--toolkit_version=0.11.0", "--framework=mxnet"];
    let request = request("rlestimator", &[RL, &coach, &["--instance_type=ml.p3.2xlarge"]]).await;
    let image =
        "520713654638.dkr.ecr.us-east-1.amazonaws.com/sagemaker-rl-mxnet:coach0.11.0-gpu-py3";
    assert_eq!(request["AlgorithmSpecification"]["TrainingImage"], image);
    let metric = request.pointer("/AlgorithmSpecification/MetricDefinitions/0/Name");
    assert_eq!(metric, Some(&json!("reward-training")));
    let accelerator = ["--instance_type=ml.trn1.2xlarge"];
    assert_eq!(refused("rlestimator", &[RL, &coach, &accelerator]).await, "instance_type");
    let unknown = ["--framework=pytorch"];
    assert_eq!(refused("rlestimator", &[RL, &coach, &unknown]).await, "toolkit_version");
}

/// Recorded from the `sagemaker` package, version 2.237.3.
#[tokio::test]
async fn what_can_be_changed_of_an_rlestimator_changes_the_request_as_the_package_did() {
    let base = request("rlestimator", &[RL]).await;
    let isolated = request("rlestimator", &[RL, &["--network_isolation=y"]]).await;
    let channel = json!([{
        "DataSource": {"S3DataSource": {
            "S3DataType": "S3Prefix",
            "S3Uri": "s3://b/s.tar.gz",
            "S3DataDistributionType": "FullyReplicated",
        }},
        "ChannelName": "code",
    }]);
    assert_eq!(isolated["InputDataConfig"], channel);
    assert_eq!(isolated["EnableNetworkIsolation"], true);
    let source = &isolated["HyperParameters"]["sagemaker_submit_directory"];
    assert_eq!(source, "\"/opt/ml/input/data/code/sourcedir.tar.gz\"");
    assert!(base.get("EnableNetworkIsolation").is_none() && base.get("Tags").is_none());

    let hyper = request("rlestimator", &[RL, &[r#"--hyperparameters={"u": "ü\"x"}"#]]).await;
    assert_eq!(hyper["HyperParameters"]["u"], r#""\u00fc\"x""#);

    let spot = request("rlestimator", &[RL, &["--spot_instance=1", "--max_run=60"]]).await;
    let stopping = json!({"MaxRuntimeInSeconds": 60, "MaxWaitTimeInSeconds": 86_400});
    assert_eq!(spot["StoppingCondition"], stopping);

    let iso = request("rlestimator", &[RL, &["--region=us-iso-east-1"]]).await;
    assert!(iso.get("DebugHookConfig").is_none());
    assert_eq!(iso["ProfilerConfig"], json!({"DisableProfiler": true}));
}

#[tokio::test]
async fn an_rlestimator_ignores_nothing_that_it_is_given() {
    let words = [
        "--tags={team: ml}",
        "--volume_size=50",
        "--max_run_time=600",
        "--checkpoint_config={S3Uri: s3://b/c}",
        "--debug_hook_config={S3OutputPath: s3://b/d}",
        "--debug_rule_config=[{RuleConfigurationName: r}]",
    ];
    let request = request("rlestimator", &[RL, &words]).await;
    assert_eq!(request["Tags"], json!([{"Key": "team", "Value": "ml"}]));
    assert_eq!(request["ResourceConfig"]["VolumeSizeInGB"], 50);
    assert_eq!(request["StoppingCondition"], json!({"MaxRuntimeInSeconds": 600}));
    assert_eq!(request["CheckpointConfig"], json!({"S3Uri": "s3://b/c"}));
    assert_eq!(request["DebugHookConfig"], json!({"S3OutputPath": "s3://b/d"}));
    assert_eq!(request["DebugRuleConfigurations"], json!([{"RuleConfigurationName": "r"}]));
}

#[tokio::test]
async fn a_source_that_would_have_to_be_uploaded_is_refused() {
    assert_eq!(refused("rlestimator", &[RL, &["--source_dir=src"]]).await, "source_dir");
    let path = refused("rlestimator", &[RL, &["--model_artifact_path=out"]]);
    assert_eq!(path.await, "model_artifact_path");
}

#[tokio::test]
async fn a_model_is_made_of_an_image_or_a_package() {
    let model = ["--region=us-east-1", "--model_name=m", "--role=r"];
    assert_eq!(refused("model", &[&model]).await, "image");
    let containers = ["--image=i", "--secondary_containers=[{Image: a}, {Image: b}]"];
    let request = request("model", &[&model, &containers]).await;
    assert_eq!(request["Containers"], json!([{"Image": "a"}, {"Image": "b"}]));
    assert!(request.get("PrimaryContainer").is_none());
}

#[tokio::test]
async fn a_new_endpoint_has_its_tags_and_weights() {
    let words = ["--tags={team: ml}", "--initial_variant_weight_1=0", "--update_endpoint=no"];
    let plan = plan("deploy", &[DEPLOY, &words]).await.unwrap();
    assert_eq!(plan.main.call.operation, "CreateEndpoint");
    assert_eq!(plan.main.call.input["Tags"], json!([{"Key": "team", "Value": "ml"}]));
    let config = &plan.first[0].call.input;
    assert_eq!(config["ProductionVariants"][0]["InitialVariantWeight"], 0.0);
    assert_eq!(plan.expected, None);
}

fn endpoint(config: &str) -> Value {
    json!({"EndpointName": "e", "EndpointArn": "arn:e", "EndpointConfigName": config})
}

const UPDATE: &[&str] = &["--update_endpoint=True"];

#[tokio::test]
async fn an_update_expects_its_own_configuration_and_keeps_the_old_one() {
    let server = Server::start(answers([("DescribeEndpoint", endpoint("old"))])).await;
    let plan = plan_at(&server, "deploy", &[DEPLOY, UPDATE]).await.unwrap();
    let config = task().fresh_name().with("EndpointConfig");
    let request = json!({"EndpointName": "e", "EndpointConfigName": config});
    assert_eq!((&*plan.main.call.operation, &plan.main.call.input), ("UpdateEndpoint", &request));
    assert_eq!(plan.first[0].name, config);
    let expected = plan.expected.unwrap();
    assert_eq!((expected.pointer, expected.value), ("/EndpointConfigName", config.into()));
    assert!(!plan.already_asked && plan.after.is_empty());
}

#[tokio::test]
async fn what_an_update_replaces_is_removed_when_asked() {
    let server = Server::start(answers([("DescribeEndpoint", endpoint("old"))])).await;
    let words = ["--delete_old_endpoint_config=True", "--tags={team: ml}"];
    let plan = plan_at(&server, "deploy", &[DEPLOY, UPDATE, &words]).await.unwrap();
    let after: Vec<_> = plan.after.iter().map(|call| (&*call.operation, &call.input)).collect();
    let tags = json!({"ResourceArn": "arn:e", "Tags": [{"Key": "team", "Value": "ml"}]});
    let old = json!({"EndpointConfigName": "old"});
    assert_eq!(after, [("AddTags", &tags), ("DeleteEndpointConfig", &old)]);
}

#[tokio::test]
async fn a_step_that_starts_again_finds_its_own_update() {
    let config = task().fresh_name().with("EndpointConfig");
    let on_its_way = json!({"EndpointConfigName": "old", "PendingDeploymentSummary": {"EndpointConfigName": config}});
    for there in [endpoint(&config), on_its_way] {
        let server = Server::start(answers([("DescribeEndpoint", there)])).await;
        let plan = plan_at(&server, "deploy", &[DEPLOY, UPDATE]).await.unwrap();
        assert!(plan.already_asked);
    }
}

#[tokio::test]
async fn a_configuration_gets_a_suffix_only_if_its_name_is_taken_by_another() {
    let config_of = |config, tags, serving| async move {
        let script = answers([
            ("DescribeEndpoint", endpoint(serving)),
            ("DescribeEndpointConfig", config),
            ("ListTags", json!({"Tags": tags})),
        ]);
        let server = Server::start(script).await;
        let words = ["--endpoint_config_name=c"];
        let plan = plan_at(&server, "deploy", &[DEPLOY, UPDATE, &words]).await.unwrap();
        (plan.first[0].name.clone(), plan.already_asked)
    };
    let there = json!({"EndpointConfigArn": "arn:c"});
    let own = json!([{"Key": OWNER_TAG, "Value": task().owner()}]);
    let suffixed = task().fresh_name().beside("c");
    assert_eq!(config_of(missing(), json!([]), "old").await, ("c".to_owned(), false));
    assert_eq!(config_of(there.clone(), json!([]), "c").await, (suffixed, false));
    assert_eq!(config_of(there.clone(), own.clone(), "old").await, ("c".to_owned(), false));
    assert_eq!(config_of(there, own, "c").await, ("c".to_owned(), true));
}

#[tokio::test]
async fn an_update_of_nothing_makes_it() {
    let server = Server::start(answers([("DescribeEndpoint", missing())])).await;
    let plan = plan_at(&server, "deploy", &[DEPLOY, UPDATE]).await.unwrap();
    assert_eq!(plan.main.call.operation, "CreateEndpoint");
    let nameless = plan_at(&server, "deploy", &[&DEPLOY[..2], UPDATE]).await.unwrap();
    assert_eq!(nameless.main.call.operation, "CreateEndpoint");
    assert_eq!(nameless.main.name, task().fresh_name().with("Endpoint"));
    assert_eq!(server.operations(), ["DescribeEndpoint", "DescribeEndpoint"]);
}

#[tokio::test]
async fn an_endpoint_that_may_not_be_read_is_not_taken_for_none() {
    let denied = json!({"$status": 400, "__type": "AccessDeniedException", "message": "no"});
    let server = Server::start(answers([("DescribeEndpoint", denied)])).await;
    let plan = plan_at(&server, "deploy", &[DEPLOY, UPDATE]).await;
    assert!(matches!(plan, Err(ComponentError::Call(_))), "{plan:?}");
}

/// Printed by Python 3.11.
#[test]
fn json_is_written_as_python_writes_it() {
    let value = json!({
        "t": "ä☃😀\"\\/\n\u{7f}\u{1}", "l": [1, true, null, []], "o": {},
        "f": [1.0, 0.1, 1e16, 1e15, 1e-5, 0.0001, -0.0, 1.5e300, 123_456_789.125],
    });
    let python = r#"{"t": "\u00e4\u2603\ud83d\ude00\"\\/\n\u007f\u0001", "l": [1, true, null, []], "o": {}, "f": [1.0, 0.1, 1e+16, 1000000000000000.0, 1e-05, 0.0001, -0.0, 1.5e+300, 123456789.125]}"#;
    assert_eq!(v1::python_json(&value), python);
}
