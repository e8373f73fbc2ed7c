"""The template for emulators differs from the real one only where it says so."""

from emulated import emulated, is_unknown
from translate import TEMPLATE, load


def test_permissions_are_the_same():
    real = load(TEMPLATE)["Resources"]
    changed = emulated(load(TEMPLATE))["Resources"]
    gone = {name: real[name] for name in real.keys() - changed.keys()}
    for policy in ("TlsOnlyPolicy", "CallbacksTlsOnlyPolicy"):
        assert gone.pop(policy)["Type"] == "AWS::SQS::QueuePolicy"
    assert all(is_unknown(resource) for resource in gone.values())
    for name, resource in changed.items():
        if resource["Type"].startswith("AWS::IAM::"):
            assert resource == real[name], name
