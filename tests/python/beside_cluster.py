"""What each step of a pipeline is given, by `run_local` and by the imitation of KFP that the end-to-end tests use:
`beside_cluster.py FOLDER FILE...`. Prints a line of JSON for each compiled file. Run by test_beside_cluster.py.

No step runs here: each gives outputs that its component's types alone determine.
"""

import copy
import json
import pathlib
import sys

from kfp_cluster import Run, Task
from sagebell._local import graph, run
from sagebell._local.executor_input import make, words
from sagebell._local.result import SUCCEEDED, TaskResult

MADE = {"STRING": "made", "NUMBER_INTEGER": 3, "NUMBER_DOUBLE": 0.5, "BOOLEAN": True, "STRUCT": {"a": 1.0}, "LIST": ["b"]}
ANY = {**MADE, "STRING": "given"}


def outputs(component):
    found = component.get("outputDefinitions", {}).get("parameters", {})
    return {name: MADE[of["parameterType"]] for name, of in found.items()}


def inputs(argument):
    return json.dumps(json.loads(argument)["inputs"]["parameterValues"], sort_keys=True)


def in_a_cluster(file, folder, arguments):
    given = []

    class Step(Task):
        def is_cached(self):
            return False

        def go(self):
            self.seen = copy.deepcopy(self.drive())
            given.append(inputs(self.words()[-1]))
            self.values = outputs(self.component)

    Run(file, folder, {}, task=Step, **arguments).go()
    return sorted(given)


def here(file, folder, arguments):
    given = []

    def step(component, container, values, place, side, show):
        given.append(inputs(words(container, make(component, values, place))[-1]))
        return TaskResult(SUCCEEDED, outputs(component))

    graph.step.run = step
    run.run_local(file, arguments, sagemaker="http://127.0.0.1:9", folder=folder, show=lambda line: None)
    return sorted(given)


def arguments(file):
    spec = run.load(file)
    return {name: ANY[of["parameterType"]] for name, of in spec.parameters().items() if "defaultValue" not in of}


folder = pathlib.Path(sys.argv[1])
for file in sys.argv[2:]:
    asked = arguments(file)
    print(json.dumps([pathlib.Path(file).stem, in_a_cluster(file, folder, asked), here(file, folder, asked)]))
