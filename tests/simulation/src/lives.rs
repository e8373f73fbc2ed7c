//! The lives of jobs, kind by kind, in the words of the table of kinds.

use fastrand::Rng;
use sagebell_monitor::kind::{Kind, Lifecycle};
use sagebell_monitor::phase::Phase;

use crate::executor::Millis;

const SECOND: Millis = 1_000;
const MINUTE: Millis = 60_000;

/// After so long, the job comes to this status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Counted from the stage before.
    pub after: Millis,
    /// The status.
    pub status: &'static str,
    /// The finer status.
    pub secondary: Option<&'static str>,
}

/// A number between the two, as likely small as large.
pub fn spread(rng: &mut Rng, from: Millis, to: Millis) -> Millis {
    let span = (to as f64 / from as f64).ln();
    ((from as f64) * (span * rng.f64()).exp()) as Millis
}

/// The words of a kind with these phases that a new job may have.
fn words(kind: Kind, fits: impl Fn(Phase) -> bool) -> Vec<&'static str> {
    let later_only = |word: &str| {
        ["Updat", "RollingBack", "Delet", "OutOfService"].iter().any(|part| word.contains(part))
    };
    let statuses = kind.spec().statuses.iter();
    statuses
        .filter(|(word, phase)| fits(*phase) && !later_only(word))
        .map(|(word, _)| *word)
        .collect()
}

fn pick(rng: &mut Rng, words: &[&'static str]) -> Option<&'static str> {
    (!words.is_empty()).then(|| words[rng.usize(..words.len())])
}

fn is_resource(kind: Kind) -> bool {
    kind.spec().lifecycle == Lifecycle::Resource
}

/// From its creation to its end, or to its first steady state.
#[must_use]
pub fn created(rng: &mut Rng, kind: Kind) -> Vec<Stage> {
    if kind.fixed_status().is_some() {
        return vec![Stage { after: 0, status: "Created", secondary: None }];
    }
    let mut life = Vec::new();
    let mut stage = |after, status, secondary| life.push(Stage { after, status, secondary });
    if let Some(status) = pick(rng, &words(kind, |phase| phase == Phase::Pending)) {
        stage(0, status, None);
    }
    for secondary in progress(rng, kind) {
        if let Some(status) = pick(rng, &words(kind, |phase| phase == Phase::Running)) {
            stage(spread(rng, SECOND, 5 * MINUTE), status, secondary);
        }
    }
    // Some outlive every outage.
    let longest = [40, 40, 80][rng.usize(..3)];
    let after = spread(rng, SECOND / 2, longest * MINUTE);
    let (status, secondary) = end(rng, kind);
    stage(after, status, secondary);
    life
}

/// The finer words on the way: one running stage each.
fn progress(rng: &mut Rng, kind: Kind) -> Vec<Option<&'static str>> {
    match kind {
        Kind::Training => ["Downloading", "Training", "Uploading"].map(Some).to_vec(),
        _ if is_resource(kind) && !is_pipeline(kind) => Vec::new(),
        _ => vec![None; rng.usize(..3)],
    }
}

fn end(rng: &mut Rng, kind: Kind) -> (&'static str, Option<&'static str>) {
    let succeeded = words(kind, |phase| phase == Phase::Succeeded);
    let badly = words(kind, |phase| phase == Phase::Failed || phase == Phase::Stopped);
    let timed_out = kind.spec().timed_out.first().copied();
    match rng.u32(..6) {
        0 => (pick(rng, &badly).unwrap_or(succeeded[0]), None),
        1 if timed_out.is_some() => ("Stopped", timed_out),
        _ => (pick(rng, &succeeded).unwrap(), None),
    }
}

/// Whether it is a pipeline's execution or a step of one.
#[must_use]
pub fn is_pipeline(kind: Kind) -> bool {
    matches!(kind, Kind::PipelineExecution | Kind::PipelineStep)
}

/// Whether a settled one can be set going again.
#[must_use]
pub fn is_updatable(kind: Kind) -> bool {
    is_resource(kind)
}

/// From the call that updates it, or sets it going again, to its next steady
/// state.
#[must_use]
pub fn updated(rng: &mut Rng, kind: Kind) -> Vec<Stage> {
    let stage = |after, status| Stage { after, status, secondary: None };
    let after = spread(rng, 2 * SECOND, 20 * MINUTE);
    if is_pipeline(kind) {
        return vec![stage(0, "Executing"), stage(after, "Succeeded")];
    }
    let is_service = kind.spec().statuses.iter().any(|(word, _)| *word == "InService");
    let (begun, good, bad) = match kind {
        Kind::MonitoringSchedule => ("Pending", "Scheduled", "Failed"),
        Kind::MlflowTrackingServer => ("Updating", "Updated", "UpdateFailed"),
        _ if is_service => ("Updating", "InService", "Failed"),
        _ => ("Updating", "Created", "UpdateFailed"),
    };
    let mut life = vec![stage(0, begun), stage(after, good)];
    match rng.u32(..4) {
        0 if is_service => life.insert(1, stage(after, "RollingBack")),
        1 => life[1].status = bad,
        _ => {}
    }
    life
}
