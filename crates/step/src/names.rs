//! The identity of a step, and the names of what it creates.
//!
//! Promise: the same task of the same run gets the same names, however often its pod starts.
//! Another task or run gets other names. A step outside a pipeline gets unique names.
//!
//! The name of a job has generations (`base`, `base-r1`, `base-r2`, …), because a failed job keeps
//! its name. [`crate::run`] says when the next generation is created. The words of the step are in
//! lower case, because SageMaker's lists answer ARNs in lower case, whatever the case of the name
//! (<https://github.com/boto/boto3/issues/4606>).

use std::fmt::Write as _;

use sagebell_monitor::kind::{Kind, Lifecycle};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The tag that marks what a step created as its own.
pub const OWNER_TAG: &str = "sagebell:task";
/// The tag with the principal whose step created it, as the monitor names principals.
pub const PRINCIPAL_TAG: &str = "sagebell:owner";

/// The number of hexadecimal digits that distinguish the names of tasks: 48 to 64 bits. If two ever
/// collide, the tag shows the owner.
const DIGITS: std::ops::RangeInclusive<usize> = 12..=16;
/// The same in a token, which nothing else marks.
const TOKEN_DIGITS: usize = 20;
/// The longest name of most things.
const USUAL_LIMIT: usize = 63;
/// The longest name where SageMaker allows least (`HyperParameterTuningJobName`,
/// `AutoMLJobName`): names are held to it where that leaves digits enough.
const SHORTEST_LIMIT: usize = 32;
/// The last generation of a job: two digits.
pub const LAST_GENERATION: u32 = 99;
/// The length of the longest suffix of a generation (`-r99`).
const ENDING: usize = 4;

/// One task of one pipeline run; or one start of a step outside a pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    run: String,
    task: String,
}

impl Task {
    /// The task, by KFP's job id and task id, which stay the same when its pod is
    /// started again and when it is retried. KFP's count of retries is no part of it:
    /// it also grows when only a pod was lost whose job still runs
    /// (kubeflow/pipelines `argocompiler/container.go`).
    #[must_use]
    pub fn of_pipeline(run: &str, task: &str) -> Self {
        Self { run: run.to_owned(), task: task.to_owned() }
    }

    /// A step outside a pipeline, which nobody can start again. `unique` identifies it.
    #[must_use]
    pub fn alone(unique: &str) -> Self {
        Self { run: "none".to_owned(), task: unique.to_owned() }
    }

    /// The names of what it creates.
    #[must_use]
    pub fn fresh_name(&self) -> FreshName {
        FreshName { prefix: String::new(), family: 0, task: self.clone() }
    }

    /// The label by which the jobs of its run can be listed.
    #[must_use]
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The value of the tag that marks its jobs.
    #[must_use]
    pub fn owner(&self) -> String {
        format!("{}/{}", self.run, self.task)
    }

    /// Adds its tag to a request, and the tag of the principal if it is known.
    pub fn mark(&self, input: &mut Value, principal: Option<&str>) {
        let Some(input) = input.as_object_mut() else { return };
        let tags = input.entry("Tags").or_insert_with(|| json!([]));
        if let Some(tags) = tags.as_array_mut() {
            tags.push(json!({"Key": OWNER_TAG, "Value": self.owner()}));
            let principal = principal.map(|name| json!({"Key": PRINCIPAL_TAG, "Value": name}));
            tags.extend(principal);
        }
    }

    /// Whether these tags contain its tag.
    #[must_use]
    pub fn owns(&self, tags: &[Value]) -> bool {
        let mark = json!({"Key": OWNER_TAG, "Value": self.owner()});
        tags.contains(&mark)
    }

    fn digits(&self, more: &[&str]) -> String {
        let parts = [&[self.run.as_str(), self.task.as_str()], more].concat();
        hex(&parts.join("\n"))
    }
}

fn hex(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        // Writing to a text does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Generates the names of what one step creates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshName {
    prefix: String,
    family: u32,
    task: Task,
}

impl FreshName {
    /// The same names with `prefix` before each that does not begin with it: of a team
    /// whose role may make no others.
    #[must_use]
    pub fn under(self, prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), ..self }
    }

    /// The same names for a later generation of the job, up to [`LAST_GENERATION`]. The
    /// first is 0.
    #[must_use]
    pub fn family(self, family: u32) -> Self {
        Self { family, ..self }
    }

    /// The name for this word of ours: the word in lower case, which is cut off if it
    /// is too long, a hyphen and the task's digits. The same word gives the same name,
    /// in every generation.
    #[must_use]
    pub fn with(&self, word: &str) -> String {
        self.beside(&word.to_ascii_lowercase())
    }

    /// As [`with`](Self::with), of a name that was given and keeps its spelling.
    #[must_use]
    pub fn beside(&self, given: &str) -> String {
        let prefix = if given.starts_with(&self.prefix) { "" } else { &self.prefix };
        let word: String = prefix.chars().chain(given.chars()).collect();
        let room = (SHORTEST_LIMIT - ENDING).saturating_sub(word.len() + 1);
        let digits: String = self
            .task
            .digits(&[])
            .chars()
            .take(room.clamp(*DIGITS.start(), *DIGITS.end()))
            .collect();
        let word: String = word.chars().take(USUAL_LIMIT - ENDING - 1 - digits.len()).collect();
        format!("{word}-{digits}")
    }

    /// The name of this generation's job of this kind: of the name that was given, else
    /// of the word. The generation's ending goes to its end, which is cut off for it
    /// where the kind's names may be no longer. What lives on and is not run to an end
    /// (an endpoint, a notebook) has one name in every generation.
    #[must_use]
    pub fn of_job(&self, kind: Kind, given: Option<&str>, word: &str) -> String {
        let base = given.map_or_else(|| self.with(word), str::to_owned);
        if self.family == 0 || kind.spec().lifecycle == Lifecycle::Resource {
            return base;
        }
        let ending = format!("-r{}", self.family);
        let limit = kind.spec().operations.map_or(USUAL_LIMIT, |of| of.name_limit);
        let base: String = base.chars().take(limit - ending.len()).collect();
        format!("{base}{ending}")
    }

    /// A token by which SageMaker knows a call of this generation that is sent again:
    /// SageMaker's take from 32 to 36 characters.
    #[must_use]
    pub fn token(&self) -> String {
        let family = self.family.to_string();
        let digits: String = self.task.digits(&[&family]).chars().take(TOKEN_DIGITS).collect();
        format!("request-token-{digits}")
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

    fn fresh() -> FreshName {
        Task::of_pipeline("run", "task").fresh_name()
    }

    #[test]
    fn a_task_keeps_its_names_and_shares_them_with_no_other() {
        let name = |run, task| Task::of_pipeline(run, task).fresh_name().with("TrainingJob");
        let first = name("run", "task");
        assert_eq!(first, name("run", "task"));
        for other in [name("run", "other"), name("other", "task"), name("run\ntask", "")] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn names_of_our_own_are_in_lower_case_and_given_ones_as_they_are() {
        assert!(fresh().with("TrainingJob").starts_with("trainingjob-"));
        assert!(fresh().beside("Prod").starts_with("Prod-"));
        assert_eq!(fresh().of_job(Kind::Training, Some("Digits"), "job"), "Digits");
    }

    #[test]
    fn every_generation_fits_where_sagemaker_allows_least() {
        let generations = [0, 1, LAST_GENERATION];
        for (kind, given, limit) in [
            (Kind::Tuning, None, 32),
            (Kind::Tuning, Some("a-name-of-just-the-greatest-size"), 32),
            (Kind::Training, Some("y".repeat(63).leak() as &str), 63),
        ] {
            let names = generations.map(|n| fresh().family(n).of_job(kind, given, "HPOJob"));
            for name in &names {
                assert!(name.len() <= limit, "{name}");
                assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{name}");
            }
            let [first, second, last] = &names;
            assert!(first != second && second != last, "{names:?}");
            assert_eq!(given.unwrap_or(first), first);
        }
        let endpoint = fresh().family(1).of_job(Kind::Endpoint, None, "Endpoint");
        assert_eq!(endpoint, fresh().with("Endpoint"));
        let (name, first) = (fresh().family(7).of_job(Kind::Tuning, None, "HPOJob"), fresh());
        assert_eq!(name, format!("{}-r7", first.with("HPOJob")));
    }

    #[test]
    fn a_token_is_of_its_generation_and_of_a_size_that_is_taken() {
        let tokens = [0, 1, 2].map(|family| fresh().family(family).token());
        assert!(tokens.iter().all(|token| (32..=36).contains(&token.len())), "{tokens:?}");
        assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2]);
        assert_eq!(tokens[0], fresh().token());
    }

    #[test]
    fn a_prefix_goes_before_every_name_once_and_leaves_it_short_enough() {
        let fresh = fresh().under("team-A-");
        let tuning = fresh.with("HPOJob");
        assert!(tuning.starts_with("team-A-hpojob-") && tuning.len() <= 28, "{tuning}");
        assert!(fresh.beside("team-A-config").starts_with("team-A-config-"));
        let long = fresh.with(&"x".repeat(80));
        assert!(long.len() == 59 && long.starts_with("team-A-x"), "{long}");
    }

    #[test]
    fn only_its_own_mark_is_its_own() {
        let (mine, theirs) = (Task::alone("a"), Task::alone("b"));
        let mut input = json!({"Tags": [{"Key": "team", "Value": "vision"}]});
        mine.mark(&mut input, Some("111122223333/pods"));
        let tags = input["Tags"].as_array().unwrap();
        assert!(mine.owns(tags) && !theirs.owns(tags) && !mine.owns(&[]));
        assert_eq!(tags[2], json!({"Key": "sagebell:owner", "Value": "111122223333/pods"}));
        let mut bare = json!({});
        mine.mark(&mut bare, None);
        assert!(mine.owns(bare["Tags"].as_array().unwrap()));
        assert_eq!(bare["Tags"].as_array().unwrap().len(), 1);
    }
}
