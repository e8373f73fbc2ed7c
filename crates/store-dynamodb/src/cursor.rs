//! Cursors: a place in a list's order, so that what changes elsewhere neither
//! hides nor repeats an item.
//!
//! Each list marks its own; the cursor of another list is refused.

use jiff::Timestamp;
use monitor::arn::JobArn;
use monitor::ports::{Cursor, WaitKey};
use monitor::wait::WaitId;

use crate::error::Fault;
use crate::index::{due_at, recorded_at};

const JOB: &str = "job|";
const WAIT: &str = "wait|";
const DUE: &str = "due|";

/// In the list of jobs: a sort key of the listing index.
pub(crate) fn job(left_off: String) -> Cursor {
    Cursor(format!("{JOB}{left_off}"))
}

/// The sort key that a cursor of the job list marks.
pub(crate) fn resume_jobs(after: Option<&Cursor>) -> Result<Option<String>, Fault> {
    resume(after, |text| {
        let (at, arn) = text.strip_prefix(JOB)?.split_once('#')?;
        Some(recorded_at(time(at)?, &JobArn::parse(arn).ok()?))
    })
}

/// In the list of one job's waits: the wait's id.
pub(crate) fn wait(id: &WaitId) -> Cursor {
    Cursor(format!("{WAIT}{id}"))
}

/// The wait that a cursor of the list of waits marks.
pub(crate) fn resume_waits(after: Option<&Cursor>) -> Result<Option<WaitId>, Fault> {
    resume(after, |text| WaitId::parse(text.strip_prefix(WAIT)?).ok())
}

/// In the due index: its sort key.
pub(crate) fn due(left_off: String) -> Cursor {
    Cursor(format!("{DUE}{left_off}"))
}

/// The sort key that a cursor of the due index marks.
pub(crate) fn resume_due(after: Option<&Cursor>) -> Result<Option<String>, Fault> {
    resume(after, |text| {
        let (at, key) = text.strip_prefix(DUE)?.split_once('#')?;
        // An ARN may have a `#` in it, a wait's id never.
        let (arn, id) = key.rsplit_once('#')?;
        let (arn, id) = (JobArn::parse(arn).ok()?, WaitId::parse(id).ok()?);
        Some(due_at(time(at)?, &WaitKey { arn, id }))
    })
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

fn resume<T>(
    after: Option<&Cursor>,
    read: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Fault> {
    after.map(|cursor| read(&cursor.0).ok_or_else(|| Fault::cursor(cursor))).transpose()
}

#[cfg(test)]
mod tests {
    use monitor::ports::StoreError;

    use super::*;

    const ARN: &str = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/x#1|2";

    fn cursors() -> [Cursor; 3] {
        let arn = JobArn::parse(ARN).unwrap();
        let id = WaitId::parse("w:1").unwrap();
        let jobs = job(recorded_at(Timestamp::MAX, &arn));
        let waits = wait(&id);
        [jobs, waits, due(due_at(Timestamp::UNIX_EPOCH, &WaitKey { arn, id }))]
    }

    fn places(cursor: &Cursor) -> [Result<Option<String>, Fault>; 3] {
        let after = Some(cursor);
        let waits = resume_waits(after).map(|id| id.map(String::from));
        [resume_jobs(after), waits, resume_due(after)]
    }

    #[test]
    fn a_cursor_marks_the_place_it_was_made_of_in_its_own_list_only() {
        for (list, cursor) in cursors().iter().enumerate() {
            for (other, place) in places(cursor).into_iter().enumerate() {
                let expected = (other == list).then(|| cursor.0.split_once('|').unwrap().1);
                assert_eq!(place.ok().flatten().as_deref(), expected, "{cursor:?}");
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
            for place in places(&Cursor(text.to_owned())) {
                let error = StoreError::from(place.unwrap_err());
                assert!(matches!(error, StoreError::BadCursor(_)), "{text}: {error:?}");
            }
        }
    }
}
