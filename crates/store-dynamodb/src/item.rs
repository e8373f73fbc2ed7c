//! Items: the attributes of the document, and the store's own attributes.

use std::collections::HashMap;
use std::fmt;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::heartbeat::Heartbeat;
use sagebell_monitor::ports::{Version, Versioned};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::wait::{ConnectionId, WaitId, WaitKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::DynamoDbError;
use crate::index::IndexEntry;
use crate::schema::{EXPIRES_MICROS, ITEM_VERSION, PK, SK, TTL};

const JOB: &str = "JOB#";
const STATE: &str = "STATE";
const CONNECTION: &str = "CONNECTION#";
const SWEEP: &str = "SWEEP";
const HEARTBEAT: &str = "HEARTBEAT";
/// Begins the sort key of every wait.
pub(crate) const WAIT: &str = "WAIT#";

/// An item, as DynamoDB has it.
pub(crate) type Item = HashMap<String, AttributeValue>;

/// What is stored as one item.
pub(crate) trait Entity: Serialize + DeserializeOwned {
    fn item_key(&self) -> Key<'_>;
    fn expires_at(&self) -> Timestamp;
    /// Where it is in an index, if it is in one.
    fn index_entry(&self) -> Option<IndexEntry>;
}

/// The name of an item.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Key<'a> {
    Job(&'a JobArn),
    Wait(&'a JobArn, &'a WaitId, Option<&'a Principal>),
    Connection(&'a ConnectionId),
    /// When the sweep last ran.
    Heartbeat,
}

impl<'a> From<&'a WaitKey> for Key<'a> {
    fn from(key: &'a WaitKey) -> Self {
        Self::Wait(&key.arn, &key.id, key.owner.as_ref())
    }
}

impl Key<'_> {
    pub(crate) fn pk(&self) -> AttributeValue {
        let arn = match self {
            Self::Heartbeat => return text(SWEEP),
            Self::Connection(id) => return text(format!("{CONNECTION}{id}")),
            // As 0.1.0 wrote it.
            Self::Wait(arn, _, None) => arn.as_str(),
            Self::Job(arn) | Self::Wait(arn, _, Some(_)) => arn.key(),
        };
        text(format!("{JOB}{arn}"))
    }

    pub(crate) fn sk(&self) -> AttributeValue {
        match self {
            Self::Job(_) | Self::Connection(_) => text(STATE),
            Self::Wait(_, id, owner) => text(wait_sk(id, *owner)),
            Self::Heartbeat => text(HEARTBEAT),
        }
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Job(arn) => write!(f, "job {arn}"),
            Self::Wait(arn, id, _) => write!(f, "wait {id} on {arn}"),
            Self::Connection(id) => write!(f, "connection {id}"),
            Self::Heartbeat => f.write_str("the sweep's heartbeat"),
        }
    }
}

impl Entity for Heartbeat {
    fn item_key(&self) -> Key<'_> {
        Key::Heartbeat
    }

    fn expires_at(&self) -> Timestamp {
        Timestamp::MAX
    }

    fn index_entry(&self) -> Option<IndexEntry> {
        None
    }
}

/// The sort key of a wait. No id has a `#`, so that those of one id are together.
pub(crate) fn wait_sk(id: &WaitId, owner: Option<&Principal>) -> String {
    owner.map_or_else(|| format!("{WAIT}{id}"), |owner| format!("{WAIT}{id}#{}", owner.0))
}

/// Which wait an item is, by its keys; `None` for one whose ARN an older version
/// took and this one does not: nobody can ask for it, and it goes when it expires.
pub(crate) fn wait_key(item: &Item) -> Option<WaitKey> {
    let name = |key: &str, mark: &str| item.get(key)?.as_s().ok()?.strip_prefix(mark);
    let arn = JobArn::parse(name(PK, JOB)?).ok()?;
    let name = name(SK, WAIT)?;
    let (id, owner) = name.split_once('#').map_or((name, None), |(id, who)| (id, Some(who)));
    let owner = owner.map(|owner| Principal(owner.to_owned()));
    Some(WaitKey { arn, id: WaitId::parse(id).ok()?, owner })
}

pub(crate) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(crate) fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// A time as conditions and filters compare it.
pub(crate) fn micros(at: Timestamp) -> AttributeValue {
    number(at.as_microsecond())
}

/// When the service may delete an item, never before its time: it forgets by the second.
pub(crate) fn ttl(expires_at: Timestamp) -> i64 {
    expires_at.as_second() + i64::from(expires_at.subsec_nanosecond() > 0)
}

/// The item of an entity at a version.
pub(crate) fn encode<E: Entity>(entity: &E, version: Version) -> Result<Item, DynamoDbError> {
    let key = entity.item_key();
    let mut item: Item = serde_dynamo::to_item(entity)
        .map_err(|error| DynamoDbError::terminal(format!("{key} can't be stored: {error}")))?;
    let expires_at = entity.expires_at();
    let own = [
        (PK, key.pk()),
        (SK, key.sk()),
        (ITEM_VERSION, number(version.0)),
        (EXPIRES_MICROS, micros(expires_at)),
        (TTL, number(ttl(expires_at))),
    ];
    let index_entry = entity.index_entry().map(IndexEntry::into_attributes);
    let own = own.into_iter().chain(index_entry.into_iter().flatten());
    item.extend(own.map(|(name, value)| (name.to_owned(), value)));
    Ok(item)
}

/// The entity of an item, with its version; `name` is for the error's text.
pub(crate) fn decode<E: Entity>(
    item: Item,
    name: impl fmt::Display,
) -> Result<Versioned<E>, DynamoDbError> {
    let version = item.get(ITEM_VERSION).and_then(|version| version.as_n().ok()?.parse().ok());
    let value = serde_dynamo::from_item(item).ok();
    let found = value.zip(version);
    let found = found.map(|(value, version)| Versioned { value, version: Version(version) });
    found.ok_or_else(|| unreadable(name))
}

/// Without serde's own words: they may quote the document, and that may hold a
/// secret.
pub(crate) fn unreadable(name: impl fmt::Display) -> DynamoDbError {
    DynamoDbError::terminal(format!(
        "the stored item of {name} can't be read: was it written by a newer Sagebell?"
    ))
}
