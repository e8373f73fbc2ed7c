//! Reads an [`Observation`] from an EventBridge event, a Describe answer, or a summary in a List
//! answer.
//!
//! It is tolerant by design. SageMaker's events differ by kind and by sender, and AWS adds
//! fields, statuses and detail-types. Unknown input is counted and kept as unknown. Only input
//! that cannot be attributed to a job is refused, and the error names the field.

use jiff::Timestamp;
use serde::Deserialize as _;
use serde_json::Value;

use crate::arn::{ArnError, JobArn};
use crate::bounds::{MAX_WORD, clip};
use crate::facts::Facts;
use crate::job_list::JobList;
use crate::kind::{Kind, Telling};
use crate::observation::{Observation, Source};

/// The source of SageMaker's own events.
pub const SOURCE: &str = "aws.sagemaker";
/// The source of the sweep's own events, whose detail is an [`Observation`]:
/// half of the kinds have no event of SageMaker's to borrow the form from.
pub const SWEEP_SOURCE: &str = "sagebell.sweep";
/// The detail-type of the sweep's own events. Version 0.1.0 wrote another one; the
/// source is what counts.
pub const OBSERVATION: &str = "Job Observation";

/// An event that is about no job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ignored {
    /// Not of SageMaker's or the sweep's.
    OtherSource,
    /// A detail-type that the table of kinds does not list (node health, model
    /// cards, workforce events, whatever AWS adds).
    OtherDetailType,
    /// A job of an account or region that this monitor is not for.
    OutOfScope,
    /// Of a kind whose events are documented nowhere, and it does not say of what job or,
    /// where nothing else can tell, in what state it is.
    Unattributed,
}

impl Ignored {
    /// A label for counters and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtherSource => "other_source",
            Self::OtherDetailType => "other_detail_type",
            Self::OutOfScope => "out_of_scope",
            Self::Unattributed => "unattributed",
        }
    }
}

/// What an event turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parsed {
    /// An observation of a job.
    Job(Box<Observation>),
    /// Something about the job changed, and the event does not say to which state.
    NoState {
        /// The job.
        arn: JobArn,
        /// When it changed: not later than now.
        at: Timestamp,
    },
    /// Nothing to do with a job.
    Ignored(Ignored),
}

/// An event that should be about a job but can't be attributed to one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event refused: {field}: {problem}")]
pub struct Refused {
    /// The field that is missing or wrong.
    pub field: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

fn refused(field: &'static str, problem: impl Into<String>) -> Refused {
    Refused { field, problem: problem.into() }
}

/// Reads one EventBridge event. `now` stands in for a time that is missing.
///
/// # Errors
/// [`Refused`] names the field that is missing or wrong, so that the event cannot be attributed.
pub fn parse(event: &Value, now: Timestamp) -> Result<Parsed, Refused> {
    if !event.is_object() {
        return Err(refused("event", "not a JSON object in EventBridge's form"));
    }
    let word = |field| match event.get(field).and_then(Value::as_str) {
        Some(word) => Ok(word),
        None => Err(refused(field, "missing or not a string")),
    };
    match word("source")? {
        SOURCE => {}
        SWEEP_SOURCE => return carried(event, now),
        _ => return Ok(Parsed::Ignored(Ignored::OtherSource)),
    }
    let detail_type = word("detail-type")?;
    let Some(kind) = Kind::of_detail_type(detail_type) else {
        return Ok(Parsed::Ignored(Ignored::OtherDetailType));
    };
    let detail = event.get("detail").filter(|detail| detail.is_object());
    let detail = detail.ok_or_else(|| refused("detail", "missing or not an object"))?;
    let seen_at = event.get("time").and_then(crate::time::parse_time).unwrap_or(now);
    let arn = arn_of(kind, detail, event.get("resources"));
    let stated = kind.status_in(detail_type);
    let status = stated.as_deref().or_else(|| text(detail, kind.spec().fields.status));
    let (arn, status) = match (kind.spec().telling, arn, status) {
        (_, Ok(arn), Some(status)) => (arn, status),
        (Telling::State, arn, _) => return Err(arn.err().unwrap_or_else(|| no_status(kind))),
        (Telling::Change, Ok(arn), None) if kind.spec().operations.is_some() => {
            return Ok(Parsed::NoState { arn, at: seen_at.min(now) });
        }
        (Telling::Change, ..) => return Ok(Parsed::Ignored(Ignored::Unattributed)),
    };
    let seen = observation(arn, detail, status, (seen_at, Source::Event));
    Ok(Parsed::Job(Box::new(seen.bounded(now))))
}

/// Reads what [`OBSERVATION`] carries.
fn carried(event: &Value, now: Timestamp) -> Result<Parsed, Refused> {
    let detail = event.get("detail").ok_or_else(|| refused("detail", "missing"))?;
    let seen = Observation::deserialize(detail);
    let seen = seen.map_err(|error| refused("detail", format!("not an observation: {error}")))?;
    Ok(Parsed::Job(Box::new(seen.bounded(now))))
}

/// Reads the answer of a kind's Describe call on `arn`.
///
/// # Errors
/// [`Refused`] if the answer has no status.
pub fn from_describe(arn: JobArn, answer: &Value, now: Timestamp) -> Result<Observation, Refused> {
    let kind = arn.kind();
    let status = kind.fixed_status().or_else(|| text(answer, kind.spec().fields.status));
    let status = status.ok_or_else(|| no_status(kind))?;
    Ok(observation(arn, answer, status, (now, Source::Describe)).bounded(now))
}

/// Reads a summary in the answer of a kind's List call. `now` is when it was given.
///
/// # Errors
/// [`Refused`] if the summary has no status, or neither the ARN nor the name of such a job.
pub fn from_summary(
    list: &JobList,
    summary: &Value,
    now: Timestamp,
) -> Result<Observation, Refused> {
    let arn = arn_of(list.kind, summary, None);
    // Those of inference experiments have no ARN.
    let named = || list.job(text(summary, list.kind.spec().fields.name)?);
    let arn = arn.or_else(|refused| named().ok_or(refused))?;
    let seen = from_describe(arn, summary, now)?;
    Ok(Observation { source: Source::List, ..seen })
}

fn observation(
    arn: JobArn,
    detail: &Value,
    status: &str,
    (seen_at, source): (Timestamp, Source),
) -> Observation {
    let kind = arn.kind();
    let fields = &kind.spec().fields;
    let secondary = secondary_status(kind, detail);
    let phase = kind.phase(status, secondary.as_deref());
    let time = |pointers| times(detail, pointers).next();
    let owned = |pointers| text(detail, pointers).map(str::to_owned);
    Observation {
        name: owned(fields.name),
        phase,
        status: status.to_owned(),
        secondary_status: secondary,
        failure_reason: owned(fields.reason),
        created_at: time(fields.created),
        modified_at: times(detail, fields.modified).max().unwrap_or(seen_at),
        ended_at: time(fields.ended),
        seen_at,
        source,
        facts: Facts::read(detail),
        arn,
    }
}

/// The secondary status in the detail of an event or in a Describe answer: SageMaker's own word, or
/// else how many parts of the job are in which state, for example `Completed 3, InProgress 2`.
#[must_use]
pub fn secondary_status(kind: Kind, detail: &Value) -> Option<String> {
    let fields = &kind.spec().fields;
    let word = text(detail, fields.secondary).map(str::to_owned);
    word.or_else(|| counts(detail, fields.counters)).map(|word| clip(&word, MAX_WORD))
}

fn counts(detail: &Value, pointers: &[&str]) -> Option<String> {
    let counters = pointers.iter().find_map(|pointer| detail.pointer(pointer)?.as_object())?;
    let counted = counters.iter().filter_map(|(state, count)| Some((state, count.as_u64()?)));
    let mut stated: Vec<_> = counted
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| format!("{state} {count}"))
        .collect();
    stated.sort();
    (!stated.is_empty()).then(|| stated.join(", "))
}

fn no_status(kind: Kind) -> Refused {
    let pointer = kind.spec().fields.status.first();
    let field = pointer.map_or("status", |pointer| pointer.trim_start_matches('/'));
    refused(field, "missing, empty or not a string")
}

/// The job's ARN: from the detail, else from the envelope's resources.
fn arn_of(kind: Kind, detail: &Value, resources: Option<&Value>) -> Result<JobArn, Refused> {
    let in_detail = text(detail, kind.spec().fields.arn);
    let resources = resources.and_then(Value::as_array).into_iter().flatten();
    let in_resources = resources.filter_map(Value::as_str);
    let mut problem = String::from("no ARN in it, and none in resources");
    for candidate in in_detail.into_iter().chain(in_resources) {
        match job_arn(kind, candidate, detail) {
            Ok(arn) if arn.kind() == kind => return Ok(arn),
            Ok(arn) => problem = format!("`{candidate}` is a {}, not a {kind}", arn.kind()),
            Err(error) => problem = error.to_string(),
        }
    }
    let field = kind.spec().fields.arn.first().map_or("resources", |p| p.trim_start_matches('/'));
    Err(refused(field, problem))
}

/// A pipeline step has no ARN of its own: its execution's and its name make one.
fn job_arn(kind: Kind, candidate: &str, detail: &Value) -> Result<JobArn, ArnError> {
    let arn = JobArn::parse(candidate)?;
    if kind != Kind::PipelineStep || arn.kind() == Kind::PipelineStep {
        return Ok(arn);
    }
    let no_name = ArnError::Malformed { what: "the event has no stepName" };
    arn.step(text(detail, kind.spec().fields.name).ok_or(no_name)?)
}

/// The first of these fields that holds a text worth the name.
fn text<'a>(detail: &'a Value, pointers: &[&str]) -> Option<&'a str> {
    let found = pointers.iter().filter_map(|pointer| detail.pointer(pointer)?.as_str());
    found.map(str::trim).find(|text| !text.is_empty())
}

fn times<'a>(detail: &'a Value, pointers: &'a [&str]) -> impl Iterator<Item = Timestamp> + 'a {
    pointers.iter().filter_map(|pointer| crate::time::parse_time(detail.pointer(pointer)?))
}
