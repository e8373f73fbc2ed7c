//! The filters of the list of jobs: the search, the filters that are set, and those to choose from.
//! All of them are in the page's address.

use maud::{Markup, html};
use sagebell_api_types::query::{self, JobsQuery};
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::JobFilter;

use super::parts::{theirs, words};
use crate::query::text;

/// The address of the first page under `filter`.
pub(crate) fn address(filter: JobFilter) -> String {
    let query = text(&JobsQuery { filter, cursor: None, limit: None });
    if query.is_empty() { "./".to_owned() } else { format!("./?{query}") }
}

/// The search, the filters that are set, and a menu of others.
pub(crate) fn bar(filter: &JobFilter) -> Markup {
    html! {
        div.filters {
            (search(filter))
            (menu(filter))
            (chips(filter))
        }
    }
}

/// The other filters stay as they are while one searches.
fn search(filter: &JobFilter) -> Markup {
    let others = JobFilter { text: None, ..filter.clone() };
    let others = JobsQuery { filter: others, cursor: None, limit: None };
    html! {
        form role="search" action="./" {
            @for (name, value) in others.pairs() { input type="hidden" name=(name) value=(value); }
            label.hidden for="q" { "Search by a part of the name or the ARN" }
            input #q type="search" name=(query::TEXT) value=[&filter.text] maxlength="256"
                placeholder="Search jobs" autocomplete="off" spellcheck="false";
            button.plain type="submit" { "Search" }
        }
    }
}

fn menu(filter: &JobFilter) -> Markup {
    html! {
        details.menu #filter-menu {
            summary { "Filter" }
            div {
                fieldset {
                    legend { "Phase" }
                    @for phase in Phase::ALL { (phase_choice(filter, phase)) }
                }
                fieldset {
                    legend { "Kind" }
                    @for kind in Kind::all() {
                        (choice(&spaced(kind.as_str()), filter.kind == Some(kind),
                            JobFilter { kind: Some(kind), ..filter.clone() }))
                    }
                }
            }
        }
    }
}

/// Phases can be chosen together.
fn phase_choice(filter: &JobFilter, phase: Phase) -> Markup {
    let mut phases = filter.phases.clone();
    let is_set = !phases.insert(phase);
    choice(words(phase), is_set, JobFilter { phases, ..filter.clone() })
}

fn choice(word: &str, is_set: bool, filter: JobFilter) -> Markup {
    html! {
        @if is_set { b { (word) } } @else { a href=(address(filter)) { (word) } }
    }
}

/// The filters that are set, each with a link that takes it off.
fn chips(filter: &JobFilter) -> Markup {
    let without = |change: fn(&mut JobFilter)| {
        let mut rest = filter.clone();
        change(&mut rest);
        rest
    };
    let others = [
        ("kind", filter.kind.map(|kind| spaced(kind.as_str())), without(|rest| rest.kind = None)),
        ("run", filter.run.clone(), without(|rest| rest.run = None)),
        ("region", filter.region.clone(), without(|rest| rest.region = None)),
        ("account", filter.account.clone(), without(|rest| rest.account = None)),
        ("search", filter.text.clone(), without(|rest| rest.text = None)),
    ];
    html! {
        @if *filter != JobFilter::default() {
            ul.chips aria-label="Filters that are set" {
                @for phase in &filter.phases {
                    (chip("phase", words(*phase), {
                        let mut rest = filter.clone();
                        rest.phases.remove(phase);
                        rest
                    }))
                }
                @for (name, value, rest) in others {
                    @if let Some(value) = value { (chip(name, &value, rest)) }
                }
                li { a.clear href="./" { "Clear all" } }
            }
        }
    }
}

fn chip(name: &str, value: &str, rest: JobFilter) -> Markup {
    html! {
        li.chip {
            span.soft { (name) " " }
            (theirs(value))
            a href=(address(rest)) {
                span aria-hidden="true" { "×" }
                span.hidden { "Take off the filter " (name) " " (theirs(value)) }
            }
        }
    }
}

/// A word of the wire, for people.
pub(crate) fn spaced(word: &str) -> String {
    word.replace('_', " ")
}
