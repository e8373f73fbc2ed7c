"""What the example pipelines share: where components come from, and how small their pods are."""

import os
import pathlib

from kfp import components, kubernetes

# A URL's beginning works as well: set SAGEBELL_COMPONENTS to that of the version you deploy.
HERE = pathlib.Path(__file__).resolve().parents[2] / "components"
SOURCE = os.environ.get("SAGEBELL_COMPONENTS", str(HERE))


def component(name):
    """A component by its folder: `v1/train`, `v2/TrainingJob`, `sagemaker/create-training-job`."""
    place = f"{SOURCE}/{name}/component.yaml"
    if place.startswith("https://"):
        return components.load_component_from_url(place)
    return components.load_component_from_file(place)


def small(task):
    """A step only waits: give its pod little, and tell it its address."""
    task.set_cpu_request("10m").set_memory_request("32Mi").set_memory_limit("64Mi")
    return kubernetes.use_field_path_as_env(task, "POD_IP", "status.podIP")


def write(pipeline, file):
    """Compiles a pipeline to a file beside its source."""
    from kfp import compiler

    compiler.Compiler().compile(pipeline, str(pathlib.Path(file).with_suffix(".yaml")))
