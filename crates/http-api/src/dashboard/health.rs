//! The page *Health*: what the monitor's store and its dead-letter queues tell of it, and its
//! counters where it has them.

use axum::extract::State;
use jiff::Timestamp;
use maud::{Markup, html};
use sagebell_monitor::call_budget::Used;
use sagebell_monitor::health::{CONNECTION_LIMIT, DUE_LIMIT, Health, Seen};
use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::ports::DeadLetterQueue;
use sagebell_monitor::wait::WaitState;

use super::answer::{Answer, Known, page};
use super::counters::{self, Counter};
use super::layout::{Pace, Room, layout};
use super::parts::{job_address, theirs};
use super::times::{ago, duration, present};
use crate::{Api, Metrics};

/// The page.
pub(crate) async fn show(State(api): State<Api>, known: Option<Known>) -> Answer {
    let health = api.health.read().await?;
    let now = present(&*api.waits.clock);
    let body = html! {
        h1 { "Health" }
        (verdict(&health))
        dl.tiles {
            (sweep(&health, now))
            (waits(&health))
            (given_up_tiles(health.heartbeat.as_ref()))
            (connections(health.connections))
            (dead_letters(&health.dead_letters))
            (budget(health.budget.as_ref()))
            (observations(&health.seen))
        }
        @if let Some(heartbeat) = &health.heartbeat {
            (given_up(heartbeat, now))
            (lists(heartbeat, now))
            (breaks(heartbeat))
        }
        (metrics(&api.metrics))
    };
    Ok(page(layout("Health", Room::Health, Some(Pace::Calm), &body), known.as_ref()))
}

/// What is wrong, if anything is, and what to do.
fn verdict(health: &Health) -> Markup {
    let troubles = troubles(health);
    html! {
        @for (what, then) in &troubles { p.trouble { b { (what) } " " (then) } }
        @if troubles.is_empty() { p.fine { b { "The sweep runs, and no wait is overdue." } } }
    }
}

fn troubles(health: &Health) -> Vec<(&'static str, &'static str)> {
    let dead = health.dead_letters.iter().any(|queue| queue.messages.is_some_and(|some| some > 0));
    let spent = health.budget.as_ref().is_some_and(|used| used.percent() > 100);
    let known = [
        (
            !health.sweep_is_alive,
            "The sweep does not run.",
            "Lost events are not repaired, and no lease ends. See the log of the sweep.",
        ),
        (
            health.sweep_is_alive && health.overdue > 0,
            "The sweep falls behind.",
            "Waits that were due are not handled yet. See docs/alarms.md, OverdueAlarm.",
        ),
        (
            dead,
            "There are dead letters.",
            "Messages could not be handled. See docs/alarms.md, Dead letters.",
        ),
        (
            spent,
            "The budget of SageMaker calls is used up.",
            "Calls wait for their turn. See docs/alarms.md, Overdue jobs.",
        ),
    ];
    known.into_iter().filter(|(is_so, ..)| *is_so).map(|(_, what, then)| (what, then)).collect()
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

/// A count that ended at its limit.
fn at_least(count: usize, limit: usize) -> Markup {
    html! { (count) @if count >= limit { "+" } }
}

fn waits(health: &Health) -> Markup {
    let count = |count: usize| at_least(count, DUE_LIMIT);
    html! {
        (tile("Overdue waits", &count(health.overdue), &html! { "that a sweep should have handled" }))
        (tile("Due waits", &count(health.due), &html! { "for the next sweep" }))
    }
}

fn given_up_tiles(heartbeat: Option<&Heartbeat>) -> Markup {
    let named = heartbeat.map(|heartbeat| &heartbeat.given_up[..]).unwrap_or_default();
    let in_state = |state| html! { (named.iter().filter(|one| one.state == state).count()) };
    let about = |reason| {
        html! {
            @if named.len() < Heartbeat::GIVEN_UP { "waits in the last day: " }
            @else { "of the latest " (named.len()) " waits that were given up: " }
            (reason)
        }
    };
    html! {
        (tile("Undeliverable", &in_state(WaitState::Undeliverable), &about("their signals reached nobody")))
        (tile("Abandoned", &in_state(WaitState::Abandoned), &about("their waiter did not come back")))
    }
}

fn connections(open: usize) -> Markup {
    let about = html! { "open now, as far as the monitor knows" };
    tile("Connections", &at_least(open, CONNECTION_LIMIT), &about)
}

fn dead_letters(queues: &[DeadLetterQueue]) -> Markup {
    let known = || queues.iter().filter_map(|queue| queue.messages);
    let all_tell = known().count() == queues.len();
    let value = html! {
        @if known().next().is_none() { "unknown" }
        @else { (known().sum::<u64>()) @if !all_tell { "+" } }
    };
    let noted = queues.iter().filter(|queue| queue.messages != Some(0));
    let about = html! {
        @for (place, queue) in noted.clone().enumerate() {
            @if place > 0 { ", " }
            @if let Some(messages) = queue.messages { (messages) } @else { "an unknown number" }
            " in " (theirs(&queue.name))
        }
        @if noted.clone().next().is_none() { "in " (queues.len()) " queues" }
    };
    html! { @if !queues.is_empty() { (tile("Dead letters", &value, &about)) } }
}

fn budget(used: Option<&Used>) -> Markup {
    html! {
        @if let Some(used) = used {
            (tile("Budget used", &html! { (used.percent()) " %" }, &html! {
                (used.calls) " of " (used.most) " " (used.call.as_str()) " calls in " (theirs(&used.whose))
                " in the last minute"
            }))
        }
    }
}

fn observations(seen: &Seen) -> Markup {
    let lag = |percent| {
        html! {
            @if let Some(lag) = seen.event_lag(percent) { (duration(lag)) } @else { "none seen" }
        }
    };
    let jobs = html! { "in the latest " (seen.jobs) " jobs" };
    let events = html! {
        @if seen.events == 0 { (jobs) } @else { "half of " (seen.events) " events; the slowest " (lag(100)) }
    };
    html! {
        (tile("Event lag", &lag(50), &events))
        (tile("Found by lists", &html! { (seen.lists) }, &jobs))
        (tile("Found by Describe", &html! { (seen.describes) }, &jobs))
    }
}

fn given_up(heartbeat: &Heartbeat, now: Timestamp) -> Markup {
    html! {
        @if !heartbeat.given_up.is_empty() {
            section aria-labelledby="given-up" {
                h2 #given-up { "Waits that were given up " span.count { (heartbeat.given_up.len()) } }
                ul.waits {
                    @for one in heartbeat.given_up.iter().rev() {
                        li {
                            p {
                                span class={ "state " (one.state.as_str()) } { (one.state.as_str()) }
                                " " b { (theirs(one.wait.as_str())) } " on "
                                a href=(job_address(&one.arn)) { (theirs(one.arn.id())) }
                            }
                            p.soft { "Given up " (ago(one.at, now)) "." }
                        }
                    }
                }
            }
        }
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
                        "CloudWatch has the counters and the alarms: "
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
