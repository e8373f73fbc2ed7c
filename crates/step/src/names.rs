//! Who this step is, and what it calls what it makes.
//!
//! Promise: the same task of the same run gets the same names, however often its
//! pod is started; another task or run gets others. A step outside a pipeline
//! gets names that nobody else has.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The tag that marks what a step made as its own.
pub const OWNER_TAG: &str = "sagebell:task";

/// Hexadecimal digits that tell one task's names from another's: 48 to 80 bits. Should
/// two ever meet, the mark tells whose it is.
const DIGITS: std::ops::RangeInclusive<usize> = 12..=20;
/// Names are held to the shortest limit that SageMaker has
/// (`HyperParameterTuningJobName`) where that leaves digits enough, and to the usual
/// one where it does not.
const SHORTEST_LIMIT: usize = 32;
const USUAL_LIMIT: usize = 63;
/// One task of one pipeline run; or one start of a step outside a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    run: String,
    task: String,
    retry: Option<String>,
}

impl Task {
    /// The task, by KFP's job id and task id, which stay the same when its pod is
    /// started again. `retry` is the number of a retry that the task's own retry
    /// policy makes: it is to make a new job.
    #[must_use]
    pub fn of_pipeline(run: &str, task: &str, retry: Option<&str>) -> Self {
        Self { run: run.to_owned(), task: task.to_owned(), retry: retry.map(str::to_owned) }
    }

    /// A step that nobody will start again as the same; `unique` is its own.
    #[must_use]
    pub fn alone(unique: &str) -> Self {
        Self { run: "none".to_owned(), task: unique.to_owned(), retry: None }
    }

    /// The names of what it makes.
    #[must_use]
    pub fn fresh_name(&self) -> FreshName {
        let retry = self.retry.as_deref().unwrap_or_default();
        let digits = hex(&[&self.run, &self.task, retry].join("\n"));
        FreshName { prefix: String::new(), digits, task: self.clone() }
    }

    /// The label by which its run's jobs can be listed.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The value of the tag that marks its own.
    #[must_use]
    pub fn owner(&self) -> String {
        format!("{}/{}", self.run, self.task)
    }

    /// Adds the mark to a request's tags.
    pub fn mark(&self, input: &mut Value) {
        let Some(input) = input.as_object_mut() else { return };
        let tags = input.entry("Tags").or_insert_with(|| json!([]));
        if let Some(tags) = tags.as_array_mut() {
            tags.push(json!({"Key": OWNER_TAG, "Value": self.owner()}));
        }
    }

    /// Whether these tags have its mark.
    #[must_use]
    pub fn owns(&self, tags: &[Value]) -> bool {
        let mark = json!({"Key": OWNER_TAG, "Value": self.owner()});
        tags.contains(&mark)
    }
}

fn hex(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a text does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Makes the names of what one step makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshName {
    prefix: String,
    digits: String,
    task: Task,
}

impl FreshName {
    /// The same names with `prefix` before each that does not begin with it: of a team
    /// whose role may make no others.
    #[must_use]
    pub fn under(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    /// The name for this word: the word, which is cut off if it is too long, a hyphen
    /// and the task's digits. The same word gives the same name.
    #[must_use]
    pub fn with(&self, word: &str) -> String {
        let prefix = if word.starts_with(&self.prefix) { "" } else { &self.prefix };
        let word: String = prefix.chars().chain(word.chars()).collect();
        let room = SHORTEST_LIMIT.saturating_sub(word.len() + 1);
        let digits: String =
            self.digits.chars().take(room.clamp(*DIGITS.start(), *DIGITS.end())).collect();
        let word: String = word.chars().take(USUAL_LIMIT - 1 - digits.len()).collect();
        format!("{word}-{digits}")
    }

    /// Whose names these are.
    #[must_use]
    pub fn task(&self) -> &Task {
        &self.task
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_keeps_its_names_and_shares_them_with_no_other() {
        let name =
            |run, task, retry| Task::of_pipeline(run, task, retry).fresh_name().with("TrainingJob");
        let first = name("run", "task", None);
        assert_eq!(first, name("run", "task", None));
        let others = [
            name("run", "other", None),
            name("other", "task", None),
            name("run", "task", Some("1")),
            name("run\ntask", "", None),
        ];
        for other in others {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn a_name_fits_where_sagemaker_allows_least() {
        let name = Task::of_pipeline("run", "task", None).fresh_name().with("HPOJob");
        assert!(name.len() <= 32, "{name}");
        assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{name}");
    }

    #[test]
    fn a_prefix_goes_before_every_name_once_and_leaves_it_short_enough() {
        let fresh = Task::of_pipeline("run", "task", None).fresh_name().under("team-a-");
        let tuning = fresh.with("HPOJob");
        assert!(tuning.starts_with("team-a-HPOJob-") && tuning.len() == 32, "{tuning}");
        assert!(fresh.with("team-a-config").starts_with("team-a-config-"));
        let long = fresh.with(&"x".repeat(80));
        assert!(long.len() == 63 && long.starts_with("team-a-x"), "{long}");
    }

    #[test]
    fn only_its_own_mark_is_its_own() {
        let (mine, theirs) = (Task::alone("a"), Task::alone("b"));
        let mut input = json!({"Tags": [{"Key": "team", "Value": "vision"}]});
        mine.mark(&mut input);
        let tags = input["Tags"].as_array().unwrap();
        assert!(mine.owns(tags) && !theirs.owns(tags) && !mine.owns(&[]));
        let mut bare = json!({});
        mine.mark(&mut bare);
        assert!(mine.owns(bare["Tags"].as_array().unwrap()));
    }
}
