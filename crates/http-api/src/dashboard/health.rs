//! The page *Health*: what the monitor's store tells of it, and its counters where it has them.

use axum::extract::State;
use jiff::Timestamp;
use maud::{Markup, html};
use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::job_queries::health::{DUE_LIMIT, Health, Seen};

use super::answer::{Answer, Known, page};
use super::counters::{self, Counter};
use super::layout::{Pace, Room, layout};
use super::parts::theirs;
use super::times::{ago, duration, present};
use crate::{Api, Metrics};

/// The page.
pub(crate) async fn show(State(api): State<Api>, known: Option<Known>) -> Answer {
    let health = api.jobs.health().await?;
    let now = present(&*api.waits.clock);
    let body = html! {
        h1 { "Health" }
        (verdict(&health))
        dl.tiles {
            (sweep(&health, now))
            (waits(&health))
            (observations(&health.seen))
        }
        @if let Some(heartbeat) = &health.heartbeat { (lists(heartbeat, now)) (breaks(heartbeat)) }
        (metrics(&api.metrics))
    };
    Ok(page(layout("Health", Room::Health, Some(Pace::Calm), &body), known.as_ref()))
}

/// What is wrong, if anything is, and what to do.
fn verdict(health: &Health) -> Markup {
    html! {
        @if !health.sweep_is_alive {
            p.trouble {
                b { "The sweep does not run." }
                " Lost events are not repaired, and no lease ends. See the log of the sweep."
            }
        } @else if health.overdue > 0 {
            p.trouble {
                b { "The sweep falls behind." }
                " Waits that were due are not handled yet. See docs/alarms.md, SweepOverdue."
            }
        } @else {
            p.fine { b { "The sweep runs, and no wait is overdue." } }
        }
    }
}

fn tile(name: &str, value: &Markup, about: &Markup) -> Markup {
    html! { div { dt { (name) } dd { b { (value) } small { (about) } } } }
}

fn sweep(health: &Health, now: Timestamp) -> Markup {
    let last = html! {
        @if let Some(beat) = &health.heartbeat { (ago(beat.at, now)) } @else { "never" }
    };
    let since = html! {
        @if let Some(beat) = &health.heartbeat { "without a break since " (ago(beat.since, now)) }
    };
    tile("Last sweep", &last, &since)
}

fn waits(health: &Health) -> Markup {
    let count = |count: usize| html! { (count) @if count >= DUE_LIMIT { "+" } };
    html! {
        (tile("Overdue waits", &count(health.overdue), &html! { "that a sweep should have handled" }))
        (tile("Due waits", &count(health.due), &html! { "for the next sweep" }))
    }
}

fn observations(seen: &Seen) -> Markup {
    let lag = |percent| {
        html! {
            @if let Some(lag) = seen.event_lag(percent) { (duration(lag)) } @else { "none seen" }
        }
    };
    let jobs = html! { "in the latest " (seen.jobs) " jobs" };
    html! {
        (tile("Event lag", &lag(50), &html! { "half of " (seen.events) " events; the slowest " (lag(100)) }))
        (tile("Found by lists", &html! { (seen.lists) }, &jobs))
        (tile("Found by Describe", &html! { (seen.describes) }, &jobs))
    }
}

fn lists(heartbeat: &Heartbeat, now: Timestamp) -> Markup {
    html! {
        section aria-labelledby="lists" {
            h2 #lists { "Lists of SageMaker " span.count { (heartbeat.lists.len()) } }
            @if heartbeat.lists.is_empty() {
                p.soft { "None is read: nobody waits for a job of which a list would tell." }
            } @else {
                ul.waits {
                    @for one in &heartbeat.lists {
                        li {
                            p { (theirs(&one.list.to_string())) }
                            p.soft { "Read " (ago(one.read_at, now)) ", wanted by waits" }
                        }
                    }
                }
            }
        }
    }
}

fn breaks(heartbeat: &Heartbeat) -> Markup {
    html! {
        @if !heartbeat.breaks.is_empty() {
            section aria-labelledby="breaks" {
                h2 #breaks { "Breaks of the sweep" }
                ul.waits {
                    @for one in heartbeat.breaks.iter().rev() {
                        li { p { "Over at " (super::times::moment(one.over_at)) " after " (one.seconds) " s" } }
                    }
                }
            }
        }
    }
}

fn metrics(metrics: &Metrics) -> Markup {
    html! {
        section aria-labelledby="counters" {
            h2 #counters { "Counters" }
            @match metrics {
                Metrics::Here(text) => {
                    p.soft { "Since this monitor started." }
                    (counted(&counters::read(&text())))
                }
                Metrics::CloudWatch(address) => {
                    p {
                        "CloudWatch has the counters, the alarms, and the length of the dead-letter queues: "
                        a href=(address) rel="noreferrer" target="_blank" { "alarms of this region" }
                    }
                }
                Metrics::Nowhere => p.soft { "This monitor keeps none." },
            }
        }
    }
}

fn counted(counters: &[Counter]) -> Markup {
    html! {
        dl.tiles {
            @for one in counters { (tile(one.name, &html! { (one.value) }, &html! { (one.about) })) }
        }
    }
}
