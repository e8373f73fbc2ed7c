"""What the example pipelines share: where components come from, how small their pods are, what is never skipped."""

import os
import pathlib

from kfp import components

# A URL's beginning works as well: set SAGEBELL_COMPONENTS to that of the version you deploy.
HERE = pathlib.Path(__file__).resolve().parents[2] / "components"
SOURCE = os.environ.get("SAGEBELL_COMPONENTS", str(HERE))


def component(name):
    """A component by its folder: `v1/train`, `v2/TrainingJob`, `sagemaker/create-training-job`."""
    place = f"{SOURCE}/{name}/component.yaml"
    if place.startswith("https://"):
        return components.load_component_from_url(place)
    return components.load_component_from_file(place)


def small(*tasks):
    """Little is asked for a pod that waits. There is no limit: KFP's launcher runs in the same container."""
    for task in tasks:
        task.set_cpu_request("10m").set_memory_request("128Mi")


def each_time(task):
    """A step that acts in every run: KFP skips others whose inputs are those of an earlier run."""
    return task.set_caching_options(False)


def write(pipeline, file):
    """Compiles a pipeline to a file beside its source."""
    from kfp import compiler

    compiler.Compiler().compile(pipeline, str(pathlib.Path(file).with_suffix(".yaml")))
