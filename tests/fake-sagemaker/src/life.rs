//! Scripted lives: which statuses a job comes to, and when.

use std::time::Duration;

use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use serde::{Deserialize, Serialize};

use crate::family::Family;

/// Longest life, in stages.
pub(crate) const MAX_STAGES: usize = 100;
/// The longest that one stage may take: a week.
pub(crate) const MAX_AFTER_MILLIS: u64 = 7 * 24 * 3_600_000;
/// At the end of a stage of this status the resource is gone.
pub(crate) const GONE: &str = "Deleted";

/// One status of a life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Milliseconds after the stage before; for the first, after the call.
    #[serde(default)]
    pub after_millis: u64,
    /// The status, in any spelling that the monitor takes.
    pub status: String,
    /// The finer status, for kinds that have one.
    #[serde(default)]
    pub secondary: Option<String>,
    /// The failure reason.
    #[serde(default)]
    pub reason: Option<String>,
}

/// The life of every job whose name fits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Life {
    /// The names it is for; `*` stands for any text.
    pub name: String,
    /// The kind it is for, in the monitor's word; none: any.
    #[serde(default)]
    pub kind: Option<String>,
    /// From the creation on. Empty: the kind's own life.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// From a Stop call on. None: the kind's own.
    #[serde(default)]
    pub on_stop: Option<Vec<Stage>>,
    /// From an Update or restarting call on. None: the kind's own.
    #[serde(default)]
    pub on_update: Option<Vec<Stage>>,
}

impl Stage {
    /// A stage without finer status or reason.
    #[must_use]
    pub fn new(after: Duration, status: &str) -> Self {
        let after_millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        Self { after_millis, status: status.to_owned(), secondary: None, reason: None }
    }

    fn with_secondary(self, word: &str) -> Self {
        Self { secondary: Some(word.to_owned()), ..self }
    }
}

impl Life {
    /// Whether it is for this one.
    pub(crate) fn fits(&self, family: &Family, name: &str) -> bool {
        self.kind.as_deref().is_none_or(|kind| kind == family.word) && fits(&self.name, name)
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn problem(&self) -> Option<String> {
        let known = |word: &String| crate::family::of_word(word).is_some();
        if let Some(word) = self.kind.as_ref().filter(|word| !known(word)) {
            return Some(format!("`{word}` is not a kind"));
        }
        let lists = [Some(&self.stages), self.on_stop.as_ref(), self.on_update.as_ref()];
        lists.into_iter().flatten().find_map(|stages| problem(stages))
    }
}

fn problem(stages: &[Stage]) -> Option<String> {
    if stages.len() > MAX_STAGES {
        return Some(format!("a life has at most {MAX_STAGES} stages"));
    }
    let too_long = stages.iter().any(|stage| stage.after_millis > MAX_AFTER_MILLIS);
    too_long.then(|| format!("a stage comes after at most {MAX_AFTER_MILLIS} ms"))
}

/// Whether `name` fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == name;
    };
    let Some(mut left) = name.strip_prefix(head) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let tail = parts.pop().unwrap_or_default();
    for part in parts {
        match left.split_once(part) {
            Some((_, after)) => left = after,
            None => return false,
        }
    }
    left.ends_with(tail)
}

/// The first status of the family with this phase that a new one may have.
fn word(family: &Family, phase: Phase) -> Option<&'static str> {
    let later_only = ["Updat", "RollingBack", "OutOf", "Delet", "Maintenance"];
    let known = |word: &str| {
        let words = family.statuses();
        words.is_empty() || words.contains(&family.status_word(word))
    };
    let fits = |(word, of): &&(&'static str, Phase)| {
        *of == phase && known(word) && !later_only.iter().any(|part| word.contains(part))
    };
    family.kind?.spec().statuses.iter().find(fits).map(|(word, _)| *word)
}

/// What a kind's life goes through unless a script says otherwise: pending,
/// running, and its good end, one `step` apart.
pub(crate) fn created(family: &Family, step: Duration) -> Vec<Stage> {
    if family.fields.status.is_empty() {
        return Vec::new();
    }
    let phases = [Phase::Pending, Phase::Running, Phase::Succeeded];
    let mut words: Vec<_> = phases.iter().filter_map(|phase| word(family, *phase)).collect();
    words.dedup();
    let mut stages = Vec::new();
    for word in words {
        for secondary in progress(family, word) {
            let after = if stages.is_empty() { Duration::ZERO } else { step };
            let stage = Stage::new(after, word);
            stages.push(match secondary {
                Some(secondary) => stage.with_secondary(secondary),
                None => stage,
            });
        }
    }
    stages
}

/// The finer words of a status: one stage each.
fn progress(family: &Family, word: &str) -> Vec<Option<&'static str>> {
    let finer: &[&'static str] = match (family.kind, family.phase(word)) {
        (Some(Kind::Training), Phase::Running) => {
            &["Starting", "Downloading", "Training", "Uploading"]
        }
        (Some(Kind::AutoMl), Phase::Running) => &["Starting", "TrainingModels"],
        _ => return vec![None],
    };
    finer.iter().copied().map(Some).collect()
}

/// What follows a Stop. Empty: such a thing has no stopped status.
pub(crate) fn stopped(family: &Family, step: Duration) -> Vec<Stage> {
    let stopping = word(family, Phase::Stopping).map(|word| Stage::new(Duration::ZERO, word));
    let after = if stopping.is_some() { step } else { Duration::ZERO };
    let stopped = word(family, Phase::Stopped).map(|word| Stage::new(after, word));
    stopping.into_iter().chain(stopped).collect()
}

/// What follows a Delete, for families that tell of it.
pub(crate) fn deleted(family: &Family, step: Duration) -> Vec<Stage> {
    let tells = family.statuses().contains(&family.status_word("Deleting"));
    let stages = [Stage::new(Duration::ZERO, "Deleting"), Stage::new(step, GONE)];
    if tells { stages.to_vec() } else { Vec::new() }
}

/// What follows an Update, or a call that sets it going again.
pub(crate) fn updated(family: &Family, step: Duration) -> Vec<Stage> {
    let updating = family.statuses().iter().any(|word| word == "Updating");
    let restarted = || created(family, step);
    match word(family, Phase::Succeeded) {
        Some(good) if updating => {
            vec![Stage::new(Duration::ZERO, "Updating"), Stage::new(step, good)]
        }
        _ => restarted(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::family::of_kind;

    fn words(stages: &[Stage]) -> Vec<&str> {
        stages.iter().map(|stage| stage.status.as_str()).collect()
    }

    #[test]
    fn every_kind_with_a_status_comes_to_a_good_end() {
        for family in Kind::all().filter_map(of_kind) {
            let life = created(family, Duration::from_millis(10));
            if family.fields.status.is_empty() {
                assert!(life.is_empty());
                continue;
            }
            let phases: Vec<_> = life.iter().map(|stage| family.phase(&stage.status)).collect();
            assert_eq!(phases.last(), Some(&Phase::Succeeded), "{}: {life:?}", family.word);
            assert!(phases.is_sorted() && phases.len() > 1, "{}: {life:?}", family.word);
            assert_eq!(life[0].after_millis, 0);
        }
    }

    #[test]
    fn every_kind_that_stops_comes_to_a_stop() {
        for family in Kind::all().filter_map(of_kind).filter(|family| family.stop.is_some()) {
            let life = stopped(family, Duration::from_millis(10));
            let last = life.last().map(|stage| family.phase(&stage.status));
            assert_eq!(last, Some(Phase::Stopped), "{}: {life:?}", family.word);
        }
    }

    #[test]
    fn lives_are_in_the_words_of_their_kind() {
        let step = Duration::from_millis(10);
        let life = |kind| created(of_kind(kind).unwrap(), step);
        assert_eq!(words(&life(Kind::Endpoint)), ["Creating", "InService"]);
        assert_eq!(words(&life(Kind::Compilation)), ["Starting", "InProgress", "Completed"]);
        assert_eq!(words(&life(Kind::PipelineExecution)), ["Executing", "Succeeded"]);
        assert_eq!(
            words(&updated(of_kind(Kind::Endpoint).unwrap(), step)),
            ["Updating", "InService"]
        );
        assert_eq!(words(&deleted(of_kind(Kind::Endpoint).unwrap(), step)), ["Deleting", GONE]);
    }

    #[test]
    fn patterns() {
        for (pattern, name) in
            [("*", "a"), ("a*", "ab"), ("*b", "ab"), ("a*c*e", "abcde"), ("a", "a"), ("*a*", "a")]
        {
            assert!(fits(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("a", "ab"), ("a*", "ba"), ("a*c", "ab"), ("ab*ba", "aba"), ("", "a")]
        {
            assert!(!fits(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn a_life_that_cannot_be_played_is_refused() {
        let life = |json: &str| serde_json::from_str::<Life>(json).unwrap().problem();
        assert_eq!(life(r#"{"name":"*","kind":"training"}"#), None);
        assert!(life(r#"{"name":"*","kind":"melting"}"#).unwrap().contains("melting"));
        let long = r#"{"name":"*","stages":[{"status":"Failed","after_millis":999999999999}]}"#;
        assert!(life(long).unwrap().contains("at most"));
    }
}
