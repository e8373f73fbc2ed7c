//! Cursors: the position of a page's last item in the order of its list. Changes elsewhere neither
//! hide nor repeat an item.
//!
//! Each list marks its own cursors, and refuses those of other lists.

use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::{Cursor, Page};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::wait::{WaitId, WaitKey};

use crate::error::SqliteError;

/// An item's place in a list.
pub(crate) trait Position: Sized {
    fn write(&self) -> String;
    fn read(text: &str) -> Option<Self>;
}

/// In the list of jobs: when recorded, in microseconds, and the ARN.
pub(crate) struct JobPosition(pub(crate) i64, pub(crate) String);

/// In the list of one job's waits: id and owner.
pub(crate) struct WaitPosition(pub(crate) String, pub(crate) String);

/// In the due index: when due, in microseconds, and the wait.
pub(crate) struct DuePosition {
    pub(crate) due_at: i64,
    pub(crate) arn: String,
    pub(crate) id: String,
    pub(crate) owner: String,
}

impl DuePosition {
    /// A place before a time before all times.
    pub(crate) fn before_all() -> Self {
        let none = String::new;
        Self { due_at: i64::MIN, arn: none(), id: none(), owner: none() }
    }

    /// The wait at this place; `None` for one whose ARN an older version took and
    /// this one does not: nobody can ask for it, and it goes when it expires.
    pub(crate) fn key(&self) -> Option<WaitKey> {
        let owner = (!self.owner.is_empty()).then(|| Principal(self.owner.clone()));
        let arn = JobArn::parse(&self.arn).ok()?;
        Some(WaitKey { arn, id: WaitId::parse(&self.id).ok()?, owner })
    }
}

impl Position for JobPosition {
    fn write(&self) -> String {
        format!("job|{}|{}", self.0, self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (recorded_at, arn) = text.strip_prefix("job|")?.split_once('|')?;
        let arn = JobArn::parse(arn).ok()?;
        Some(Self(recorded_at.parse().ok()?, arn.key().to_owned()))
    }
}

impl Position for WaitPosition {
    fn write(&self) -> String {
        format!("wait|{}|{}", self.0, self.1)
    }

    fn read(text: &str) -> Option<Self> {
        let (id, owner) = text.strip_prefix("wait|")?.split_once('|')?;
        Some(Self(WaitId::parse(id).ok()?.into(), owner.to_owned()))
    }
}

impl Position for DuePosition {
    fn write(&self) -> String {
        format!("due|{}|{}|{}|{}", self.due_at, self.id, self.arn, self.owner)
    }

    fn read(text: &str) -> Option<Self> {
        // The owner comes last: it alone may have a `|` in it.
        let mut parts = text.strip_prefix("due|")?.splitn(4, '|');
        let due_at = parts.next()?.parse().ok()?;
        let mut next = || Some(parts.next()?.to_owned());
        let (id, arn, owner) = (next()?, next()?, next()?);
        let place = Self { due_at, arn, id, owner };
        place.key().map(|_| place)
    }
}

/// The place that a cursor marks.
pub(crate) fn resume<P: Position>(after: Option<&Cursor>) -> Result<Option<P>, SqliteError> {
    after.map(|cursor| P::read(&cursor.0).ok_or_else(|| SqliteError::cursor(cursor))).transpose()
}

/// How many rows to read for a page: one more, which shows whether there is another page.
pub(crate) fn rows_for(limit: usize) -> i64 {
    i64::try_from(limit).map_or(i64::MAX, |limit| limit.saturating_add(1))
}

/// The page of these rows.
pub(crate) fn page<P: Position, T>(mut rows: Vec<(P, T)>, limit: usize) -> Page<T> {
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more);
    let next = next.map(|(place, _)| Cursor(place.write()));
    let items = rows.into_iter().map(|(_, item)| item).collect();
    Page { items, next }
}
