//! What the fake was asked and what it told, for tests to look at. Bounded.

use std::collections::{BTreeMap, VecDeque};

use serde_json::{Value, json};

use crate::model;
use crate::operations::Call;

/// The most requests, and the most events, that are remembered.
const MAX_ENTRIES: usize = 1_000;
/// The longest request that is remembered whole, in bytes.
const MAX_REQUEST: usize = 64 * 1024;

/// Calls, requests and events so far.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    calls: BTreeMap<String, u64>,
    requests: VecDeque<Value>,
    events: VecDeque<Value>,
}

impl Journal {
    /// Remembers a call. `size` is that of its body, in bytes.
    pub(crate) fn called(&mut self, call: &Call, size: usize) {
        // What the model does not know is one entry: callers must not grow the map.
        let known = model::operation(&call.operation).is_some();
        let operation = if known { call.operation.as_str() } else { "unknown" };
        *self.calls.entry(operation.to_owned()).or_default() += 1;
        let input = (size <= MAX_REQUEST).then_some(&call.input);
        let entry = json!({ "operation": operation, "region": call.region, "input": input });
        push(&mut self.requests, entry);
    }

    /// Remembers an event.
    pub(crate) fn published(&mut self, event: Value) {
        push(&mut self.events, event);
    }

    /// How often each operation was called.
    pub(crate) fn calls(&self) -> Value {
        json!(self.calls)
    }

    /// The latest requests, the oldest first.
    pub(crate) fn requests(&self) -> Value {
        json!(self.requests)
    }

    /// The latest events, the oldest first.
    pub(crate) fn events(&self) -> Value {
        json!(self.events)
    }
}

fn push(entries: &mut VecDeque<Value>, entry: Value) {
    if entries.len() == MAX_ENTRIES {
        entries.pop_front();
    }
    entries.push_back(entry);
}
