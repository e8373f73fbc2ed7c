//! Bars to scale: what was when.
//!
//! A bar is drawn with attributes of SVG, since the pages' policy allows no styles but those of
//! their style sheet.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};
use sagebell_monitor::job::JobRecord;
use sagebell_monitor::phase::Phase;

use super::parts::status_words;
use super::times::{duration, exact};

/// The height of a bar, in pixels.
const HEIGHT: u8 = 14;
/// What is short is still seen, in pixels.
const LEAST: u8 = 3;

/// The state of a job before anybody saw it.
const UNSEEN: &str = "not observed";

/// A stretch of time, of which charts show parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) from: Timestamp,
    pub(crate) to: Timestamp,
}

impl Span {
    /// From one time to another, or nothing where that is earlier.
    pub(crate) fn new(from: Timestamp, to: Timestamp) -> Self {
        Self { from, to: to.max(from) }
    }

    pub(crate) fn length(self) -> SignedDuration {
        self.to.duration_since(self.from)
    }

    /// The part of `whole` before `at`, in percent.
    fn percent(self, at: Timestamp) -> f64 {
        let whole = self.length().as_secs_f64();
        if whole > 0.0 {
            (at.duration_since(self.from).as_secs_f64() / whole * 100.0).clamp(0.0, 100.0)
        } else {
            0.0
        }
    }

    /// A bar that shows `part` within this.
    pub(crate) fn bar(self, part: Self, phase: Phase) -> Markup {
        let (from, to) = (self.percent(part.from), self.percent(part.to));
        let (x, width) = (format!("{from:.2}%"), format!("{:.2}%", to - from));
        html! {
            svg class={ "bar " (phase) } width="100%" height=(HEIGHT) aria-hidden="true" focusable="false" {
                rect.track width="100%" height=(HEIGHT) rx="3" {}
                // What is short is seen, at the very end of the chart too.
                svg x=(x) width=(width) height=(HEIGHT) overflow="visible" {
                    rect.part width="100%" height=(HEIGHT) rx="3" {}
                    rect.part width=(LEAST) height=(HEIGHT) x=(if from > 99.0 { "-3" } else { "0" }) {}
                }
            }
        }
    }

    /// The times at the two ends of a chart.
    pub(crate) fn ends(self) -> Markup {
        html! {
            p.ends { span { (exact(self.from)) } span { (exact(self.to)) } }
        }
    }
}

/// A state in which a job was for some time.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State<'a> {
    phase: Phase,
    status: &'a str,
    secondary: Option<&'a str>,
    span: Span,
}

/// The states of the job, one after the other, to scale. None of a job that was never seen.
pub(crate) fn states(record: &JobRecord, now: Timestamp) -> Option<Markup> {
    let states = found(record, now);
    let whole = Span::new(states.first()?.span.from, states.last()?.span.to);
    Some(html! {
        ol.chart {
            @for state in &states {
                li {
                    span.label { (status_words(state.status, state.secondary)) }
                    (whole.bar(state.span, state.phase))
                    span.lasted { (duration(state.span.length())) }
                }
            }
        }
        (whole.ends())
    })
}

/// What came late is no state of its own: it is before one that was known.
fn found(record: &JobRecord, now: Timestamp) -> Vec<State<'_>> {
    let end = record.job.settled_at.unwrap_or(now);
    let mut states: Vec<State<'_>> = Vec::new();
    for entry in &record.timeline {
        let is_same = states.last().is_some_and(|last| {
            last.status == entry.status && last.secondary == entry.secondary_status.as_deref()
        });
        if is_same {
            continue;
        }
        if let Some(last) = states.last_mut() {
            last.span = Span::new(last.span.from, entry.at);
        }
        states.push(State {
            phase: entry.phase,
            status: &entry.status,
            secondary: entry.secondary_status.as_deref(),
            span: Span::new(entry.at, if entry.phase.is_settled() { entry.at } else { end }),
        });
    }
    // Before the first observation there was the job's creation.
    let first = states.first_mut().zip(record.job.created_at);
    if let Some((first, created)) = first.filter(|(first, created)| *created < first.span.from) {
        if !first.phase.is_settled() {
            first.span.from = created;
        } else {
            // A job that was first seen at its end was in other states before.
            let span = Span::new(created, first.span.from);
            let unseen = State { phase: Phase::Unknown, status: UNSEEN, secondary: None, span };
            states.insert(0, unseen);
        }
    }
    states
}

#[cfg(test)]
mod tests {
    use sagebell_monitor::testing::samples::{arn, job};

    use super::*;
    use sagebell_monitor::job::TimelineEntry;
    use sagebell_monitor::observation::Source;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn entry(second: i64, phase: Phase, secondary: &str) -> TimelineEntry {
        TimelineEntry {
            at: at(second),
            seen_at: at(second),
            phase,
            status: "InProgress".to_owned(),
            secondary_status: Some(secondary.to_owned()),
            source: Source::Event,
            late: false,
        }
    }

    #[test]
    fn each_state_lasts_to_the_next_and_the_last_to_the_end() {
        let mut record = job(&arn("x"), at(0));
        record.job.created_at = Some(at(100));
        record.timeline = vec![
            entry(110, Phase::Running, "Starting"),
            entry(130, Phase::Running, "Training"),
            entry(150, Phase::Running, "Training"),
        ];
        record.job.settled_at = None;
        let spans = |record: &JobRecord| -> Vec<_> {
            let states = found(record, at(300));
            states.iter().map(|s| (s.span.from.as_second(), s.span.to.as_second())).collect()
        };
        assert_eq!(spans(&record), [(100, 130), (130, 300)]);
        record.timeline.push(entry(200, Phase::Succeeded, "Completed"));
        record.job.settled_at = Some(at(200));
        assert_eq!(spans(&record), [(100, 130), (130, 200), (200, 200)]);
        // What was seen at its end alone was not at its end before.
        record.timeline.drain(..3);
        assert_eq!(spans(&record), [(100, 200), (200, 200)]);
        assert_eq!(found(&record, at(300))[0].status, UNSEEN);
    }

    #[test]
    fn a_bar_is_to_scale_and_stays_within_its_chart() {
        let whole = Span::new(at(0), at(200));
        let bar = |from, to| whole.bar(Span::new(at(from), at(to)), Phase::Running).into_string();
        assert!(bar(50, 100).contains("x=\"25.00%\" width=\"25.00%\""), "{}", bar(50, 100));
        assert!(bar(-50, 400).contains("x=\"0.00%\" width=\"100.00%\""), "{}", bar(-50, 400));
        let none = Span::new(at(5), at(1));
        assert!(none.bar(none, Phase::Running).into_string().contains("width=\"0.00%\""));
    }
}
