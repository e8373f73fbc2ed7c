//! Checks what a registration asks for.

use std::collections::BTreeMap;

use super::error::invalid;
use super::{ChannelAsked, Field, Registration, WaitError, WaitRegistry};
use crate::policy::Policy;
use crate::time::{CLOCK_SKEW, later};
use crate::wait::{OnAbandon, Wait, WaitState};

impl WaitRegistry {
    pub(super) fn check(&self, asked: &Registration) -> Result<(), WaitError> {
        if !self.policy.in_scope(&asked.arn) {
            let scope = format!("account {} in {}", asked.arn.account(), asked.arn.region());
            return Err(WaitError::OutOfScope(scope));
        }
        if let ChannelAsked::Callback { url, .. } = &asked.channel {
            self.guard.check(url).map_err(|why| invalid(Field::CallbackUrl, why.to_string()))?;
        }
        let lease = Policy::LEASE_SECONDS;
        if !lease.contains(&asked.lease_seconds) {
            return Err(invalid(
                Field::LeaseSeconds,
                format!("must be {} to {} seconds", lease.start(), lease.end()),
            ));
        }
        let kind = asked.arn.kind();
        if asked.on_abandon == OnAbandon::Stop && kind.stop().is_none() {
            let problem = format!("SageMaker can't stop a {kind}: use `keep`");
            return Err(invalid(Field::OnAbandon, problem));
        }
        check_labels(&asked.labels)
    }

    /// A renewal's times are not judged again: the clock may have been set since they were.
    pub(super) fn check_times(
        &self,
        asked: &Registration,
        found: Option<&Wait>,
    ) -> Result<(), WaitError> {
        let renewed = found.filter(|wait| wait.state == WaitState::Waiting);
        let deadline = asked.deadline.filter(|at| renewed.is_none_or(|w| w.deadline != *at));
        let now = self.clock.now();
        let latest = later(self.clock.latest(), Policy::DEADLINE_LONGEST);
        if deadline.is_some_and(|deadline| deadline <= now || deadline > latest) {
            return Err(invalid(
                Field::Deadline,
                format!("must be after now ({now}) and not after {latest}"),
            ));
        }
        let not_before =
            asked.not_before.filter(|at| renewed.is_none_or(|w| w.not_before != Some(*at)));
        let newest = later(self.clock.latest(), CLOCK_SKEW);
        if not_before.is_some_and(|not_before| not_before > newest) {
            let problem = format!("is in the future; the current time is {now}");
            return Err(invalid(Field::NotBefore, problem));
        }
        Ok(())
    }
}

fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), WaitError> {
    let fits = |text: &String| text.len() <= Policy::LABEL_LEN;
    let all_fit = labels.iter().all(|(key, value)| !key.is_empty() && fits(key) && fits(value));
    if labels.len() > Policy::LABELS_LIMIT || !all_fit {
        let (count, len) = (Policy::LABELS_LIMIT, Policy::LABEL_LEN);
        return Err(invalid(
            Field::Labels,
            format!("at most {count}, each string at most {len} bytes"),
        ));
    }
    Ok(())
}
