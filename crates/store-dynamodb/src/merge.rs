//! Reads a sharded index as one list.
//!
//! A round reads a part of every shard at the same time. The result is complete up to the first
//! position at which a shard was cut off, so up to there it is in order. The next round reads the
//! rest again. A call makes at most [`ROUNDS`] rounds, so it can answer a short page with a cursor.
//!
//! Cost: a round is [`SHARDS`] eventually consistent queries. A shard with few items costs half a
//! read unit. If there are many items, all shards together cost twice the page's size. With a filter
//! a round reads up to [`FILTERED`] entries per shard, whatever it finds. No call reads more than
//! 3,200 entries.

use aws_sdk_dynamodb::types::AttributeValue;
use futures::future::try_join_all;

use crate::error::DynamoDbError;
use crate::index::{FIRST, Index, SHARDS};
use crate::item::{Item, text};
use crate::schema::EXPIRES_MICROS;
use crate::table::Table;

/// Rounds of one call at most.
const ROUNDS: usize = 4;
/// The number of entries that a round reads in each shard to find those that match a filter.
const FILTERED: usize = 100;
/// Comes after every place in the listing index.
const LAST_PLACE: &str = "~";

/// What to read of an index: what is live and passes a filter.
pub(crate) struct List<'a> {
    pub(crate) table: &'a Table,
    pub(crate) index: Index,
    /// The last sort key to read, of an index that ascends.
    pub(crate) until: String,
    pub(crate) filter: Filter,
}

/// Conditions on entries, with the names and values they use.
#[derive(Debug, Default)]
pub(crate) struct Filter {
    pub(crate) conditions: Vec<String>,
    pub(crate) names: Vec<(&'static str, &'static str)>,
    values: Vec<(String, AttributeValue)>,
}

impl Filter {
    /// A condition that holds where one of `values` stands between these two parts.
    pub(crate) fn any_of(
        &mut self,
        before: &str,
        after: &str,
        values: Vec<AttributeValue>,
    ) -> String {
        let mut conditions = Vec::with_capacity(values.len());
        for value in values {
            let name = format!(":v{}", self.values.len());
            conditions.push(format!("{before}{name}{after}"));
            self.values.push((name, value));
        }
        format!("({})", conditions.join(" OR "))
    }
}

/// A part of a list, in order, and the sort key after which it continues.
#[derive(Debug, PartialEq)]
pub(crate) struct Stretch {
    pub(crate) items: Vec<Item>,
    pub(crate) left_off: Option<String>,
}

impl List<'_> {
    /// The next `limit` entries after a sort key, or fewer.
    pub(crate) async fn page(
        &self,
        mut after: Option<String>,
        limit: usize,
    ) -> Result<Stretch, DynamoDbError> {
        let mut items = Vec::new();
        for _ in 0..ROUNDS {
            let shards = (0..SHARDS).map(|shard| self.read(shard, after.as_deref(), limit));
            let round = merge(self.index, try_join_all(shards).await?);
            items.extend(round.items);
            after = round.left_off;
            if items.len() > limit {
                items.truncate(limit);
                after = items.last().and_then(|item| sort_key(self.index, item));
            }
            if after.is_none() || items.len() == limit {
                break;
            }
        }
        Ok(Stretch { items, left_off: after })
    }

    async fn read(
        &self,
        shard: u64,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Stretch, DynamoDbError> {
        let (table, index) = (self.table, self.index);
        let mut query = table
            .client
            .query()
            .table_name(&table.name)
            .index_name(index.name())
            .scan_index_forward(index.is_ascending())
            .limit(self.entries(limit))
            .filter_expression(self.filter_expression())
            .expression_attribute_values(":now", table.now())
            .expression_attribute_values(":partition", index.partition(shard));
        let (pk, sk) = index.keys();
        query = match index {
            Index::Due | Index::Open => query
                .key_condition_expression(format!(
                    "{pk} = :partition AND {sk} BETWEEN :from AND :to"
                ))
                .expression_attribute_values(
                    ":from",
                    text(format!("{}{FIRST}", after.unwrap_or(""))),
                )
                .expression_attribute_values(":to", text(&self.until)),
            Index::Listing => query
                .key_condition_expression(format!("{pk} = :partition AND {sk} < :before"))
                .expression_attribute_values(":before", text(after.unwrap_or(LAST_PLACE))),
        };
        for (name, attribute) in &self.filter.names {
            query = query.expression_attribute_names(*name, *attribute);
        }
        for (name, value) in &self.filter.values {
            query = query.expression_attribute_values(name, value.clone());
        }
        let answer =
            query.send().await.map_err(|error| DynamoDbError::sdk("Query", &table.name, &error))?;
        let left_off = answer.last_evaluated_key.and_then(|key| sort_key(index, &key));
        Ok(Stretch { items: answer.items.unwrap_or_default(), left_off })
    }

    /// How many entries a round reads in each shard: twice an even share, so that one round usually
    /// fills the page.
    fn entries(&self, limit: usize) -> i32 {
        let share = 2 * limit.div_ceil(SHARDS as usize);
        let entries = if self.filter.conditions.is_empty() { share } else { share.max(FILTERED) };
        i32::try_from(entries).unwrap_or(i32::MAX)
    }

    fn filter_expression(&self) -> String {
        let live = format!("{EXPIRES_MICROS} > :now");
        let conditions = self.filter.conditions.iter();
        conditions.fold(live, |all, condition| format!("{all} AND {condition}"))
    }
}

/// The sort key that an entry, or where a query was left off, has in an index.
fn sort_key(index: Index, entry: &Item) -> Option<String> {
    let (_, sk) = index.keys();
    entry.get(sk)?.as_s().ok().cloned()
}

/// What was read of all shards, in order, as far as all of them were read.
fn merge(index: Index, shards: Vec<Stretch>) -> Stretch {
    let left_off = shards.iter().filter_map(|shard| shard.left_off.as_deref());
    let left_off = left_off.min_by(|one, other| index.compare(one, other)).map(str::to_owned);
    let entries = shards.into_iter().flat_map(|shard| shard.items);
    let mut entries: Vec<(String, Item)> = entries
        .filter_map(|entry| Some((sort_key(index, &entry)?, entry)))
        .filter(|(at, _)| left_off.as_ref().is_none_or(|end| index.compare(at, end).is_le()))
        .collect();
    entries.sort_by(|(one, _), (other, _)| index.compare(one, other));
    Stretch { items: entries.into_iter().map(|(_, entry)| entry).collect(), left_off }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(index: Index, at: &str) -> Item {
        Item::from([(index.keys().1.to_owned(), text(at))])
    }

    fn merged(index: Index, shards: &[(&[&str], Option<&str>)]) -> (Vec<String>, Option<String>) {
        let stretch = |(places, left_off): &(&[&str], Option<&str>)| Stretch {
            items: places.iter().map(|at| entry(index, at)).collect(),
            left_off: left_off.map(str::to_owned),
        };
        let merged = merge(index, shards.iter().map(stretch).collect());
        let places = merged.items.iter().map(|item| sort_key(index, item).unwrap());
        (places.collect(), merged.left_off)
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|&text| text.to_owned()).collect()
    }

    #[test]
    fn shards_that_were_read_to_their_ends_are_one_list() {
        let shards: [(&[&str], _); 3] = [(&["a", "d"], None), (&[], None), (&["b", "c"], None)];
        assert_eq!(merged(Index::Due, &shards), (texts(&["a", "b", "c", "d"]), None));
        let shards: [(&[&str], _); 2] = [(&["d", "a"], None), (&["c", "b"], None)];
        assert_eq!(merged(Index::Listing, &shards), (texts(&["d", "c", "b", "a"]), None));
    }

    #[test]
    fn nothing_is_told_past_where_a_shard_was_left_off() {
        let shards: [(&[&str], _); 3] =
            [(&["a", "f"], Some("f")), (&["b", "c"], Some("c")), (&["d"], None)];
        let expected = (texts(&["a", "b", "c"]), Some("c".to_owned()));
        assert_eq!(merged(Index::Due, &shards), expected);
        let shards: [(&[&str], _); 2] = [(&["f", "a"], Some("a")), (&["e", "b"], Some("b"))];
        let expected = (texts(&["f", "e", "b"]), Some("b".to_owned()));
        assert_eq!(merged(Index::Listing, &shards), expected);
    }

    #[test]
    fn a_shard_whose_entries_were_all_filtered_out_still_holds_the_others_back() {
        let shards: [(&[&str], _); 2] = [(&["a", "z"], None), (&[], Some("k"))];
        assert_eq!(merged(Index::Due, &shards), (texts(&["a"]), Some("k".to_owned())));
    }
}
