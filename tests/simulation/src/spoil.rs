//! Breaks the rules about what an observation says.

use sagebell_monitor::kind::Kind;
use serde_json::{Value, json};

use crate::forms;
use crate::mutation::Mutation;
use crate::world::{World, instant};

/// Breaks the rules about what an observation says, where they are to be broken.
pub fn spoil(world: &World, kind: Kind, detail: &mut Value) {
    let fields = &kind.spec().fields;
    if world.breaks(Mutation::NoGeneration) {
        fields.created.iter().for_each(|pointer| forms::take_out(detail, pointer));
    }
    if world.breaks(Mutation::OrderByArrival) {
        fields.modified.iter().for_each(|pointer| forms::take_out(detail, pointer));
        let now = instant(world.time.now()).as_millisecond();
        detail["LastModifiedTime"] = json!(now);
    }
}
