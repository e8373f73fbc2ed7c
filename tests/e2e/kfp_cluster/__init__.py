"""Kubeflow Pipelines' backend, without a cluster: what its driver and its launcher make of a task.

An imitation is as true as its source. The sources are kubeflow/pipelines at the tags of the versions
played; each behaviour names its file and function, with the lines of 2.17.0 where nothing else is said.
Paths are under `backend/src/v2/`. Where KFP refuses something, so does this.
"""

from kfp_cluster.run import Run, Task, TaskFailed
from kfp_cluster.values import Refused
from kfp_cluster.versions import VERSIONS

__all__ = ["VERSIONS", "Refused", "Run", "Task", "TaskFailed"]
