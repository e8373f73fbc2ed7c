//! The counts of one sweep.

use metrics::counter;
use serde::Serialize;

use super::plan::Step;

/// What one sweep did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SweepReport {
    /// Waits handled.
    pub due: u64,
    /// Probes requested.
    pub probed: u64,
    /// Signal requests queued again.
    pub signal_requests: u64,
    /// Waits whose job was silent: its list is read, or it was described.
    pub checked: u64,
    /// Lists of SageMaker that were read.
    pub listed: u64,
    /// Changes that only a list told.
    pub found: u64,
    /// Waits whose waiter is without a connection, or whose lease ended without one.
    pub missing: u64,
    /// Waits that were abandoned.
    pub abandoned: u64,
    /// Jobs stopped because their wait ended.
    pub stopped: u64,
    /// Waits whose deadline passed before their job settled.
    pub expired: u64,
    /// Waits that became undeliverable.
    pub undeliverable: u64,
    /// Waits that could not be handled, and lists that could not be read. The next sweep tries again.
    pub failed: u64,
    /// Items removed after their retention.
    pub purged: u64,
    /// Whether the limit left some for the next sweep.
    pub more: bool,
}

/// What the readings of one sweep found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Reconciled {
    /// Lists read, in whole or in part.
    pub(super) lists: u64,
    /// Lists that could not be read.
    pub(super) failed: u64,
    /// Changes that nothing had told before.
    pub(super) found: u64,
}

impl SweepReport {
    pub(super) fn publish(&self) {
        counter!("sagebell_sweep_due_total").increment(self.due);
        counter!("sagebell_sweep_signal_requests_total").increment(self.signal_requests);
        counter!("sagebell_sweep_checked_total").increment(self.checked);
        counter!("sagebell_sweep_listed_total").increment(self.listed);
        counter!("sagebell_sweep_found_total").increment(self.found);
        counter!("sagebell_sweep_probed_total").increment(self.probed);
        counter!("sagebell_sweep_missing_total").increment(self.missing);
        counter!("sagebell_sweep_abandoned_total").increment(self.abandoned);
        counter!("sagebell_sweep_stopped_total").increment(self.stopped);
        counter!("sagebell_sweep_expired_total").increment(self.expired);
        counter!("sagebell_sweep_undeliverable_total").increment(self.undeliverable);
        counter!("sagebell_sweep_failed_total").increment(self.failed);
    }

    /// Adds what the lists told.
    pub(super) fn reconciled(&mut self, Reconciled { lists, failed, found }: Reconciled) {
        self.listed += lists;
        self.failed += failed;
        self.found += found;
    }

    pub(super) fn count(&mut self, step: Option<Step>) {
        self.due += 1;
        let counted = match step {
            None => &mut self.failed,
            Some(Step::Nothing | Step::Hold(_) | Step::LiveOn(_) | Step::Rest) => return,
            Some(Step::Probe) => &mut self.probed,
            Some(Step::Judge) => &mut self.missing,
            Some(Step::Signal) => &mut self.signal_requests,
            Some(Step::Check) => &mut self.checked,
            Some(Step::Abandon) => &mut self.abandoned,
            Some(Step::Stop) => &mut self.stopped,
            Some(Step::Expire) => &mut self.expired,
            Some(Step::Undeliverable) => &mut self.undeliverable,
        };
        *counted += 1;
    }
}
