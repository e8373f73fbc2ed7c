//! The kinds of job: one table describes them, a row each.

mod lookup;
mod spec;
mod table;

pub use lookup::table;
pub use spec::{Fields, Kind, KindSpec, Lifecycle, PodPolicy, Telling};
