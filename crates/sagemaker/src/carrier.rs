//! One typed SDK call that carries any operation. Before it is signed, its body and its target are
//! replaced. Its answer is read as raw JSON.
//!
//! So the SDK provides credentials, endpoints, signing, timeouts and retries, and fields that this
//! SDK version does not know pass through.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_sagemaker::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextMut,
    BeforeTransmitInterceptorContextMut, FinalizerInterceptorContextRef,
};
use aws_sdk_sagemaker::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_sagemaker::error::ProvideErrorMetadata as _;
use aws_sdk_sagemaker::operation::delete_tags::DeleteTagsError;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;
use jiff::Timestamp;
use sagebell_monitor::call_budget::Call;
use sagebell_monitor::time::http_date;
use serde_json::Value;

use crate::begun::Begun;
use crate::budget::Budget;
use crate::classify::classify;
use crate::error::Class;

/// Longest answer read, in bytes. The largest member that the service model
/// allows is a pipeline's definition, 1 MiB of JSON inside a JSON string, where
/// each of its quotes takes two bytes.
pub(crate) const LONGEST_ANSWER: usize = 4 * 1024 * 1024;

/// What an operation answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The answer, as it came.
    pub value: Value,
    /// When it was given, by the service's own clock (its `Date` header).
    pub date: Option<Timestamp>,
}

/// Where the answer is put for the caller: `None` until there is one.
pub(crate) type Answer = Arc<Mutex<Option<Result<Answered, serde_json::Error>>>>;

/// Turns the call that it intercepts into `operation` with `body`.
///
/// The intercepted call is `DeleteTags`: its answer has no members, so it fits any
/// other, and without the resource that it must name SageMaker would refuse it.
pub(crate) struct Carrier {
    pub(crate) operation: String,
    pub(crate) body: String,
    pub(crate) answer: Answer,
    /// Told of every Describe and List that is throttled.
    pub(crate) budget: Arc<Budget>,
    /// Told of every attempt.
    pub(crate) begun: Arc<Begun>,
    /// Told what time it is by the service's clock.
    pub(crate) dated: Option<Arc<dyn Fn(Timestamp) + Send + Sync>>,
}

impl std::fmt::Debug for Carrier {
    /// Without the body: environments and parameters may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Carrier").field("operation", &self.operation).finish_non_exhaustive()
    }
}

#[aws_smithy_runtime_api::client::interceptors::dyn_dispatch_hint]
impl Intercept for Carrier {
    fn name(&self) -> &'static str {
        "Carrier"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let headers = request.headers_mut();
        headers.try_insert("x-amz-target", format!("SageMaker.{}", self.operation))?;
        headers.try_insert("content-length", self.body.len().to_string())?;
        *request.body_mut() = SdkBody::from(self.body.clone());
        self.begun.sent();
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let whole = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(whole, LONGEST_ANSWER));
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        // Operations without an answer send an empty body.
        let body = if body.is_empty() { b"{}" } else { body };
        if context.output_or_error().is_ok() {
            let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
            let date = context.response().headers().get("date").and_then(http_date);
            *answer = Some(serde_json::from_slice(body).map(|value| Answered { value, date }));
        }
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let dated = context.response().and_then(|response| response.headers().get("date"));
        if let Some(date) = dated.and_then(http_date) {
            self.begun.answered(date);
            self.dated.iter().for_each(|dated| dated(date));
        }
        if !matches!(Call::of(&self.operation), Some(Call::Describe | Call::List)) {
            return Ok(());
        }
        let status = context.response().map(|response| response.status().as_u16());
        let error = context.output_or_error().and_then(Result::err);
        let said = error.and_then(|error| error.as_operation_error());
        let said = said.and_then(|error| error.downcast_ref::<DeleteTagsError>());
        let code = said.and_then(|said| said.code());
        if classify(&self.operation, code, "", status) == Class::Throttled {
            self.budget.throttled();
        }
        Ok(())
    }
}
