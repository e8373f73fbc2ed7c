//! The fields of a row in the table of kinds.

use serde::{Deserialize, Serialize, Serializer};

use crate::id_form::IdForm;
use crate::operations::{Operations, Service};
use crate::phase::Phase;

/// Declares the kinds and counts them, so that a kind without a row does not compile.
macro_rules! kinds {
    ($(#[$attribute:meta])* pub enum $name:ident { $($kind:ident,)+ }) => {
        $(#[$attribute])*
        pub enum $name { $($kind,)+ }

        impl $name {
            pub(super) const COUNT: usize = [$(Self::$kind,)+].len();
        }
    };
}

kinds! {
    /// A type of SageMaker resource that runs to an end or to a steady state.
    ///
    /// Everything that Sagebell knows about a kind is in its row: [`Kind::spec`].
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[expect(missing_docs, reason = "the rows of the table in table.rs describe them")]
    pub enum Kind {
        Training,
        Tuning,
        Processing,
        Transform,
        Labeling,
        PipelineExecution,
        PipelineStep,
        HumanLoop,
        Endpoint,
        EndpointConfig,
        Model,
        ModelPackage,
        FeatureGroup,
        NotebookInstance,
        Cluster,
        Image,
        ImageVersion,
        AutoMl,
        Compilation,
        EdgePackaging,
        InferenceComponent,
        InferenceExperiment,
        InferenceRecommendations,
        Optimization,
        Job,
        AiBenchmark,
        AiRecommendation,
        MonitoringSchedule,
        Algorithm,
        ModelCardExport,
        Evaluation,
        MlflowTrackingServer,
    }
}

/// How a kind's states follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Lifecycle {
    /// Runs once: the first settled phase is the last.
    OneShot,
    /// Lives on and can be updated: the latest modification counts.
    Resource,
}

/// What the events of a kind contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    /// The state. An event without a state is refused.
    State,
    /// That something changed, and the state if the event has one. AWS sends some without a state
    /// (for a model's deletion as for its creation), or does not document their form. So the
    /// monitor checks the job, and ignores an event that does not even name one.
    Change,
}

/// A policy of `infra/iam/pipeline-pod.yaml`: what a step may do with the kinds in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PodPolicy {
    /// Jobs that most pipelines create.
    Jobs,
    /// Jobs of newer kinds: a role's own documents have no room for them.
    NewerJobs,
    /// Models and endpoints, which the deployment may forbid.
    Hosting,
    /// What few pipelines create. The deployment must allow it.
    OtherKinds,
}

/// Where a kind's events and Describe answers keep what Sagebell reads: JSON
/// pointers into the event's `detail` or the answer, tried in order.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Fields {
    /// The ARN.
    pub arn: &'static [&'static str],
    /// The name people use.
    pub name: &'static [&'static str],
    /// The status.
    pub status: &'static [&'static str],
    /// The secondary status.
    pub secondary: &'static [&'static str],
    /// How many of its parts are in which state: an object of counts, for kinds without a secondary
    /// status.
    pub counters: &'static [&'static str],
    /// Why it failed.
    pub reason: &'static [&'static str],
    /// When it was created.
    pub created: &'static [&'static str],
    /// When it last changed: the latest of these.
    pub modified: &'static [&'static str],
    /// When it ended.
    pub ended: &'static [&'static str],
}

/// One row of the table.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct KindSpec {
    /// The kind this row describes.
    #[serde(skip)]
    pub kind: Kind,
    /// Its word on the wire.
    #[serde(rename = "kind")]
    pub wire: &'static str,
    /// Its word in the `type` of a callback.
    pub noun: &'static str,
    /// The resource type in its ARN.
    pub resource: &'static str,
    /// Another word for that, in lower case, which its events use.
    pub resource_in_events: Option<&'static str>,
    /// The part of the ARN after the resource type.
    pub id: IdForm,
    /// That part in the patterns for all its ARNs, in IAM policies.
    pub policy_pattern: &'static str,
    /// How its states follow each other.
    pub lifecycle: Lifecycle,
    /// The EventBridge detail-types of its events. Empty: it has no events.
    pub detail_types: &'static [&'static str],
    /// What these events contain.
    pub telling: Telling,
    /// The beginning of detail-types that end with the status, in words.
    pub state_after: Option<&'static str>,
    /// The positions of its fields.
    pub fields: Fields,
    /// Its statuses and what they mean, compared without case and underscores.
    #[serde(serialize_with = "as_object")]
    pub statuses: &'static [(&'static str, Phase)],
    /// Secondary statuses that turn `Stopped` into `TimedOut`.
    pub timed_out: &'static [&'static str],
    /// The operations on it. `None`: there are none, only events.
    pub operations: Option<Operations>,
    /// Whether it can have tags (SageMaker API reference, `AddTags`).
    pub has_tags: bool,
    /// The policy that allows steps to create, read and stop it. `None`: no generated policy does.
    pub pod_policy: Option<PodPolicy>,
    /// The CloudWatch log group, if it writes logs. `{name}` stands for its name, `{id}` for its id
    /// in the ARN, and `{ClusterName}` for that member of its description.
    pub log_group: Option<&'static str>,
    /// The beginning of the names of its log streams. `{name}` stands for its name.
    pub log_stream_prefix: &'static str,
    /// Its page in SageMaker's console, if it has one: the word before its name in the URL. AWS
    /// documents none of these.
    pub console_page: Option<&'static str>,
}

/// Pairs of a word and its phase as the members of one object, in their order.
fn as_object<S: Serializer>(pairs: &[(&str, Phase)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().copied())
}

impl KindSpec {
    /// Whether each change of its state sends an event.
    #[must_use]
    pub fn has_telling_events(&self) -> bool {
        self.telling == Telling::State && !self.detail_types.is_empty()
    }

    /// The operations on it that SageMaker's own API has.
    #[must_use]
    pub fn sagemaker_operations(&self) -> Option<Operations> {
        self.operations.filter(|operations| operations.service == Service::SageMaker)
    }
}
