//! Who waits for a job.

use jiff::Timestamp;
use maud::{Markup, html};
use sagebell_monitor::ports::Page;
use sagebell_monitor::wait::{Channel, OnAbandon, SignalOn, Wait, WaitState};

use super::parts::theirs;
use super::times::ago;

/// The waits on a job: whose they are, how they are told, and how that goes.
pub(crate) fn waits(page: &Page<Wait>, now: Timestamp) -> Markup {
    html! {
        section aria-labelledby="waits" {
            h2 #waits { "Who waits " span.count { (page.items.len()) @if page.next.is_some() { "+" } } }
            @if page.items.is_empty() {
                p.soft { "Nobody. A pipeline step registers a wait before it sleeps." }
            } @else {
                ul.waits { @for wait in &page.items { (row(wait, now)) } }
            }
            @if page.next.is_some() { p.soft { "There are more waits than this page shows." } }
        }
    }
}

fn row(wait: &Wait, now: Timestamp) -> Markup {
    html! {
        li {
            p {
                span class={ "state " (wait.state.as_str()) } { (wait.state.as_str()) }
                " " b { (theirs(wait.id.as_str())) } " of " (theirs(&wait.owner.0))
            }
            p.soft {
                (channel(&wait.channel)) " "
                (match wait.signal_on { SignalOn::Settled => "about the end", SignalOn::Progress => "about each change" })
                ". Registered " (ago(wait.created_at, now)) ". "
                (lease(wait, now))
            }
            @if let Some(told) = told(wait) { p.soft { (told) } }
            @if let Some(error) = &wait.delivery.last_error {
                p { "Last failure: " (theirs(error)) }
            }
        }
    }
}

fn channel(channel: &Channel) -> &'static str {
    match channel {
        Channel::Connection { .. } => "Told through its connection",
        Channel::Callback { .. } => "Told by a callback",
        Channel::None => "Asks by itself",
    }
}

fn lease(wait: &Wait, now: Timestamp) -> Markup {
    html! {
        @if wait.state == WaitState::Waiting {
            @if let Some(since) = wait.gone_since { "Its connection was lost " (ago(since, now)) ". " }
            @if wait.lease_until < now { "Its lease ended " (ago(wait.lease_until, now)) ". " }
            (match wait.on_abandon {
                OnAbandon::Stop => "If the waiter does not come back, the job is stopped.",
                OnAbandon::Keep => "If the waiter does not come back, the job goes on.",
            })
        }
    }
}

/// The signals that were sent, and the attempts that failed.
fn told(wait: &Wait) -> Option<String> {
    let (seq, attempts) = (wait.delivery.seq, wait.delivery.attempts);
    match (seq, attempts) {
        (0, 0) => None,
        (seq, 0) => Some(format!("Signals sent: {seq}.")),
        (seq, attempts) => {
            Some(format!("Signals: {seq}. Failed attempts to send the last one: {attempts}."))
        }
    }
}
