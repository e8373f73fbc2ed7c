//! The families of resources and the operations on them: the monitor's table of
//! kinds, and their neighbours that the table has no row for.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sagebell_monitor::kind::{Fields, Kind, KindSpec, Lifecycle};
use sagebell_monitor::phase::Phase;

use crate::model::{self, Shape};

/// What an operation does to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Create,
    Describe,
    List,
    Stop,
    Delete,
    Update,
    /// Sets a stopped or settled one going again.
    Restart,
}

/// A type of resource.
#[derive(Debug)]
pub(crate) struct Family {
    /// Its kind; `None` for a neighbour.
    pub(crate) kind: Option<Kind>,
    /// Its word in lives and error messages, `snake_case`.
    pub(crate) word: &'static str,
    /// The resource type in its ARN.
    pub(crate) resource: &'static str,
    /// The operation that makes one.
    pub(crate) create: &'static str,
    /// The operation that reads one.
    pub(crate) describe: &'static str,
    /// The operation that lists many.
    pub(crate) list: &'static str,
    /// The operation that stops one.
    pub(crate) stop: Option<&'static str>,
    /// The request member that names one.
    pub(crate) key: &'static str,
    /// Where its fields are.
    pub(crate) fields: Fields,
}

const NEIGHBOUR: Fields = Fields {
    arn: &[],
    name: &[],
    status: &[],
    secondary: &[],
    counters: &[],
    reason: &[],
    created: &["/CreationTime"],
    modified: &["/LastModifiedTime"],
    ended: &[],
};

/// A definition of monitoring jobs: there once it is made.
const fn job_definition(
    word: &'static str,
    resource: &'static str,
    create: &'static str,
    describe: &'static str,
    list: &'static str,
) -> Family {
    let fields = Fields { arn: &["/JobDefinitionArn"], name: &["/JobDefinitionName"], ..NEIGHBOUR };
    let key = "JobDefinitionName";
    Family { kind: None, word, resource, create, describe, list, stop: None, key, fields }
}

const NEIGHBOURS: [Family; 7] = [
    job_definition(
        "data_quality_job_definition",
        "data-quality-job-definition",
        "CreateDataQualityJobDefinition",
        "DescribeDataQualityJobDefinition",
        "ListDataQualityJobDefinitions",
    ),
    job_definition(
        "model_bias_job_definition",
        "model-bias-job-definition",
        "CreateModelBiasJobDefinition",
        "DescribeModelBiasJobDefinition",
        "ListModelBiasJobDefinitions",
    ),
    job_definition(
        "model_explainability_job_definition",
        "model-explainability-job-definition",
        "CreateModelExplainabilityJobDefinition",
        "DescribeModelExplainabilityJobDefinition",
        "ListModelExplainabilityJobDefinitions",
    ),
    job_definition(
        "model_quality_job_definition",
        "model-quality-job-definition",
        "CreateModelQualityJobDefinition",
        "DescribeModelQualityJobDefinition",
        "ListModelQualityJobDefinitions",
    ),
    Family {
        kind: None,
        word: "pipeline",
        resource: "pipeline",
        create: "CreatePipeline",
        describe: "DescribePipeline",
        list: "ListPipelines",
        stop: None,
        key: "PipelineName",
        fields: Fields { arn: &["/PipelineArn"], name: &["/PipelineName"], ..NEIGHBOUR },
    },
    Family {
        kind: None,
        word: "model_package_group",
        resource: "model-package-group",
        create: "CreateModelPackageGroup",
        describe: "DescribeModelPackageGroup",
        list: "ListModelPackageGroups",
        stop: None,
        key: "ModelPackageGroupName",
        fields: Fields {
            arn: &["/ModelPackageGroupArn"],
            name: &["/ModelPackageGroupName"],
            ..NEIGHBOUR
        },
    },
    Family {
        kind: None,
        word: "workteam",
        // Every team is of the account's own workforce.
        resource: "workteam/private-crowd",
        create: "CreateWorkteam",
        describe: "DescribeWorkteam",
        list: "ListWorkteams",
        stop: None,
        key: "WorkteamName",
        fields: Fields {
            arn: &["/WorkteamArn"],
            name: &["/WorkteamName"],
            created: &["/CreateDate"],
            modified: &["/LastUpdatedDate"],
            ..NEIGHBOUR
        },
    },
];

static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| {
    Kind::all().filter_map(|kind| Family::of(kind.spec())).chain(NEIGHBOURS).collect()
});

static OPERATIONS: LazyLock<BTreeMap<String, (Verb, &'static Family)>> = LazyLock::new(|| {
    let all = FAMILIES.iter();
    all.flat_map(|family| family.operations().map(move |(verb, name)| (name, (verb, family))))
        .filter(|(name, _)| model::operation(name).is_some())
        .collect()
});

/// What the operation of this name does, and to what.
pub(crate) fn operation(name: &str) -> Option<(Verb, &'static Family)> {
    OPERATIONS.get(name).copied()
}

/// The family of a kind.
pub(crate) fn of_kind(kind: Kind) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.kind == Some(kind))
}

/// The family of this word.
pub(crate) fn of_word(word: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.word == word)
}

impl Family {
    /// `None`: SageMaker's API has no operation on the kind.
    fn of(spec: &KindSpec) -> Option<Self> {
        let of = spec.operations?;
        Some(Self {
            kind: Some(spec.kind),
            word: spec.wire,
            resource: spec.resource,
            create: of.create,
            describe: of.describe,
            list: of.list,
            stop: of.stop,
            key: of.key,
            fields: spec.fields,
        })
    }

    /// Its name in the names of operations, e.g. `TrainingJob`.
    fn noun(&self) -> &'static str {
        let stripped = ["Create", "Start"].iter().find_map(|verb| self.create.strip_prefix(verb));
        stripped.unwrap_or(self.create)
    }

    fn operations(&self) -> impl Iterator<Item = (Verb, String)> {
        let noun = self.noun();
        // A step has no operation of its own but its list.
        let own = (self.describe != self.list)
            .then(|| {
                [
                    (Verb::Delete, format!("Delete{noun}")),
                    (Verb::Update, format!("Update{noun}")),
                    (Verb::Restart, format!("Start{noun}")),
                    (Verb::Restart, format!("Retry{noun}")),
                    (Verb::Describe, self.describe.to_owned()),
                    // After `Restart`: what is made by a Start is not restarted by it.
                    (Verb::Create, self.create.to_owned()),
                ]
            })
            .into_iter()
            .flatten();
        let stop = self.stop.map(|name| (Verb::Stop, name.to_owned()));
        own.chain(stop).chain([(Verb::List, self.list.to_owned())])
    }

    /// All that its Describe answers.
    pub(crate) fn shape(&self) -> Option<&'static Shape> {
        let operation = model::operation(self.describe)?;
        Some(operation.list.as_ref().map_or(&operation.output, |list| &list.item))
    }

    /// The first of these pointers that is a member of the Describe answer.
    pub(crate) fn member(&self, pointers: &[&'static str]) -> Option<&'static str> {
        let members = &self.shape()?.members;
        let names = pointers.iter().map(|pointer| pointer.trim_start_matches('/'));
        names.into_iter().find(|name| members.contains(*name))
    }

    fn words(&self, pointers: &[&'static str]) -> &'static [String] {
        let words = || self.shape()?.enums.get(self.member(pointers)?);
        words().map_or(&[], Vec::as_slice)
    }

    /// Every status that the API knows.
    pub(crate) fn statuses(&self) -> &'static [String] {
        self.words(self.fields.status)
    }

    /// A status in the API's spelling; one it does not know stays as it is.
    pub(crate) fn status_word(&self, status: &str) -> String {
        spelled(self.statuses(), status).unwrap_or(status).to_owned()
    }

    /// A secondary status in the API's spelling, if it knows it.
    pub(crate) fn secondary_word(&self, word: &str) -> Option<String> {
        spelled(self.words(self.fields.secondary), word).map(ToOwned::to_owned)
    }

    /// What a status means.
    pub(crate) fn phase(&self, status: &str) -> Phase {
        self.kind.map_or(Phase::Succeeded, |kind| kind.phase(status, None))
    }

    /// Whether it runs once and ends.
    pub(crate) fn is_one_shot(&self) -> bool {
        self.kind.is_some_and(|kind| kind.spec().lifecycle == Lifecycle::OneShot)
    }

    /// Its words for people, e.g. `training job`.
    pub(crate) fn noun_for_people(&self) -> String {
        self.kind.map_or(self.word, |kind| kind.spec().noun).replace('_', " ")
    }
}

fn spelled<'a>(words: &'a [String], word: &str) -> Option<&'a str> {
    words.iter().map(String::as_str).find(|known| same_word(known, word))
}

/// `IN_SERVICE` is `InService`.
fn same_word(one: &str, other: &str) -> bool {
    let letters = |text: &str| text.replace('_', "").to_ascii_lowercase();
    letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_operations() {
        for of in Kind::all().filter_map(|kind| kind.spec().operations) {
            let mut names = vec![of.create, of.describe, of.list];
            names.extend(of.stop);
            for name in names {
                assert!(operation(name).is_some(), "{name}");
            }
        }
    }

    #[test]
    fn operations_are_of_the_verb_they_say() {
        let verb = |name| operation(name).map(|(verb, family)| (verb, family.word));
        assert_eq!(verb("CreateTrainingJob"), Some((Verb::Create, "training")));
        assert_eq!(verb("StartPipelineExecution"), Some((Verb::Create, "pipeline_execution")));
        assert_eq!(verb("RetryPipelineExecution"), Some((Verb::Restart, "pipeline_execution")));
        assert_eq!(verb("StartNotebookInstance"), Some((Verb::Restart, "notebook_instance")));
        assert_eq!(verb("StartHumanLoop"), Some((Verb::Create, "human_loop")));
        assert_eq!(verb("UpdateEndpoint"), Some((Verb::Update, "endpoint")));
        assert_eq!(verb("ListPipelineExecutionSteps"), Some((Verb::List, "pipeline_step")));
        assert_eq!(verb("StartMonitoringSchedule"), Some((Verb::Restart, "monitoring_schedule")));
        assert_eq!(verb("DeleteWorkteam"), Some((Verb::Delete, "workteam")));
        assert_eq!(verb("UpdateTrainingJob"), None);
    }

    #[test]
    fn statuses_are_spelled_as_the_api_does() {
        let compilation = of_kind(Kind::Compilation).unwrap();
        assert_eq!(compilation.status_word("InProgress"), "INPROGRESS");
        assert_eq!(of_kind(Kind::Endpoint).unwrap().status_word("IN_SERVICE"), "InService");
        assert_eq!(of_kind(Kind::Endpoint).unwrap().status_word("Melting"), "Melting");
    }
}
