//! Faults that a test asks for.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// The most rules at one time.
const MAX_RULES: usize = 1_000;
/// The longest that a slow answer may take, in milliseconds.
const MAX_MILLIS: u64 = 60_000;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// `ThrottlingException`.
    Throttle,
    /// HTTP 500, `InternalFailure`.
    #[serde(rename = "5xx")]
    ServerError,
    /// The connection closes; nothing is done.
    Reset,
    /// The call is carried out, then the connection closes without an answer.
    LostAnswer,
    /// The call is carried out after `millis`.
    Slow,
    /// HTTP 400 with `code` and `message`.
    Error,
}

/// A fault and the calls it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRule {
    /// The operation, or `*` for any.
    pub operation: String,
    /// What goes wrong.
    pub fault: Fault,
    /// For how many calls.
    #[serde(default = "once")]
    pub times: u32,
    /// For [`Fault::Slow`].
    #[serde(default)]
    pub millis: u64,
    /// For [`Fault::Error`], e.g. `AccessDeniedException`.
    #[serde(default)]
    pub code: Option<String>,
    /// For [`Fault::Error`].
    #[serde(default)]
    pub message: Option<String>,
}

fn once() -> u32 {
    1
}

/// The faults that are still to come, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults(VecDeque<FaultRule>);

impl Faults {
    /// Takes in a rule.
    ///
    /// # Errors
    /// If there are too many, or it takes too long.
    pub(crate) fn add(&mut self, rule: FaultRule) -> Result<(), String> {
        if self.0.len() == MAX_RULES {
            return Err(format!("there are {MAX_RULES} faults already"));
        }
        if rule.millis > MAX_MILLIS {
            return Err(format!("millis is at most {MAX_MILLIS}"));
        }
        if rule.times > 0 {
            self.0.push_back(rule);
        }
        Ok(())
    }

    /// What goes wrong with this call, if anything does.
    pub(crate) fn take(&mut self, operation: &str) -> Option<FaultRule> {
        let is_for = |rule: &FaultRule| rule.operation == "*" || rule.operation == operation;
        let place = self.0.iter().position(is_for)?;
        let rule = self.0.get_mut(place)?;
        rule.times -= 1;
        let taken = rule.clone();
        if taken.times == 0 {
            self.0.remove(place);
        }
        Some(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_for_so_many_calls_of_its_operation() {
        let mut faults = Faults::default();
        let rule = r#"{"operation":"DescribeModel","fault":"throttle","times":2}"#;
        faults.add(serde_json::from_str(rule).unwrap()).unwrap();
        assert_eq!(faults.take("CreateModel"), None);
        assert_eq!(faults.take("DescribeModel").unwrap().fault, Fault::Throttle);
        assert!(faults.take("DescribeModel").is_some());
        assert_eq!(faults.take("DescribeModel"), None);
    }

    #[test]
    fn no_answer_is_slower_than_the_bound() {
        let rule = r#"{"operation":"*","fault":"slow","millis":60001}"#;
        assert!(Faults::default().add(serde_json::from_str(rule).unwrap()).is_err());
    }
}
