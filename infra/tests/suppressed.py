"""The suppressions, held to account: each finding needs one, each one a finding."""

import fnmatch

import yaml
from translate import INFRA

FIELDS = {"tool", "rule", "where", "reason"}


class Suppressions:
    """Those of one tool, one by one: (rule, where)."""

    def __init__(self, tool):
        entries = yaml.safe_load((INFRA / "suppressions.yaml").read_text())
        assert all(set(one) == FIELDS and all(one.values()) for one in entries)
        self.known = {
            (rule, one["where"])
            for one in entries
            if one["tool"] == tool
            for rule in (one["rule"] if isinstance(one["rule"], list) else [one["rule"]])
        }
        self.used = set()
        self.findings = []

    def take(self, rule, where):
        """Notes a finding."""
        for known in self.known:
            if known[0] == rule and fnmatch.fnmatchcase(where, known[1]):
                self.used.add(known)
                return
        self.findings.append(f"{rule} in {where}")

    def settle(self):
        """Fails on findings without a suppression and on suppressions without a finding."""
        assert not self.findings, "not suppressed:\n" + "\n".join(self.findings)
        assert self.used == self.known, f"no longer found: {sorted(self.known - self.used)}"
