//! The kinds of job and what a row of their table says.

mod table;

use serde::{Deserialize, Serialize, Serializer};

use crate::id_form::IdForm;
use crate::operations::{Operations, Service};
use crate::phase::Phase;

use table::{KINDS, STATELESS};

/// A type of SageMaker resource that runs to an end or to a steady state.
///
/// Everything Sagebell knows about a kind is its row: [`Kind::spec`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the rows of the table in kind/table.rs describe them")]
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
    /// The CloudWatch log group, where it logs; `{name}` stands for its name, `{id}` for
    /// what its ARN calls it, `{ClusterName}` for that member of its description.
    pub log_group: Option<&'static str>,
    /// How the names of its streams in that group begin; `{name}` stands for its name.
    pub log_stream_prefix: &'static str,
    /// Its page in SageMaker's console, where it has one: the word before its name in the
    /// address. AWS documents none of these.
    pub console_page: Option<&'static str>,
}

/// Every row: `crates/monitor/kinds.json` is this, for what is not written in Rust.
#[must_use]
pub fn table() -> &'static [KindSpec] {
    &KINDS
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

impl Kind {
    /// The row that describes this kind.
    #[must_use]
    pub fn spec(self) -> &'static KindSpec {
        // The table has a row for every kind, in order: `table::tests` holds it.
        KINDS.get(self as usize).unwrap_or(&KINDS[0])
    }

    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|spec| spec.kind)
    }

    /// The word on the wire, `snake_case`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.spec().wire
    }

    /// The kind with this wire word.
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::all().find(|kind| kind.as_str() == word)
    }

    /// The kind that EventBridge's `detail-type` tells of.
    #[must_use]
    pub fn of_detail_type(detail_type: &str) -> Option<Self> {
        Self::all().find(|kind| kind.spec().detail_types.contains(&detail_type))
    }

    /// The kind of an ARN's resource type, in lower case, and id.
    #[must_use]
    pub fn of_resource(resource: &str, id: &str) -> Option<Self> {
        let is_it = |spec: &&KindSpec| {
            [Some(spec.resource), spec.resource_in_events].contains(&Some(resource))
        };
        let fits = |spec: &KindSpec| Some((spec.id.words_in(id)?, spec.kind));
        // A step's id has its execution's words and one more.
        let found = KINDS.iter().filter(is_it).filter_map(fits).max_by_key(|(words, _)| *words);
        found.map(|(_, kind)| kind)
    }

    /// The operation that stops one, where there is one.
    #[must_use]
    pub fn stop(self) -> Option<&'static str> {
        self.spec().operations?.stop
    }

    /// Whether one that came up well runs on, so that it can still be stopped.
    #[must_use]
    pub fn runs_on(self) -> bool {
        self.spec().operations.is_some_and(|operations| operations.runs_on)
    }

    /// The EventBridge `detail-type` of the events that tell of this kind in this status;
    /// mostly one for all of its statuses.
    #[must_use]
    pub fn detail_type(self, status: &str) -> Option<&'static str> {
        let mut types = self.spec().detail_types.iter().copied();
        types.find(|of| self.status_in(of).is_none_or(|told| told == status))
    }

    /// The status that an EventBridge `detail-type` tells, as the API spells it: of
    /// `SageMaker Tracking Server Create Failed` it is `CreateFailed`.
    #[must_use]
    pub fn status_in(self, detail_type: &str) -> Option<String> {
        let words = detail_type.strip_prefix(self.spec().state_after?)?;
        Some(words.replace(' ', ""))
    }

    /// What a status of this kind means.
    #[must_use]
    pub fn phase(self, status: &str, secondary: Option<&str>) -> Phase {
        let spec = self.spec();
        let known = |(word, phase): &(&str, Phase)| same_word(word, status).then_some(*phase);
        let phase = spec.statuses.iter().find_map(known).unwrap_or(Phase::Unknown);
        let ran_out = |word: &&str| secondary.is_some_and(|secondary| same_word(word, secondary));
        if phase == Phase::Stopped && spec.timed_out.iter().any(ran_out) {
            return Phase::TimedOut;
        }
        phase
    }

    /// The status of a kind that has none: it is there as soon as it is made.
    #[must_use]
    pub fn fixed_status(self) -> Option<&'static str> {
        let spec = self.spec();
        spec.fields.status.is_empty().then_some(STATELESS)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Events write `IN_SERVICE` where the API writes `InService`.
fn same_word(known: &str, seen: &str) -> bool {
    let letters = |text| str::bytes(text).filter(|b| *b != b'_').map(|b| b.to_ascii_lowercase());
    letters(known).eq(letters(seen))
}
