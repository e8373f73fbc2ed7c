"""The functions over DynamoDB, SQS and EventBridge, and what Lambda does between
them: the pollers of their queues."""

import contextlib
import json
import subprocess
import sys
import time

from aws_proxy import AwsProxy
from cloud import ACCOUNT, REGION, Bridge, FakeSageMaker
from conftest import ROOT, until
from functions import NAMES, Functions, watching

BATCH = 10


def storage(sagemakers_rule=True):
    """The template's table, queues, bus and rules. SageMaker's own events go to one
    bus: without its rule a second stack does not get them as well."""
    command = [sys.executable, ROOT / "infra" / "lint" / "storage.py"]
    template = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    if not sagemakers_rule:
        del template["Resources"]["JobEventsRule"]
        for name in ("EventsQueuePolicy", "EventsDeadLettersPolicy"):
            [statement] = template["Resources"][name]["Properties"]["PolicyDocument"]["Statement"]
            statement["Condition"]["ArnEquals"]["aws:SourceArn"].pop(0)
    return template


class TalkativeSageMaker(FakeSageMaker):
    """Its events are kept, until a test hands them on or not."""

    def __init__(self):
        self.events, self.bridge = [], Bridge()
        self.bridge.hand_on = self.events.append
        super().__init__(self.bridge.url, "debug")

    def tell(self, arn, status, secondary=None):
        """Moves a training job on; the event of that."""
        self.move(arn, status, secondary)
        wanted = (arn, status, secondary or status)

        def told():
            return next((one for one in self.events if said(one["detail"]) == wanted), None)

        return until(told, f"{arn}: {status}, {secondary}")

    def stop(self):
        super().stop()
        self.bridge.close()


def said(detail):
    return tuple(detail.get(field) for field in ("TrainingJobArn", "TrainingJobStatus", "SecondaryStatus"))


class OnAws(Functions):
    """The functions, each with a proxy of its own to AWS."""

    def __init__(self, emulator, folder, cloud, sagemaker, names, suffix="", **variables):
        super().__init__(emulator, folder, suffix)
        self.names, self.variables = names, variables
        self.sqs, self.dynamodb = cloud.client("sqs"), cloud.client("dynamodb")
        port = int(sagemaker.url.rsplit(":", 1)[-1])
        self.proxies = {name: AwsProxy(cloud.port, port) for name in NAMES}

    def environment(self, name):
        variables = {
            "AWS_ENDPOINT_URL": self.proxies[name].url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "SAGEBELL_STORE": f"dynamodb:{self.names['TableName']}",
            "SAGEBELL_QUEUE": f"sqs:{self.names['SignalsQueueUrl']}",
            "SAGEBELL_BUS": self.names["BusName"],
            # Far more than SageMaker takes: tests of many functions run side by side.
            "SAGEBELL_DESCRIBES_PER_SECOND": "100",
            **self.variables,
        }
        if name == "signals":
            variables["SAGEBELL_CONNECTIONS_URL"] = f"{self.proxies[name].url}/v1"
        # As the template has it: signals queues nothing.
        missing = ("SAGEBELL_QUEUE", "SAGEBELL_BUS") if name == "signals" else ()
        return {key: value for key, value in variables.items() if key not in missing}

    def gateway(self, kind, connection, frame=None, ahead=0):
        """What API Gateway does with an event of a connection; the waiter's answer, if it sent a frame
        ("Set up a WebSocket API integration request in API Gateway", developer guide). `ahead`: how many seconds
        the time is ahead of the true one."""
        now = int((time.time() + ahead) * 1000)
        context = {
            "eventType": kind, "routeKey": "$default" if frame else f"${kind.lower()}", "connectionId": connection,
            "connectedAt": now, "requestTimeEpoch": now, "stage": "v1", "apiId": "a1b2", "domainName": "x",
            "identity": {"sourceIp": "203.0.113.1"},
        }
        body = frame and json.dumps({"request_id": "1", **frame})
        answer = self.answer("api", {"requestContext": context, "body": body, "isBase64Encoded": False})
        assert answer["statusCode"] == 200, answer
        return frame and json.loads(answer["body"])

    def send(self, event):
        """The event into the events queue, as a rule would."""
        self.sqs.send_message(QueueUrl=self.names["EventsQueueUrl"], MessageBody=json.dumps(event))

    def poll_events(self, most=BATCH):
        return self.poll("job-events", self.names["EventsQueueUrl"], most)

    def poll_signals(self, most=BATCH):
        return self.poll("signals", self.names["SignalsQueueUrl"], most)

    def poll(self, name, queue, most):
        """What Lambda's poller does once: receives a batch, invokes the function, and
        deletes what did not fail. What failed is there again at once, where SQS
        would let the visibility timeout pass. Says how many came and how many went.
        """
        received = self.sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=most).get("Messages", [])
        if not received:
            return 0, 0
        status, answer = self.invoke(name, {"Records": [record(one) for one in received]})
        if status == 200:
            failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
            # An empty id stands for all of them.
            failed = {one["MessageId"] for one in received} if "" in failed else failed
        else:
            failed = {one["MessageId"] for one in received}
        for one in received:
            receipt = one["ReceiptHandle"]
            if one["MessageId"] in failed:
                self.sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=receipt, VisibilityTimeout=0)
            else:
                self.sqs.delete_message(QueueUrl=queue, ReceiptHandle=receipt)
        return len(received), len(received) - len(failed)

    def drain(self):
        """Polls until both queues are empty."""
        while self.poll_events()[0] or self.poll_signals()[0]:
            pass

    def dead(self):
        """How many messages are in the dead-letter queues."""
        name = "ApproximateNumberOfMessages"
        queues = (self.names["EventsDeadLettersUrl"], self.names["SignalsDeadLettersUrl"])
        answers = [self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name]) for url in queues]
        return sum(int(answer["Attributes"][name]) for answer in answers)

    def stop(self):
        super().stop()
        for proxy in self.proxies.values():
            proxy.close()


def record(message):
    """A message as Lambda hands it to a function."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:queue",
    }


@contextlib.contextmanager
def running_on_aws(folder, cloud, sagemaker, stack, **variables):
    """One set of functions, with the whole storage of the template."""
    names = cloud.deploy(stack, storage())
    with watching(folder) as emulator:
        functions = OnAws(emulator, folder, cloud, sagemaker, names, **variables)
        try:
            yield functions.start()
        finally:
            functions.stop()
