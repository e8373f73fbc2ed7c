//! Lookups in the table of kinds.

use super::spec::{Kind, KindSpec};
use super::table::{KINDS, STATELESS};
use crate::phase::Phase;

/// Every row: `crates/monitor/kinds.json` is this, for what is not written in Rust.
#[must_use]
pub fn table() -> &'static [KindSpec] {
    &KINDS
}

impl Kind {
    /// The row that describes this kind.
    #[must_use]
    pub fn spec(self) -> &'static KindSpec {
        // The table has a row for every kind, in order: `table::tests` holds it.
        KINDS.get(self as usize).unwrap_or(&KINDS[0])
    }

    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(|spec| spec.kind)
    }

    /// The word on the wire, `snake_case`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.spec().wire
    }

    /// The kind with this wire word.
    #[must_use]
    pub fn from_wire(word: &str) -> Option<Self> {
        Self::all().find(|kind| kind.as_str() == word)
    }

    /// The kind of an EventBridge `detail-type`.
    #[must_use]
    pub fn of_detail_type(detail_type: &str) -> Option<Self> {
        Self::all().find(|kind| kind.spec().detail_types.contains(&detail_type))
    }

    /// The kind of an ARN's resource type, in lower case, and id.
    #[must_use]
    pub fn of_resource(resource: &str, id: &str) -> Option<Self> {
        let is_it = |spec: &&KindSpec| {
            [Some(spec.resource), spec.resource_in_events].contains(&Some(resource))
        };
        let fits = |spec: &KindSpec| Some((spec.id.words_in(id)?, spec.kind));
        // A step's id has its execution's words and one more.
        let found = KINDS.iter().filter(is_it).filter_map(fits).max_by_key(|(words, _)| *words);
        found.map(|(_, kind)| kind)
    }

    /// The operation that stops one, where there is one.
    #[must_use]
    pub fn stop(self) -> Option<&'static str> {
        self.spec().operations?.stop
    }

    /// Whether one that came up well runs on, so that it can still be stopped.
    #[must_use]
    pub fn runs_on(self) -> bool {
        self.spec().operations.is_some_and(|operations| operations.runs_on)
    }

    /// Whether there is nothing left to stop of one in this phase: it stops already, it has ended, or
    /// it is of a kind that ends when all is well.
    #[must_use]
    pub fn is_over_in(self, phase: Phase) -> bool {
        match phase {
            Phase::Stopping | Phase::Stopped | Phase::Failed | Phase::TimedOut => true,
            Phase::Succeeded => !self.runs_on(),
            Phase::Unknown | Phase::Pending | Phase::Running => false,
        }
    }

    /// The EventBridge `detail-type` of the events that tell of this kind in this status;
    /// mostly one for all of its statuses.
    #[must_use]
    pub fn detail_type(self, status: &str) -> Option<&'static str> {
        let mut types = self.spec().detail_types.iter().copied();
        types.find(|of| self.status_in(of).is_none_or(|named| named == status))
    }

    /// The status in an EventBridge `detail-type`, as the API spells it. For `SageMaker Tracking
    /// Server Create Failed` it is `CreateFailed`.
    #[must_use]
    pub fn status_in(self, detail_type: &str) -> Option<String> {
        let words = detail_type.strip_prefix(self.spec().state_after?)?;
        Some(words.replace(' ', ""))
    }

    /// What a status of this kind means.
    #[must_use]
    pub fn phase(self, status: &str, secondary: Option<&str>) -> Phase {
        let spec = self.spec();
        let known = |(word, phase): &(&str, Phase)| same_word(word, status).then_some(*phase);
        let phase = spec.statuses.iter().find_map(known).unwrap_or(Phase::Unknown);
        let ran_out = |word: &&str| secondary.is_some_and(|secondary| same_word(word, secondary));
        if phase == Phase::Stopped && spec.timed_out.iter().any(ran_out) {
            return Phase::TimedOut;
        }
        phase
    }

    /// The status of a kind that has none: it exists as soon as it is created.
    #[must_use]
    pub fn fixed_status(self) -> Option<&'static str> {
        let spec = self.spec();
        spec.fields.status.is_empty().then_some(STATELESS)
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Events write `IN_SERVICE` where the API writes `InService`.
fn same_word(known: &str, seen: &str) -> bool {
    let letters = |text| str::bytes(text).filter(|b| *b != b'_').map(|b| b.to_ascii_lowercase());
    letters(known).eq(letters(seen))
}
