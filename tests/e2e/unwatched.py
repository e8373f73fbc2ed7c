"""What SageMaker makes or starts, describes with a status, and Sagebell has no kind for: why not.

`test_unwatched.py` compares the list with botocore's model of SageMaker.
"""

ADMINISTRATORS = (
    "It is set up once by who runs the platform, by hand or with CloudFormation, which waits for it. No step of a "
    "pipeline does."
)
PERSONS = "It is what one person works in, and comes and goes with that person, not with a pipeline."
AT_ONCE = "It is there once it is made: its status tells of a deletion, or of what people decide, and nothing on the way."
OLDER = "The newer operation does the same, and describes what this one made: "

UNWATCHED = {
    "CreateAction": "A note in the lineage of others: who writes it also writes its status, and nothing runs.",
    "CreateApp": PERSONS,
    "CreateAutoMLJob": OLDER + "CreateAutoMLJobV2 and DescribeAutoMLJobV2.",
    "CreateClusterSchedulerConfig": ADMINISTRATORS,
    "CreateComputeQuota": ADMINISTRATORS,
    "CreateDomain": ADMINISTRATORS,
    "CreateFlowDefinition": ADMINISTRATORS,
    "CreateHub": ADMINISTRATORS,
    "CreateHumanTaskUi": AT_ONCE,
    "CreateMlflowApp": ADMINISTRATORS,
    "CreateModelCard": AT_ONCE,
    "CreateModelPackageGroup": AT_ONCE,
    "CreatePartnerApp": ADMINISTRATORS,
    "CreatePipeline": AT_ONCE,
    "CreateProject": ADMINISTRATORS,
    "CreateSpace": PERSONS,
    "CreateTrainingPlan": "It is bought, for a time that may be weeks ahead: a reservation, and nothing to hold a pod for.",
    "CreateTrialComponent": "A note in the lineage of others: who writes it also writes its status, and nothing runs.",
    "CreateUserProfile": PERSONS,
    "StartClusterHealthCheck": "It tells nothing of itself: what it finds is in the status of the cluster's nodes.",
    "StartEdgeDeploymentStage": (
        "A stage is over when devices anywhere report, and Edge Manager, whose devices those are, was ended in April "
        "2024 (\"Edge Manager end of life\", SageMaker guide)."
    ),
    "StartSession": "A terminal for one person.",
}
