//! Rules broken on purpose, to see that the judge notices.
//!
//! Each is made around the use cases, in the ports and in the harness: the
//! monitor's own code stays as it is.

/// A rule to break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Mutation {
    /// After it wrote the job, `record` reads the waits from a copy that trails.
    NoReadAfterRecord,
    /// After it wrote the wait, `register` reads the job from a copy that trails,
    /// and leaves it at that.
    NoReadAfterRegister,
    /// Observations do not say which generation they are of.
    NoGeneration,
    /// Waits do not say since when.
    NoNotBefore,
    /// The observation that comes last counts.
    OrderByArrival,
    /// A message is acknowledged before it is handled.
    AckBeforeDelivery,
    /// The sweep never runs.
    NoSweep,
    /// The claim on a wait is not written.
    NoClaim,
    /// Writes do not look at versions.
    NoCompareAndSet,
    /// That a waiter was told is lost by the store that took it.
    NotWrittenDown,
    /// A waiter does not look at `webhook-id`.
    NoDedupe,
    /// A restarted step does not look for the job it made.
    NoAdoption,
    /// A preempted waiter counts as gone at once.
    NoGrace,
    /// An abandoned job is not stopped.
    NoStop,
    /// Every due job is looked at every minute.
    NoBackoff,
    /// Waits do not say until when.
    NoDeadline,
    /// One failed callback, and the waiter counts as out of reach.
    GivesUpEarly,
    /// Of a list only the first page is read.
    FirstPageOnly,
    /// Everybody passes for the owner of every wait.
    NoOwner,
    /// Whoever asks the API counts as the job's owner.
    OwnerUnchecked,
    /// The tag is not read: who registered first owns the job.
    TagIgnored,
    /// A tag that can't be read counts as none.
    SilenceConsents,
    /// A wish to have a job stopped that is stored counts as allowed.
    WishAllowed,
    /// Who else waits for a job does not count.
    OthersIgnored,
    /// Waits are kept by job and id alone.
    SharedKeys,
    /// A waiter takes any answer that is none of the API's for its last word.
    FinalWhenRefused,
    /// A waiter whose lease ran out counts as looked for in vain.
    NoProbe,
    /// That a waiter answered a probe counts for nothing.
    AnswerIgnored,
    /// The sweep does not know that it was away.
    GapForgotten,
    /// The sweep does not know of earlier breaks: a deadline that was jumped over counts.
    BreaksForgotten,
    /// A function whose clock was set back does not know what that showed before.
    ReadingForgotten,
    /// A waiter registers before it connects, and leaves it at that.
    RegistersFirst,
    /// After a loss a waiter connects again, and does not register again.
    NoReregister,
    /// A waiter tries ever more seldom to come back.
    ComesBackLate,
    /// The end of an old connection counts for what is told through a new one.
    LateClosingCounts,
    /// What comes late from an old connection moves the wait back to it.
    LateFrameCounts,
    /// Signals go where the wait was told a while ago.
    PushUnread,
    /// Who lost its connection counts as gone at once.
    NoReconnectGrace,
    /// Nobody asks whether waiters could have come back.
    NoReachability,
    /// A wait is written before its connection names it, and the connection is not read again.
    AttachUnchecked,
    /// An error of the gateway counts as the end of a connection.
    ErrorIsGone,
    /// A job is left to others who wait for it, even if they were looked for in vain.
    LeftToOthers,
    /// Everybody passes for who opened a connection.
    ForeignConnection,
    /// SageMaker's lists are empty.
    NoLists,
    /// A list is read from where the last reading ended.
    NoOverlap,
    /// It is not written down which lists are read.
    ListsForgotten,
}

impl Mutation {
    /// Every mutation, and the checks of which one must notice it.
    pub const ALL: [(Self, &'static [&'static str]); 46] = [
        (Self::NoReadAfterRecord, &["1-prompt", "1-given-up", "1-repaired"]),
        (Self::NoReadAfterRegister, &["1-prompt", "6-owner", "1-repaired"]),
        (Self::NoGeneration, &["1-lost", "1-prompt", "2-wrong", "1-repaired"]),
        (Self::NoNotBefore, &["2-wrong"]),
        (Self::OrderByArrival, &["1-lost", "2-wrong", "2-backwards", "1-repaired"]),
        (Self::AckBeforeDelivery, &["1-unanswered"]),
        (Self::NoSweep, &["1-lost", "1-endless", "4-orphan", "1-repaired"]),
        (Self::NoClaim, &["5-overlap"]),
        (
            Self::NoCompareAndSet,
            &["1-lost", "2-backwards", "5-overlap", "5-again", "6-owner", "1-repaired"],
        ),
        (Self::NotWrittenDown, &["5-again"]),
        (Self::NoDedupe, &["5-doubled"]),
        (Self::NoAdoption, &["3-second"]),
        (Self::NoGrace, &["4-wanted", "4-gap"]),
        (Self::NoStop, &["4-orphan"]),
        (Self::NoBackoff, &["5-checks"]),
        (Self::NoDeadline, &["1-overdue", "1-endless"]),
        (Self::GivesUpEarly, &["1-given-up"]),
        (
            Self::FirstPageOnly,
            &["1-given-up", "1-lost", "1-prompt", "4-wanted", "6-owner", "1-repaired"],
        ),
        (Self::NoOwner, &["6-foreign", "6-owner"]),
        (Self::OwnerUnchecked, &["6-owner"]),
        (Self::TagIgnored, &["4-orphan", "6-owner"]),
        (Self::SilenceConsents, &["6-owner"]),
        (Self::WishAllowed, &["6-owner"]),
        (Self::OthersIgnored, &["4-healthy", "4-wanted", "6-owner"]),
        (Self::SharedKeys, &["6-foreign", "6-owner"]),
        (Self::FinalWhenRefused, &["1-lost", "1-prompt", "1-repaired"]),
        (Self::NoProbe, &["4-healthy", "4-wanted", "6-owner"]),
        (Self::AnswerIgnored, &["4-healthy", "4-wanted"]),
        (Self::GapForgotten, &["4-gap", "1-given-up"]),
        (Self::BreaksForgotten, &["1-given-up"]),
        (Self::ReadingForgotten, &["1-lost", "1-prompt", "2-wrong", "1-repaired"]),
        (Self::RegistersFirst, &["1-lost", "1-prompt", "4-healthy", "4-wanted", "1-repaired"]),
        (Self::NoReregister, &["1-lost", "1-prompt", "4-healthy", "4-wanted", "1-repaired"]),
        (Self::ComesBackLate, &["4-healthy"]),
        (Self::LateClosingCounts, &["1-lost", "1-prompt", "4-healthy", "4-wanted", "1-repaired"]),
        (Self::LateFrameCounts, &["1-lost", "1-prompt", "4-healthy", "4-wanted", "1-repaired"]),
        (Self::PushUnread, &["1-lost", "1-prompt", "1-repaired"]),
        (Self::NoReconnectGrace, &["4-gap"]),
        (Self::NoReachability, &["4-healthy"]),
        (Self::AttachUnchecked, &["1-lost", "1-prompt", "4-late", "4-orphan", "1-repaired"]),
        (Self::ErrorIsGone, &["1-lost", "1-prompt", "4-healthy", "1-repaired"]),
        (Self::LeftToOthers, &["4-late", "4-orphan"]),
        (Self::ForeignConnection, &["6-foreign", "6-owner"]),
        (Self::NoLists, &["1-lost", "1-repaired"]),
        (Self::NoOverlap, &["1-lost", "1-repaired"]),
        (Self::ListsForgotten, &["1-lost", "1-repaired"]),
    ];
}
