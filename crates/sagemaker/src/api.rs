//! Any operation of SageMaker's API.

use std::sync::{Arc, LazyLock, PoisonError};
use std::time::Duration;

use aws_sdk_sagemaker::Client;
use aws_sdk_sagemaker::config::retry::RetryConfig;
use aws_sdk_sagemaker::config::timeout::TimeoutConfig;
use aws_sdk_sagemaker::config::{Builder, Region};
use aws_types::SdkConfig;
use jiff::Timestamp;
use serde_json::Value;

use crate::begun::Begun;
use crate::budget::Budget;
use crate::carrier::{Answer, Answered, Carrier};
use crate::error::{CallError, Class};
use crate::pages::Pages;
use crate::patience::Patience;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// The time limit of one attempt, from the first byte sent to the last one read.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit of all attempts with their pauses.
const TIMEOUT_PER_ATTEMPT: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;
/// The longest operation name. SageMaker's longest has 44 letters.
const LONGEST_NAME: usize = 64;

type MakeClient = Box<dyn FnOnce() -> Client + Send>;

/// SageMaker's API. Cheap to clone: clones share connections and budget.
#[derive(Debug, Clone)]
pub struct Api {
    /// Made when first needed: few calls of `api` and few sweeps ask SageMaker anything.
    client: Arc<LazyLock<Client, MakeClient>>,
    /// `None`: the configured one.
    region: Option<Region>,
    /// `None`: those of [`Api::new`].
    timeouts: Option<TimeoutConfig>,
    budget: Arc<Budget>,
    begun: Arc<Begun>,
    patience: Option<Patience>,
}

impl Api {
    /// Wraps a configuration. Does no I/O.
    ///
    /// A call has 3 s to connect, 10 s per attempt and 30 s in all, and at most three attempts, by
    /// the SDK's standard rules.
    #[must_use]
    pub fn new(config: &SdkConfig, budget: Arc<Budget>) -> Self {
        Self::with_attempts(config, budget, ATTEMPTS)
    }

    /// The same for a caller that has time: temporary failures are retried as long as `patience`
    /// allows.
    #[must_use]
    pub fn patient(config: &SdkConfig, budget: Arc<Budget>, patience: Patience) -> Self {
        Self { patience: Some(patience), ..Self::with_attempts(config, budget, 1) }
    }

    fn with_attempts(config: &SdkConfig, budget: Arc<Budget>, attempts: u32) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(TIMEOUT_PER_ATTEMPT * attempts);
        let config = config.clone();
        let make: MakeClient = Box::new(move || {
            let config = Builder::from(&config)
                .timeout_config(timeouts.build())
                .retry_config(RetryConfig::standard().with_max_attempts(attempts));
            Client::from_conf(config.build())
        });
        Self {
            client: Arc::new(LazyLock::new(make)),
            region: None,
            timeouts: None,
            begun: Arc::new(Begun::now(budget.clock())),
            budget,
            patience: None,
        }
    }

    /// The same API in a region that is not the configured one.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: Some(Region::new(region.to_owned())), ..self.clone() }
    }

    /// The same API for a caller with less time: these limits for an attempt, and for all attempts
    /// with their pauses.
    #[must_use]
    pub fn within(&self, attempt: Duration, whole: Duration) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT.min(attempt))
            .operation_attempt_timeout(attempt)
            .operation_timeout(whole);
        Self { timeouts: Some(timeouts.build()), ..self.clone() }
    }

    /// Calls `operation` with `input` and returns its whole answer, including members that the SDK
    /// does not know.
    ///
    /// `input` is sent unchanged. The caller sets idempotency tokens (`ClientRequestToken`). Times
    /// in answers are seconds since the epoch, as SageMaker writes them. Describe, List and Stop
    /// calls wait for the [`Budget`].
    ///
    /// # Errors
    /// [`CallError`], [`Class::Throttled`] where the budget is spent. An answer of
    /// more than 4 MiB is [`Class::Unavailable`].
    pub async fn call(&self, operation: &str, input: &Value) -> Result<Value, CallError> {
        Ok(self.call_dated(operation, input).await?.value)
    }

    /// As [`call`](Self::call), with the time at which SageMaker answered by its own
    /// clock.
    ///
    /// # Errors
    /// As for [`call`](Self::call).
    pub async fn call_dated(&self, operation: &str, input: &Value) -> Result<Answered, CallError> {
        check(operation, input)?;
        match &self.patience {
            Some(patience) => patience.call(|| self.call_once(operation, input)).await,
            None => self.call_once(operation, input).await,
        }
    }

    /// When this API was created, by SageMaker's own clock: exactly, or later by at most one second
    /// plus the duration of the first answered call. `None` before the first answer.
    #[must_use]
    pub fn begun(&self) -> Option<Timestamp> {
        self.begun.by_service()
    }

    async fn call_once(&self, operation: &str, input: &Value) -> Result<Answered, CallError> {
        let admitted = self.budget.admit(operation, self.region()).await;
        admitted.map_err(|spent| CallError::spent(operation, spent))?;
        let outcome = self.send(operation, input).await;
        match &outcome {
            Ok(_) => tracing::debug!(operation, "SageMaker answered"),
            Err(error) => tracing::debug!(operation, class = ?error.class, %error, "call failed"),
        }
        outcome
    }

    /// Lists page by page: `items` is the member of the answer that holds them
    /// (`TrainingJobSummaries` of `ListTrainingJobs`).
    #[must_use]
    pub fn pages<'a>(&'a self, operation: &'a str, input: &Value, items: &'a str) -> Pages<'a> {
        Pages::new(self, operation, input.clone(), items)
    }

    /// Empty if none is configured: then a call fails by itself.
    fn region(&self) -> &str {
        let region = self.region.as_ref().or_else(|| self.client.config().region());
        region.map_or("", Region::as_ref)
    }

    async fn send(&self, operation: &str, input: &Value) -> Result<Answered, CallError> {
        let answer = Answer::default();
        let carrier = Carrier {
            operation: operation.to_owned(),
            body: input.to_string(),
            answer: answer.clone(),
            budget: Arc::clone(&self.budget),
            begun: Arc::clone(&self.begun),
            dated: self.patience.as_ref().map(|patience| Arc::clone(&patience.dated)),
        };
        let mut own = Builder::new();
        own.set_region(self.region.clone());
        own.set_timeout_config(self.timeouts.clone());
        let call = self.client.delete_tags().customize().config_override(own).interceptor(carrier);
        if let Err(error) = call.send().await {
            return Err(CallError::of_sdk(operation, &error));
        }
        let answer = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        match answer {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(error)) => Err(unreadable(operation, &error.to_string())),
            None => Err(unreadable(operation, "there is none")),
        }
    }
}

fn unreadable(operation: &str, problem: &str) -> CallError {
    CallError::new(Class::Other, operation, format!("the answer can't be read: {problem}"))
}

/// The name goes into a header, and the protocol wants an object.
fn check(operation: &str, input: &Value) -> Result<(), CallError> {
    let is_name = !operation.is_empty()
        && operation.len() <= LONGEST_NAME
        && operation.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_name {
        return Err(CallError::new(
            Class::Invalid,
            operation,
            "this is not the name of an operation",
        ));
    }
    if !input.is_object() {
        return Err(CallError::new(Class::Invalid, operation, "the input is not a JSON object"));
    }
    Ok(())
}
