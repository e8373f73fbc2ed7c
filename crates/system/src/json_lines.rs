//! A log line as one flat JSON object: the event's fields beside those of the spans that
//! it is in. So a query or a filter names a field the same way, wherever it was given.
//!
//! ```json
//! {"timestamp": "…", "level": "WARN", "target": "sagebell_monitor::deliver",
//!  "request_id": "…", "arn": "arn:aws:sagemaker:…", "wait": "w", "message": "a signal could not be sent"}
//! ```

use std::fmt;

use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime as _, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields as _, FormattedFields};
use tracing_subscriber::fmt::{MakeWriter, layer};
use tracing_subscriber::registry::LookupSpan;

/// What `lambda_runtime` calls the id of an invocation, in the span around each
/// (its `layers::trace`).
const LAMBDA_REQUEST_ID: &str = "requestId";
/// What every other line calls it.
const REQUEST_ID: &str = "request_id";

/// Writes each event as a line of JSON, with the fields of its spans; an inner span's
/// field goes before an outer one's of the same name.
pub fn json_lines<S, W>(writer: W) -> impl Layer<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    layer().fmt_fields(JsonFields::new()).event_format(FlatJson).with_writer(writer)
}

struct FlatJson;

impl<S> FormatEvent<S, JsonFields> for FlatJson
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let mut own = String::new();
        context.format_fields(Writer::new(&mut own), event)?;

        let mut line = Map::new();
        line.insert("timestamp".to_owned(), time.into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("target".to_owned(), event.metadata().target().into());
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(fields) = span.extensions().get::<FormattedFields<JsonFields>>() {
                line.extend(members(fields));
            }
        }
        if let Some(id) = line.remove(LAMBDA_REQUEST_ID) {
            line.insert(REQUEST_ID.to_owned(), id);
        }
        line.extend(members(&own));
        writeln!(writer, "{}", Value::Object(line))
    }
}

/// The members of an object of JSON; none of what is not one.
fn members(object: &str) -> Map<String, Value> {
    serde_json::from_str(object).unwrap_or_default()
}
