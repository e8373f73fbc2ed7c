"""An AWS on this machine, and the template deployed to it with the release binaries."""

import base64
import copy
import http.server
import io
import json
import os
import pathlib
import subprocess
import sys
import threading
import urllib.parse
import zipfile

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials

from conftest import ROOT, call, free_port, until
from cost_stack import TEMPLATES
from held import Held

ACCOUNT = "000000000000"
REGION = "us-east-1"
# Another account, whose jobs the deployment watches, and another region.
MEMBER, OTHER_REGION = "222222222222", "eu-west-1"
STACK = "sagebell"
# The release binary of each function, by its name in the template.
FUNCTIONS = {
    "JobEvents": "job-events", "Signals": "signals", "Callbacks": "signals", "Api": "api", "Sweep": "sweep",
}
# The command line as it is made for AWS.
SAGEBELL = ROOT / "target" / "debug" / "sagebell"
OIDC = "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E"
# KFP's own account of runs, where KFP is installed alone.
POD_SUBJECT = "system:serviceaccount:kubeflow:pipeline-runner"
# How the jobs of another team's pods begin.
TEAM = "team-a-"
# What that team's pods may do besides: take on a role, keep artifacts in S3, and what SageMaker
# does in their name.
ASSUMABLE = f"arn:aws:iam::{ACCOUNT}:role/elsewhere"
ROOT_IN_S3 = "arn:aws:s3:::pipelines/kfp/team-a"
KEY_ARN = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
ORCHESTRATOR = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/hyperpod"
USER_POOL = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{REGION}_EXAMPLE"
# A function of custom labeling tasks.
LABELING = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:before-labeling"
# One answer of an emulator that also runs the functions may take its time.
PATIENT = botocore.config.Config(read_timeout=120, retries={"max_attempts": 2})


class Cloud:
    def __init__(self, folder):
        self.keys, self.region = {"AccessKeyId": "test", "SecretAccessKey": "test"}, REGION
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = open(folder / "ministack.log", "w")
        environment = {
            **os.environ,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port),
            "MINISTACK_HOST": "127.0.0.1",
            "AWS_ENDPOINT_URL": self.url,
            "IOT_MTLS_ENABLED": "0",
            "AUTH": "true",
        }
        launcher = pathlib.Path(__file__).with_name("ministack_for_sagemaker.py")
        self.process = subprocess.Popen(
            [sys.executable, launcher], env=environment, stdout=self.log, stderr=self.log, cwd=folder
        )
        until(self.up, "ministack answers")

    def up(self):
        try:
            return call("GET", f"{self.url}/_ministack/health")[0] == 200
        except OSError:
            return False

    def seen_from(self, account, region=REGION):
        """The same cloud for another account's root: the emulator takes its number for a key."""
        there = copy.copy(self)
        there.keys, there.region = {"AccessKeyId": account, "SecretAccessKey": "test"}, region
        return there

    def client(self, service, credentials=None):
        """A boto3 client: of the account's root, or of a role's session."""
        keys = credentials or self.keys
        return boto3.client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            config=PATIENT,
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys.get("SessionToken"),
        )

    def assume(self, role):
        """Credentials of a role that nobody here is trusted with: its policies as
        they are, its trust widened to this account's root."""
        iam, name = self.client("iam"), role.rsplit("/", 1)[-1]
        trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        wider = {**trust, "Statement": [*trust["Statement"], root]}
        iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(wider))
        return self.client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]

    def web_identity(self, role, subject, session):
        """What a pod's service account token gives (IRSA); raises if it gives nothing."""

        def part(claims):
            return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()

        claims = {"iss": f"https://{OIDC}", "aud": "sts.amazonaws.com", "sub": subject}
        token = f"{part({'alg': 'RS256'})}.{part(claims)}.{part({})}"
        assumed = self.client("sts").assume_role_with_web_identity(
            RoleArn=role, RoleSessionName=session, WebIdentityToken=token
        )
        return assumed["Credentials"]

    def deploy(self, name, template, parameters=None):
        """Makes a stack; its outputs."""
        formation = self.client("cloudformation")
        body = template if isinstance(template, str) else json.dumps(template)
        formation.create_stack(
            StackName=name,
            **self.template(name, body),
            Capabilities=["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in (parameters or {}).items()],
        )

        def ended():
            stack = formation.describe_stacks(StackName=name)["Stacks"][0]
            return None if stack["StackStatus"].endswith("_IN_PROGRESS") else stack

        stack = until(ended, f"the stack {name} is made")
        if stack["StackStatus"] != "CREATE_COMPLETE":
            events = formation.describe_stack_events(StackName=name)["StackEvents"]
            reasons = [e.get("ResourceStatusReason") for e in events if "FAILED" in e["ResourceStatus"]]
            raise AssertionError(f"{name}: {stack['StackStatus']}: {reasons}")
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def template(self, name, body):
        """How CloudFormation is given a template: longer ones by way of S3, as `sam deploy` does with all
        ("CloudFormation quotas", CloudFormation guide)."""
        if len(body.encode()) <= 51_200:
            return {"TemplateBody": body}
        s3 = self.client("s3")
        s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key=name, Body=body.encode())
        return {"TemplateURL": f"{self.url}/templates/{name}"}

    def emulated(self, *template):
        """The stack's template, or another file, as this cloud can deploy it: with its addresses for AWS's own."""
        lint = ROOT / "infra" / "lint"
        command = [sys.executable, lint / "emulated.py", *template]
        template = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, cwd=lint).stdout)
        api = f"127.0.0.1:{self.port}/_aws/execute-api/${{Connections}}/v1"
        # Of https://HOST/, which has no TLS here.
        host = {"Fn::Select": [2, {"Fn::Split": ["/", {"Fn::GetAtt": ["ApiUrl", "FunctionUrl"]}]}]}
        for name, variable, value in (
            ("Signals", "SAGEBELL_CONNECTIONS_URL", {"Fn::Sub": f"http://{api}"}),
            ("Api", "SAGEBELL_CONNECT_URL", {"Fn::Sub": f"ws://{api}"}),
            ("Sweep", "SAGEBELL_API_URL", {"Fn::Sub": [f"http://${{Host}}:{self.port}", {"Host": host}]}),
        ):
            variables = template["Resources"][name]["Properties"]["Environment"]["Variables"]
            assert variable in variables
            variables[variable] = value
        return template

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


def name_loopback(host):
    """Has a host's name lead to this machine, in the namespace that
    scripts/test-deployed makes for it."""
    with open(os.environ["SAGEBELL_TEST_HOSTS"], "a") as hosts:
        hosts.write(f"127.0.0.1 {host}\n")


def signer(keys=None):
    """Credentials as botocore signs with them."""
    keys = keys or {"AccessKeyId": "test", "SecretAccessKey": "test"}
    return botocore.credentials.Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys.get("SessionToken"))


def put(cloud, event):
    """The event onto the default bus, as SageMaker would."""
    entry = {
        "Source": event["source"],
        "DetailType": event["detail-type"],
        "Detail": json.dumps(event["detail"]),
        "Resources": event.get("resources", []),
    }
    answer = cloud.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0, answer


def archive(binary):
    """What `sam build` would make of a function."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, binary.read_bytes())
    return packed.getvalue()


class Deployment:
    """The stack, as `sam deploy` makes it."""

    def __init__(self, cloud):
        self.cloud = cloud
        cloud.client("s3").create_bucket(Bucket="artifacts")
        self.template = self.packaged()
        self.subnet, self.group = self.network()
        self.outputs = cloud.deploy(STACK, self.template, self.parameters())
        self.answer_pings(self.outputs["ConnectionsApiId"])
        self.let_members_send()
        # The function URL's own name, so that signatures are made for it; but the
        # gateway speaks no TLS.
        host = urllib.parse.urlsplit(self.outputs["ApiUrl"]).hostname
        name_loopback(host)
        self.api = f"http://{host}:{cloud.port}"
        self.execution_role = self.deploy_execution_layer("execution")
        self.wide_role = self.deploy_execution_layer(
            "wide", KmsKeyArn=KEY_ARN, AllowVpc="true", AllowAutoMl="true", AllowInferenceRecommender="true",
            AllowAutoLabeling="true", LabelingFunctionArns=LABELING,
        )
        self.pod_role = self.deploy_pod_layer("pipeline-pod")
        self.team_role = self.deploy_pod_layer(
            "team", JobNamePrefix=TEAM, AllowOtherKinds="true", AllowVpc="true", AssumableRoleArns=ASSUMABLE,
            PipelineRootArn=ROOT_IN_S3, KmsKeyArn=KEY_ARN, OrchestratorClusterArn=ORCHESTRATOR, UserPoolArn=USER_POOL,
        )

    def packaged(self):
        """The template as `sam deploy` has it, with the addresses of this cloud for AWS's own."""
        template = self.cloud.emulated()
        for name, binary in FUNCTIONS.items():
            key = f"{binary}.zip"
            body = archive(ROOT / "target" / "lambda" / binary / "bootstrap")
            self.cloud.client("s3").put_object(Bucket="artifacts", Key=key, Body=body)
            template["Resources"][name]["Properties"]["CodeUri"] = f"s3://artifacts/{key}"
        return template

    def answer_pings(self, api):
        """Gives the emulator the response of the integration, which its CloudFormation does not know."""
        gateway = self.cloud.client("apigatewayv2")
        (pings,) = [one for one in gateway.get_routes(ApiId=api)["Items"] if one["RouteKey"] == "ping"]
        # As the template says it (infra/tests/test_template.py).
        pong = json.loads((ROOT / "infra" / "facts.json").read_text())["pong"]
        gateway.create_integration_response(
            ApiId=api,
            IntegrationId=pings["Target"].rsplit("/", 1)[-1],
            IntegrationResponseKey="$default",
            ResponseTemplates={"$default": json.dumps(pong)},
        )

    def let_members_send(self):
        """Gives the emulator the policy of the bus, which its CloudFormation does not know."""
        statement = TEMPLATES["stack"]["Resources"]["MembersMaySend"]["Properties"]["Statement"]
        filled = {**statement, "Principal": {"AWS": [MEMBER]}, "Resource": self.outputs["BusArn"]}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [filled]})
        self.cloud.client("events").put_permission(EventBusName=self.outputs["BusName"], Policy=policy)

    def deploy_layer(self, layer, parameters, name=None):
        template = (ROOT / "infra" / "iam" / f"{layer}.yaml").read_text()
        return self.cloud.deploy(f"{STACK}-{name or layer}", template, parameters)

    def deploy_execution_layer(self, name, **more):
        """The ARN of some jobs' role."""
        return self.deploy_layer("execution", {
            "InputBucketArns": "arn:aws:s3:::inputs",
            "OutputBucketArns": "arn:aws:s3:::outputs",
            "RepositoryArns": f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/images",
            **more,
        }, name)["ExecutionRoleArn"]

    def deploy_pod_layer(self, name, **more):
        """The ARN of the role of some pipeline's pods, by IRSA: the emulator has no associations."""
        return self.deploy_layer("pipeline-pod", {
            "OidcProvider": OIDC,
            "ApiFunctionArn": self.outputs["ApiFunctionArn"],
            "ConnectArn": self.outputs["ConnectArn"],
            "ExecutionRoleArn": self.execution_role,
            **more,
        }, name)["PipelinePodRoleArn"]

    def pod(self, session="pod"):
        """The credentials of a step's pod."""
        return self.cloud.web_identity(self.pod_role, POD_SUBJECT, session)

    def team_pod(self):
        """The credentials of another team's pod, whose jobs have the name prefix TEAM."""
        return self.cloud.web_identity(self.team_role, POD_SUBJECT, "pod")

    def role(self, function):
        """The ARN of a function's role."""
        name = self.outputs[f"{function}FunctionName"]
        return self.cloud.client("lambda").get_function_configuration(FunctionName=name)["Role"]

    def asks(self, sagemaker):
        """Has the functions ask this SageMaker: ministack has none."""
        client = self.cloud.client("lambda")
        for function in ("Api", "Sweep"):
            name = self.outputs[f"{function}FunctionName"]
            variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            if variables.get("AWS_ENDPOINT_URL_SAGEMAKER") != sagemaker:
                variables["AWS_ENDPOINT_URL_SAGEMAKER"] = sagemaker
                client.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    def environment(self, credentials=None):
        """For a command: this cloud, and who calls."""
        keys = credentials or {"AccessKeyId": "test", "SecretAccessKey": "test"}
        return {
            "AWS_ENDPOINT_URL": self.cloud.url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys.get("SessionToken", ""),
        }

    def network(self):
        """A subnet and a security group, for callbacks."""
        ec2 = self.cloud.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/8")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.77.0.0/16")["Subnet"]["SubnetId"]
        return subnet, ec2.create_security_group(GroupName="callbacks", Description="callbacks", VpcId=vpc)["GroupId"]

    def parameters(self):
        return {
            "CallbackSubnetIds": self.subnet,
            "CallbackSecurityGroupIds": self.group,
            "CallbackCidrs": f"{os.environ['SAGEBELL_TEST_WAITERS']}/32",
            "CallbackPorts": "1024-65535",
            "CheckFirstSeconds": "5",
            "ListSeconds": "5",
            "DescribesPerSecond": "50",
            "Architecture": "x86_64",
            "Accounts": MEMBER,
            "Regions": OTHER_REGION,
        }

    def call(self, method, path, body=None, credentials=None):
        """A signed call of the function URL; unsigned if the credentials are False."""
        url = f"{self.api}{path}"
        data = None if body is None else json.dumps(body)
        request = botocore.awsrequest.AWSRequest(
            method=method, url=url, data=data, headers={"content-type": "application/json"}
        )
        if credentials is not False:
            botocore.auth.SigV4Auth(signer(credentials), "lambda", REGION).add_auth(request)
        return call(method, url, None if data is None else data.encode(), dict(request.headers.items()))


    def connect(self, credentials=None, url=None, kind=Held):
        """A connection, opened by a signed request; an unsigned one if the credentials are False."""
        url = url or self.call("GET", "/v1/connect", credentials=self.pod())[1]["url"]
        request = botocore.awsrequest.AWSRequest(method="GET", url=url.replace("ws", "http", 1))
        if credentials is not False:
            botocore.auth.SigV4Auth(signer(credentials), "execute-api", REGION).add_auth(request)
        return kind(url, dict(request.headers.items()))


class FakeSageMaker:
    """A SageMaker whose jobs do what the test says, and whose events go to `events`."""

    def __init__(self, events, profile="debug", account=ACCOUNT):
        binary = ROOT / "target" / profile / "fake-sagemaker"
        command = [binary, "--account", account, "--events-post", events]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().split()[-1]
        self.boto = boto3.client(
            "sagemaker", region_name=REGION, endpoint_url=self.url,
            aws_access_key_id="test", aws_secret_access_key="test",
        )

    def lives(self, *lives):
        """How jobs live from now on: by these, or each by its own kind."""
        assert call("PUT", f"{self.url}/_fake/lives", lives, JSON)[0] == 204

    def create_training(self, name, stages):
        """A training job of this life; its ARN."""
        life = {"name": name, "kind": "training", "stages": stages}
        assert call("POST", f"{self.url}/_fake/lives", life, JSON)[0] == 204
        made = self.boto.create_training_job(
            TrainingJobName=name,
            AlgorithmSpecification={"TrainingImage": "image", "TrainingInputMode": "File"},
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/execution",
            OutputDataConfig={"S3OutputPath": "s3://outputs/"},
            ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            StoppingCondition={"MaxRuntimeInSeconds": 60},
            Tags=[{"Key": "sagebell:task", "Value": "test"}],
        )
        return made["TrainingJobArn"]

    def create_processing(self, name):
        """A processing job that runs; its ARN."""
        life = {"name": name, "kind": "processing", "stages": [{"status": "InProgress"}]}
        assert call("POST", f"{self.url}/_fake/lives", life, JSON)[0] == 204
        made = self.boto.create_processing_job(
            ProcessingJobName=name,
            ProcessingResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}},
            AppSpecification={"ImageUri": "image"},
            RoleArn=f"arn:aws:iam::{ACCOUNT}:role/execution",
        )
        return made["ProcessingJobArn"]

    def move(self, arn, status, secondary=None):
        path = f"{self.url}/_fake/jobs/{urllib.parse.quote(arn, safe='')}/status"
        status, answer = call("POST", path, {"status": status, "secondary": secondary}, JSON)
        assert status == 204, answer

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


JSON = {"content-type": "application/json"}


class Bridge:
    """Hands on, to whoever asked last, each event that is posted here; or drops it."""

    def __init__(self):
        self.hand_on = None
        bridge = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                event = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if bridge.hand_on:
                    bridge.hand_on(event)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
