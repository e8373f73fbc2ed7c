//! The kinds of resource that version 2 has components for.

use sagebell_monitor::kind::Kind as JobKind;

use crate::definition::{Definition, Input};
use crate::plan::Watch;

/// One kind of resource.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// The component's word.
    pub(super) name: &'static str,
    /// The operation that creates it.
    pub(super) create: &'static str,
    /// The operation that reads one.
    pub(super) describe: &'static str,
    /// How one that is there is changed, where a component may.
    pub(super) update: Option<Update>,
    /// The member of all three that names it.
    pub(super) key: &'static str,
    /// The first part of its generated names.
    pub(super) prefix: &'static str,
    watched: Watched,
}

/// How a resource is updated to what is requested.
#[derive(Debug, Clone, Copy)]
pub(super) struct Update {
    /// The operation.
    pub(super) operation: &'static str,
    /// The positions in its description of the requested configuration and of the current one.
    pub(super) states: &'static [&'static str],
    /// The member of the request that says what it is to be.
    pub(super) member: &'static str,
}

#[derive(Debug, Clone, Copy)]
enum Watched {
    Job(JobKind),
    Created,
}

const ENDPOINT: Update = Update {
    operation: "UpdateEndpoint",
    states: &["/PendingDeploymentSummary/EndpointConfigName", "/EndpointConfigName"],
    member: "EndpointConfigName",
};

const SCHEDULE: Update = Update {
    operation: "UpdateMonitoringSchedule",
    states: &["/MonitoringScheduleConfig"],
    member: "MonitoringScheduleConfig",
};

const fn row(
    name: &'static str,
    create: &'static str,
    describe: &'static str,
    key: &'static str,
    prefix: &'static str,
) -> Kind {
    Kind { name, create, describe, update: None, key, prefix, watched: Watched::Created }
}

static KINDS: [Kind; 9] = [
    row(
        "DataQualityJobDefinition",
        "CreateDataQualityJobDefinition",
        "DescribeDataQualityJobDefinition",
        "JobDefinitionName",
        "data-quality",
    ),
    Kind {
        update: Some(ENDPOINT),
        watched: Watched::Job(JobKind::Endpoint),
        ..row("Endpoint", "CreateEndpoint", "DescribeEndpoint", "EndpointName", "endpoint")
    },
    row(
        "EndpointConfig",
        "CreateEndpointConfig",
        "DescribeEndpointConfig",
        "EndpointConfigName",
        "endpoint-config",
    ),
    row(
        "ModelBiasJobDefinition",
        "CreateModelBiasJobDefinition",
        "DescribeModelBiasJobDefinition",
        "JobDefinitionName",
        "model-bias",
    ),
    row(
        "ModelExplainabilityJobDefinition",
        "CreateModelExplainabilityJobDefinition",
        "DescribeModelExplainabilityJobDefinition",
        "JobDefinitionName",
        "model-explainability",
    ),
    row(
        "ModelQualityJobDefinition",
        "CreateModelQualityJobDefinition",
        "DescribeModelQualityJobDefinition",
        "JobDefinitionName",
        "model-quality",
    ),
    row("Modelv2", "CreateModel", "DescribeModel", "ModelName", "model"),
    Kind {
        update: Some(SCHEDULE),
        watched: Watched::Job(JobKind::MonitoringSchedule),
        ..row(
            "MonitoringSchedule",
            "CreateMonitoringSchedule",
            "DescribeMonitoringSchedule",
            "MonitoringScheduleName",
            "schedule",
        )
    },
    Kind {
        watched: Watched::Job(JobKind::Training),
        ..row(
            "TrainingJob",
            "CreateTrainingJob",
            "DescribeTrainingJob",
            "TrainingJobName",
            "training",
        )
    },
];

/// The kind that this component creates.
pub(super) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name)
}

/// The inputs that are members of the request.
pub(super) fn fields(definition: &Definition) -> impl Iterator<Item = &Input> {
    let about_the_call = ["region", "endpoint_url", "assume_role"];
    definition.inputs.iter().filter(move |input| !about_the_call.contains(&input.name.as_str()))
}

impl Kind {
    /// How it is known that it is there.
    pub(super) fn watch(&self) -> Watch {
        match &self.watched {
            Watched::Job(kind) => Watch::Job(*kind),
            Watched::Created => Watch::Created,
        }
    }
}
