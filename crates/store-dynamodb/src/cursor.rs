//! Cursors: a position in the order of a list. Changes elsewhere neither hide nor repeat an item.
//!
//! Each list marks its own cursors, and refuses those of other lists.

use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::Cursor;
use sagebell_monitor::wait::WaitId;

use crate::error::DynamoDbError;
use crate::index::recorded_at;
use crate::item::{Item, WAIT as WAIT_SK};
use crate::schema::SK;

const JOB: &str = "job|";
const WAIT: &str = "wait|";
const DUE: &str = "due|";

/// In the list of jobs: a sort key of the listing index.
pub(crate) fn job(left_off: String) -> Cursor {
    Cursor(format!("{JOB}{left_off}"))
}

/// The sort key that a cursor of the job list marks.
pub(crate) fn resume_jobs(after: Option<&Cursor>) -> Result<Option<String>, DynamoDbError> {
    resume(after, |text| {
        let (at, arn) = text.strip_prefix(JOB)?.split_once('#')?;
        Some(recorded_at(time(at)?, &JobArn::parse(arn).ok()?))
    })
}

/// In the list of one job's waits: the sort key of this item, without its mark.
pub(crate) fn wait(item: &Item) -> Option<Cursor> {
    let index_entry = item.get(SK)?.as_s().ok()?.strip_prefix(WAIT_SK)?;
    Some(Cursor(format!("{WAIT}{index_entry}")))
}

/// The place that a cursor of the list of waits marks.
pub(crate) fn resume_waits(after: Option<&Cursor>) -> Result<Option<String>, DynamoDbError> {
    resume(after, |text| {
        let index_entry = text.strip_prefix(WAIT)?;
        let id = index_entry.split_once('#').map_or(index_entry, |(id, _)| id);
        WaitId::parse(id).ok().map(|_| index_entry.to_owned())
    })
}

/// In the due index: its sort key.
pub(crate) fn due(left_off: String) -> Cursor {
    Cursor(format!("{DUE}{left_off}"))
}

/// The sort key that a cursor of the due index marks.
pub(crate) fn resume_due(after: Option<&Cursor>) -> Result<Option<String>, DynamoDbError> {
    resume(after, |text| {
        // Neither an ARN nor a wait's id has a `#` in it; a digest may follow them.
        let index_entry = text.strip_prefix(DUE)?;
        let mut parts = index_entry.split('#');
        let at = time(parts.next()?)?;
        JobArn::parse(parts.next()?).ok()?;
        WaitId::parse(parts.next()?).ok()?;
        let digest = parts.next().is_none_or(|text| text.bytes().all(|b| b.is_ascii_hexdigit()));
        // Written as the index has it.
        let (_, rest) = index_entry.split_once('#')?;
        (digest && parts.next().is_none()).then(|| format!("{at:.9}#{rest}"))
    })
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn resume<T>(
    after: Option<&Cursor>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, DynamoDbError> {
    after.map(|cursor| read(&cursor.0).ok_or_else(|| DynamoDbError::cursor(cursor))).transpose()
}

#[cfg(test)]
mod tests {
    use sagebell_monitor::ports::StoreError;
    use sagebell_monitor::principal::Principal;
    use sagebell_monitor::wait::WaitKey;

    use super::*;
    use crate::index::due_at;
    use crate::item::Key;

    const ARN: &str = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/x-1";

    fn cursors() -> [Cursor; 3] {
        let arn = JobArn::parse(ARN).unwrap();
        let owner = Principal("111122223333:role/r#1".to_owned());
        let key = WaitKey::of(arn, owner, WaitId::parse("w:1").unwrap());
        let jobs = job(recorded_at(Timestamp::MAX, &key.arn));
        let item = Item::from([(SK.to_owned(), Key::from(&key).sk())]);
        [jobs, wait(&item).unwrap(), due(due_at(Timestamp::UNIX_EPOCH, &key))]
    }

    fn places(cursor: &Cursor) -> [Result<Option<String>, DynamoDbError>; 3] {
        let after = Some(cursor);
        [resume_jobs(after), resume_waits(after), resume_due(after)]
    }

    #[test]
    fn a_cursor_marks_the_place_it_was_made_of_in_its_own_list_only() {
        for (list, cursor) in cursors().iter().enumerate() {
            for (other, index_entry) in places(cursor).into_iter().enumerate() {
                let expected = (other == list).then(|| cursor.0.split_once('|').unwrap().1);
                assert_eq!(index_entry.ok().flatten().as_deref(), expected, "{cursor:?}");
            }
        }
    }

    #[test]
    fn a_text_that_is_no_cursor_is_refused() {
        let texts = [
            "",
            "job|",
            "wait|",
            "due|",
            "job|today#arn",
            "job|2026-01-01T00:00:00Z",
            "wait|a b",
            "due|2026-01-01T00:00:00Z#w",
            "due|2026-01-01T00:00:00Z#arn#w",
            "due|never#arn:aws:sagemaker:eu-west-1:111122223333:training-job/x#w",
        ];
        for text in texts {
            for index_entry in places(&Cursor(text.to_owned())) {
                let error = StoreError::from(index_entry.unwrap_err());
                assert!(matches!(error, StoreError::BadCursor(_)), "{text}: {error:?}");
            }
        }
    }
}
