//! The sharded indexes, and the positions of items in them.

use std::cmp::Ordering;
use std::hash::Hasher as _;

use aws_sdk_dynamodb::types::AttributeValue;
use fnv::FnvHasher;
use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::wait::{ConnectionId, WaitKey};

use crate::item::text;
use crate::schema::{DUE_INDEX, DUE_PK, DUE_SK, LISTING_INDEX, LISTING_PK, LISTING_SK};

/// Partitions of each index. A partition takes 1,000 write units a second
/// (DynamoDB Developer Guide, "Best practices for designing and using partition
/// keys effectively"), and to move an entry takes two.
///
/// It may grow, since lists read all shards; it must never shrink.
pub(crate) const SHARDS: u64 = 8;

/// Sorts before every character of a place, and is in none: a place and a `FIRST`
/// is where the next one may begin.
pub(crate) const FIRST: char = ' ';
/// Sorts after every character that a time, an ARN or a wait's id begins with.
pub(crate) const LAST: char = '~';

/// One of the indexes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Index {
    /// Waits, the longest due first.
    Due,
    /// Open connections, the first opened first: partitions of their own in the same index.
    Open,
    /// Jobs, the last recorded first.
    Listing,
}

impl Index {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Due | Self::Open => DUE_INDEX,
            Self::Listing => LISTING_INDEX,
        }
    }

    /// The names of its partition key and its sort key.
    pub(crate) fn keys(self) -> (&'static str, &'static str) {
        match self {
            Self::Due | Self::Open => (DUE_PK, DUE_SK),
            Self::Listing => (LISTING_PK, LISTING_SK),
        }
    }

    pub(crate) fn partition(self, shard: u64) -> AttributeValue {
        match self {
            Self::Due => text(format!("DUE#{shard}")),
            Self::Open => text(format!("OPEN#{shard}")),
            Self::Listing => text(format!("LISTING#{shard}")),
        }
    }

    pub(crate) fn is_ascending(self) -> bool {
        self != Self::Listing
    }

    /// The order of two sort keys in its list.
    pub(crate) fn compare(self, one: &str, other: &str) -> Ordering {
        if self.is_ascending() { one.cmp(other) } else { other.cmp(one) }
    }
}

/// The sort key of a wait in the due index. A sort key has at most 1,024 bytes
/// (DynamoDB Developer Guide, "Quotas"): of the owner there is a digest, enough to
/// tell two of one id apart.
pub(crate) fn due_at(at: Timestamp, key: &WaitKey) -> String {
    let arn = pk_arn(key);
    match &key.owner {
        None => format!("{at:.9}#{arn}#{}", key.id),
        Some(owner) => format!("{at:.9}#{arn}#{}#{:016x}", key.id, digest(&[&owner.0])),
    }
}

/// The ARN as the wait's partition key has it: 0.1.0 wrote it as it was spelt.
fn pk_arn(key: &WaitKey) -> &str {
    if key.owner.is_some() { key.arn.key() } else { key.arn.as_str() }
}

/// The sort key of a job in the listing index.
pub(crate) fn recorded_at(at: Timestamp, arn: &JobArn) -> String {
    format!("{at:.9}#{}", arn.key())
}

/// An item's place in an index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    index: Index,
    shard: u64,
    at: String,
}

impl IndexEntry {
    pub(crate) fn due(at: Timestamp, key: &WaitKey) -> Self {
        // By the wait, not by the job: one job's ten thousand waits are spread.
        let shard = shard_of(&[pk_arn(key), key.id.as_str()]);
        Self { index: Index::Due, shard, at: due_at(at, key) }
    }

    pub(crate) fn open(at: Timestamp, id: &ConnectionId) -> Self {
        let shard = shard_of(&[id.as_str()]);
        Self { index: Index::Open, shard, at: format!("{at:.9}#{id}") }
    }

    pub(crate) fn listed(at: Timestamp, arn: &JobArn) -> Self {
        let shard = shard_of(&[arn.key()]);
        Self { index: Index::Listing, shard, at: recorded_at(at, arn) }
    }

    pub(crate) fn into_attributes(self) -> [(&'static str, AttributeValue); 2] {
        let (pk, sk) = self.index.keys();
        [(pk, self.index.partition(self.shard)), (sk, text(self.at))]
    }
}

/// Which shard a name belongs to: the same for ever, on every machine.
fn shard_of(name: &[&str]) -> u64 {
    digest(name) % SHARDS
}

fn digest(name: &[&str]) -> u64 {
    let mut hasher = FnvHasher::default();
    for part in name {
        hasher.write(part.as_bytes());
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use sagebell_monitor::principal::Principal;
    use sagebell_monitor::wait::WaitId;

    use super::*;

    fn arn(name: &str) -> JobArn {
        let text = format!("arn:aws:sagemaker:eu-west-1:111122223333:training-job/{name}");
        JobArn::parse(&text).unwrap()
    }

    fn key(name: &str, id: &str) -> WaitKey {
        WaitKey::of(arn(name), Principal("1:role/r".to_owned()), WaitId::parse(id).unwrap())
    }

    /// How far the fullest and the emptiest shard are from an even share.
    fn spread(shards: impl Iterator<Item = u64>) -> (f64, f64) {
        let mut counts = [0_u32; SHARDS as usize];
        shards.for_each(|shard| counts[shard as usize] += 1);
        let even = f64::from(counts.iter().sum::<u32>()) / SHARDS as f64;
        let share = |count: &u32| f64::from(*count) / even;
        (share(counts.iter().min().unwrap()), share(counts.iter().max().unwrap()))
    }

    #[test]
    fn jobs_and_one_jobs_waits_are_spread_evenly() {
        let at = Timestamp::UNIX_EPOCH;
        let jobs = (0..8_000).map(|n| IndexEntry::listed(at, &arn(&format!("train-{n}"))).shard);
        let waits =
            (0..8_000).map(|n| IndexEntry::due(at, &key("one-job", &format!("w{n}"))).shard);
        for (least, most) in [spread(jobs), spread(waits)] {
            assert!(least > 0.8 && most < 1.2, "{least} to {most} of an even share");
        }
    }

    #[test]
    fn a_job_stays_in_its_shard() {
        // A change of these numbers would leave entries where nobody moves them.
        let shards = ["a", "b", "train-2026"].map(|name| shard_of(&[arn(name).as_str()]));
        assert_eq!(shards, [3, 6, 3]);
        assert_eq!(SHARDS, 8);
    }

    #[test]
    fn places_sort_as_their_times_do_and_bounds_hold() {
        let times = [
            "1969-12-31T23:59:59Z",
            "2026-01-01T00:00:00Z",
            "2026-01-01T00:00:00.000000001Z",
            "2026-01-01T00:00:00.5Z",
            "2026-01-01T00:00:01Z",
        ];
        let mut times: Vec<Timestamp> = times.iter().map(|time| time.parse().unwrap()).collect();
        times.push(Timestamp::MAX);
        let wait = key("j", "w");
        for two in times.windows(2) {
            assert!(due_at(two[0], &wait) < due_at(two[1], &wait), "{two:?}");
            assert!(due_at(two[0], &wait) < format!("{:.9}{LAST}", two[0]), "{two:?}");
            assert!(format!("{:.9}{LAST}", two[0]) < due_at(two[1], &wait), "{two:?}");
        }
        // A name that begins with another comes after what follows that other.
        let (one, longer) = (due_at(times[1], &wait), due_at(times[1], &key("j", "w-1")));
        assert!(one < format!("{one}{FIRST}") && format!("{one}{FIRST}") < longer);
    }
}
