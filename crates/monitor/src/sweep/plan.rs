//! Decides what a due wait needs, and does nothing itself.

use jiff::Timestamp;

use super::beat::Beat;
use crate::job::JobRecord;
use crate::policy::Policy;
use crate::wait::{Channel, News, Wait};

/// What a due wait needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Nothing,
    Signal,
    Check,
    /// The monitor itself was down: the lease starts again and ends at this time.
    Hold(Timestamp),
    /// Its deadline has perhaps not passed yet: the wait lives until this time.
    LiveOn(Timestamp),
    Probe,
    /// Nobody can ask for the waiter: is it gone?
    Judge,
    /// The job is settled, and the waiter reads it when it registers again.
    Rest,
    Abandon,
    Stop,
    Expire,
    Undeliverable,
}

/// What a wait needs now, in the order of importance.
pub(super) fn plan(wait: &Wait, record: Option<&JobRecord>, beat: &Beat, policy: &Policy) -> Step {
    let now = beat.now;
    if wait.due_at.is_none_or(|due| due > now) {
        return Step::Nothing;
    }
    if wait.stop_pending {
        return Step::Stop;
    }
    let settled = record.is_some_and(|record| wait.is_settled_by(record));
    if wait.ends_at() <= now {
        return match wait.ends_after(&beat.breaks) {
            until if until > now => Step::LiveOn(until),
            _ if settled => Step::Undeliverable,
            _ => Step::Expire,
        };
    }
    if let Some(step) = search(wait, beat.since, now, policy) {
        return step;
    }
    match record.map_or(News::None, |record| wait.news(record)) {
        News::None if settled => Step::Rest,
        News::None => Step::Check,
        News::Progress if wait.check_at <= now => Step::Check,
        News::Progress | News::Settled => Step::Signal,
    }
}

/// The next step of the search for a waiter, if its lease and the grace have ended.
fn search(wait: &Wait, since: Timestamp, now: Timestamp, policy: &Policy) -> Option<Step> {
    if wait.lapses_at(policy) > now || wait.search.next_at.is_some_and(|at| at > now) {
        return None;
    }
    let lapses_at = wait.lapses_since(since, policy);
    if lapses_at > now {
        return Some(Step::Hold(lapses_at));
    }
    Some(match wait.channel {
        Channel::Callback { .. } if wait.search.is_in_vain() => Step::Abandon,
        Channel::Callback { .. } => Step::Probe,
        Channel::Connection { .. } if wait.gone_since.is_none() => Step::Probe,
        Channel::Connection { .. } | Channel::None => Step::Judge,
    })
}
