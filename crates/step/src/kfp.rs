//! What KFP gives to a step: its inputs, the paths of its outputs, and its identity.
//!
//! Everything is in the executor input ([`ExecutorInput`]), except the ids of the run and the task
//! (`{{$.pipeline_job_uuid}}` is filled in only if it is the whole of a constant:
//! `backend/src/v2/driver/resolve.go`, `resolveInputParameter`). The path of an artifact is
//! `ROOT/PIPELINE/RUN/TASK/SALT/ARTIFACT` (`backend/src/v2/driver/driver.go`, `provisionOutputs`).
//! The driver creates the salt once for a task, and once for each iteration of a loop. Restarts of
//! the pod, retries of the task, and Retry in the UI keep the salt.

mod executor_input;
pub mod placeholder;

use serde_json::Value;

pub use executor_input::{ExecutorInput, Unreadable};

/// Longest part of an identity; two of them fit into a tag.
const LONGEST: usize = 120;

/// Whether an argument says nothing: what a command line has for an input without a
/// value.
#[must_use]
pub fn is_absent(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text == "null"
}

/// A value as KFP writes it into a text (`backend/src/v2/metadata/converter.go`, `PbValueToText`):
/// all digits, and no point if there is no fraction.
#[must_use]
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => {
            let fraction = number.as_f64().filter(|_| number.is_f64());
            fraction.map_or_else(|| number.to_string(), |fraction| fraction.to_string())
        }
        other => other.to_string(),
    }
}

/// The run and the task, by the run's id where it was filled in, and by where an
/// artifact of the task goes. Both have only characters that tags take.
#[must_use]
pub fn identity(run: &str, artifact: &str) -> (String, String) {
    let run = Some(run).filter(|run| !is_absent(run) && placeholder::find(run).is_none());
    let parts: Vec<_> = artifact.trim_end_matches('/').rsplit('/').collect();
    let (run, task) = match parts.as_slice() {
        [_, salt, task, of, ..] => (run.unwrap_or(of), format!("{task}/{salt}")),
        _ => (run.unwrap_or("none"), artifact.to_owned()),
    };
    (tag_text(run), tag_text(&task))
}

fn tag_text(text: &str) -> String {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_.:/=+-@".contains(letter);
    text.chars().filter(|letter| allowed(*letter)).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "{{$.pipeline_job_uuid}}";

    #[test]
    fn a_task_is_known_by_where_its_artifacts_go() {
        let uri = "minio://mlpipeline/v2/artifacts/pipe/f3a1-run/train/9c2e-salt/metrics";
        let wanted = ("f3a1-run".to_owned(), "train/9c2e-salt".to_owned());
        assert_eq!(identity(RUN, uri), wanted);
        let filled = ("f3a1-other".to_owned(), "train/9c2e-salt".to_owned());
        assert_eq!(identity("f3a1-other", uri), filled);
    }

    #[test]
    fn a_task_that_a_person_names_is_that() {
        assert_eq!(identity("r", "t"), ("r".to_owned(), "t".to_owned()));
        assert_eq!(identity(RUN, "t {1}"), ("none".to_owned(), "t1".to_owned()));
    }

    #[test]
    fn an_empty_text_and_null_say_nothing() {
        for text in ["", " ", "null"] {
            assert!(is_absent(text), "{text}");
        }
        assert!(!is_absent("0") && !is_absent("false") && !is_absent("{}"));
    }
}
