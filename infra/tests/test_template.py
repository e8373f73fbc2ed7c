"""The stack: what the functions count on, and what this project promises of it."""

import json
import re

import kinds
import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from policies import PSEUDO, TEMPLATES, Resolver, policy
from translate import INFRA, TEMPLATE, load

STACK = TEMPLATES["stack"]
# What the template repeats of the code: generated from it.
FACTS = json.loads((INFRA / "facts.json").read_text())
RESOURCES = STACK["Resources"]
# Their binaries: two functions share one.
FUNCTIONS = {
    "Api": "api", "Callbacks": "signals", "JobEvents": "job-events", "Signals": "signals", "Sweep": "sweep",
}
each_function = pytest.mark.parametrize("function", FUNCTIONS)

COMMON = {
    "SAGEBELL_ACCOUNTS",
    "SAGEBELL_LIST_SECONDS",
    "SAGEBELL_CHECK_FIRST_SECONDS",
    "SAGEBELL_CHECK_LONGEST_SECONDS",
    "SAGEBELL_GRACE_SECONDS",
    "SAGEBELL_REGIONS",
    "SAGEBELL_RETENTION_DAYS",
    "SAGEBELL_STORE",
}
SENDS = {"SAGEBELL_QUEUE", "SAGEBELL_BUS"}
CALLS_BACK = {
    "SAGEBELL_CALLBACKS", "SAGEBELL_CALLBACK_CIDRS", "SAGEBELL_CALLBACK_PORTS", "SAGEBELL_CALLBACK_PATHS",
}
ASKS_SAGEMAKER = {"SAGEBELL_SAGEMAKER", "SAGEBELL_DESCRIBES_PER_SECOND", "SAGEBELL_MEMBER_ACCOUNTS"}
LIMITS = {"SAGEBELL_REGISTRATIONS_PER_MINUTE", "SAGEBELL_UNSEEN_WAITS_PER_HOUR", "SAGEBELL_WAITS_PER_DAY"}
ENVIRONMENT = {
    "Api": COMMON | SENDS | CALLS_BACK | ASKS_SAGEMAKER | LIMITS
    | {"SAGEBELL_CONNECT_URL", "SAGEBELL_DEAD_LETTERS", "SAGEBELL_KFP_UI", "SAGEBELL_WAITERS", "SAGEBELL_VIEWERS"},
    "Callbacks": COMMON | CALLS_BACK,
    "JobEvents": COMMON | SENDS,
    "Signals": COMMON | {"SAGEBELL_CALLBACKS", "SAGEBELL_CONNECTIONS_URL", "SAGEBELL_OTHER_QUEUE"},
    "Sweep": COMMON | SENDS | ASKS_SAGEMAKER | {"SAGEBELL_API_URL"},
}


def of_type(resource_type):
    return {name: one["Properties"] for name, one in RESOURCES.items() if one["Type"] == resource_type}


def test_the_rule_takes_every_kind_that_sends_events():
    pattern = RESOURCES["JobEventsRule"]["Properties"]["EventPattern"]
    assert pattern["source"] == ["aws.sagemaker"]
    words, prefixes = taken(pattern["detail-type"])
    assert len(words) == len(set(words))
    assert set(prefixes) == kinds.prefixes()
    assert set(words) == {one for one in kinds.detail_types() if not one.startswith(tuple(prefixes))}
    # "Amazon EventBridge quotas", EventBridge guide.
    assert len(json.dumps(pattern, separators=(",", ":"))) <= 2048


def taken(detail_types):
    """The words that a pattern takes, and the beginnings of words."""
    words = [one for one in detail_types if isinstance(one, str)]
    return words, [one["prefix"] for one in detail_types if isinstance(one, dict)]


def test_the_rule_takes_every_sample_event():
    words, prefixes = taken(RESOURCES["JobEventsRule"]["Properties"]["EventPattern"]["detail-type"])
    samples = sorted((INFRA.parent / "events").glob("*.json"))
    sent = {json.loads(one.read_text())["detail-type"] for one in samples if "ignored-" not in one.name}
    assert sent and all(one in words or one.startswith(tuple(prefixes)) for one in sent)


def test_every_rule_target_has_dead_letters():
    for name, rule in of_type("AWS::Events::Rule").items():
        for target in rule["Targets"]:
            assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["EventsDeadLetters", "Arn"]}, name


@each_function
def test_functions_get_the_environment_they_read(function):
    variables = RESOURCES[function]["Properties"]["Environment"]["Variables"]
    assert set(variables) == ENVIRONMENT[function]


def test_defaults_are_those_of_the_functions():
    """Where the functions have a default of their own, the stack's is the same."""
    for parameter, default in FACTS["defaults"].items():
        assert STACK["Parameters"][parameter]["Default"] == default, parameter


@pytest.mark.parametrize("function", ["Callbacks", "Signals"])
def test_there_is_time_for_an_attempt_that_begins_last(function):
    """A probe and a send take 5 s each at most, and the store's calls some more."""
    assert RESOURCES[function]["Properties"]["Timeout"] >= FACTS["attempts_for_seconds"] + 15


@each_function
def test_functions_are_built_from_this_workspace(function):
    source = load(TEMPLATE)["Resources"][function]
    assert source["Metadata"] == {
        "BuildMethod": "rust-cargolambda",
        "BuildProperties": {"Binary": FUNCTIONS[function]},
    }
    assert (INFRA.parent / "functions" / FUNCTIONS[function] / "Cargo.toml").is_file()
    properties = RESOURCES[function]["Properties"]
    assert (properties["Runtime"], properties["Handler"]) == ("provided.al2023", "bootstrap")
    assert properties["Architectures"] == [{"Ref": "Architecture"}]
    assert STACK["Parameters"]["Architecture"]["Default"] == "arm64"


@each_function
def test_functions_have_a_role_and_a_log_group_of_their_own(function):
    properties = RESOURCES[function]["Properties"]
    assert properties["Role"] == {"Fn::GetAtt": [f"{function}Role", "Arn"]}
    assert properties["LoggingConfig"] == {"LogGroup": {"Ref": f"{function}Logs"}}
    group = RESOURCES[f"{function}Logs"]["Properties"]
    assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    resolve = Resolver(STACK, {})
    assert resolve(group["LogGroupName"]) == f"/aws/lambda/{resolve(properties['FunctionName'])}"


@pytest.mark.parametrize(
    ("function", "queue"),
    [("Callbacks", "CallbacksQueue"), ("JobEvents", "EventsQueue"), ("Signals", "SignalsQueue")],
)
def test_batches_fail_record_by_record_and_end_in_dead_letters(function, queue):
    source = RESOURCES[f"{function}Batches"]["Properties"]
    assert source["EventSourceArn"] == {"Fn::GetAtt": [queue, "Arn"]}
    assert source["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    properties = RESOURCES[queue]["Properties"]
    assert properties["VisibilityTimeout"] >= 6 * RESOURCES[function]["Properties"]["Timeout"]
    assert properties["RedrivePolicy"]["maxReceiveCount"] >= 5
    target = properties["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
    kept = RESOURCES[target]["Properties"]["MessageRetentionPeriod"]
    assert kept == 1_209_600 and kept > properties["MessageRetentionPeriod"]


def test_sweeps_never_overlap():
    sweep = RESOURCES["Sweep"]["Properties"]
    assert sweep["ReservedConcurrentExecutions"]["Fn::If"][:2] == ["Reserves", 1]
    schedule = RESOURCES["SweepSchedule"]["Properties"]
    assert schedule["ScheduleExpression"] == "rate(1 minute)" and sweep["Timeout"] < 60
    assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert RESOURCES["SweepEventInvokeConfig"]["Properties"]["MaximumRetryAttempts"] == 0


def test_a_first_deployment_that_fails_leaves_no_table():
    """Kept when the stack goes; but one that was not made yet is taken away, which DynamoDB allows
    as long as it is not protected."""
    table = RESOURCES["Table"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    assert table["Properties"]["DeletionProtectionEnabled"] == {"Ref": "TableDeletionProtection"}
    assert STACK["Parameters"]["TableDeletionProtection"]["Default"] == "false"


def test_callbacks_is_never_idle_for_long():
    """Its interfaces are taken away after 14 days ("Lambda function states")."""
    schedule = RESOURCES["CallbacksSchedule"]["Properties"]
    assert schedule["ScheduleExpression"] == "rate(1 day)"
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": ["Callbacks", "Arn"]}
    assert json.loads(schedule["Target"]["Input"]) == {"Records": []}


def test_every_schedule_keeps_what_it_could_not_start():
    for name, schedule in of_type("AWS::Scheduler::Schedule").items():
        target = schedule["Target"]
        assert target["DeadLetterConfig"]["Arn"] == {"Fn::GetAtt": ["SweepDeadLetters", "Arn"]}, name
        assert target["RoleArn"] == {"Fn::GetAtt": ["ScheduleRole", "Arn"]}, name


def test_steps_find_the_api():
    parameter = RESOURCES["ApiAddress"]
    assert parameter["Condition"] == "PublishesApi"
    (_, url) = parameter["Properties"]["Value"]["Fn::GetAtt"]
    assert (parameter["Properties"]["Name"], url) == ("/sagebell/api", "FunctionUrl")
    (read,) = [
        statement
        for statement in policy("pipeline-pod", "MonitorPolicy", "monitor").statements()
        if statement["Action"] == "ssm:GetParameter"
    ]
    assert read["Resource"].endswith(f":parameter{parameter['Properties']['Name']}")


def test_no_alarm_goes_off_because_the_stack_is_new():
    """A new alarm has no data: that is a breach to none of them."""
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        stopped = name == "SweepStoppedAlarm"
        assert alarm["TreatMissingData"] == ("missing" if stopped else "notBreaching"), name
        assert ("InsufficientDataActions" in alarm) == stopped, name


def test_the_url_asks_who_calls():
    (url,) = of_type("AWS::Lambda::Url").values()
    assert url["AuthType"] == "AWS_IAM"


def test_a_connection_asks_who_opens_it():
    """IAM can be asked on `$connect` alone ("Control access to WebSocket APIs with AWS IAM authorization")."""
    routes = {one["RouteKey"]: one for one in of_type("AWS::ApiGatewayV2::Route").values()}
    assert {key: one.get("AuthorizationType") for key, one in routes.items()} == {
        "$connect": "AWS_IAM", "$default": None, "$disconnect": None, "ping": None,
    }


def test_only_the_connections_of_this_stack_reach_api_as_such():
    """An event says who opened a connection, and api believes it."""
    (permission,) = of_type("AWS::Lambda::Permission").values()
    assert permission["FunctionName"] == {"Fn::GetAtt": ["Api", "Arn"]}
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert permission["SourceArn"]["Fn::Sub"].endswith(":execute-api:${AWS::Region}:${AWS::AccountId}:${Connections}/*")


def test_frames_are_answered():
    """Only a route with a response has its integration's answer sent to the waiter, who need not wait for
    longer than the function may take."""
    frames = RESOURCES["FramesRoute"]["Properties"]
    assert frames["RouteResponseSelectionExpression"] == "$default"
    answer = RESOURCES["FramesAnswer"]["Properties"]
    assert (answer["RouteId"], answer["RouteResponseKey"]) == ({"Ref": "FramesRoute"}, "$default")
    integration = RESOURCES["ConnectionsToApi"]["Properties"]
    assert integration["TimeoutInMillis"] == 1000 * RESOURCES["Api"]["Properties"]["Timeout"] <= 29_000


def test_pings_are_answered_without_an_invocation():
    """A MOCK integration says what to answer with in the response of its own ("Set up WebSocket API integration
    responses in API Gateway"): what api itself answers to a ping, which waiters of a local stack meet."""
    route = RESOURCES["PingsRoute"]["Properties"]
    assert (route["RouteKey"], route["RouteResponseSelectionExpression"]) == ("ping", "$default")
    assert route["Target"] == {"Fn::Sub": "integrations/${PingsToNobody}"}
    assert RESOURCES["PingsToNobody"]["Properties"]["IntegrationType"] == "MOCK"
    answer = RESOURCES["PingsAnswer"]["Properties"]
    assert (answer["RouteId"], answer["RouteResponseKey"]) == ({"Ref": "PingsRoute"}, "$default")
    pong = RESOURCES["Pong"]["Properties"]
    assert (pong["IntegrationId"], pong["IntegrationResponseKey"]) == ({"Ref": "PingsToNobody"}, "$default")
    assert json.loads(pong["ResponseTemplates"]["$default"]) == FACTS["pong"]


def test_the_stage_is_where_everything_says_that_it_is():
    """Its name is spelled out where a reference would make a circle."""
    stage = RESOURCES["ConnectionsStage"]["Properties"]
    texts = re.findall(r"\$\{Connections\}[^\"\s]*?/(v1|\*|\$\{ConnectionsStage\})", json.dumps(STACK))
    assert stage["StageName"] == "v1" and len(texts) == 7 and set(texts) == {"v1", "*", "${ConnectionsStage}"}
    assert stage["AutoDeploy"] is True
    settings = stage["DefaultRouteSettings"]
    assert 0 < settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"]


def test_no_setting_of_the_account_is_touched():
    """Access logs need one of API Gateway's: they are off, unless somebody says that it is there."""
    assert not of_type("AWS::ApiGateway::Account")
    (condition, logs, absent) = RESOURCES["ConnectionsStage"]["Properties"]["AccessLogSettings"]["Fn::If"]
    assert (condition, absent) == ("LogsConnections", {"Ref": "AWS::NoValue"})
    assert set(json.loads(logs["Format"])) >= {"connection", "status", "caller"}
    assert STACK["Parameters"]["LogConnections"]["Default"] == "false"


def test_no_parameter_is_needed():
    assert not [name for name, one in STACK["Parameters"].items() if "Default" not in one]


def test_without_subnets_nothing_of_a_vpc_is_left():
    inside = [name for name, one in of_type("AWS::Lambda::Function").items() if "VpcConfig" in one]
    assert inside == ["Callbacks"]
    conditional = {name for name, one in RESOURCES.items() if one.get("Condition") == "HasCallbacks"}
    assert conditional == {name for name in RESOURCES if name.startswith("Callbacks")}
    resolve = Resolver(STACK, {name: default(one) for name, one in STACK["Parameters"].items()}, everything=False)
    assert not resolve.holds("HasCallbacks")
    for name, one in RESOURCES.items():
        if name not in conditional and one["Type"].startswith(("AWS::IAM", "AWS::Scheduler")):
            assert "Callbacks" not in json.dumps(used(resolve, one["Properties"])), name
    environment = resolve(RESOURCES["Signals"]["Properties"]["Environment"]["Variables"])
    assert "SAGEBELL_OTHER_QUEUE" not in {name for name, value in environment.items() if value is not None}
    assert resolve(RESOURCES["Api"]["Properties"]["Environment"]["Variables"]["SAGEBELL_CALLBACKS"]) == "off"


def default(parameter):
    """As the template gets to see it."""
    listed = parameter["Type"] == "CommaDelimitedList"
    return parameter["Default"].split(",") if listed else parameter["Default"]


def used(resolve, value):
    """What is left of a value, its references as they are."""
    if isinstance(value, list):
        return [used(resolve, one) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::If"}:
        condition, yes, no = value["Fn::If"]
        return used(resolve, yes if resolve.holds(condition) else no)
    return {key: used(resolve, one) for key, one in value.items()}


def test_callbacks_reach_pods_of_either_version_of_ip():
    """IPv6 where the subnets have it: in others Lambda refuses the configuration."""
    dual = RESOURCES["Callbacks"]["Properties"]["VpcConfig"]["Ipv6AllowedForDualStack"]
    assert dual == {"Fn::If": ["CallbacksHaveIpv6", True, {"Ref": "AWS::NoValue"}]}
    assert STACK["Parameters"]["CallbackIpv6"]["Default"] == "false"
    pattern = STACK["Parameters"]["CallbackCidrs"]["AllowedPattern"]
    assert re.fullmatch(pattern, "10.0.0.0/16,2600:1f18:1234:ab00::/56")


def test_one_hour_without_events_wakes_nobody():
    """SageMaker sends events as best it can: it takes two hours of three."""
    silence = RESOURCES["SilenceAlarm"]["Properties"]
    assert silence["Period"] == 3600
    assert (silence["DatapointsToAlarm"], silence["EvaluationPeriods"]) == (2, 3)


def test_silence_is_an_hour_of_zeros():
    """A missed change counts as zero events: an hour whose greatest count is zero had such changes and nothing else,
    and an hour without a count had neither."""
    silence = RESOURCES["SilenceAlarm"]["Properties"]
    assert (silence["MetricName"], silence["Statistic"]) == ("sagebell_events_total", "Maximum")
    assert (silence["ComparisonOperator"], silence["Threshold"]) == ("LessThanThreshold", 1)
    assert silence["TreatMissingData"] == "notBreaching"


def test_everything_kept_is_encrypted():
    """The table by a key that DynamoDB owns, where there is no other: it needs no mention."""
    table = RESOURCES["Table"]["Properties"]
    (condition, encrypted, absent) = table["SSESpecification"]["Fn::If"]
    assert (condition, absent) == ("HasKmsKey", {"Ref": "AWS::NoValue"})
    assert encrypted == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Ref": "KmsKeyArn"}}
    assert table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True
    for name, queue in of_type("AWS::SQS::Queue").items():
        assert queue["SqsManagedSseEnabled"] is True, name
    for name, group in of_type("AWS::Logs::LogGroup").items():
        assert group["KmsKeyId"]["Fn::If"][:2] == ["HasKmsKey", {"Ref": "KmsKeyArn"}], name


def test_everything_that_takes_tags_is_tagged():
    """The roles of the IAM templates as well. The schemas say what takes them."""
    for template in TEMPLATES.values():
        for name, resource in template["Resources"].items():
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource["Type"]).schema
            if "Tags" in schema["properties"]:
                tags = resource["Properties"].get("Tags", {})
                listed = tags if isinstance(tags, dict) else {one["Key"]: one["Value"] for one in tags}
                assert listed.get("Application") == "sagebell", name


def test_every_role_takes_the_boundary():
    for name, role in of_type("AWS::IAM::Role").items():
        assert role["PermissionsBoundary"]["Fn::If"][0] == "HasBoundary", name


def test_every_alarm_is_explained():
    page = (INFRA.parent / "docs" / "alarms.md").read_text()
    anchors = {title.lower().replace(" ", "-") for title in re.findall(r"^#+ (.+)$", page, re.MULTILINE)}
    alarms = of_type("AWS::CloudWatch::Alarm")
    for name, alarm in alarms.items():
        assert f"`{name}`" in page, name
        assert re.search(r"docs/alarms\.md#([a-z-]+)\.$", alarm["AlarmDescription"])[1] in anchors, name
        assert alarm["AlarmActions"]["Fn::If"][0] == "HasAlarmTopic", name
    assert set(re.findall(r"`(\w+Alarm)`", page)) == set(alarms)


def test_every_queue_of_dead_letters_has_its_alarm():
    watched = {
        one["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for one in of_type("AWS::CloudWatch::Alarm").values()
        if one.get("MetricName") == "ApproximateNumberOfMessagesVisible"
    }
    assert watched == {name for name in of_type("AWS::SQS::Queue") if "DeadLetters" in name}


@each_function
def test_every_function_that_fails_or_is_throttled_has_an_alarm_that_goes_off(function):
    """Its own for api. Batches that fail, or that nobody takes, get old in their queue and then are dead letters. A
    sweep that fails is a dead letter, and where none runs another alarm goes off."""
    alarms = of_type("AWS::CloudWatch::Alarm")
    if function == "Api":
        read = {metric for alarm in alarms.values() for metric in metrics_of(alarm)}
        assert {("Api", "Errors"), ("Api", "Url5xxCount"), ("Api", "Throttles")} <= read
    elif function == "Sweep":
        failed = RESOURCES["SweepEventInvokeConfig"]["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
        assert failed == {"Fn::GetAtt": ["SweepDeadLetters", "Arn"]}
        assert ("Sweep", "Invocations") in metrics_of(alarms["SweepStoppedAlarm"])
        assert ("SweepDeadLetters", "ApproximateNumberOfMessagesVisible") in metrics_of(alarms["SweepDeadLettersAlarm"])
    else:
        queue = RESOURCES[f"{function}Batches"]["Properties"]["EventSourceArn"]["Fn::GetAtt"][0]
        read = {metric for alarm in alarms.values() for metric in metrics_of(alarm)}
        dead = RESOURCES[queue]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        assert {(queue, "ApproximateAgeOfOldestMessage"), (dead, "ApproximateNumberOfMessagesVisible")} <= read


def metrics_of(alarm):
    """Of what, and which: the metrics that CloudWatch bills this alarm for."""
    read = [one["MetricStat"]["Metric"] for one in alarm["Metrics"] if "MetricStat" in one] if "Metrics" in alarm else [alarm]
    for metric in read:
        value = metric["Dimensions"][0]["Value"]
        yield value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0], metric["MetricName"]


def test_the_table_and_the_logs_take_keys_that_cost_nothing():
    """Unless somebody names one of their own."""
    assert STACK["Parameters"]["KmsKeyArn"]["Default"] == ""
    assert not of_type("AWS::KMS::Key")


def test_the_table_is_the_stores():
    """As crates/store-dynamodb makes it for its own tests."""
    facts, table = FACTS["table"], RESOURCES["Table"]["Properties"]
    assert keys_of(table) == facts["keys"]
    assert table["TimeToLiveSpecification"] == {"AttributeName": facts["time_to_live"], "Enabled": True}
    indexes = {one["IndexName"]: one for one in table["GlobalSecondaryIndexes"]}
    assert set(indexes) == set(facts["indexes"])
    for name, index in facts["indexes"].items():
        assert keys_of(indexes[name]) == index["keys"]
        projection = {"ProjectionType": "INCLUDE", "NonKeyAttributes": index["attributes"]}
        assert indexes[name]["Projection"] == projection


def keys_of(properties):
    schema = {one["KeyType"]: one["AttributeName"] for one in properties["KeySchema"]}
    return [schema["HASH"], schema["RANGE"]]


def test_the_dashboard_is_json_and_names_every_alarm():
    body, names = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    (condition, more, none) = names["CallbackAlarms"]["Fn::If"]
    assert (condition, none) == ("HasCallbacks", "")
    always = {name for name in of_type("AWS::CloudWatch::Alarm") if not name.startswith("Callbacks")}
    for callbacks, alarms in ((more["Fn::Sub"], set(of_type("AWS::CloudWatch::Alarm"))), (none, always)):
        values = {**PSEUDO, "CallbackAlarms": filled_in(callbacks, {}), "CallbackLogs": ""}
        widgets = json.loads(filled_in(body, values))
        shown = {arn.removesuffix(".Arn") for arn in widgets["widgets"][0]["properties"]["alarms"]}
        assert shown == alarms


def test_the_dashboard_is_there_for_those_who_ask_for_it():
    """A fourth one costs more than the rest of an idle stack, and a free one has at most 50 metrics ("Amazon
    CloudWatch pricing", free tier)."""
    assert RESOURCES["Dashboard"]["Condition"] == "HasDashboard"
    assert STACK["Parameters"]["CreateDashboard"]["Default"] == "false"
    values = {**PSEUDO, "CallbackAlarms": "", "CallbackLogs": ""}
    widgets = json.loads(filled_in(RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0], values))["widgets"]
    drawn = [metric for one in widgets for metric in one["properties"].get("metrics", [])]
    assert 0 < len(drawn) <= 50


def test_the_dashboard_draws_from_logs_what_is_no_metric():
    body, _ = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(filled_in(body, {**PSEUDO, "CallbackAlarms": "", "CallbackLogs": " | SOURCE 'CallbacksLogs'"}))
    queries = [one["properties"]["query"] for one in widgets["widgets"] if one["type"] == "log"]
    assert len(queries) == 4
    for query in queries:
        groups = re.findall(r"SOURCE '(\w+)'", query)
        assert groups and all(RESOURCES[name]["Type"] == "AWS::Logs::LogGroup" for name in groups)
        assert set(re.findall(r"sagebell_[a-z_]+", query)) <= counted()
    assert not [one for one in widgets["widgets"] if one["type"] == "metric" and "Sagebell" in json.dumps(one)]


def counted():
    """The names of all counts."""
    code = "".join(one.read_text() for one in (INFRA.parent / "crates").glob("*/src/**/*.rs"))
    return set(re.findall(r'counter!\(\s*"(sagebell_[a-z_]+)"', code))


def filled_in(text, values):
    """A text with these values, and the names of others."""
    return re.sub(r"\$\{([^}]+)\}", lambda match: values.get(match[1], match[1]), text)


def test_the_metrics_are_those_that_alarms_read():
    """CloudWatch bills what is sent. The page lists these and, as counts of the log, what the dashboard reads."""
    page = (INFRA.parent / "docs" / "alarms.md").read_text()
    read = set(re.findall(r"sagebell_[a-z_]+", json.dumps(of_type("AWS::CloudWatch::Alarm"))))
    assert read == set(FACTS["metrics"])
    metrics, logged = (set(re.findall(r"^\| `(sagebell_[a-z_]+)`", part, re.MULTILINE)) for part in page.split("## Metrics")[1].split("### "))
    assert metrics == read
    drawn = set(re.findall(r"sagebell_[a-z_]+", json.dumps(RESOURCES["Dashboard"])))
    assert metrics | logged == read | drawn
    assert read | drawn <= counted(), (read | drawn) - counted()
