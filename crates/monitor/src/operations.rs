//! The operations of AWS's APIs for a kind, and the contents of their requests.

use serde::Serialize;

/// The service whose API has the operations, as botocore calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Service {
    /// SageMaker itself.
    #[serde(rename = "sagemaker")]
    SageMaker,
    /// Amazon Augmented AI.
    #[serde(rename = "sagemaker-a2i-runtime")]
    A2iRuntime,
}

/// The value of a request field that an operation needs besides the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// This text.
    Text(&'static str),
    /// A token that no other call has.
    Token,
    /// Of each model variant in the job's description, that it is kept.
    KeepVariants,
}

/// How a list tells what changed: it takes `LastModifiedTimeAfter`, and needs nothing else that only
/// some jobs have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The member of the answer that holds the summaries. They have the fields of a Describe answer,
    /// but not all.
    pub summaries: &'static str,
    /// Whether a summary says why a job failed.
    pub tell_reasons: bool,
    /// The request field that takes the first part of the ARN's id, if one call lists only the jobs
    /// that share it.
    pub category: Option<&'static str>,
}

/// The operations on a kind.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Operations {
    /// The service that has them.
    pub service: Service,
    /// Creates one.
    pub create: &'static str,
    /// Reads one.
    pub describe: &'static str,
    /// Lists many.
    pub list: &'static str,
    /// How `list` tells what changed. `None`: it cannot be asked for that.
    pub changes: Option<Changes>,
    /// Stops one, where that exists.
    pub stop: Option<&'static str>,
    /// The request field of `describe` and `stop` that names the job.
    pub key: &'static str,
    /// Whether `key` is the ARN, not the name.
    pub key_is_arn: bool,
    /// The request fields of `describe` and `stop` that take the parts of the ARN's id, one
    /// each, in their order. Empty: `key` alone names the job.
    pub id_fields: &'static [&'static str],
    /// The request field of `create` that names the job; mostly `key` itself.
    pub name: &'static str,
    /// How long a name that Sagebell makes may be, in characters: `create` takes as many.
    pub name_limit: usize,
    /// Request fields of all of them but `list` that belong to its name.
    pub also: &'static [&'static str],
    /// What else the monitor puts into the request of `describe`.
    pub describe_with: &'static [(&'static str, FieldValue)],
    /// What else the monitor puts into the request of `stop`.
    pub stop_with: &'static [(&'static str, FieldValue)],
    /// Whether one that came up well runs on, so that it can still be stopped.
    pub runs_on: bool,
}

impl Operations {
    /// Whether the kind has its own Describe. Without one, a list contains its state, and `create`
    /// creates its parent.
    #[must_use]
    pub fn are_its_own(&self) -> bool {
        self.describe != self.list
    }
}
