//! One item at a time: read it, or write it if it is as expected.

use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use sagebell_monitor::ports::{Clock, Saved, Version, Versioned};

use crate::error::DynamoDbError;
use crate::item::{Entity, Item, Key, decode, encode, micros, number};
use crate::schema::{EXPIRES_MICROS, ITEM_VERSION, PK, SK};

/// The table, and the clock by which its items expire: the service deletes them
/// when it comes to it, within days, and until then they count as absent.
#[derive(Clone)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: String,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Table {
    /// The present, as items' times are compared to it.
    pub(crate) fn now(&self) -> AttributeValue {
        micros(self.clock.now())
    }

    pub(crate) async fn load<E: Entity>(
        &self,
        key: Key<'_>,
    ) -> Result<Option<Versioned<E>>, DynamoDbError> {
        let get = self.client.get_item().table_name(&self.name).consistent_read(true);
        let get = get.key(PK, key.pk()).key(SK, key.sk());
        let answer =
            get.send().await.map_err(|error| DynamoDbError::sdk("GetItem", &self.name, &error))?;
        self.live(answer.item, key)
    }

    /// Writes the whole item. So attributes that it no longer has, above all the due time, leave
    /// their index.
    ///
    /// A version is random. It cannot come back when an item is created again, and it distinguishes
    /// this write from another one if the answer was lost.
    pub(crate) async fn save<E: Entity>(
        &self,
        entity: &E,
        expect: Option<Version>,
    ) -> Result<Saved<E>, DynamoDbError> {
        let version = Version(rand::random());
        let put = self
            .client
            .put_item()
            .table_name(&self.name)
            .set_item(Some(encode(entity, version)?))
            .expression_attribute_values(":now", self.now())
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let put = match expect {
            None => put.condition_expression(format!(
                "attribute_not_exists({PK}) OR {EXPIRES_MICROS} <= :now"
            )),
            Some(expect) => put
                .condition_expression(format!(
                    "{ITEM_VERSION} = :expect AND {EXPIRES_MICROS} > :now"
                ))
                .expression_attribute_values(":expect", number(expect.0)),
        };
        let error = match put.send().await {
            Ok(_) => return Ok(Saved::Stored(version)),
            Err(error) => error,
        };
        let Some(PutItemError::ConditionalCheckFailedException(failed)) = error.as_service_error()
        else {
            return Err(DynamoDbError::sdk("PutItem", &self.name, &error));
        };
        let found = self.live(failed.item().cloned(), entity.item_key())?;
        if found.as_ref().is_some_and(|found: &Versioned<E>| found.version == version) {
            return Ok(Saved::Stored(version));
        }
        Ok(Saved::Conflict(found))
    }

    /// What was found, unless it is expired.
    fn live<E: Entity>(
        &self,
        item: Option<Item>,
        key: Key<'_>,
    ) -> Result<Option<Versioned<E>>, DynamoDbError> {
        let now = self.clock.now().as_microsecond();
        let found = item.map(|item| decode::<E>(item, key)).transpose()?;
        Ok(found.filter(|found| found.value.expires_at().as_microsecond() > now))
    }
}
