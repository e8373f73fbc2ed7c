//! What a history is made of, part by part, so that one can be made of some of
//! its parts only.
//!
//! A part is written `word:number`. The number is the place in what the seed
//! drew, or, of a fault, the how-many-th chance of it to strike: it stays the
//! same whichever other parts are left out.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use clap::ValueEnum;

use crate::connections::CONNECTION_LIFE;
use crate::faults::{Fault, Faults, Outage};
use crate::jumps::Jump;
use crate::plan::{Fate, Plan, Tag, Told};
use crate::teams::Team;

/// What the plan has that it could do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Item {
    /// A task; a job that is left without any is left out as well.
    Task,
    /// A preemption, counted over all tasks.
    Restart,
    /// A task's deadline.
    Deadline,
    /// Somebody who reaches for a task's job under the name of its wait.
    Stranger,
    /// One thing that such a one tries.
    Act,
    /// A task of another team.
    Guest,
    /// A job whose tag is absent or can't be read.
    Tag,
    /// The job that had the name of another before.
    Older,
    /// The deletion of a job.
    Deletion,
    /// Times in whole seconds.
    WholeSeconds,
    /// Reads that trail SageMaker's creates.
    TrailingReads,
    /// A clock that is off: a task's, and after those the functions'.
    Skew,
    /// Lists in small pages.
    SmallPages,
    /// A task that is told otherwise than by callbacks.
    Channel,
    /// Connections that last less than two hours.
    ShortLives,
    /// An outage.
    Outage,
    /// Clocks that are set.
    Jump,
}

/// One part of a history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Something planned.
    Item(Item, u32),
    /// A fault that struck.
    Fault(Fault, u32),
}

impl Part {
    /// Whether it is a fault.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Fault(..))
    }
}

impl Display for Part {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (word, number) = match self {
            Self::Item(item, number) => (item.to_possible_value(), number),
            Self::Fault(fault, number) => (fault.to_possible_value(), number),
        };
        write!(f, "{}:{number}", word.unwrap().get_name())
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, number) = text.split_once(':').ok_or("a part is `word:number`")?;
        let number = number.parse().map_err(|_| format!("{number:?} is no number"))?;
        let item = Item::from_str(word, false).map(|item| Self::Item(item, number));
        item.or_else(|_| Fault::from_str(word, false).map(|fault| Self::Fault(fault, number)))
            .map_err(|_| format!("no part of a history is called {word:?}"))
    }
}

/// Asks about every item that is there, and takes out those not to be kept.
pub fn sift(plan: &mut Plan, faults: &mut Faults, keeps: impl FnMut(Part) -> bool) {
    let mut sieve = Sieve { keeps, places: BTreeMap::new() };
    sieve.sift_jobs(plan);
    sieve.sift_tasks(plan);
    let Plan { whole_seconds, reads_trail, clocks_ahead, page, connection_life, .. } = plan;
    sieve.reset(Item::WholeSeconds, whole_seconds, false);
    sieve.reset(Item::TrailingReads, reads_trail, 0);
    clocks_ahead.iter_mut().for_each(|ahead| sieve.reset(Item::Skew, ahead, 0));
    sieve.reset(Item::SmallPages, page, usize::MAX);
    sieve.reset(Item::ShortLives, connection_life, CONNECTION_LIFE);
    for outage in faults.outages_mut() {
        sieve.reset(Item::Outage, outage, Outage::default());
    }
    sieve.reset(Item::Jump, &mut faults.jump, Jump::default());
}

/// Counts the places where an item could be, and asks about those where it is.
struct Sieve<F> {
    keeps: F,
    places: BTreeMap<Item, u32>,
}

impl<F: FnMut(Part) -> bool> Sieve<F> {
    /// Whether the item at the next place stays.
    fn keeps(&mut self, item: Item, is_there: bool) -> bool {
        let place = self.places.entry(item).or_default();
        let part = Part::Item(item, *place);
        *place += 1;
        is_there && (self.keeps)(part)
    }

    /// Puts a value back to what stands for nothing, unless it stays.
    fn reset<T: PartialEq>(&mut self, item: Item, value: &mut T, nothing: T) {
        if !self.keeps(item, *value != nothing) {
            *value = nothing;
        }
    }

    fn sift_jobs(&mut self, plan: &mut Plan) {
        for job in &mut plan.jobs {
            self.reset(Item::Older, &mut job.older, None);
            self.reset(Item::Deletion, &mut job.deleted_after, None);
            self.reset(Item::Tag, &mut job.tag, Tag::Right);
        }
    }

    fn sift_tasks(&mut self, plan: &mut Plan) {
        for task in &mut plan.tasks {
            task.fates.retain(|fate| match fate {
                Fate::Preempted { .. } => self.keeps(Item::Restart, true),
                _ => true,
            });
            self.reset(Item::Deadline, &mut task.deadline, None);
            self.reset(Item::Channel, &mut task.told, Told::Callback);
            self.reset(Item::Guest, &mut task.team, Team::Pipeline);
            let acts = task.stranger.iter_mut().map(|stranger| &mut stranger.acts);
            acts.for_each(|acts| acts.retain(|_| self.keeps(Item::Act, true)));
            self.reset(Item::Stranger, &mut task.stranger, None);
            self.reset(Item::Skew, &mut task.clock_ahead, 0);
        }
        plan.tasks.retain(|_| self.keeps(Item::Task, true));
        plan.drop_idle_jobs();
    }
}
