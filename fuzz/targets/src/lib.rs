//! What the fuzz targets do with their input. Each panics on what must not be.
//!
//! The inputs are texts that people can read and write, and a fuzzer can mutate:
//! the corpus is checked in, and a test runs all of it without a fuzzer.

mod api;
mod callback;
mod callback_url;
mod event;

pub use api::api;
pub use callback::callback;
pub use callback_url::callback_url;
pub use event::event;

/// Every target with its name, which is the name of its corpus.
pub const ALL: [(&str, fn(&[u8])); 4] =
    [("api", api), ("callback", callback), ("callback_url", callback_url), ("event", event)];

/// The first line, without its end, and what follows it.
fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    (&bytes[..end], bytes.get(end + 1..).unwrap_or_default())
}
