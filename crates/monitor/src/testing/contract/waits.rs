//! The list of one job's waits: complete, in order, and never behind.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt as _;

use super::all_waits;
use super::samples::Item as _;
use crate::ports::{Clock as _, Cursor, JobFilter, Store, StoreError};
use crate::testing::ManualClock;
use crate::testing::samples::{arn, wait};

type Any = Arc<dyn Store>;
type Time = Arc<ManualClock>;

fn ids(waits: &[crate::wait::Wait]) -> Vec<&str> {
    waits.iter().map(|wait| wait.id.as_str()).collect()
}

/// 450 waits of one job come in byte order of their ids, each once, whatever
/// the size of a page.
pub async fn waits_are_listed_by_id_without_gap_or_repeat(store: Any, clock: Time) {
    let (now, job) = (clock.now(), arn("many"));
    let special = ["-", ".", ":", "A", "Z", "_", "a", "a-1", "a.1", "a:1", "aA"].map(str::to_owned);
    // Written in no order: 7 and 439 have no common divisor.
    let numbered = (0..439).map(|n| format!("w-{:03}", n * 7 % 439));
    let names: Vec<String> = special.into_iter().chain(numbered).collect();
    futures::stream::iter(&names)
        .for_each_concurrent(8, |id| {
            let wait = wait(&job, id, now);
            let store = store.clone();
            async move {
                wait.store(&store, None).await;
            }
        })
        .await;
    wait(&arn("many-others"), "w-000a", now).store(&store, None).await;
    let expected: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let expected: Vec<&str> = expected.into_iter().collect();
    assert_eq!(expected.len(), 450);
    for limit in [100, 150, 200, 1_000, 7] {
        let listed = all_waits(&*store, &job, limit).await;
        assert_eq!(ids(&listed), expected, "pages of {limit}");
    }
}

/// As soon as a write is answered the list shows it, new or changed.
pub async fn a_wait_is_listed_right_after_the_write(store: Any, clock: Time) {
    let (now, job) = (clock.now(), arn("eager"));
    for number in 0..40 {
        let written = wait(&job, &format!("w-{number:02}"), now);
        let version = written.store(&store, None).await;
        let listed = all_waits(&*store, &job, 100).await;
        assert_eq!(listed.last(), Some(&written));
        let changed = written.with_number(number + 1);
        changed.store(&store, Some(version)).await;
        let listed = all_waits(&*store, &job, 100).await;
        assert_eq!(listed.last(), Some(&changed));
        assert_eq!(listed.len(), number as usize + 1);
    }
}

/// Waits that are there all along are listed once, though others come and
/// change between the pages.
pub async fn a_new_wait_does_not_disturb_paging(store: Any, clock: Time) {
    let (now, job) = (clock.now(), arn("busy"));
    for id in ["b", "d", "f", "h"] {
        wait(&job, id, now).store(&store, None).await;
    }
    let first = store.list_waits(&job, None, 2).await.unwrap();
    assert_eq!(ids(&first.items), ["b", "d"]);
    for id in ["a", "c", "e"] {
        wait(&job, id, now).store(&store, None).await;
    }
    let rest = super::all_pages(10, async |after| {
        let after = after.or_else(|| first.next.clone());
        store.list_waits(&job, after.as_ref(), 10).await.unwrap()
    })
    .await;
    assert_eq!(ids(&rest), ["e", "f", "h"]);
}

/// A cursor that no store ever made is an error that says so, not a panic and
/// not the first page again.
pub async fn a_bad_cursor_is_refused(store: Any, clock: Time) {
    let (now, job) = (clock.now(), arn("cursed"));
    wait(&job, "w", now).store(&store, None).await;
    for text in ["", " ", "no cursor", "||", "\u{0}", "🦀|🦀|🦀", "null", "{}"] {
        let bad = Cursor(text.to_owned());
        let all = JobFilter::default();
        let refused = [
            store.list_waits(&job, Some(&bad), 10).await.err(),
            store.list_jobs(&all, Some(&bad), 10).await.err(),
            store.list_due(now, Some(&bad), 10).await.err(),
        ];
        for error in refused {
            assert!(matches!(error, Some(StoreError::BadCursor(_))), "{text:?} gave {error:?}");
        }
    }
}
