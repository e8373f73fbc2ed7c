"""Who may do what: the calls that the permission proof tries, and the roles that
may make each. Whoever is not named may not.

`{…}` in a call is filled in from the deployment.
"""

import json
from typing import NamedTuple

from cloud import ACCOUNT, ASSUMABLE, KEY_ARN, LABELING, ORCHESTRATOR, REGION, TEAM, USER_POOL
from conftest import kinds as table

FUNCTIONS = {"job-events", "signals", "callbacks", "api", "sweep"}
PODS = {"pod", "team"}
# Who calls the API by its URL: the sweep finds out whether waiters can.
CALLERS = PODS | {"sweep"}
# The roles of jobs: as little as they need, and with every option.
JOBS = {"execution", "wide"}
# Besides these: `schedule`, which starts functions.

KEY = {"PK": {"S": "PERMISSIONS"}, "SK": {"S": "STATE"}}
ITEM = {"TableName": "{table}", "Key": KEY}
COUNTER = {"PK": {"S": "COUNT#PERMISSIONS"}, "SK": {"S": "STATE"}}
OTHER_ITEM = {"TableName": "other", "Key": KEY}
SIGNAL_REQUEST = json.dumps({
    "arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/permissions",
    "owner": f"{ACCOUNT}:role/nobody",
    "wait_id": "none",
})
OBSERVATION = json.dumps({
    "arn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:training-job/permissions",
    "name": "permissions",
    "phase": "running",
    "status": "InProgress",
    "modified_at": "2026-11-24T00:00:00Z",
    "seen_at": "2026-11-24T00:00:00Z",
    "source": "describe",
})
ANYTHING = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})


# What says that a job is a step's.
OF_A_STEP = "sagebell:task"


class Call(NamedTuple):
    """One call of boto3's, and who may make it."""

    name: str
    service: str
    operation: str
    input: dict
    may: set = frozenset()


def query(name, key, may, **more):
    """A query as crates/store-dynamodb makes it."""
    input = {
        "TableName": "{table}",
        "KeyConditionExpression": f"{key} = :key",
        "ExpressionAttributeValues": {":key": {"S": "none"}},
        **more,
    }
    return Call(name, "dynamodb", "query", input, may)


def send(name, queue, may=frozenset(), body="{}"):
    input = {"QueueUrl": queue, "Entries": [{"Id": "0", "MessageBody": body}]}
    return Call(name, "sqs", "send_message_batch", input, may)


def put(name, *sources, may=frozenset(), bus="{bus}"):
    entries = [
        {"EventBusName": bus, "Source": source, "DetailType": "Job Observation", "Detail": OBSERVATION} for source in sources
    ]
    return Call(name, "events", "put_events", {"Entries": entries}, may)


def queue_of_a_function(name, queue, function):
    """What Lambda does with a queue in its function's name."""
    may = {function}
    receive = {"QueueUrl": queue, "VisibilityTimeout": 0}
    delete = {"QueueUrl": queue, "Entries": [{"Id": "0", "ReceiptHandle": "none"}]}
    attributes = {"QueueUrl": queue, "AttributeNames": ["QueueArn"]}
    return [
        Call(f"take from the {name}", "sqs", "receive_message", receive, may),
        Call(f"delete from the {name}", "sqs", "delete_message_batch", delete, may),
        Call(f"look at the {name}", "sqs", "get_queue_attributes", attributes, may),
    ]


def logs_of_a_function(function):
    """What Lambda does with a log group in its function's name."""
    group = f"/aws/lambda/sagebell-{function}"
    place = {"logGroupName": group, "logStreamName": "permissions"}
    events = {**place, "logEvents": [{"timestamp": "{now}", "message": "a line"}]}
    return [
        Call(f"open a log of {function}", "logs", "create_log_stream", place, {function}),
        Call(f"write the log of {function}", "logs", "put_log_events", events, {function}),
        Call(f"read the log of {function}", "logs", "get_log_events", place),
    ]


def function(name, may=frozenset()):
    it = {"FunctionName": f"sagebell-{name}"}
    return [
        Call(f"invoke {name}", "lambda", "invoke", {**it, "InvocationType": "DryRun"}, may),
        Call(f"see the configuration of {name}", "lambda", "get_function", it),
    ]


LOG = {"logGroupName": "/aws/sagemaker/TrainingJobs", "logStreamName": f"{TEAM}x/algo-1"}

CALLS = [
    # The table.
    Call("read an item", "dynamodb", "get_item", {**ITEM, "ConsistentRead": True}, FUNCTIONS),
    Call("write an item", "dynamodb", "put_item", {"TableName": "{table}", "Item": KEY}, FUNCTIONS),
    query("list a job's waits", "PK", {"job-events", "api", "sweep"}, ConsistentRead=True),
    query("list jobs", "ListingPK", {"api"}, IndexName="listing"),
    query("find what is due", "DuePK", {"api", "sweep"}, IndexName="due"),
    Call("scan the table", "dynamodb", "scan", {"TableName": "{table}"}),
    Call("scan an index", "dynamodb", "scan", {"TableName": "{table}", "IndexName": "due"}),
    Call("delete an item", "dynamodb", "delete_item", ITEM),
    # On AWS they may update counters only (`dynamodb:LeadingKeys`): the emulator does not judge that.
    Call("update an item", "dynamodb", "update_item", {**ITEM, "UpdateExpression": "REMOVE x"}, {"api", "sweep"}),
    Call("count", "dynamodb", "update_item",
         {"TableName": "{table}", "Key": COUNTER, "UpdateExpression": "REMOVE x"}, {"api", "sweep"}),
    Call("delete in a batch", "dynamodb", "batch_write_item",
         {"RequestItems": {"{table}": [{"DeleteRequest": {"Key": KEY}}]}}),
    Call("delete in a transaction", "dynamodb", "transact_write_items", {"TransactItems": [{"Delete": ITEM}]}),
    Call("delete the table", "dynamodb", "delete_table", {"TableName": "{table}"}),
    Call("let items live for ever", "dynamodb", "update_time_to_live",
         {"TableName": "{table}", "TimeToLiveSpecification": {"Enabled": False, "AttributeName": "TTL"}}),
    Call("read another table", "dynamodb", "get_item", OTHER_ITEM),
    Call("write another table", "dynamodb", "put_item", {"TableName": "other", "Item": KEY}),
    query("query another table", "PK", set(), TableName="other"),
    Call("list tables", "dynamodb", "list_tables", {}),

    # The queues.
    *queue_of_a_function("events queue", "{events}", "job-events"),
    *queue_of_a_function("signals queue", "{signals}", "signals"),
    *queue_of_a_function("callbacks queue", "{callbacks}", "callbacks"),
    send("ring", "{signals}", {"job-events", "api", "sweep"}, SIGNAL_REQUEST),
    send("hand over", "{callbacks}", {"signals"}, SIGNAL_REQUEST),
    send("forge an event in the events queue", "{events}"),
    send("keep a sweep that failed", "{sweep_dead_letters}", {"sweep", "schedule"}),
    send("write another queue", "{other_queue}"),
    Call("take from another queue", "sqs", "receive_message", {"QueueUrl": "{other_queue}"}),
    Call("take a dead letter", "sqs", "receive_message",
         {"QueueUrl": "{events_dead_letters}", "VisibilityTimeout": 0}),
    *(
        Call(f"count the dead letters of {name}", "sqs", "get_queue_attributes",
             {"QueueUrl": f"{{{name}_dead_letters}}", "AttributeNames": ["ApproximateNumberOfMessages"]}, {"api"})
        for name in ("events", "signals", "callbacks", "sweep")
    ),
    Call("purge the signals queue", "sqs", "purge_queue", {"QueueUrl": "{signals}"}),
    Call("delete the signals queue", "sqs", "delete_queue", {"QueueUrl": "{signals}"}),
    Call("open the signals queue to all", "sqs", "set_queue_attributes",
         {"QueueUrl": "{signals}", "Attributes": {"Policy": ANYTHING}}),
    Call("list queues", "sqs", "list_queues", {}),

    # The buses.
    put("announce", "sagebell", may={"job-events", "api", "sweep"}),
    put("send an observation", "sagebell.sweep", may={"sweep"}),
    put("send an observation among announcements", "sagebell", "sagebell.sweep", may={"sweep"}),
    put("pass for SageMaker", "aws.sagemaker"),
    put("pass for SageMaker among announcements", "sagebell", "aws.sagemaker"),
    put("announce on the default bus", "sagebell", bus="default"),
    put("announce on another bus", "sagebell", bus="other"),
    Call("make a rule", "events", "put_rule",
         {"Name": "mine", "EventBusName": "{bus}", "EventPattern": '{"source": ["sagebell"]}'}),
    Call("stop a rule", "events", "disable_rule", {"Name": "mine", "EventBusName": "{bus}"}),

    # The logs.
    *(call for name in ("job-events", "signals", "callbacks", "api", "sweep") for call in logs_of_a_function(name)),
    Call("find a job's log", "logs", "describe_log_streams", {"logGroupName": LOG["logGroupName"]},
         PODS | JOBS),
    Call("read a job's log", "logs", "get_log_events", LOG, PODS),
    Call("read another team's log", "logs", "get_log_events", {**LOG, "logStreamName": "team-b-x/algo-1"}, {"pod"}),
    Call("write a job's log", "logs", "put_log_events",
         {**LOG, "logEvents": [{"timestamp": "{now}", "message": "a line"}]}, JOBS),
    Call("delete a log", "logs", "delete_log_group", {"logGroupName": "/aws/lambda/sagebell-api"}),

    # The functions. Pods call the api by its URL: invoked directly, it would believe
    # whatever it is told of the caller.
    *function("job-events"),
    *function("signals"),
    *function("callbacks", may={"schedule"}),
    *function("api"),
    *function("sweep", may={"schedule"}),
    Call("change a function", "lambda", "update_function_configuration",
         {"FunctionName": "sagebell-api", "Timeout": 3}),
    Call("open the api to all", "lambda", "add_permission",
         {"FunctionName": "sagebell-api", "StatementId": "all", "Action": "lambda:InvokeFunctionUrl", "Principal": "*"}),

    # The buckets of jobs.
    Call("read a job's input", "s3", "get_object", {"Bucket": "inputs", "Key": "data"}, JOBS),
    Call("list jobs' inputs", "s3", "list_objects_v2", {"Bucket": "inputs"}, JOBS),
    Call("write a job's input", "s3", "put_object", {"Bucket": "inputs", "Key": "new"}),
    Call("write a job's output", "s3", "put_object", {"Bucket": "outputs", "Key": "model"}, JOBS),
    Call("delete a job's output", "s3", "delete_object", {"Bucket": "outputs", "Key": "model"}),

    # The root of the team's pipelines.
    Call("write an artifact", "s3", "put_object", {"Bucket": "pipelines", "Key": "kfp/team-a/new"}, {"team"}),
    Call("read an artifact", "s3", "get_object", {"Bucket": "pipelines", "Key": "kfp/team-a/made"}, {"team"}),
    Call("delete an artifact", "s3", "delete_object", {"Bucket": "pipelines", "Key": "kfp/team-a/made"}),
    Call("write an artifact of another root", "s3", "put_object", {"Bucket": "pipelines", "Key": "kfp/team-b/new"}),
    Call("read an artifact of another root", "s3", "get_object", {"Bucket": "pipelines", "Key": "kfp/team-b/made"}),

    # What is none of Sagebell's.
    Call("read a secret", "secretsmanager", "get_secret_value", {"SecretId": "other"}),
    Call("find the API", "ssm", "get_parameter", {"Name": "/sagebell/api"}, PODS),
    Call("name another API", "ssm", "put_parameter", {"Name": "/sagebell/api", "Value": "https://x", "Overwrite": True}),
    Call("read another parameter", "ssm", "get_parameter", {"Name": "/other"}),
    Call("list buckets", "s3", "list_buckets", {}),
    Call("read another bucket", "s3", "get_object", {"Bucket": "artifacts", "Key": "api.zip"}),
    Call("list roles", "iam", "list_roles", {}),
    Call("make a role", "iam", "create_role", {"RoleName": "mine", "AssumeRolePolicyDocument": ANYTHING}),
    Call("give a role more", "iam", "put_role_policy",
         {"RoleName": "{api_role_name}", "PolicyName": "more", "PolicyDocument": ANYTHING}),
    Call("widen a role's trust", "iam", "update_assume_role_policy",
         {"RoleName": "{api_role_name}", "PolicyDocument": ANYTHING}),
    Call("make a key", "iam", "create_access_key", {"UserName": "other"}),
    Call("be a role that steps may take on", "sts", "assume_role",
         {"RoleArn": ASSUMABLE, "RoleSessionName": "mine"}, {"team"}),
    Call("be the execution role", "sts", "assume_role", {"RoleArn": "{execution_role}", "RoleSessionName": "mine"}),
    Call("be the pod's role", "sts", "assume_role", {"RoleArn": "{pod_role}", "RoleSessionName": "mine"}),
    Call("delete the stack", "cloudformation", "delete_stack", {"StackName": "sagebell"}),
    Call("start an instance", "ec2", "run_instances", {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1}),
]


class Question(NamedTuple):
    """What IAM asks itself of one call on one resource, and for which roles it answers yes."""

    name: str
    action: str
    resource: str
    may: set = frozenset()
    context: dict = {}


def sagemaker(resource, account=ACCOUNT):
    return f"arn:aws:sagemaker:{REGION}:{account}:{resource}"


# Kinds that SageMaker has operations on.
ROWS = [row for row in table().values() if row["operations"]]
# Kinds that pods make only where AllowOtherKinds says so: the team's.
RARE = {row["kind"] for row in ROWS if row["pod_policy"] in ("other_kinds", None)}


def beginning(row):
    """What stands before the name in a kind's ARNs."""
    first = row["id"]["parts"][0]
    return f"{row['resource']}/" + (f"{first['one_of'][0]}/" if "one_of" in first else "")


def end(row):
    """What follows the name in them. SageMaker has no ARN of an execution's step: it is asked about the execution."""
    operations, parts = row["operations"], [part for part in row["id"]["parts"] if "one_of" not in part]
    if operations["describe"] == operations["list"]:
        parts = parts[:-2]
    return "".join(f"/{part['word'] if 'word' in part else 1}" for part in parts[1:])


# Described by whoever trains with one, wherever it is.
ANYBODYS = {"algorithm"}
# Of these a step makes none: components are made of SageMaker's own operations.
OF_NO_STEP = {row["kind"] for row in ROWS if row["operations"]["service"] != "sagemaker"}
# What IAM asks of a call is mostly its job; but of these it asks what they are made of.
MADE_OF = {"human-loop": "flow-definition", "image-version": "image"}
# What a job with every option makes and tries itself, and what it only reads.
TRIED = {"endpoint", "endpoint-config", "model"}
READ = TRIED | {"model-package"}
# The monitor.
ASKS = {"api", "sweep"}


def of_a_kind(row):
    """What is asked of one kind."""
    resource, has_tags = row["resource"], row["has_tags"]
    create, describe, stop = (row["operations"][verb] for verb in ("create", "describe", "stop"))
    makers = {"team"} if row["kind"] in RARE else PODS
    if row["kind"] in OF_NO_STEP:
        makers = set()
    # An ARN that ends in an id is the same, whoever made it.
    others = makers if row["id"]["parts"] == ["id"] else makers - {"team"}

    tries = {"wide"} if resource in TRIED else set()
    reads = ASKS | ({"wide"} if resource in READ else set())
    made_of = f"{MADE_OF[resource]}/" if resource in MADE_OF else beginning(row)
    one, other = f"{beginning(row)}{TEAM}x{end(row)}", f"{beginning(row)}team-b-x{end(row)}"
    if resource in ANYBODYS:
        reads = reads | PODS
    tag = {f"aws:RequestTag/{OF_A_STEP}": "run/task"} if has_tags else {}
    yield Question(create, create, sagemaker(f"{made_of}{TEAM}x"), makers | tries, tag)
    yield Question(f"{create} for another team", create, sagemaker(f"{made_of}team-b-x"), others | tries, tag)
    yield Question(describe, describe, sagemaker(one), makers | reads)
    yield Question(f"{describe} of another team", describe, sagemaker(other), others | reads)
    elsewhere = PODS if resource in ANYBODYS else set()
    yield Question(f"{describe} in another account", describe, sagemaker(one, "999999999999"), elsewhere)
    if has_tags:
        yield Question(f"{create} without the step's tag", create, sagemaker(f"{made_of}{TEAM}x"), tries)
    if stop and not has_tags:
        # Without a prefix the monitor may stop none of them.
        yield Question(stop, stop, sagemaker(one), makers)
        yield Question(f"{stop} of another team", stop, sagemaker(other))
    elif stop:
        tag = {f"aws:ResourceTag/{OF_A_STEP}": "run/task"}
        yield Question(stop, stop, sagemaker(one), makers | ASKS, tag)
        yield Question(f"{stop} of another team", stop, sagemaker(other), others | ASKS, tag)
        yield Question(f"{stop} of none of the steps", stop, sagemaker(one), set(), {"aws:ResourceTag/owner": "ada"})


def log(group, stream):
    return f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/sagemaker/{group}:log-stream:{stream}"


# What components make that is no job of any kind: made, read, and known by its tags. All
# rare.
NO_JOBS = {
    "DataQualityJobDefinition": "data-quality-job-definition/",
    "ModelBiasJobDefinition": "model-bias-job-definition/",
    "ModelExplainabilityJobDefinition": "model-explainability-job-definition/",
    "ModelQualityJobDefinition": "model-quality-job-definition/",
    "Workteam": "workteam/private-crowd/",
}


def of_no_job(noun, resource):
    one, other = sagemaker(f"{resource}{TEAM}x"), sagemaker(f"{resource}team-b-x")
    create, describe = f"Create{noun}", f"Describe{noun}"
    on_create = {"sagemaker:TaggingAction": create}
    yield Question(create, create, one, {"team"}, NEW)
    yield Question(f"{create} for another team", create, other, set(), NEW)
    yield Question(f"{create} without the step's tag", create, one)
    yield Question(describe, describe, one, {"team"})
    yield Question(f"{describe} of another team", describe, other)
    yield Question(f"{describe} in another account", describe, sagemaker(f"{resource}{TEAM}x", "999999999999"))
    yield Question(f"ListTags of a {noun}", "ListTags", one, {"team"})
    yield Question(f"AddTags as part of {create}", "AddTags", one, {"team"}, on_create)
    yield Question(f"AddTags to a {noun} that is there", "AddTags", one, set(), NEW)
    yield Question(f"Delete{noun}", f"Delete{noun}", one, set(), OURS)


JOB = sagemaker(f"training-job/{TEAM}x")
SCHEDULE = sagemaker(f"monitoring-schedule/{TEAM}x")
ENDPOINT, CONFIG = sagemaker(f"endpoint/{TEAM}x"), sagemaker(f"endpoint-config/{TEAM}x")
NEW = {f"aws:RequestTag/{OF_A_STEP}": "run/task"}
OURS = {f"aws:ResourceTag/{OF_A_STEP}": "run/task"}
TAGGED = [row for row in ROWS if row["has_tags"]]
EC2 = f"arn:aws:ec2:{REGION}:{ACCOUNT}"
# What Lambda does with interfaces in the name of signals, and who else may.
IN_A_VPC = {
    "AssignPrivateIpAddresses": set(),
    "CreateNetworkInterface": {"wide", "team"},
    "DeleteNetworkInterface": {"wide"},
    "DescribeNetworkInterfaces": {"wide"},
    "DescribeSubnets": {"wide", "team"},
    "DetachNetworkInterface": set(),
    "UnassignPrivateIpAddresses": set(),
}
GATEWAY = f"arn:aws:execute-api:{REGION}:{ACCOUNT}"
AWS_ROLE = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role"
HYPERPOD = "hyperpod.sagemaker.amazonaws.com/AWSServiceRoleForSageMakerHyperPod"
ACCESS_ENTRY = f"arn:aws:eks:{REGION}:{ACCOUNT}:access-entry"
TO_SAGEMAKER = {"iam:PassedToService": "sagemaker.amazonaws.com"}
FROM_THE_CODE = {"lambda:SourceFunctionArn": "{callbacks_function}"}

QUESTIONS = [
    # Executions and their steps are made alike.
    *{question.name: question for row in ROWS for question in of_a_kind(row)}.values(),

    # Of some calls IAM asks more than once.
    Question("CreateEndpoint with a config", "CreateEndpoint", CONFIG, PODS | {"wide"}, NEW),
    Question("CreateInferenceComponent on an endpoint", "CreateInferenceComponent", ENDPOINT, PODS, NEW),
    # A version in a group can't be tagged.
    Question("CreateModelPackage in a group", "CreateModelPackage", sagemaker(f"model-package-group/{TEAM}x"), PODS),
    Question("CreateModelPackage for a version", "CreateModelPackage", sagemaker(f"model-package/{TEAM}x/1"), PODS),
    Question("CreateModelPackage for another team's version", "CreateModelPackage",
             sagemaker("model-package/team-b-x/1"), {"pod"}),
    Question("UpdateEndpoint", "UpdateEndpoint", ENDPOINT, PODS, OURS),
    Question("UpdateEndpoint with a config", "UpdateEndpoint", CONFIG, PODS, OURS),
    Question("UpdateEndpoint of none of the steps", "UpdateEndpoint", ENDPOINT),
    Question("UpdateEndpoint of another team", "UpdateEndpoint", sagemaker("endpoint/team-b-x"), {"pod"}, OURS),
    Question("AddTags to an endpoint", "AddTags", ENDPOINT, PODS, {**OURS, "aws:TagKeys": ["team", "cost"]}),
    Question("AddTags to an endpoint of none of the steps", "AddTags", ENDPOINT, set(), {"aws:TagKeys": ["team"]}),
    *(Question(f"AddTags that say whose an endpoint is: {tag}", "AddTags", ENDPOINT, set(),
               {**OURS, "aws:TagKeys": ["team", tag]}) for tag in (OF_A_STEP, "sagebell:owner")),
    Question("DeleteEndpointConfig", "DeleteEndpointConfig", CONFIG, PODS | {"wide"}, OURS),
    Question("DeleteEndpointConfig of none of the steps", "DeleteEndpointConfig", CONFIG, {"wide"},
             {"aws:ResourceTag/owner": "ada"}),
    Question("DeleteEndpointConfig of another team", "DeleteEndpointConfig", sagemaker("endpoint-config/team-b-x"),
             {"pod", "wide"}, OURS),
    *(question for noun, resource in NO_JOBS.items() for question in of_no_job(noun, resource)),
    Question("UpdateMonitoringSchedule", "UpdateMonitoringSchedule", SCHEDULE, {"team"}, OURS),
    Question("UpdateMonitoringSchedule of none of the steps", "UpdateMonitoringSchedule", SCHEDULE),
    Question("DeleteMonitoringSchedule", "DeleteMonitoringSchedule", SCHEDULE, set(), OURS),
    Question("AddTags as part of CreateMonitoringSchedule", "AddTags", SCHEDULE, {"team"},
             {"sagemaker:TaggingAction": "CreateMonitoringSchedule"}),
    # The monitor asks whose a job is before it stops it.
    *(Question(f"ListTags of {row['resource']}", "ListTags", sagemaker(f"{beginning(row)}{TEAM}x"),
               ASKS | ({"team"} if row["kind"] in RARE else PODS) | ({"wide"} if row["resource"] in TRIED else set()))
      for row in TAGGED),
    Question("AddTags as part of a Create", "AddTags", JOB, PODS, {"sagemaker:TaggingAction": "CreateTrainingJob"}),
    Question("AddTags to what is there", "AddTags", JOB, set(), NEW),
    Question("DeleteTags", "DeleteTags", JOB, set(), OURS),
    Question("CreatePresignedNotebookInstanceUrl", "CreatePresignedNotebookInstanceUrl",
             sagemaker(f"notebook-instance/{TEAM}x"), set(), OURS),

    # The logs of endpoints: their streams are not named after them.
    Question("read an endpoint's log", "logs:GetLogEvents", log(f"Endpoints/{TEAM}x", "AllTraffic/i-1"), PODS),
    Question("read another team's endpoint's log", "logs:GetLogEvents", log("Endpoints/team-b-x", "AllTraffic/i-1"),
             {"pod"}),
    Question("read an inference component's log", "logs:GetLogEvents",
             log(f"InferenceComponents/{TEAM}x", "AllTraffic/i-1"), PODS),

    # KFP's launcher lists an artifact's files.
    Question("list an artifact", "s3:ListBucket", "arn:aws:s3:::pipelines", {"team"}, {"s3:prefix": "kfp/team-a/made"}),
    Question("list what is beside the root", "s3:ListBucket", "arn:aws:s3:::pipelines", set(), {"s3:prefix": "other/"}),
    Question("list the root's bucket", "s3:ListBucket", "arn:aws:s3:::pipelines"),

    # The role of the jobs.
    Question("pass the execution role to SageMaker", "iam:PassRole", "{execution_role}", PODS, TO_SAGEMAKER),
    Question("pass the execution role to Lambda", "iam:PassRole", "{execution_role}", set(),
             {"iam:PassedToService": "lambda.amazonaws.com"}),
    Question("pass the api's role to SageMaker", "iam:PassRole", "{api_role}", set(), TO_SAGEMAKER),
    Question("pass the pod's own role to SageMaker", "iam:PassRole", "{pod_role}", set(), TO_SAGEMAKER),
    Question("pass an administrator's role to SageMaker", "iam:PassRole", f"arn:aws:iam::{ACCOUNT}:role/admin", set(),
             TO_SAGEMAKER),

    # A call by URL takes two permissions.
    Question("call the api's URL", "lambda:InvokeFunctionUrl", "{api_function}", CALLERS,
             {"lambda:FunctionUrlAuthType": "AWS_IAM"}),
    Question("invoke the api by its URL", "lambda:InvokeFunction", "{api_function}", CALLERS,
             {"lambda:InvokedViaFunctionUrl": "true"}),
    Question("invoke the api directly", "lambda:InvokeFunction", "{api_function}"),
    Question("call another function's URL", "lambda:InvokeFunctionUrl", "{sweep_function}", set(),
             {"lambda:FunctionUrlAuthType": "AWS_IAM"}),

    # Connections: pods open them, and only signals writes to them.
    Question("open a connection", "execute-api:Invoke", "{connect}", PODS),
    Question("open a connection of another API", "execute-api:Invoke", f"{GATEWAY}:other/v1/$connect"),
    Question("push down a connection", "execute-api:ManageConnections", "{push}", {"signals"}),
    Question("ask for a connection", "execute-api:ManageConnections", "{ask}", {"signals"}),
    Question("close a connection", "execute-api:ManageConnections", "{close}"),
    Question("push down a connection of another API", "execute-api:ManageConnections",
             f"{GATEWAY}:other/v1/POST/@connections/x"),

    # Lambda connects callbacks to the VPC in its name; its code may not. So does SageMaker with jobs and
    # models, in the name of their role, or with processing and notebooks of who makes them.
    *(
        question
        for action, others in IN_A_VPC.items()
        for question in (
            Question(action, f"ec2:{action}", f"{EC2}:network-interface/eni-1", {"callbacks"} | others),
            Question(f"{action} by the code", f"ec2:{action}", f"{EC2}:network-interface/eni-1", others, FROM_THE_CODE),
        )
    ),
    *(Question(action, f"ec2:{action}", f"{EC2}:network-interface/eni-1", {"wide"})
      for action in ("CreateNetworkInterfacePermission", "DeleteNetworkInterfacePermission")),
    *(Question(action, f"ec2:{action}", "*", may) for action, may in {
        "DescribeDhcpOptions": {"wide"}, "DescribeSecurityGroups": {"wide", "team"}, "DescribeVpcs": {"wide", "team"},
        "CreateSecurityGroup": set(),
    }.items()),
    Question("make an interface in a shared subnet", "ec2:CreateNetworkInterface",
             f"arn:aws:ec2:{REGION}:999999999999:subnet/subnet-1", {"callbacks", "wide", "team"}),

    # Volumes under a key.
    Question("grant the key to a volume", "kms:CreateGrant", KEY_ARN, {"wide", "team"}, {"kms:GrantIsForAWSResource": "true"}),
    Question("grant the key to anybody", "kms:CreateGrant", KEY_ARN),
    Question("read under the key", "kms:Decrypt", KEY_ARN, {"wide"}),

    # Clusters and workteams, of who may make them.
    Question("make HyperPod's role", "iam:CreateServiceLinkedRole", f"{AWS_ROLE}/{HYPERPOD}", {"team"}),
    Question("make another service's role", "iam:CreateServiceLinkedRole", f"{AWS_ROLE}/other.amazonaws.com/Other"),
    Question("let HyperPod into its cluster", "eks:CreateAccessEntry", ORCHESTRATOR, {"team"}),
    Question("let HyperPod into another cluster", "eks:CreateAccessEntry", ORCHESTRATOR + "-2"),
    Question("give HyperPod access to its cluster", "eks:AssociateAccessPolicy",
             f"{ACCESS_ENTRY}/hyperpod/role/{ACCOUNT}/x/1", {"team"}),
    Question("give HyperPod access to another cluster", "eks:AssociateAccessPolicy",
             f"{ACCESS_ENTRY}/hyperpod-2/role/{ACCOUNT}/x/1"),
    Question("tie a workteam to its pool", "cognito-idp:UpdateUserPool", USER_POOL, {"team"}),
    Question("tie a workteam to another pool", "cognito-idp:UpdateUserPool", USER_POOL + "2"),

    # Another role, with the tags of the pod's session.
    Question("take the session's tags along", "sts:TagSession", ASSUMABLE, {"team"}),
    Question("take the session's tags elsewhere", "sts:TagSession", "{execution_role}"),

    # Jobs that make jobs.
    Question("pass the jobs' role on", "iam:PassRole", "{wide_role}", {"wide"}, TO_SAGEMAKER),
    Question("try a candidate", "InvokeEndpoint", ENDPOINT, {"wide"}, OURS),
    Question("delete a candidate", "DeleteEndpoint", ENDPOINT, {"wide"}, OURS),
    Question("update a candidate", "UpdateEndpoint", sagemaker("endpoint/any"), set(), {}),
    Question("prepare a labeling task", "lambda:InvokeFunction", LABELING, {"wide"}),
    Question("train as a job", "CreateTrainingJob", sagemaker("training-job/any"), {"pod"}, NEW),

    # The containers of jobs.
    Question("sign in to ECR", "ecr:GetAuthorizationToken", "*", JOBS),
    Question("pull the jobs' image", "ecr:BatchGetImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/images",
             JOBS),
    Question("pull another image", "ecr:BatchGetImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/other"),
    Question("push an image", "ecr:PutImage", f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/images"),
    Question("write a job's metric", "cloudwatch:PutMetricData", "*", JOBS,
             {"cloudwatch:namespace": "/aws/sagemaker/TrainingJobs"}),
    Question("write another metric", "cloudwatch:PutMetricData", "*", set(), {"cloudwatch:namespace": "Sagebell"}),
]
