//! Checks the stack's queues, and counts its dead letters.

use sagebell_aws_reads::{Account, AskError};

use super::grants::{DEAD_LETTERS, QUEUES, READ};
use super::report::Check;
use super::stack::{Deployment, unanswered};

pub(super) const QUEUES_CHECK: &str = "queues";
pub(super) const DEAD_LETTERS_CHECK: &str = "dead letters";
/// The stack's queues, and the dead letters of each way in, by the ends of their names.
const WORKING: [&str; 2] = ["events", "signals"];
const DEAD: [&str; 3] = ["events", "signals", "sweep"];
/// Of both kinds one more, where there are callbacks.
const CALLBACKS: &str = "callbacks";

/// The queues, and what is in those of dead letters.
pub(super) async fn queues(account: &Account, deployment: &Deployment) -> [Check; 2] {
    let stack = &deployment.name;
    let working = ends(deployment, &WORKING).into_iter().map(|end| format!("{stack}-{end}"));
    let dead = ends(deployment, &DEAD).into_iter().map(|end| format!("{stack}-{end}-dead-letters"));
    let working = depths(account, working).await;
    let working = working.map(|depths| {
        let each = depths.iter().map(|(name, depth)| format!("{name} ({depth} waiting)"));
        Check::ok(QUEUES_CHECK, each.collect::<Vec<_>>().join(", "))
    });
    let dead = depths(account, dead).await.map(|depths| judge_dead_letters(&depths));
    let failed = |name, grants| move |error: AskError| unanswered(name, &error, grants, READ);
    [
        working.unwrap_or_else(failed(QUEUES_CHECK, QUEUES)),
        dead.unwrap_or_else(failed(DEAD_LETTERS_CHECK, DEAD_LETTERS)),
    ]
}

async fn depths(
    account: &Account,
    names: impl Iterator<Item = String>,
) -> Result<Vec<(String, u64)>, AskError> {
    let mut found = Vec::new();
    for name in names {
        let queue = account.queue(&name).await.map_err(|error| match error {
            AskError::NotFound(_) => AskError::NotFound(format!("there is no queue {name}")),
            other => other,
        })?;
        found.push((name, queue.messages));
    }
    Ok(found)
}

fn judge_dead_letters(depths: &[(String, u64)]) -> Check {
    let full = depths.iter().filter(|(_, depth)| *depth > 0);
    let full: Vec<_> = full.map(|(name, depth)| format!("{depth} in {name}")).collect();
    if full.is_empty() {
        return Check::ok(DEAD_LETTERS_CHECK, "none");
    }
    let how = "docs/alarms.md says what to do, `sagebell redrive` sends them back";
    Check::missing(DEAD_LETTERS_CHECK, format!("{}: {how}", full.join(", ")), DEAD_LETTERS)
}

/// These, and the one for callbacks if there are any.
fn ends(deployment: &Deployment, always: &[&'static str]) -> Vec<&'static str> {
    let more = (deployment.has_callbacks() == Some(true)).then_some(CALLBACKS);
    always.iter().copied().chain(more).collect()
}

#[cfg(test)]
mod tests {
    use super::super::stack::CALLBACKS_OUTPUT;
    use super::*;

    #[test]
    fn the_queues_of_callbacks_are_looked_for_where_there_are_callbacks() {
        let with = |outputs: &[&str]| {
            let outputs = outputs.iter().map(|name| ((*name).to_owned(), String::new())).collect();
            Deployment { outputs, ..Deployment::default() }
        };
        assert_eq!(
            ends(&with(&["ApiUrl", CALLBACKS_OUTPUT]), &WORKING),
            ["events", "signals", CALLBACKS]
        );
        assert_eq!(ends(&with(&["ApiUrl"]), &WORKING), WORKING);
        assert_eq!(with(&["ApiUrl"]).has_callbacks(), Some(false));
        // Of what could not be read, nothing is known.
        assert_eq!(with(&[]).has_callbacks(), None);
        assert_eq!(ends(&with(&[]), &DEAD), DEAD);
    }
}
