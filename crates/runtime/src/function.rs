//! What every deployed function does around its work: count it.

use std::future::Future;
use std::io::Write as _;

use metrics_cloudwatch_embedded::{Builder, Collector};
use sagebell_system::Env;

use crate::published::publish;

/// The CloudWatch namespace of all metrics.
const NAMESPACE: &str = "Sagebell";
/// The dimension that distinguishes functions.
const DIMENSION: &str = "Function";
/// The variable in which Lambda puts the function's name.
const NAME: &str = "AWS_LAMBDA_FUNCTION_NAME";

/// Counts go to the log in CloudWatch's embedded metric format, so that a
/// function needs neither a permission nor a call to publish them.
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>
#[derive(Clone, Copy)]
pub struct Metrics(&'static Collector);

impl Metrics {
    /// Becomes the recorder of the process's counters. Call it once.
    ///
    /// # Errors
    /// If there is a recorder already.
    pub fn install(env: &impl Env) -> Result<Self, InstallError> {
        let function = env.get(NAME).unwrap_or_else(|| "local".to_owned());
        let builder =
            Builder::new().cloudwatch_namespace(NAMESPACE).with_dimension(DIMENSION, function);
        // `publish` leaves out those that nobody needs.
        builder.emit_zeros(true).init().map(Self).map_err(|error| InstallError(error.to_string()))
    }

    /// Does the work of one invocation, then writes what it counted.
    pub async fn after<T>(self, work: impl Future<Output = T>) -> T {
        let done = work.await;
        let mut counted = Vec::new();
        let written = self
            .0
            .flush(&mut counted)
            .and_then(|()| std::io::stdout().write_all(&publish(&counted)));
        if let Err(error) = written {
            tracing::warn!(%error, "metrics not written");
        }
        done
    }
}

/// Metrics that could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("metrics could not be set up: {0}")]
pub struct InstallError(String);
