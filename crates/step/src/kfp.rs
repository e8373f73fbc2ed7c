//! What KFP's command line tells a step of who it is.
//!
//! The launcher fills in where outputs go, and not the run's id or the task's
//! (`{{$.pipeline_job_uuid}}` stays as it is, unless the platform knows better; the
//! task's id is the same for every task of a graph). Where an artifact is to go is
//! `ROOT/PIPELINE/RUN/TASK/SALT/ARTIFACT`: the driver makes it once for a task, and
//! once for each iteration of a loop, and the pod's restarts keep it.

/// How a placeholder begins that nobody filled in.
const UNFILLED: &str = "{{$";

/// Longest part of an identity; two of them fit into a tag.
const LONGEST: usize = 120;

/// Whether an argument says nothing: KFP passes every input of a component, an
/// optional one without a value as its placeholder or as `null`.
#[must_use]
pub fn is_absent(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text == "null" || text.starts_with(UNFILLED)
}

/// The run and the task, by the run's id where it was filled in, and by where an
/// artifact of the task goes. Both have only characters that tags take.
#[must_use]
pub fn identity(run: &str, artifact: &str) -> (String, String) {
    let parts: Vec<_> = artifact.trim_end_matches('/').rsplit('/').collect();
    let (run, task) = match parts.as_slice() {
        [_, salt, task, of, ..] => {
            (if is_absent(run) { of } else { run }, format!("{task}/{salt}"))
        }
        _ => (if is_absent(run) { "none" } else { run }, artifact.to_owned()),
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
    fn what_kfp_could_not_fill_in_is_absent() {
        for text in ["", " ", "null", "{{$.inputs.parameters['x']}}", RUN] {
            assert!(is_absent(text), "{text}");
        }
        assert!(!is_absent("0") && !is_absent("false") && !is_absent("{}"));
    }
}
