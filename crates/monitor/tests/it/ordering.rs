//! Promise 2, the ordering half: whatever order a job's observations come in,
//! however often, and whichever are lost, the state they leave is the same and
//! never moves backwards.

use jiff::Timestamp;
use proptest::prelude::*;
use proptest::sample::Index;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::facts::Facts;
use sagebell_monitor::job::{Change, JobRecord};
use sagebell_monitor::kind::Kind;
use sagebell_monitor::observation::{Observation, Source};
use sagebell_monitor::phase::Phase;
use sagebell_monitor::policy::Policy;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + second).unwrap()
}

fn arn(kind: Kind) -> JobArn {
    let rest = match kind {
        Kind::PipelineExecution => "pipeline/p/execution/x".to_owned(),
        _ => format!("{}/x", kind.spec().resource),
    };
    JobArn::parse(&format!("arn:aws:sagemaker:us-east-1:111122223333:{rest}")).unwrap()
}

fn observation(kind: Kind, created: i64, modified: i64, status: &str) -> Observation {
    Observation {
        arn: arn(kind),
        name: Some("x".to_owned()),
        phase: kind.phase(status, None),
        status: status.to_owned(),
        secondary_status: None,
        failure_reason: (status == "Failed").then(|| "AlgorithmError".to_owned()),
        created_at: Some(at(created)),
        modified_at: at(modified),
        ended_at: None,
        seen_at: at(modified),
        source: Source::Event,
        facts: Facts::default(),
    }
}

fn record_of(observations: &[Observation]) -> JobRecord {
    let first = observations.first().unwrap();
    let mut record = JobRecord::unseen(&first.arn, at(0), at(1_000_000));
    for seen in observations {
        let before = record.job.clone();
        record.observe(seen, at(0));
        assert_not_backwards(&before, &record.job);
    }
    record
}

fn assert_not_backwards(before: &sagebell_monitor::job::Job, after: &sagebell_monitor::job::Job) {
    assert!(after.created_at >= before.created_at, "an older generation came back");
    if after.created_at != before.created_at {
        return;
    }
    let one_shot = before.kind.spec().lifecycle == sagebell_monitor::kind::Lifecycle::OneShot;
    if one_shot && before.phase.is_settled() {
        assert_eq!(after.phase, before.phase, "a settled one-shot job changed");
    }
    if !(one_shot && after.phase.is_settled()) {
        assert!(after.modified_at >= before.modified_at, "an older state came back");
    }
}

/// The life of a one-shot job: some time in each state, then one end.
fn one_shot_life(created: i64) -> impl Strategy<Value = Vec<Observation>> {
    let ends = prop::sample::select(vec!["Completed", "Failed", "Stopped"]);
    (prop::collection::vec(1_i64..500, 1..6), ends).prop_map(move |(pauses, end)| {
        let mut modified = created;
        let mut life: Vec<_> = pauses
            .iter()
            .map(|pause| {
                modified += pause;
                observation(Kind::Training, created, modified, "InProgress")
            })
            .collect();
        if end == "Stopped" {
            modified += 1;
            life.push(observation(Kind::Training, created, modified, "Stopping"));
        }
        life.push(observation(Kind::Training, created, modified + 1, end));
        life
    })
}

/// An endpoint made, then updated some times, each update ending well, rolled
/// back, or badly.
fn endpoint_life() -> impl Strategy<Value = Vec<Observation>> {
    let update = prop::sample::select(vec![
        vec!["Updating", "InService"],
        vec!["Updating", "RollingBack", "InService"],
        vec!["Updating", "RollingBack", "UpdateRollbackFailed"],
        vec!["SystemUpdating", "InService"],
        vec!["Updating", "OutOfService"],
    ]);
    prop::collection::vec(update, 0..4).prop_map(|updates| {
        let words = ["Creating", "InService"].into_iter().chain(updates.into_iter().flatten());
        (0..)
            .zip(words)
            .map(|(step, word)| observation(Kind::Endpoint, 0, 60 * step, word))
            .collect()
    })
}

/// `life` as the network may deliver it: any order, some twice, some lost, but
/// for the one at `kept`.
fn delivered(
    life: &[Observation],
    kept: usize,
    lost: &[bool],
    twice: &[Index],
    seed: &[Index],
) -> Vec<Observation> {
    let survives = |place: &usize| *place == kept || !lost.get(*place).copied().unwrap_or(false);
    let mut places: Vec<usize> = (0..life.len()).filter(survives).collect();
    let again: Vec<usize> = twice.iter().map(|index| *index.get(&places)).collect();
    places.extend(again);
    for (place, index) in seed.iter().enumerate() {
        let count = places.len();
        places.swap(place % count, index.index(count));
    }
    places.into_iter().filter_map(|place| life.get(place).cloned()).collect()
}

fn chaos() -> impl Strategy<Value = (Vec<bool>, Vec<Index>, Vec<Index>)> {
    (
        prop::collection::vec(any::<bool>(), 24),
        prop::collection::vec(any::<Index>(), 0..6),
        prop::collection::vec(any::<Index>(), 0..30),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_one_shot_job_ends_as_it_ended(life in one_shot_life(0), (lost, twice, seed) in chaos()) {
        let end = life.last().unwrap();
        let record = record_of(&delivered(&life, life.len() - 1, &lost, &twice, &seed));
        prop_assert_eq!(record.job.phase, end.phase);
        prop_assert_eq!(record.job.modified_at, Some(end.modified_at));
        prop_assert_eq!(&record.job.failure_reason, &end.failure_reason);
        prop_assert_eq!(record.job.settled_at, Some(end.modified_at));
    }

    #[test]
    fn an_endpoint_is_as_last_modified(life in endpoint_life(), (lost, twice, seed) in chaos()) {
        let last = life.last().unwrap();
        let record = record_of(&delivered(&life, life.len() - 1, &lost, &twice, &seed));
        prop_assert_eq!(record.job.status.as_deref(), Some(last.status.as_str()));
        prop_assert_eq!(record.job.phase, last.phase);
    }

    #[test]
    fn a_recreated_job_is_the_new_one(
        old in one_shot_life(0),
        new in one_shot_life(100_000),
        (lost, twice, seed) in chaos(),
    ) {
        let both: Vec<_> = old.iter().chain(&new).cloned().collect();
        let record = record_of(&delivered(&both, both.len() - 1, &lost, &twice, &seed));
        let end = new.last().unwrap();
        prop_assert_eq!(record.job.phase, end.phase);
        prop_assert_eq!(record.job.created_at, end.created_at);
        prop_assert_eq!(record.job.modified_at, Some(end.modified_at));
    }

    #[test]
    fn any_two_orders_of_the_same_observations_agree(
        life in prop_oneof![one_shot_life(0).boxed(), endpoint_life().boxed()],
        (_, _, seed) in chaos(),
        (_, _, other) in chaos(),
    ) {
        let one = record_of(&delivered(&life, 0, &[], &[], &seed));
        let two = record_of(&delivered(&life, 0, &[], &[], &other));
        prop_assert_eq!(one.job, two.job);
    }

    #[test]
    fn a_second_observation_changes_nothing(life in one_shot_life(0), twice in any::<Index>()) {
        let mut record = record_of(&life);
        let before = record.clone();
        let change = record.observe(twice.get(&life), at(9_999_999));
        prop_assert!(matches!(change, Change::Duplicate | Change::Late));
        prop_assert_eq!(record, before);
    }
}

#[test]
fn a_settled_state_absorbs_what_claims_to_be_later() {
    let mut record = record_of(&[observation(Kind::Training, 0, 100, "Completed")]);
    assert_eq!(
        record.observe(&observation(Kind::Training, 0, 200, "InProgress"), at(0)),
        Change::Late
    );
    assert_eq!(record.observe(&observation(Kind::Training, 0, 300, "Failed"), at(0)), Change::Late);
    assert_eq!(record.job.phase, Phase::Succeeded);
}

#[test]
fn an_unknown_status_is_kept_as_unknown_and_never_unsettles() {
    let mut record = record_of(&[observation(Kind::Training, 0, 10, "InProgress")]);
    assert_eq!(
        record.observe(&observation(Kind::Training, 0, 20, "Dreaming"), at(0)),
        Change::Advanced
    );
    assert_eq!(
        (record.job.phase, record.job.status.as_deref()),
        (Phase::Unknown, Some("Dreaming"))
    );
    record.observe(&observation(Kind::Training, 0, 30, "Completed"), at(0));
    record.observe(&observation(Kind::Training, 0, 40, "Dreaming"), at(0));
    assert_eq!(record.job.phase, Phase::Succeeded);
}

#[test]
fn whole_seconds_and_milliseconds_are_one_generation() {
    let mut fine = observation(Kind::Training, 0, 10, "InProgress");
    fine.created_at = Some("2026-11-02T10:00:00.713Z".parse().unwrap());
    let mut coarse = observation(Kind::Training, 0, 20, "Completed");
    coarse.created_at = Some("2026-11-02T10:00:00Z".parse().unwrap());
    for order in [[&fine, &coarse], [&coarse, &fine]] {
        let record = record_of(&order.map(Clone::clone));
        assert_eq!(record.job.phase, Phase::Succeeded);
        assert_eq!(record.job.created_at, fine.created_at, "the finer time stays");
    }
}

#[test]
fn a_reason_that_comes_with_a_later_observation_of_the_end_is_kept() {
    let complete = observation(Kind::Training, 0, 10, "Failed");
    let mut bare = observation(Kind::Training, 0, 12, "Failed");
    bare.failure_reason = None;
    for order in [[&complete, &bare], [&bare, &complete]] {
        let record = record_of(&order.map(Clone::clone));
        assert_eq!(record.job.failure_reason.as_deref(), Some("AlgorithmError"));
        assert_eq!(record.revision, 1, "the same end is no second change of state");
    }
}

#[test]
fn a_retried_pipeline_execution_runs_again() {
    let run = |modified, status| observation(Kind::PipelineExecution, 0, modified, status);
    let mut record = record_of(&[run(10, "Executing"), run(20, "Failed")]);
    assert_eq!(record.observe(&run(30, "Executing"), at(0)), Change::Advanced);
    assert_eq!(record.observe(&run(40, "Succeeded"), at(0)), Change::Advanced);
    assert_eq!(record.observe(&run(20, "Failed"), at(0)), Change::Late);
    assert_eq!(record.job.phase, Phase::Succeeded);
}

#[test]
fn the_timeline_is_in_order_bounded_and_marks_what_came_late() {
    let mut record = record_of(&[
        observation(Kind::Training, 0, 10, "InProgress"),
        observation(Kind::Training, 0, 30, "Completed"),
        observation(Kind::Training, 0, 20, "Stopping"),
    ]);
    let lines: Vec<_> = record.timeline.iter().map(|e| (e.status.as_str(), e.late)).collect();
    assert_eq!(lines, [("InProgress", false), ("Stopping", true), ("Completed", false)]);

    for modified in 1_000..1_500 {
        record.observe(&observation(Kind::Training, 0, modified, "InProgress"), at(0));
    }
    assert_eq!(record.timeline.len(), Policy::TIMELINE_LIMIT);
    assert_eq!(record.timeline.first().unwrap().at, at(10), "the beginning stays");
    assert_eq!(record.timeline_dropped, 503 - Policy::TIMELINE_LIMIT as u64);
}
