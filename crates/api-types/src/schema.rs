//! OpenAPI schemas of the wire forms that the domain defines. The domain itself does not depend
//! on OpenAPI.
//!
//! Promise: the words come from the domain's tables, and tests compare the fields with what is
//! really serialized.

use std::borrow::Cow;

use sagebell_monitor::kind::Kind;
use sagebell_monitor::phase::Phase;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{Object, Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// Types that stand for the domain's in descriptions, and a list of them all.
macro_rules! schemas {
    ($($marker:ident is $name:literal: $schema:expr;)+) => {
        $(
            #[doc = concat!("Stands for `", $name, "` in descriptions.")]
            pub enum $marker {}

            impl PartialSchema for $marker {
                fn schema() -> RefOr<Schema> {
                    $schema.build().into()
                }
            }

            impl ToSchema for $marker {
                fn name() -> Cow<'static, str> {
                    $name.into()
                }
            }
        )+

        /// Every schema of this module, by name.
        pub fn all() -> impl Iterator<Item = (String, RefOr<Schema>)> {
            [$(($name.to_owned(), $marker::schema())),+].into_iter()
        }
    };
}

schemas! {
    CallbackSchema is "Callback": callback();
    CallbackDataSchema is "CallbackData": callback_data();
    ChannelWord is "Channel": words("How a waiter is told", ["connection", "callback", "none"]);
    SignalOnWord is "SignalOn": words("Which signals a wait receives", ["settled", "progress"])
        .default(Some("settled".into()));
    JobSchema is "Job": job();
    KindWord is "Kind": words("A kind of job", Kind::all().map(Kind::as_str));
    OnAbandonWord is "OnAbandon": words("What to do with the job", ["stop", "keep"])
        .default(Some("keep".into()));
    PhaseWord is "Phase": words("The meaning of a status, in the same words for every kind", Phase::ALL.map(Phase::as_str));
    SourceWord is "Source": words("Where an observation came from", ["event", "describe"]);
    TimelineEntrySchema is "TimelineEntry": timeline_entry();
    WaitStateWord is "WaitState": words("The state of a wait", [
        "waiting", "signalled", "cancelled", "abandoned", "undeliverable", "expired",
    ]);
}

fn job() -> ObjectBuilder {
    let object = object("A job, in the same form in API answers and callbacks");
    let object = required(object, "arn", text("Its ARN in lower case"));
    let object = required(object, "kind", reference("Kind"));
    let object = required(object, "name", text("Its name, as SageMaker spells it"));
    required(object, "phase", reference("Phase"))
        .property("status", text("The status, exactly as SageMaker sent it"))
        .property("secondary_status", text("The secondary status, exactly as SageMaker sent it"))
        .property("failure_reason", text("Why it failed, in SageMaker's words"))
        .property("created_at", time("When it was created"))
        .property("modified_at", time("When SageMaker last changed it"))
        .property("settled_at", time("When it settled"))
}

fn timeline_entry() -> ObjectBuilder {
    let object = object("One observation of a job");
    let object =
        required(object, "at", time("When the job reached this state, by SageMaker's clock"));
    let object = required(object, "seen_at", time("When it was observed"));
    let object = required(object, "phase", reference("Phase"));
    let object = required(object, "status", text("The status, exactly as SageMaker sent it"));
    let late = ObjectBuilder::new()
        .schema_type(Type::Boolean)
        .description(Some("True if a later state was known already. Absent otherwise"));
    required(object, "source", reference("Source"))
        .property("secondary_status", text("The secondary status, exactly as SageMaker sent it"))
        .property("late", late.build())
}

fn callback() -> ObjectBuilder {
    let about = "The body of a callback (Standard Webhooks). Verify the signature, answer 2xx at \
                 once, and trust SageMaker alone for anything beyond the wake-up.";
    let object = object(about);
    let kind = text("`sagemaker.NOUN.PHASE`, e.g. `sagemaker.training_job.succeeded`");
    let object = required(object, "type", kind);
    let object = required(object, "timestamp", time("When the job reached this state"));
    required(object, "data", reference("CallbackData"))
}

fn callback_data() -> ObjectBuilder {
    let object = object("The data of a callback");
    let object = required(object, "wait_id", text("The wait that receives the signal"));
    let seq = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(1))
        .description(Some("Grows with every new signal to this wait"));
    let object = required(object, "seq", seq.build());
    required(object, "job", reference("Job"))
}

fn object(about: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::Object).description(Some(about))
}

fn required(object: ObjectBuilder, name: &str, schema: impl Into<RefOr<Schema>>) -> ObjectBuilder {
    object.property(name, schema).required(name)
}

fn reference(name: &str) -> RefOr<Schema> {
    Ref::from_schema_name(name).into()
}

fn text(about: &str) -> Object {
    let text = ObjectBuilder::new().schema_type(Type::String);
    text.description(Some(about)).build()
}

fn time(about: &str) -> Object {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
        .description(Some(about))
        .build()
}

fn words(about: &str, words: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).description(Some(about))
}
