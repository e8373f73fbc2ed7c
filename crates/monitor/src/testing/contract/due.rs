//! The due index: what the sweep must look at, and nothing else.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::samples::{Item as _, millis};
use super::{all_due, all_pages, settles};
use crate::ports::{Clock as _, Store, Version};
use crate::testing::ManualClock;
use crate::testing::samples::{arn, key, wait};
use crate::time::later;
use crate::wait::{Wait, WaitKey};

type Any = Arc<dyn Store>;
type Time = Arc<ManualClock>;

/// A sharded index is read shard after shard, at most so many.
const MOST_SHARDS: usize = 16;

fn due(id: &str, due_at: Option<Timestamp>, now: Timestamp) -> Wait {
    Wait { due_at, ..wait(&arn("a-job"), id, now) }
}

async fn lists(what: &str, store: &Any, now: Timestamp, ids: &[&str]) {
    let arn = arn("a-job");
    let expected: BTreeSet<WaitKey> = ids.iter().map(|id| key(&arn, id)).collect();
    settles(what, expected, async || all_due(&**store, now, 3).await.into_iter().collect()).await;
}

/// Due at the very instant is due; a millisecond later is not; `None` never is.
pub async fn only_what_is_due_is_listed(store: Any, clock: Time) {
    let now = clock.now();
    let past = now.checked_sub(millis(1)).unwrap();
    for (id, due_at) in [
        ("past", Some(past)),
        ("now", Some(now)),
        ("soon", Some(later(now, millis(1)))),
        ("never", None),
    ] {
        due(id, due_at, now).store(&store, None).await;
    }
    lists("now", &store, now, &["past", "now"]).await;
    lists("before", &store, past, &["past"]).await;
    let soon = later(now, millis(1));
    lists("soon", &store, soon, &["past", "now", "soon"]).await;
}

/// A wait leaves the index when it is no longer due, and comes back.
pub async fn the_due_index_follows_its_wait(store: Any, clock: Time) {
    let now = clock.now();
    let soon = later(now, millis(10));
    due("other", Some(now), now).store(&store, None).await;
    let mut version: Option<Version> = None;
    for (what, due_at, listed_now, listed_soon) in [
        ("new and due", Some(now), true, true),
        ("moved on", Some(soon), false, true),
        ("moved back", Some(now), true, true),
        ("over", None, false, false),
        ("over still", None, false, false),
        ("alive again", Some(soon), false, true),
    ] {
        version = Some(due("w", due_at, now).store(&store, version).await);
        for (time, listed) in [(now, listed_now), (soon, listed_soon)] {
            let ids: &[&str] = if listed { &["other", "w"] } else { &["other"] };
            lists(what, &store, time, ids).await;
        }
    }
}

/// 120 waits of three jobs: each once, the longest due first (within a shard).
pub async fn due_waits_are_paged_without_gap_or_repeat(store: Any, clock: Time) {
    let now = clock.now();
    let mut due_at = std::collections::BTreeMap::new();
    for number in 0..120 {
        // Due in no order of name, four at each instant, two of them of one job.
        let at = later(now, millis(number * 7 % 120 / 4));
        let mut wait = wait(&arn(&format!("j-{}", number % 3)), &format!("w-{number}"), now);
        wait.due_at = Some(at);
        wait.store(&store, None).await;
        due_at.insert(wait.key(), at);
    }
    let end = later(now, millis(1_000));
    for limit in [1, 7, 100, 120, 200] {
        let expected: Vec<WaitKey> = due_at.keys().cloned().collect();
        settles(&format!("pages of {limit}"), expected, async || {
            let mut listed = all_due(&*store, end, limit).await;
            let times: Vec<Timestamp> = listed.iter().map(|key| due_at[key]).collect();
            let descents = times.windows(2).filter(|two| two[0] > two[1]).count();
            assert!(descents < MOST_SHARDS, "in no order: {times:?}");
            listed.sort();
            listed
        })
        .await;
    }
}

/// The sweep changes what it has read before it reads on: nothing else is
/// skipped by that.
pub async fn paging_goes_on_while_the_listed_are_dealt_with(store: Any, clock: Time) {
    let now = clock.now();
    let mut expected = BTreeSet::new();
    for number in 0..30 {
        let at = now.checked_sub(millis(number)).unwrap();
        let wait = due(&format!("w-{number}"), Some(at), now);
        wait.store(&store, None).await;
        expected.insert(wait.key());
    }
    settles("all are due", expected.clone(), async || {
        all_due(&*store, now, 30).await.into_iter().collect()
    })
    .await;
    let listed = all_pages(4, async |after| {
        let page = store.list_due(now, after.as_ref(), 4).await.unwrap();
        for key in &page.items {
            let mut found = store.load_wait(key).await.unwrap().unwrap();
            let over = found.value.id.as_str().len() % 2 == 0;
            found.value.due_at = (!over).then(|| later(now, millis(60_000)));
            found.value.store(&store, Some(found.version)).await;
        }
        page
    })
    .await;
    assert_eq!(listed.len(), expected.len());
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), expected);
    lists("nothing is left", &store, now, &[]).await;
}

/// What a start after a crash reads: everything with a time, however late.
pub async fn the_due_index_reads_to_the_end_of_time(store: Any, clock: Time) {
    let now = clock.now();
    for (id, due_at) in [
        ("now", Some(now)),
        ("in-a-century", Some(later(now, millis(3_155_760_000_000)))),
        ("at-the-end", Some(Timestamp::MAX)),
        ("never", None),
    ] {
        due(id, due_at, now).store(&store, None).await;
    }
    let all = ["now", "in-a-century", "at-the-end"];
    lists("everything", &store, Timestamp::MAX, &all).await;
}
