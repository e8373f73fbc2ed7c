"""What differs between the versions of KFP's backend that are played."""

from typing import NamedTuple


class Version(NamedTuple):
    name: str
    # The driver fills in inputs in a task's command and arguments (driver/driver.go:309 and 315), and
    # refuses a task of which one is missing (driver/util.go:176). Before, only the launcher did it.
    driver_fills_arguments: bool
    # It knows the inputs' defaults there (kubeflow/pipelines #14175).
    driver_knows_defaults: bool
    # A task with a retry policy has KFP_RETRY_INDEX (compiler/argocompiler/container.go:587), and each try
    # a log of its own (component/launcher_v2.go:538).
    numbers_retries: bool
    # The log of a task that failed is kept (component/launcher_v2.go:448 and 788): before, nothing was.
    keeps_log_of_failure: bool


VERSIONS = {
    version.name: version
    for version in (
        Version("2.15.0", False, False, False, False),
        Version("2.16.1", False, False, True, True),
        Version("2.17.0", True, False, True, True),
        Version("2.17.1", True, True, True, True),
    )
}
NEWEST = list(VERSIONS.values())[-1]
