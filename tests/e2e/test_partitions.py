"""The table of partitions against botocore's partition data and endpoint rules."""

import json
import subprocess

import botocore.session
import pytest

from conftest import EXAMPLES, PATIENCE_SECONDS

SESSION = botocore.session.get_session()
PARTITIONS = SESSION.get_component("data_loader").load_data("partitions")["partitions"]
REGIONS = {
    region: partition["id"]
    for partition in PARTITIONS
    for region in partition["regions"]
    # Names of services that are one per partition, not of regions.
    if not region.endswith("-global")
}


def table():
    command = [EXAMPLES / "partitions", *REGIONS]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=True)
    return json.loads(done.stdout)


TABLE = table()
OURS = {row["id"]: row for row in TABLE["partitions"]}


def endpoint(service, operation, region):
    """Where botocore would send a call; nothing is sent."""
    client = SESSION.create_client(
        service, region_name=region, aws_access_key_id="none", aws_secret_access_key="none"
    )
    model = client.meta.service_model.operation_model(operation)
    return client._ruleset_resolver.construct_endpoint(model, {}, {})


def host_of(service, operation, region):
    return endpoint(service, operation, region).url.removeprefix("https://")


def test_every_partition_is_in_the_table():
    assert set(OURS) == {partition["id"] for partition in PARTITIONS}


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_is_in_its_partition_and_its_services_have_their_hosts(region):
    ours = TABLE["regions"][region]
    assert ours["partition"] == REGIONS[region]
    assert ours["sqs"] == host_of("sqs", "ListQueues", region)


@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda partition: partition["id"])
def test_suffixes_and_the_place_of_iam(partition):
    ours = OURS[partition["id"]]
    assert ours["dns_suffix"] == partition["outputs"]["dnsSuffix"]
    iam = endpoint("iam", "ListRoles", next(iter(partition["regions"])))
    assert ours["iam_host"] == iam.url.removeprefix("https://")
    assert ours["iam_region"] == iam.properties["authSchemes"][0]["signingRegion"]


@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda partition: partition["id"])
def test_the_console_is_where_the_sign_in_page_is(partition):
    """AWS publishes data of the sign-in hosts alone: `REGION.signin.aws.amazon.com` and so on."""
    region = next(region for region in partition["regions"] if region in REGIONS)
    signin = host_of("signin", "CreateOAuth2Token", region)
    assert TABLE["regions"][region]["console"] == signin.replace(".signin.", ".console.")
