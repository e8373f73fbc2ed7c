//! Words that options take. Completions and helps list them.

use clap::builder::{PossibleValuesParser, TypedValueParser};
use sagebell_client::ChannelWord;
use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::wait::{OnAbandon, SignalOn};

/// A parser of the words that `read` knows.
fn words<T: Clone + Send + Sync + 'static>(
    known: impl IntoIterator<Item = &'static str>,
    read: impl Fn(&str) -> Option<T> + Clone + Send + Sync + 'static,
) -> impl TypedValueParser<Value = T> {
    let refused = || "not one of the possible values".to_owned();
    PossibleValuesParser::new(known).try_map(move |word| read(&word).ok_or_else(refused))
}

pub(super) fn phase() -> impl TypedValueParser<Value = Phase> {
    words(Phase::ALL.map(Phase::as_str), Phase::from_wire)
}

pub(super) fn kind() -> impl TypedValueParser<Value = Kind> {
    words(Kind::all().map(Kind::as_str), Kind::from_wire)
}

pub(super) fn channel() -> impl TypedValueParser<Value = ChannelWord> {
    words(["connection", "callback", "none"], ChannelWord::from_wire)
}

pub(super) fn signal_on() -> impl TypedValueParser<Value = SignalOn> {
    words(["settled", "progress"], |word| match word {
        "settled" => Some(SignalOn::Settled),
        "progress" => Some(SignalOn::Progress),
        _ => None,
    })
}

pub(super) fn on_abandon() -> impl TypedValueParser<Value = OnAbandon> {
    words(["stop", "keep"], |word| match word {
        "stop" => Some(OnAbandon::Stop),
        "keep" => Some(OnAbandon::Keep),
        _ => None,
    })
}
