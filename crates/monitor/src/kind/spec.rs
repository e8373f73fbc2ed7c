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
    /// Everything Sagebell knows about a kind is its row: [`Kind::spec`].
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

/// What the events of a kind tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Telling {
    /// Its state: an event without one is refused.
    State,
    /// That something changed, and its state if they have one. AWS sends them without a
    /// state (on a model's deletion as on its creation), or documents no form of them: so
    /// the monitor looks, and one that says not even of what is ignored.
    Change,
}

/// A policy of `infra/iam/pipeline-pod.yaml`: what a step may do with the kinds in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PodPolicy {
    /// Jobs that most pipelines make.
    Jobs,
    /// Jobs of newer kinds: a role's own documents have no room for them.
    NewerJobs,
    /// Models and endpoints, which the deployment may forbid.
    Hosting,
    /// What few pipelines make, which the deployment must allow.
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
    /// The finer status.
    pub secondary: &'static [&'static str],
    /// How many of its parts are in which state: an object of counts, for kinds that
    /// have no finer status.
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
    /// Its word in a callback's `type`.
    pub noun: &'static str,
    /// The resource type in its ARN.
    pub resource: &'static str,
    /// Another word for that, in lower case, which its events use.
    pub resource_in_events: Option<&'static str>,
    /// What stands after the resource type.
    pub id: IdForm,
    /// What stands there in the pattern, in IAM policies, of the ARNs of all of them.
    pub policy_pattern: &'static str,
    /// How its states follow each other.
    pub lifecycle: Lifecycle,
    /// The EventBridge detail-types that tell of it; empty: no event does.
    pub detail_types: &'static [&'static str],
    /// What those tell.
    pub telling: Telling,
    /// How those begin whose end tells the status, in words.
    pub state_after: Option<&'static str>,
    /// Where its fields are.
    pub fields: Fields,
    /// Its statuses and what they mean, compared without case and underscores.
    #[serde(serialize_with = "as_object")]
    pub statuses: &'static [(&'static str, Phase)],
    /// Secondary statuses that turn `Stopped` into `TimedOut`.
    pub timed_out: &'static [&'static str],
    /// The operations on it; `None`: there are none, only events tell of it.
    pub operations: Option<Operations>,
    /// Whether it can have tags (SageMaker API reference, `AddTags`).
    pub has_tags: bool,
    /// The policy that lets steps make, read and stop one; `None`: no policy that is
    /// generated does.
    pub pod_policy: Option<PodPolicy>,
    /// The CloudWatch log group, where it logs; `{name}` stands for its name, `{id}` for
    /// what its ARN calls it, `{ClusterName}` for that member of its description.
    pub log_group: Option<&'static str>,
    /// How the names of its streams in that group begin; `{name}` stands for its name.
    pub log_stream_prefix: &'static str,
    /// Its page in SageMaker's console, where it has one: the word before its name in the
    /// address. AWS documents none of these.
    pub console_page: Option<&'static str>,
}

/// Pairs of a word and its phase as the members of one object, in their order.
fn as_object<S: Serializer>(pairs: &[(&str, Phase)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().copied())
}

impl KindSpec {
    /// Whether events can be counted on to tell of each change, as far as they come.
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
