//! Every resource and its life. No I/O and no clock: the time is handed in, so
//! the same calls at the same times make the same history.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use sagebell_monitor::kind::Kind;
use serde_json::Value;

use crate::error::AwsError;
use crate::events;
use crate::family::Family;
use crate::life::{self, GONE, Life, Stage};
use crate::resource::{Birth, Resource};
use crate::tuning;

/// The most resources at one time; a Create beyond it is refused.
const MAX_RESOURCES: usize = 10_000;
/// The most lives at one time; the oldest makes room.
pub(crate) const MAX_LIVES: usize = 1_000;

/// What stays as it is while a fake runs.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The account in ARNs.
    pub(crate) account: String,
    /// The time between the stages of lives that no script gives.
    pub(crate) step: Duration,
    /// The `source` of events.
    pub(crate) source: String,
    /// Whether lists tell ARNs in lower case.
    pub(crate) lists_in_lower_case: bool,
}

type Name = (&'static str, String, String);

/// The state of one fake SageMaker.
#[derive(Debug)]
pub(crate) struct SageMakerState {
    pub(crate) settings: Settings,
    resources: BTreeMap<String, Resource>,
    names: BTreeMap<Name, String>,
    due: BTreeSet<(Timestamp, u64, String)>,
    lives: VecDeque<Life>,
    events: Vec<Value>,
    made: u64,
}

/// Endpoint names differ by more than case (`CreateEndpoint`, *EndpointName*).
fn name_key(family: &'static Family, region: &str, name: &str) -> Name {
    let name = match family.kind {
        Some(Kind::Endpoint) => name.to_ascii_lowercase(),
        _ => name.to_owned(),
    };
    (family.word, region.to_owned(), name)
}

impl SageMakerState {
    /// No resource, no event.
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            resources: BTreeMap::new(),
            names: BTreeMap::new(),
            due: BTreeSet::new(),
            lives: VecDeque::new(),
            events: Vec::new(),
            made: 0,
        }
    }

    /// Forgets every resource, life and untold event. Generated ids go on.
    pub(crate) fn reset(&mut self) {
        *self = Self { made: self.made, ..Self::new(self.settings.clone()) };
    }

    /// The number of the next resource.
    pub(crate) fn next_number(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// The life that is scripted for this one: the newest that fits.
    pub(crate) fn life(&self, family: &Family, name: &str) -> Option<&Life> {
        self.lives.iter().rev().find(|life| life.fits(family, name))
    }

    /// Scripts a life, for what is made from now on.
    pub(crate) fn add_life(&mut self, life: Life) {
        if self.lives.len() == MAX_LIVES {
            self.lives.pop_front();
        }
        self.lives.push_back(life);
    }

    /// Forgets every scripted life.
    pub(crate) fn clear_lives(&mut self) {
        self.lives.clear();
    }

    /// The resource with this ARN.
    pub(crate) fn by_arn(&self, arn: &str) -> Option<&Resource> {
        self.resources.get(arn)
    }

    /// The resource with this ARN.
    pub(crate) fn by_arn_mut(&mut self, arn: &str) -> Option<&mut Resource> {
        self.resources.get_mut(arn)
    }

    /// The resource of this name.
    pub(crate) fn by_name(
        &self,
        family: &'static Family,
        region: &str,
        name: &str,
    ) -> Option<&Resource> {
        self.resources.get(self.names.get(&name_key(family, region, name))?)
    }

    /// Every resource of a family in a region.
    pub(crate) fn all_of(&self, family: &Family, region: &str) -> Vec<&Resource> {
        let fits = |of: &&Resource| of.family.word == family.word && of.region == region;
        self.resources.values().filter(fits).collect()
    }

    /// Takes in a new resource and sets it living.
    ///
    /// # Errors
    /// `ResourceLimitExceeded` if there are too many.
    pub(crate) fn insert(&mut self, birth: Birth) -> Result<(), AwsError> {
        if self.resources.len() >= MAX_RESOURCES {
            let message = format!("The account-level service limit is {MAX_RESOURCES} resources.");
            return Err(AwsError::new("ResourceLimitExceeded", message));
        }
        let (arn, family, at) = (birth.arn.clone(), birth.family, birth.at);
        self.names.insert(name_key(family, &birth.region, &birth.name), arn.clone());
        let scripted = self.life(family, &birth.name).map(|life| life.stages.clone());
        let stages = scripted
            .filter(|stages| !stages.is_empty())
            .unwrap_or_else(|| life::created(family, self.settings.step));
        self.resources.insert(arn.clone(), Resource::new(birth));
        if family.fields.status.is_empty() {
            self.publish(&arn);
        }
        self.live(&arn, &stages, at);
        Ok(())
    }

    /// Gives a resource a life from `at` on, in place of what was ahead of it.
    pub(crate) fn live(&mut self, arn: &str, stages: &[Stage], at: Timestamp) {
        let Some(resource) = self.resources.get_mut(arn) else {
            return;
        };
        if let Some(due) = resource.due() {
            self.due.remove(&(due, resource.number, arn.to_owned()));
        }
        resource.live(stages, at);
        self.enlist(arn);
        self.advance(at);
    }

    /// Lets come about what is due by `now`, in order.
    pub(crate) fn advance(&mut self, now: Timestamp) {
        while self.next_due().is_some_and(|due| due <= now) {
            let Some((_, _, arn)) = self.due.pop_first() else {
                return;
            };
            self.step(&arn);
        }
    }

    /// When something is due next.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        self.due.first().map(|(due, _, _)| *due)
    }

    fn enlist(&mut self, arn: &str) {
        if let Some(resource) = self.resources.get(arn)
            && let Some(due) = resource.due()
        {
            self.due.insert((due, resource.number, arn.to_owned()));
        }
    }

    fn step(&mut self, arn: &str) {
        let Some(resource) = self.resources.get_mut(arn) else {
            return;
        };
        let is_gone = resource.step().is_some_and(|now| now.status == GONE);
        self.enlist(arn);
        tuning::settled(self, arn);
        self.publish(arn);
        if is_gone {
            self.remove(arn);
        }
    }

    /// Takes a resource out of the world.
    pub(crate) fn remove(&mut self, arn: &str) {
        if let Some(gone) = self.resources.remove(arn) {
            self.names.remove(&name_key(gone.family, &gone.region, &gone.name));
            if let Some(due) = gone.due() {
                self.due.remove(&(due, gone.number, arn.to_owned()));
            }
        }
    }

    /// The same, of one that was deleted at `at`. Of what has no status its event is the
    /// only word of that, and in the form of the one that told of its creation
    /// ("Automating Amazon SageMaker AI with Amazon EventBridge", *SageMaker AI model state
    /// change*).
    pub(crate) fn remove_telling(&mut self, arn: &str, at: Timestamp) {
        if let Some(of) =
            self.resources.get_mut(arn).filter(|of| of.family.fields.status.is_empty())
        {
            of.modified = of.modified.max(at);
            self.publish(arn);
        }
        self.remove(arn);
    }

    fn publish(&mut self, arn: &str) {
        let event = self.resources.get(arn).and_then(|of| events::event(&self.settings, of));
        self.events.extend(event);
    }

    /// The events since the last call, in order.
    pub(crate) fn take_events(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.events)
    }
}
