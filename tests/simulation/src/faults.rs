//! What goes wrong, and how often.
//!
//! Each history draws which faults it has and how bad they are, so that some
//! know one fault in its purest form, some all at once, and some none. At
//! [`Faults::calm_at`] all of them stop.

mod fault;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};

use clap::ValueEnum;
use fastrand::Rng;

use crate::executor::Millis;
use crate::jumps::Jump;
use crate::parts::Part;

pub use fault::Fault;

const MINUTE: Millis = 60_000;

/// A time in which something does not answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outage {
    /// From here.
    pub from: Millis,
    /// To here.
    pub to: Millis,
}

impl Outage {
    /// Minutes, or longer than a lease and its grace.
    fn draw(rng: &mut Rng, longest: Millis) -> Self {
        if rng.u32(..3) > 0 {
            return Self::default();
        }
        let longest = if rng.bool() { longest } else { 8 * MINUTE };
        let from = rng.u64(..40 * MINUTE);
        Self { from, to: from + rng.u64(..longest) }
    }

    /// More than half an hour, and soon.
    fn long(rng: &mut Rng) -> Self {
        let from = rng.u64(5 * MINUTE..20 * MINUTE);
        Self { from, to: from + rng.u64(40 * MINUTE..80 * MINUTE) }
    }

    /// Whether it holds now.
    #[must_use]
    pub fn holds(self, now: Millis) -> bool {
        (self.from..self.to).contains(&now)
    }
}

/// How likely each fault is, and what is down when.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    /// From here on nothing goes wrong.
    pub calm_at: Millis,
    /// The API is down.
    pub api_down: Outage,
    /// Something else answers every call of the API.
    pub api_browned_out: Outage,
    /// The store is down.
    pub store_down: Outage,
    /// SageMaker is down.
    pub sagemaker_down: Outage,
    /// The sweep does not run, for hours.
    pub sweep_down: Outage,
    /// The `signals` function does not run.
    pub signals_down: Outage,
    /// The clocks of the functions are set.
    pub jump: Jump,
    /// By fault; those that are not in it never strike.
    likelihood: BTreeMap<Fault, f64>,
}

impl Faults {
    /// The faults of one history; some have none at all.
    #[must_use]
    pub fn draw(rng: &mut Rng) -> Self {
        if rng.u32(..8) == 0 {
            return Self::default();
        }
        let faults = Fault::value_variants().iter();
        let likelihood = faults.map(|fault| (*fault, fault.draw(rng))).collect();
        // Some outages of the API outlast every lease but the longest.
        let endless = (rng.u32(..8) == 0).then(|| Outage::long(rng));
        let mut outage = |longest| Outage::draw(rng, longest * MINUTE);
        let (api_down, sweep_down, signals_down) = (outage(180), outage(180), outage(60));
        let api_browned_out = outage(60);
        // What the store or SageMaker can't be told meanwhile, others wait for.
        let (store_down, sagemaker_down) = (outage(8), outage(8));
        let mut faults = Self {
            calm_at: 0,
            api_down: endless.unwrap_or(api_down),
            api_browned_out,
            store_down,
            sagemaker_down,
            sweep_down,
            signals_down,
            jump: Jump::default(),
            likelihood,
        };
        let over = faults.outages_mut().into_iter().map(|outage| outage.to).max();
        faults.calm_at = rng.u64(5 * MINUTE..45 * MINUTE).max(over.unwrap_or(0));
        faults
    }

    /// How likely this one is, each time it could happen.
    #[must_use]
    pub fn likelihood(&self, fault: Fault) -> f64 {
        self.likelihood.get(&fault).copied().unwrap_or_default()
    }

    /// What may be down: the API, the store, SageMaker, the sweep, `signals`, and the way
    /// to the API.
    pub fn outages_mut(&mut self) -> [&mut Outage; 6] {
        [
            &mut self.api_down,
            &mut self.store_down,
            &mut self.sagemaker_down,
            &mut self.sweep_down,
            &mut self.signals_down,
            &mut self.api_browned_out,
        ]
    }
}

impl Display for Faults {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "calm from {} s on, {}", self.calm_at / 1_000, self.jump)?;
        let down = [
            ("API", &self.api_down),
            ("store", &self.store_down),
            ("SageMaker", &self.sagemaker_down),
            ("sweep", &self.sweep_down),
            ("signals", &self.signals_down),
            ("the way to the API", &self.api_browned_out),
        ];
        for (what, down) in down {
            if down.to > 0 {
                write!(f, ", {what} down from {} to {} s", down.from / 1_000, down.to / 1_000)?;
            }
        }
        Ok(())
    }
}

/// Which faults strike: those that the dice say, or only those of a list,
/// whatever the dice say.
#[derive(Debug, Default)]
pub struct Strikes {
    only: Option<BTreeSet<Part>>,
    /// How often each fault could have struck so far.
    chances: BTreeMap<Fault, u32>,
    /// Those that struck.
    pub struck: Vec<Part>,
}

impl Strikes {
    /// Strikes as the dice say, or as the list says.
    #[must_use]
    pub fn new(only: Option<BTreeSet<Part>>) -> Self {
        Self { only, ..Self::default() }
    }

    /// The fault could strike, and the dice fell so: what strikes, if it does.
    pub fn decide(&mut self, fault: Fault, dice: bool) -> Option<Part> {
        let chance = self.chances.entry(fault).or_default();
        let part = Part::Fault(fault, *chance);
        *chance += 1;
        let strikes = self.only.as_ref().map_or(dice, |only| only.contains(&part));
        if strikes {
            self.struck.push(part);
        }
        strikes.then_some(part)
    }
}
