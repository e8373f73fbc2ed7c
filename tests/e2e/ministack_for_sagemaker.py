"""ministack, where it is not yet as AWS is and the tests would notice:

- `PutEvents` refuses `aws.sagemaker` here as on AWS; only the tests play SageMaker.
- A function behind a URL is told who signed the call
  (https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html, "Request payload format").
- Events of a WebSocket API tell who opened the connection, and when, as long as it lasts, and have a name for a domain
  (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-mapping-template-reference.html,
  `identity.userArn`, `connectedAt`, `domainName`), and the answer to a frame reaches its sender only by a route that has a response
  (https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-websocket-api-route-response.html).
- The path `/health` of a function URL is the function's: no service of AWS keeps it for itself.
- The batch calls of SQS take the permission of the single ones
  (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html).
- A policy may go by the sources of the events that are put
  (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html, `events:source`).
- A call on a log stream is about the stream, not its group
  (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html).
- A rule on the default bus goes by its name alone, and one of another bus is found by its targets too
  (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html).
- A rule forwards events to a bus of another account or region, if its role may put them there and, in another account,
  the bus's policy lets that account; they keep their account and region
  (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html and `eb-cross-region.html`). `PutPermission`
  takes a whole policy (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html).
- `aws:PrincipalArn` of a role's session is the role
  (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn).
- A simulation is about the role that is simulated
  (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html),
  and goes by the context that it is given
  (https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html, `ContextEntries`).
- CloudFormation knows associations of a cluster's pods with roles, here by their properties alone
  (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eks-podidentityassociation.html).
"""

import contextvars
import json
import re

import ministack.app as app
import ministack.core.iam_actions as iam_actions
import ministack.core.iam_evaluator as iam_evaluator
import ministack.core.responses
import ministack.services.apigateway as apigateway
import ministack.services.cloudformation.provisioners as provisioners
import ministack.services.eventbridge as eventbridge
import ministack.services.iam as iam
import ministack.services.lambda_svc as lambda_svc
from ministack.core.iam_evaluator import caller_verified, resolve_caller_identity
from ministack.core.router import extract_access_key_id

app._HEALTH_PATHS = ("/_ministack/health",)
eventbridge._put_events.__defaults__ = (True,)

url_event = lambda_svc._build_function_url_event
action_of = iam_actions.extract_iam_action
request_context = iam_actions.request_tag_context
resource_of = iam_actions.extract_resource_arn
simulate = iam._IAM_HANDLERS["SimulatePrincipalPolicy"]
given = contextvars.ContextVar("given", default={})
dispatch_to_bus = eventbridge._dispatch_to_event_bus
put_one_permission = eventbridge._put_permission
resolve_key = iam_evaluator._resolve_condition_key
SESSION = re.compile(r"arn:([a-z-]+):sts::(\d{12}):assumed-role/([^/]+)/.+")
connection_context = apigateway._ws_request_context
invoke_by_route = apigateway._invoke_ws_lambda
# The properties of an association: those it needs, and those it may have.
ASSOCIATION = {"ClusterName", "Namespace", "RoleArn", "ServiceAccount"}
MORE_OF_ASSOCIATION = {"DisableSessionTags", "Policy", "Tags", "TargetRoleArn"}
# Who opened each connection, and when.
openers = {}


def url_event_with_caller(
    url_id, account_id, region, method, path, headers, body, query_params, **more
):
    """The event, with the caller if the signature was checked."""
    event = url_event(url_id, account_id, region, method, path, headers, body, query_params, **more)
    key = extract_access_key_id(headers, query_params)
    if caller_verified(key, account_id):
        caller = resolve_caller_identity(key)
        event["requestContext"]["authorizer"] = {"iam": {
            "accessKey": key,
            "accountId": caller["accountId"],
            "callerId": caller["userId"],
            "cognitoIdentity": None,
            "principalOrgId": caller["principalOrgId"],
            "userArn": caller["userArn"],
            "userId": caller["userId"],
        }}
    return event


def context_with_opener(api_id, route_key, stage, connection_id, event_type, request_id, source_ip, headers):
    context = connection_context(
        api_id, route_key, stage, connection_id, event_type, request_id, source_ip, headers
    )
    if event_type == "CONNECT":
        key = extract_access_key_id(headers, {})
        signed = caller_verified(key, ministack.core.responses.get_account_id())
        openers[connection_id] = (resolve_caller_identity(key)["userArn"] if signed else None, context["connectedAt"])
    opener, context["connectedAt"] = openers[connection_id]
    context["domainName"] = f"{api_id}.execute-api.{ministack.core.responses.get_region()}.amazonaws.com"
    context["identity"] = {**context["identity"], "userArn": opener}
    if event_type == "DISCONNECT":
        del openers[connection_id]
    return context


async def invoke_and_answer_by_route(api_id, account_id, region, route, *more, **named):
    answer = await invoke_by_route(api_id, account_id, region, route, *more, **named)
    silent = not route.get("routeResponseSelectionExpression")
    return {**answer, "body": None} if answer and silent else answer


def action_without_batch(service, *request):
    action = action_of(service, *request)
    return action.removesuffix("Batch") if service == "sqs" and action else action


def context_with_sources(service, action, body, params):
    context = request_context(service, action, body, params)
    if action == "events:PutEvents":
        entries = json.loads(body)["Entries"]
        context["events:source"] = [entry["Source"] for entry in entries]
    return context


def resource_by_its_name(service, method, path, headers, body, params, region, account_id):
    resource = resource_of(service, method, path, headers, body, params, region, account_id)
    if service == "iam":
        return iam._p(params, "PolicySourceArn") or resource
    if service == "logs" and (stream := json.loads(body).get("logStreamName")):
        return f"{resource}:log-stream:{stream}"
    operation = {name.lower(): value for name, value in headers.items()}.get("x-amz-target", "")
    if service == "events" and operation.endswith((".DescribeRule", ".ListTargetsByRule")):
        asked = json.loads(body)
        bus, rule = asked.get("EventBusName", "default"), asked.get("Name") or asked.get("Rule")
        name = rule if bus == "default" else f"{bus}/{rule}"
        return f"arn:aws:events:{region}:{account_id}:rule/{name}"
    return resource


def forward(spec, event, rule, event_path, payload=None):
    """To a bus: of this account and region as ever, or of another."""
    responses = ministack.core.responses
    here = responses.get_account_id(), responses.get_region()
    if (spec.account_id, spec.region) == here:
        return dispatch_to_bus(spec, event, rule, event_path, payload)
    origin = {"Account": here[0], "Region": here[1], **event}
    if not may_forward(spec, str(spec), origin, rule, *here):
        return None
    rule_key = eventbridge._rule_key(rule["Name"], rule.get("EventBusName", "default"))
    there = contextvars.copy_context()
    forwarded = {**origin, "EventBusName": spec.resource.split("/", 1)[1], "_DispatchPath": [*event_path, rule_key]}
    there.run(dispatch_there, spec, forwarded)


def dispatch_there(spec, event):
    ministack.core.responses.set_request_account_id(spec.account_id)
    ministack.core.responses.set_request_region(spec.region)
    if event["EventBusName"] in eventbridge._event_buses:
        eventbridge._dispatch_event(event)


def may_forward(spec, bus, event, rule, account, region):
    """By the policies of the target's role, and in another account by the bus's policy."""
    key = eventbridge._rule_key(rule["Name"], rule.get("EventBusName", "default"))
    (role,) = {target["RoleArn"] for target in eventbridge._targets[key] if target["Arn"] == bus}
    context = iam_evaluator.EvalContext(
        principal_arn=role, principal_type="AssumedRole", principal_account=account, action="events:PutEvents",
        resource_arn=bus, region=region, service_context={"events:source": [event["Source"]]},
    )
    policies = iam_evaluator._gather_role_policies(role.rsplit("/", 1)[-1], account)
    if iam_evaluator.evaluate(context, policies).decision != "Allow":
        return False
    if spec.account_id == account:
        return True
    there = contextvars.copy_context()
    policy = there.run(policy_there, spec)
    return iam_evaluator.evaluate_resource_policy(policy, context).decision == "Allow"


def policy_there(spec):
    ministack.core.responses.set_request_account_id(spec.account_id)
    ministack.core.responses.set_request_region(spec.region)
    return eventbridge._event_bus_policies.get(spec.resource.split("/", 1)[1])


def condition_key(key, context):
    """The value of a key that a condition names."""
    value = resolve_key(key, context)
    session = SESSION.fullmatch(value) if key.lower() == "aws:principalarn" else None
    return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}" if session else value


def put_permission(data):
    if "Policy" not in data:
        return put_one_permission(data)
    eventbridge._event_bus_policies[data.get("EventBusName", "default")] = json.loads(data["Policy"])
    return eventbridge.json_response({})


def associate(logical_id, properties, stack):
    missing, unknown = ASSOCIATION - {*properties}, {*properties} - ASSOCIATION - MORE_OF_ASSOCIATION
    if missing or unknown:
        raise ValueError(f"{logical_id}: missing {sorted(missing)}, unknown {sorted(unknown)}")
    return f"{properties['ClusterName']}|a-{stack}", {}


class Context(iam_evaluator.EvalContext):
    def __init__(self, *fields, **named):
        super().__init__(*fields, **named)
        self.service_context = {**given.get(), **self.service_context}


def simulate_with_context(params):
    def entry(part):
        return iam._p(params, f"ContextEntries.member.{len(context) + 1}.{part}")

    context = {}
    while key := entry("ContextKeyName"):
        context[key.lower()] = entry("ContextKeyValues.member.1")
    before = given.set(context)
    try:
        return simulate(params)
    finally:
        given.reset(before)


provisioners._RESOURCE_HANDLERS["AWS::EKS::PodIdentityAssociation"] = {"create": associate, "delete": lambda *_: None}
iam_evaluator._resolve_condition_key = condition_key
eventbridge._dispatch_to_event_bus = forward
eventbridge._put_permission = put_permission
apigateway._invoke_ws_lambda = invoke_and_answer_by_route
apigateway._ws_request_context = context_with_opener
lambda_svc._build_function_url_event = url_event_with_caller
iam_actions.extract_iam_action = action_without_batch
iam_actions.request_tag_context = context_with_sources
iam_actions.extract_resource_arn = resource_by_its_name
iam_evaluator.EvalContext = Context
iam._IAM_HANDLERS["SimulatePrincipalPolicy"] = simulate_with_context

app.main()
