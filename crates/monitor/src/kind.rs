//! The kinds of job. One table describes them, with one row for each.

mod lookup;
mod spec;
mod table;

pub use lookup::table;
pub use spec::{Fields, Kind, KindSpec, Lifecycle, PodPolicy, Telling};
