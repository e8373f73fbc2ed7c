# Generated from crates/step/table: `cargo xtask generate`.
"""What the package repeats of Sagebell's code."""

# The version of the package, and of its image.
__version__ = "0.1.0"
# The image of every step.
IMAGE = "ghcr.io/sagebell/sagebell-step:0.1.0"
# The CPU that a waiting step asks for.
CPU_REQUEST = "10m"
# The memory that KFP's launcher needs in its pod.
MEMORY_REQUEST = "128Mi"
# Components that act in every run: KFP must not skip them.
ACT_EACH_TIME = frozenset(
    {
        "v2/Endpoint",
        "v2/MonitoringSchedule",
        "sagemaker/create-endpoint",
        "v1/deploy",
        "sagemaker/start-pipeline-execution",
        "sagemaker/sagemaker-wait",
    }
)
