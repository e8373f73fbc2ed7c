//! The list of jobs: the last recorded first, by any filter, each job once.

use std::sync::Arc;

use super::samples::{Item as _, millis};
use super::{all_jobs, settles};
use crate::arn::JobArn;
use crate::job::{Job, JobRecord};
use crate::kind::Kind;
use crate::phase::Phase;
use crate::ports::{Clock as _, JobFilter, Store};
use crate::testing::ManualClock;
use crate::testing::samples::{arn, arn_of, job};
use crate::time::later;

type Any = Arc<dyn Store>;
type Time = Arc<ManualClock>;

async fn lists(store: &Any, filter: &JobFilter, limit: usize, expected: Vec<Job>) {
    let what = format!("{filter:?}, pages of {limit}");
    settles(&what, expected, async || all_jobs(&**store, filter, limit).await).await;
}

/// The model of a list: what the filter takes, the last recorded first.
fn expected(records: &[JobRecord], filter: &JobFilter) -> Vec<Job> {
    let mut taken: Vec<&JobRecord> = records
        .iter()
        .filter(|record| filter.phases.is_empty() || filter.phases.contains(&record.job.phase))
        .filter(|record| filter.kind.is_none_or(|kind| kind == record.job.kind))
        .filter(|record| filter.run.iter().all(|run| record.runs.contains(run)))
        .filter(|record| arn_passes(record, filter))
        .collect();
    taken.sort_by_key(|record| std::cmp::Reverse(record.recorded_at));
    taken.into_iter().map(|record| record.job.clone()).collect()
}

/// Said in another way than the port says it.
fn arn_passes(record: &JobRecord, filter: &JobFilter) -> bool {
    let arn = &record.job.arn;
    let is_step = arn.kind() == Kind::PipelineStep;
    filter.region.iter().all(|region| arn.region() == region)
        && filter.account.iter().all(|account| arn.account() == account)
        && filter.text.iter().all(|text| {
            let folded = arn.as_str().to_lowercase().contains(&text.to_lowercase());
            if is_step { arn.as_str().contains(text.as_str()) } else { folded }
        })
}

/// A millisecond decides, and a page's size changes nothing.
pub async fn jobs_are_listed_last_recorded_first(store: Any, clock: Time) {
    let all = JobFilter::default();
    let mut records = Vec::new();
    for number in 0..45 {
        // Recorded in no order of name: 13 and 45 have no common divisor.
        let at = later(clock.now(), millis(number * 13 % 45));
        let mut record = job(&arn(&format!("j-{number:02}")), clock.now());
        record.recorded_at = at;
        record.store(&store, None).await;
        records.push(record);
    }
    for limit in [1, 10, 45, 200] {
        lists(&store, &all, limit, expected(&records, &all)).await;
    }
}

/// Ties come in an order of the store's own, each job once.
pub async fn jobs_recorded_at_one_instant_are_paged_exactly(store: Any, clock: Time) {
    let names: Vec<String> = (0..23).map(|number| format!("j-{number:02}")).collect();
    for name in &names {
        job(&arn(name), clock.now()).store(&store, None).await;
    }
    settles("pages of 5", names, async || {
        let listed = all_jobs(&*store, &JobFilter::default(), 5).await;
        let mut names: Vec<String> = listed.into_iter().map(|job| job.name).collect();
        names.sort();
        names
    })
    .await;
}

/// Phase, kind and run, in every combination.
pub async fn every_filter_alone_and_combined_lists_its_jobs(store: Any, clock: Time) {
    let kinds = [Kind::Training, Kind::Processing, Kind::Endpoint];
    let phases = [Phase::Pending, Phase::Running, Phase::Failed];
    let runs: [&[&str]; 4] = [&[], &["run-1"], &["run-10"], &["run-10", "run-1"]];
    let mut records = Vec::new();
    for (kind, phase, runs) in combine(&kinds, &phases, &runs) {
        let number = records.len() as u64;
        let mut record = job(&arn_of(kind, &format!("j-{number}")), clock.now());
        record.job.phase = phase;
        record.runs = runs.iter().map(|&run| run.to_owned()).collect();
        record.recorded_at = later(clock.now(), millis(number * 17 % 36));
        record.store(&store, None).await;
        records.push(record);
    }
    let kinds = [None, Some(Kind::Training), Some(Kind::Endpoint), Some(Kind::Image)];
    let phases: [&[Phase]; 4] =
        [&[], &[Phase::Running], &[Phase::Failed, Phase::Pending], &[Phase::Stopped]];
    let runs = [None, Some("run-1"), Some("run-10"), Some("run-")];
    for (kind, phases, run) in combine(&kinds, &phases, &runs) {
        let (phases, run) = (phases.iter().copied().collect(), run.map(str::to_owned));
        let filter = JobFilter { phases, kind, run, ..JobFilter::default() };
        lists(&store, &filter, 4, expected(&records, &filter)).await;
    }
}

/// Region, account and a part of the ARN, which is found in capitals and without.
pub async fn what_the_arn_says_lists_its_jobs(store: Any, clock: Time) {
    let mut records = Vec::new();
    let places = ["eu-west-1:111122223333", "us-east-1:111122223333", "us-east-1:444455556666"];
    let names = ["training-job/Iris-A", "training-job/iris-b", "processing-job/eu-west-1"];
    let step = "pipeline/p/execution/e1/step/Train-Iris";
    for (number, (place, name)) in pairs(&places, &[&names[..], &[step]].concat()).enumerate() {
        let arn = JobArn::parse(&format!("arn:aws:sagemaker:{place}:{name}")).unwrap();
        let mut record = job(&arn, clock.now());
        record.recorded_at = later(clock.now(), millis(number as u64));
        record.store(&store, None).await;
        records.push(record);
    }
    let (all, some) = (JobFilter::default, |text: &str| Some(text.to_owned()));
    let filters = [
        (JobFilter { region: some("eu-west-1"), ..all() }, 4),
        (JobFilter { account: some("444455556666"), ..all() }, 4),
        (JobFilter { region: some("eu-west-1"), account: some("444455556666"), ..all() }, 0),
        (JobFilter { text: some("IRIS-A"), ..all() }, 3),
        (JobFilter { text: some("iris"), ..all() }, 6),
        (JobFilter { text: some("Train-Iris"), ..all() }, 3),
        (JobFilter { text: some("%"), ..all() }, 0),
        (JobFilter { text: some("iris"), account: some("444455556666"), ..all() }, 2),
    ];
    for (filter, count) in filters {
        let expected = expected(&records, &filter);
        assert_eq!(expected.len(), count, "{filter:?}");
        lists(&store, &filter, 2, expected).await;
    }
}

fn pairs<'a>(one: &'a [&str], other: &'a [&str]) -> impl Iterator<Item = (&'a str, &'a str)> {
    one.iter().flat_map(move |&one| other.iter().map(move |&other| (one, other)))
}

fn combine<A: Copy, B: Copy, C: Copy>(a: &[A], b: &[B], c: &[C]) -> Vec<(A, B, C)> {
    let pairs = a.iter().flat_map(|&a| b.iter().map(move |&b| (a, b)));
    pairs.flat_map(|(a, b)| c.iter().map(move |&c| (a, b, c))).collect()
}

/// A job that changes its phase or gains a run is listed where it is now, at
/// its new place, and nowhere else.
pub async fn a_job_that_moves_on_is_listed_once_where_it_is(store: Any, clock: Time) {
    let mut records = Vec::new();
    let mut versions = Vec::new();
    for number in 0..6 {
        let mut record = job(&arn(&format!("j-{number}")), clock.now());
        record.job.phase = Phase::Running;
        record.runs = vec!["all".to_owned()];
        record.recorded_at = later(clock.now(), millis(number));
        versions.push(record.store(&store, None).await);
        records.push(record);
    }
    clock.advance(millis(1_000));
    for (step, index) in [4, 1, 3].into_iter().enumerate() {
        let record = &mut records[index];
        record.job.phase = Phase::Succeeded;
        record.job.status = Some("Completed".to_owned());
        record.runs = vec!["all".to_owned(), "late".to_owned()];
        record.recorded_at = later(clock.now(), millis(step as u64));
        record.store(&store, Some(versions[index])).await;
    }
    for phase in [None, Some(Phase::Running), Some(Phase::Succeeded)] {
        for run in [None, Some("all"), Some("late")] {
            let (phases, run) = (phase.into_iter().collect(), run.map(str::to_owned));
            let filter = JobFilter { phases, run, ..JobFilter::default() };
            lists(&store, &filter, 2, expected(&records, &filter)).await;
        }
    }
    // A run that is taken off is no longer listed by.
    let index = 1;
    let version = records[index].load(&store).await.unwrap().version;
    records[index].runs.clear();
    records[index].store(&store, Some(version)).await;
    for run in ["all", "late"] {
        let filter = JobFilter { run: Some(run.to_owned()), ..JobFilter::default() };
        lists(&store, &filter, 2, expected(&records, &filter)).await;
    }
}
