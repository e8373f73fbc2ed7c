//! The statuses of a job with their times, and their positions in a picture to scale.

use jiff::{SignedDuration, Timestamp};
use sagebell_monitor::inert::one_line;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::time::parse_time;
use serde_json::Value;

use crate::progress::{History, Seen};
use crate::subject::Subject;

/// One status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// SageMaker's word.
    pub(super) status: String,
    /// What it means.
    pub(super) phase: Phase,
    /// Since when.
    pub(super) from: Timestamp,
    /// How long, if it is over.
    pub(super) lasted: Option<SignedDuration>,
    /// What SageMaker says about it.
    pub(super) message: String,
}

/// What a training job's finer status means before its instances work
/// (API reference, `SecondaryStatusTransition`, *Status*).
const PENDING: [&str; 4] =
    ["Starting", "LaunchingMLInstances", "PreparingTrainingStack", "Pending"];

/// A training job's own account of its states; of other kinds, what was seen.
pub(super) fn of(subject: &Subject<'_>, last: &Seen) -> Vec<Row> {
    let stated = transitions(subject.answer, last);
    if stated.is_empty() { seen(subject.history) } else { stated }
}

fn transitions(answer: &Value, last: &Seen) -> Vec<Row> {
    let all = answer.get("SecondaryStatusTransitions").and_then(Value::as_array);
    let all = all.map(Vec::as_slice).unwrap_or_default();
    let row = |(number, transition): (usize, &Value)| {
        let time = |member: &str| transition.get(member).and_then(parse_time);
        let text = |member: &str| Some(one_line(transition.get(member)?.as_str()?).into_owned());
        let (status, from) = (text("Status")?, time("StartTime")?);
        let phase = match () {
            () if number + 1 == all.len() => last.phase,
            () if PENDING.contains(&&*status) => Phase::Pending,
            () => Phase::Running,
        };
        let lasted = time("EndTime").map(|end| end.duration_since(from));
        let message = text("StatusMessage").unwrap_or_default();
        Some(Row { status, phase, from, lasted, message })
    };
    all.iter().enumerate().filter_map(row).collect()
}

fn seen(history: &History) -> Vec<Row> {
    let seen = history.seen();
    let next = seen.iter().skip(1).map(|next| Some(next.at)).chain([None]);
    let row = |(seen, next): (&Seen, Option<Timestamp>)| Row {
        status: one_line(&seen.status).into_owned(),
        phase: seen.phase,
        from: seen.at,
        lasted: next.map(|next| next.duration_since(seen.at)),
        message: one_line(seen.detail.as_deref().unwrap_or_default()).into_owned(),
    };
    seen.iter().zip(next).map(row).collect()
}

/// From the first status to the end of the last.
pub(super) struct Scale(Option<(Timestamp, Timestamp)>);

impl Scale {
    pub(super) fn of(rows: &[Row]) -> Self {
        let first = rows.iter().map(|row| row.from).min();
        let last = rows.iter().map(end).max();
        Self(first.zip(last))
    }

    /// When the picture begins and ends.
    pub(super) fn ends(&self) -> Option<(Timestamp, Timestamp)> {
        self.0
    }

    /// Where a status begins and how long it is, in hundredths of the picture. One that
    /// took no time is a mark; it ends where the picture does.
    pub(super) fn place(&self, row: &Row) -> (f64, f64) {
        let Some((first, last)) = self.0 else { return (0.0, 0.0) };
        let whole = last.duration_since(first).as_secs_f64();
        let share = |part: SignedDuration| {
            let share = if whole > 0.0 { part.as_secs_f64() / whole } else { 0.0 };
            (share.clamp(0.0, 1.0) * 10_000.0).round() / 100.0
        };
        let from = share(row.from.duration_since(first)).min(NEARLY_ALL);
        (from, share(end(row).duration_since(row.from)).min(100.0 - from))
    }
}

/// Where the mark of a status that begins at the end is still seen.
const NEARLY_ALL: f64 = 99.5;

fn end(row: &Row) -> Timestamp {
    let lasted = row.lasted.unwrap_or_default().max(SignedDuration::ZERO);
    row.from.checked_add(lasted).unwrap_or(row.from)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(from: i64, lasted: Option<i64>) -> Row {
        Row {
            status: String::new(),
            phase: Phase::Running,
            from: Timestamp::from_second(from).unwrap(),
            lasted: lasted.map(SignedDuration::from_secs),
            message: String::new(),
        }
    }

    #[test]
    fn statuses_are_as_long_as_they_lasted() {
        let rows = [row(100, Some(10)), row(110, Some(30)), row(140, None)];
        let scale = Scale::of(&rows);
        let places: Vec<_> = rows.iter().map(|row| scale.place(row)).collect();
        assert_eq!(places, [(0.0, 25.0), (25.0, 75.0), (NEARLY_ALL, 0.0)]);
    }

    proptest! {
        #[test]
        fn nothing_leaves_the_picture_whatever_the_times(
            times in prop::collection::vec((-4_000_000_000_i64..4_000_000_000, -100_i64..100_000), 0..9),
        ) {
            let rows: Vec<_> = times.iter().map(|(from, lasted)| row(*from, Some(*lasted))).collect();
            let scale = Scale::of(&rows);
            for row in &rows {
                let (from, width) = scale.place(row);
                prop_assert!(from >= 0.0 && width >= 0.0 && from + width <= 100.001);
            }
        }
    }
}
