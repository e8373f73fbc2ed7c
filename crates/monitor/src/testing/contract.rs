//! The contract of the `Store` port, as tests that any store must pass.
//!
//! A store's crate calls [`store_contract!`](crate::store_contract) with a
//! function that makes a fresh, empty store by a given clock:
//!
//! ```text
//! async fn fresh(clock: Arc<dyn Clock>) -> (Arc<dyn Store>, TempDir) { … }
//! sagebell_monitor::store_contract!(fresh);
//! ```
//!
//! The second value is kept until the case is over: a directory, a server, `()`.
//!
//! What a case asks for:
//!
//! - Reads of items and of one job's waits see every write that was answered.
//! - The job list and the due index may trail: a case polls them, so many times
//!   and no more, until they show what they must.
//! - Documents keep every time to the nanosecond. Lists, the due index and expiry
//!   tell times apart by the millisecond; a store may be finer.
//! - A sharded due index is ordered within its shards.

use std::fmt::Debug;
use std::time::Duration;

use crate::job::Job;
use crate::ports::{Cursor, JobFilter, Page, Store};
use crate::wait::{Wait, WaitKey};

pub mod connections;
pub mod counts;
pub mod due;
pub mod expiry;
pub mod heartbeat;
pub mod items;
pub mod jobs;
pub mod races;
mod samples;
pub mod waits;

/// How often a list that may trail is read before it counts as wrong.
const TRIES: u32 = 100;
/// The pause between two reads of such a list.
const PAUSE: Duration = Duration::from_millis(50);
/// More pages than any case's list can need: a cursor that leads in a circle is
/// found out.
const MOST_PAGES: usize = 1_000;

/// One `#[tokio::test]` per case of the contract; see
/// [`sagebell_monitor::testing::contract`](crate::testing::contract).
#[macro_export]
macro_rules! store_contract {
    ($fresh:expr) => {
        $crate::store_contract! { @cases $fresh;
            items::absent_items_are_none,
            items::an_item_is_created_once,
            items::a_save_at_the_current_version_changes_it,
            items::a_stale_version_conflicts_and_writes_nothing,
            items::an_absent_item_has_no_version,
            items::every_field_of_a_job_comes_back,
            items::every_field_of_a_wait_comes_back,
            items::every_field_of_a_connection_comes_back,
            items::a_wait_keeps_its_channel,
            items::items_of_like_names_do_not_mix,
            items::an_arn_in_any_case_names_one_item,
            items::steps_whose_names_differ_in_case_do_not_mix,
            items::two_principals_may_call_their_waits_alike,
            items::a_wait_of_0_1_0_stays_under_its_key,
            races::one_of_many_creators_wins,
            races::one_of_many_writers_wins,
            races::a_counter_counted_by_many_is_exact,
            races::a_registration_and_a_record_never_miss_each_other,
            waits::waits_are_listed_by_id_without_gap_or_repeat,
            waits::a_wait_is_listed_right_after_the_write,
            waits::a_new_wait_does_not_disturb_paging,
            waits::a_bad_cursor_is_refused,
            jobs::jobs_are_listed_last_recorded_first,
            jobs::jobs_recorded_at_one_instant_are_paged_exactly,
            jobs::every_filter_alone_and_combined_lists_its_jobs,
            jobs::what_the_arn_says_lists_its_jobs,
            jobs::a_job_that_moves_on_is_listed_once_where_it_is,
            due::only_what_is_due_is_listed,
            due::the_due_index_follows_its_wait,
            due::due_waits_are_paged_without_gap_or_repeat,
            due::paging_goes_on_while_the_listed_are_dealt_with,
            due::the_due_index_reads_to_the_end_of_time,
            expiry::an_expired_job_is_gone,
            expiry::an_expired_wait_is_gone,
            expiry::an_expired_connection_is_gone,
            expiry::an_expired_item_can_be_made_anew,
            expiry::an_item_written_anew_lives_on,
            expiry::purging_takes_the_expired_and_nothing_else,
            heartbeat::a_heartbeat_is_written_at_its_version_and_kept_for_ever,
            counts::adds_of_many_at_once_are_all_counted,
            counts::whose_what_and_windows_are_counted_apart,
            counts::a_counter_is_kept_through_its_window,
            counts::a_sum_begins_with_its_window,
            connections::only_open_connections_are_counted,
        }
    };
    (@cases $fresh:expr; $($group:ident::$case:ident),+ $(,)?) => {$(
        #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $case() {
            let clock = ::std::sync::Arc::new($crate::testing::ManualClock::default());
            let (store, _kept) = ($fresh)(clock.clone()).await;
            $crate::testing::contract::$group::$case(store, clock).await;
        }
    )+};
}

/// Reads what may trail until it is as expected.
async fn settles<T: PartialEq + Debug>(what: &str, expected: T, read: impl AsyncFn() -> T) {
    for _ in 1..TRIES {
        if read().await == expected {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
    assert_eq!(read().await, expected, "{what}");
}

/// All items of a list, page by page; a page may be short, never too long.
async fn all_pages<T>(limit: usize, read: impl AsyncFn(Option<Cursor>) -> Page<T>) -> Vec<T> {
    let (mut items, mut after) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let page = read(after).await;
        assert!(page.items.len() <= limit, "a page longer than {limit}");
        items.extend(page.items);
        after = page.next;
        if after.is_none() {
            return items;
        }
    }
    panic!("the list does not end");
}

async fn all_waits(store: &dyn Store, arn: &crate::arn::JobArn, limit: usize) -> Vec<Wait> {
    all_pages(limit, async |after| store.list_waits(arn, after.as_ref(), limit).await.unwrap())
        .await
}

async fn all_jobs(store: &dyn Store, filter: &JobFilter, limit: usize) -> Vec<Job> {
    all_pages(limit, async |after| {
        let page = store.list_jobs(filter, after.as_ref(), limit).await;
        page.unwrap()
    })
    .await
}

async fn all_due(store: &dyn Store, now: jiff::Timestamp, limit: usize) -> Vec<WaitKey> {
    all_pages(limit, async |after| store.list_due(now, after.as_ref(), limit).await.unwrap()).await
}
