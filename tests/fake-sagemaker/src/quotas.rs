//! How many calls an account is allowed: SageMaker's own are one Create, five
//! Describes, two Lists and one Stop a second for all callers together
//! (<https://docs.aws.amazon.com/general/latest/gr/sagemaker.html>).
//!
//! A quota is a token bucket, as AWS describes its request throttling
//! (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/throttling.html>). Without
//! one nothing is throttled.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most quotas at one time.
const MAX_QUOTAS: usize = 100;

/// What is allowed of all operations whose names begin alike.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How the operations begin: `Create`, or a whole name.
    pub verb: String,
    /// Calls a second in the long run.
    pub per_second: f64,
    /// Calls at once after a quiet time.
    pub burst: f64,
}

/// The quotas and what is left of them.
#[derive(Debug, Default)]
pub(crate) struct Quotas(Vec<Bucket>);

#[derive(Debug)]
struct Bucket {
    quota: Quota,
    tokens: f64,
    filled_at: Timestamp,
}

impl Quotas {
    /// Full buckets.
    ///
    /// # Errors
    /// If there are too many, or one is no number above zero.
    pub(crate) fn new(quotas: Vec<Quota>, now: Timestamp) -> Result<Self, String> {
        if quotas.len() > MAX_QUOTAS {
            return Err(format!("at most {MAX_QUOTAS} quotas"));
        }
        let is_number = |number: f64| number.is_finite() && number > 0.0;
        if quotas.iter().any(|quota| !is_number(quota.per_second) || quota.burst < 1.0) {
            return Err("per_second is above 0, burst at least 1".to_owned());
        }
        let bucket = |quota: Quota| Bucket { tokens: quota.burst, quota, filled_at: now };
        Ok(Self(quotas.into_iter().map(bucket).collect()))
    }

    /// Whether the call may go on; it costs each quota that it falls under.
    pub(crate) fn take(&mut self, operation: &str, now: Timestamp) -> bool {
        let of = |bucket: &&mut Bucket| operation.starts_with(&bucket.quota.verb);
        let mut all: Vec<_> = self.0.iter_mut().filter(of).collect();
        for bucket in &mut all {
            bucket.fill(now);
        }
        let is_allowed = all.iter().all(|bucket| bucket.tokens >= 1.0);
        if is_allowed {
            all.iter_mut().for_each(|bucket| bucket.tokens -= 1.0);
        }
        is_allowed
    }
}

impl Bucket {
    fn fill(&mut self, now: Timestamp) {
        let seconds = now.duration_since(self.filled_at).as_secs_f64().max(0.0);
        self.tokens = (self.tokens + seconds * self.quota.per_second).min(self.quota.burst);
        self.filled_at = self.filled_at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    #[test]
    fn calls_of_a_verb_share_what_comes_in() {
        let creates = Quota { verb: "Create".to_owned(), per_second: 2.0, burst: 1.0 };
        let mut quotas = Quotas::new(vec![creates], at(0)).unwrap();
        assert!(quotas.take("CreateTrainingJob", at(0)));
        assert!(!quotas.take("CreateProcessingJob", at(499)));
        assert!(quotas.take("CreateProcessingJob", at(500)));
        assert!(!quotas.take("CreateTrainingJob", at(600)));
        assert!(quotas.take("DescribeTrainingJob", at(600)));
        assert!(quotas.take("CreateTrainingJob", at(60_000)));
        assert!(!quotas.take("CreateTrainingJob", at(60_000)), "no more than the burst");
    }

    #[test]
    fn a_quota_of_nothing_is_none() {
        let never = Quota { verb: "Create".to_owned(), per_second: 0.0, burst: 1.0 };
        assert!(Quotas::new(vec![never], at(0)).is_err());
    }
}
