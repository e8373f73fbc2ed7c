//! The table of `docs/kinds.md`.

use sagebell_monitor::kind::{KindSpec, Lifecycle, Telling};
use sagebell_monitor::phase::Phase;

use crate::blocks::Block;

/// The table of kinds for people.
pub(crate) fn block(kinds: &[KindSpec]) -> Block {
    let head = ["kind", "created by", "statuses of success", "how its state arrives", "stop"];
    let lines = [line(head.map(str::to_owned)), "|---|---|---|---|---|".to_owned()];
    let rows = kinds.iter().map(|row| {
        line([code(row.wire), created_by(row), successes(row), state_arrives(row), stop(row)])
    });
    let lines = lines.into_iter().chain(rows).collect();
    Block { path: "docs/kinds.md", name: "kinds".to_owned(), lines }
}

fn line(cells: [String; 5]) -> String {
    format!("| {} |", cells.join(" | "))
}

fn code(word: &str) -> String {
    format!("`{word}`")
}

fn created_by(row: &KindSpec) -> String {
    row.operations.map_or_else(|| "–".to_owned(), |operations| code(operations.create))
}

fn successes(row: &KindSpec) -> String {
    let good = row.statuses.iter().filter(|(_, phase)| *phase == Phase::Succeeded);
    let words: Vec<_> = good.map(|(word, _)| code(word)).collect();
    let updates = match row.lifecycle {
        Lifecycle::OneShot => "",
        Lifecycle::Resource => "; can change later",
    };
    format!("{}{updates}", words.join(", "))
}

fn state_arrives(row: &KindSpec) -> String {
    let how = match (row.detail_types.is_empty(), row.telling) {
        (true, _) => "checks only: it sends no events",
        (false, Telling::State) => "events",
        (false, Telling::Change) if row.operations.is_none() => "events only: nothing describes it",
        (false, Telling::Change) => "events, then a check: they need not have the state",
    };
    how.to_owned()
}

fn stop(row: &KindSpec) -> String {
    match row.operations.and_then(|operations| operations.stop) {
        None => "–".to_owned(),
        Some(stop) if row.has_tags => code(stop),
        Some(stop) => format!("{}, with a name prefix", code(stop)),
    }
}
