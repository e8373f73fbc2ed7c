//! One resource: what was asked for, and what became of it so far.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::time::later;
use serde_json::{Map, Value};

use crate::family::Family;
use crate::life::Stage;

/// The reason given where a script gives none.
const DEFAULT_REASON: &str = "InternalServerError: We encountered an internal error. Try again.";
/// At this status an update is undone.
const ROLLING_BACK: &str = "RollingBack";
/// How many stages are remembered, and how many wait to come.
const MAX_HISTORY: usize = 200;

/// Keys and values.
pub(crate) type Tags = BTreeMap<String, String>;

/// A stage that has come about.
#[derive(Debug, Clone)]
pub(crate) struct Reached {
    pub(crate) at: Timestamp,
    pub(crate) status: String,
    pub(crate) secondary: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) phase: Phase,
}

/// A job, an endpoint, a model, …
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) family: &'static Family,
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) region: String,
    /// The request that made it, and updates since.
    pub(crate) request: Map<String, Value>,
    /// The request as it was before the last update, for one that is rolled back.
    former: Option<Map<String, Value>>,
    /// Members that were settled when it was made.
    pub(crate) fixed: Map<String, Value>,
    pub(crate) tags: Tags,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    /// Place in the order of creation.
    pub(crate) number: u64,
    history: VecDeque<Reached>,
    ahead: VecDeque<(Timestamp, Stage)>,
}

/// What makes a resource.
#[derive(Debug)]
pub(crate) struct Birth {
    pub(crate) family: &'static Family,
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) request: Map<String, Value>,
    pub(crate) fixed: Map<String, Value>,
    pub(crate) tags: Tags,
    pub(crate) number: u64,
    pub(crate) at: Timestamp,
}

impl Resource {
    /// A new one, without a life yet.
    pub(crate) fn new(birth: Birth) -> Self {
        let Birth { family, arn, name, region, request, fixed, tags, number, at } = birth;
        let (history, ahead) = (VecDeque::new(), VecDeque::new());
        let (created, modified) = (at, at);
        Self {
            family,
            arn,
            name,
            region,
            request,
            former: None,
            fixed,
            tags,
            created,
            modified,
            number,
            history,
            ahead,
        }
    }

    /// Takes over what an update asks for.
    pub(crate) fn update(&mut self, members: impl Iterator<Item = (String, Value)>) {
        self.former = Some(self.request.clone());
        self.request.extend(members);
    }

    /// Gives it a life from `at` on, in place of what was ahead.
    pub(crate) fn live(&mut self, stages: &[Stage], at: Timestamp) {
        self.ahead.clear();
        let mut due = at;
        for stage in stages.iter().take(MAX_HISTORY) {
            due = later(due, Duration::from_millis(stage.after_millis));
            self.ahead.push_back((due, stage.clone()));
        }
    }

    /// When its next stage is due.
    pub(crate) fn due(&self) -> Option<Timestamp> {
        self.ahead.front().map(|(due, _)| *due)
    }

    /// Comes to its next stage. The time is the one it was due at.
    pub(crate) fn step(&mut self) -> Option<&Reached> {
        let (at, stage) = self.ahead.pop_front()?;
        let status = self.family.status_word(&stage.status);
        let phase = self.family.phase(&status);
        let secondary = stage.secondary.or_else(|| self.implied(&status));
        let reason = (phase == Phase::Failed)
            .then(|| stage.reason.clone().unwrap_or_else(|| DEFAULT_REASON.to_owned()));
        self.modified = self.modified.max(at);
        if status == ROLLING_BACK {
            self.request = self.former.take().unwrap_or_else(|| self.request.clone());
        }
        if self.history.len() == MAX_HISTORY {
            self.history.pop_front();
        }
        let reason = stage.reason.or(reason);
        self.history.push_back(Reached { at, status, secondary, reason, phase });
        self.history.back()
    }

    /// The finer status that goes without saying: the same word, else the last.
    fn implied(&self, status: &str) -> Option<String> {
        let last = || self.now().and_then(|now| now.secondary.clone());
        self.family
            .secondary_word(status)
            .or_else(last)
            .or_else(|| self.family.secondary_word("Starting"))
    }

    /// The stage it is in.
    pub(crate) fn now(&self) -> Option<&Reached> {
        self.history.back()
    }

    /// The stage before.
    pub(crate) fn before(&self) -> Option<&Reached> {
        self.history.iter().rev().nth(1)
    }

    /// Every stage so far.
    pub(crate) fn history(&self) -> impl Iterator<Item = &Reached> {
        self.history.iter()
    }

    /// Its status; none for those that have none.
    pub(crate) fn status(&self) -> Option<&str> {
        self.now().map(|now| now.status.as_str())
    }

    /// What its status means.
    pub(crate) fn phase(&self) -> Phase {
        self.now().map_or(Phase::Succeeded, |now| now.phase)
    }

    /// When it first did its work.
    pub(crate) fn started(&self) -> Option<Timestamp> {
        let beyond = |reached: &&Reached| reached.phase > Phase::Pending;
        self.history.iter().find(beyond).map(|reached| reached.at)
    }

    /// When it ended, if it has.
    pub(crate) fn ended(&self) -> Option<Timestamp> {
        self.now().filter(|now| now.phase.is_settled()).map(|now| now.at)
    }
}
