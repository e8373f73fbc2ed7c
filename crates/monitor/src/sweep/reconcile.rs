//! Compares the store with SageMaker's lists.
//!
//! One reading of a list tells every change of a kind since the last. So the calls do not grow with
//! the number of jobs, but only with the number of changes: one call for each hundred.

use std::time::Duration;

use futures::StreamExt as _;
use jiff::Timestamp;

use super::report::Reconciled;
use super::{Learned, PAGE, StepError, Sweep};
use crate::job::{Change, JobRecord};
use crate::job_list::{ListProgress, Rest};
use crate::observation::Observation;
use crate::phase::Phase;
use crate::policy::Policy;
use crate::ports::{Listed, SageMakerError};
use crate::time::{earlier, later};
use crate::wait::{News, Wait};

/// When the signals of a settled job should be sent. A list shows a change at least once when it is
/// older: it is read again after its overlap.
const TOLD_AFTER: Duration = Duration::from_secs(240);

/// What one sweep may still call, and until when, by its uptime.
struct Allowance {
    pages: u32,
    ends: u32,
    until: Duration,
}

impl Allowance {
    fn has_pages(&self, uptime: Duration) -> bool {
        self.pages > 0 && uptime < self.until
    }

    fn has_ends(&self, uptime: Duration) -> bool {
        self.ends > 0 && uptime < self.until
    }
}

/// Where a reading is.
struct Reading {
    token: Option<String>,
    after: Timestamp,
    begun_at: Option<Timestamp>,
}

impl Sweep {
    /// Reads every list that is due. What fails is counted, and read by the next sweep.
    pub(super) async fn reconcile(&self, learned: &Learned) -> Reconciled {
        let mut reconciled = Reconciled::default();
        if let Err(error) = self.read_due(learned, &mut reconciled).await {
            tracing::warn!(%error, "sweep: the lists are left for the next sweep");
            reconciled.failed += 1;
        }
        reconciled
    }

    async fn read_due(
        &self,
        learned: &Learned,
        reconciled: &mut Reconciled,
    ) -> Result<(), StepError> {
        let mut left = Allowance {
            pages: Policy::LIST_PAGES,
            ends: Policy::ENDS_DESCRIBED,
            until: self.clock.uptime() + Policy::LIST_FOR,
        };
        let mut due = learned.notes.due_lists(&*self.store, &self.policy, learned.beat.now).await?;
        // A long list must not hold up the others.
        due.sort_by_key(|progress| progress.rest.is_some());
        for progress in due {
            if !left.has_pages(self.clock.uptime()) {
                break;
            }
            let mut reading = Reading::of(&progress);
            let read = self.read(&progress, &mut reading, &mut left).await;
            let noted = match read {
                Ok(found) => {
                    reconciled.lists += 1;
                    reconciled.found += found;
                    reading.noted(progress, learned.beat.now)
                }
                Err(ReadError::SageMaker(SageMakerError::Unavailable)) => continue,
                Err(error) => {
                    tracing::warn!(%error, list = %progress.list, "a list could not be read");
                    reconciled.failed += 1;
                    let is_refused =
                        matches!(error, ReadError::SageMaker(SageMakerError::Refused(_)));
                    // If it was refused, perhaps the token is too old: then it begins again.
                    let rest = reading.rest().filter(|_| !is_refused);
                    ListProgress { rest, ..progress }
                }
            };
            learned.notes.note_read(&*self.store, &noted).await?;
        }
        Ok(())
    }

    /// Reads pages, at least one, and returns how many changes they told.
    async fn read(
        &self,
        of: &ListProgress,
        reading: &mut Reading,
        left: &mut Allowance,
    ) -> Result<u64, ReadError> {
        let mut found = 0;
        loop {
            left.pages = left.pages.saturating_sub(1);
            let token = reading.token.as_deref();
            let mut page = self.sagemaker.changed(&of.list, reading.after, token).await?;
            reading.begun_at.get_or_insert(page.at);
            let next = page.next.take();
            found += self.compare(page, left).await?;
            reading.token = next;
            if reading.token.is_none() || !left.has_pages(self.clock.uptime()) {
                return Ok(found);
            }
        }
    }

    async fn compare(&self, page: Listed, left: &mut Allowance) -> Result<u64, StepError> {
        let at = page.at;
        let news = futures::stream::iter(page.observations).map(|seen| self.news(seen, at));
        let news: Vec<_> = news.buffered(self.policy.concurrency).collect().await;
        let mut found = 0;
        for seen in news {
            let Some(seen) = seen? else { continue };
            let seen = self.with_its_end(seen, left).await;
            self.intake.submit(seen).await?;
            found += 1;
        }
        Ok(found)
    }

    /// The observation, if it tells something new of a job that is on record. Nobody has waited for
    /// any other job.
    async fn news(
        &self,
        mut seen: Observation,
        at: Timestamp,
    ) -> Result<Option<Observation>, StepError> {
        let Some(found) = self.store.load_job(&seen.arn).await? else { return Ok(None) };
        let record = found.value;
        seen.arn = record.job.arn.clone();
        if seen.secondary_status.is_none() && record.job.status.as_ref() == Some(&seen.status) {
            // Some summaries do not have it.
            seen.secondary_status.clone_from(&record.job.secondary_status);
        }
        if is_news(&record, &seen, self.clock.now()) {
            return Ok(Some(seen));
        }
        if record.job.phase.is_settled() && later(seen.modified_at, TOLD_AFTER) <= at {
            self.remind(&record).await?;
        }
        Ok(None)
    }

    /// Requests the signals of a settled job again that were not sent: their requests may be lost. The
    /// waits are due soon from then on.
    async fn remind(&self, record: &JobRecord) -> Result<(), StepError> {
        let mut after = None;
        loop {
            let page = self.store.list_waits(&record.job.arn, after.as_ref(), PAGE).await?;
            for wait in page.items.iter().filter(|wait| is_untold(wait, record)) {
                let found = self.store.load_wait(&wait.key()).await?;
                // A sender may have claimed it meanwhile.
                if let Some(wait) = found.filter(|found| is_untold(&found.value, record)) {
                    self.request_signal(wait, Some(record)).await?;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// The observation, or a better one if a summary does not tell how such a job ended.
    async fn with_its_end(&self, seen: Observation, left: &mut Allowance) -> Observation {
        if tells_its_end(&seen) || !left.has_ends(self.clock.uptime()) {
            return seen;
        }
        left.ends -= 1;
        match self.sagemaker.describe(&seen.arn).await {
            Ok(better) => better,
            Err(error) => {
                tracing::info!(%error, arn = %seen.arn, "it is not known why the job ended");
                seen
            }
        }
    }
}

/// Why a list could not be read.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error(transparent)]
    SageMaker(#[from] SageMakerError),
    #[error(transparent)]
    Step(#[from] StepError),
}

impl Reading {
    fn of(progress: &ListProgress) -> Self {
        match progress.rest.clone() {
            Some(Rest { token, after, begun_at }) => {
                Self { token: Some(token), after, begun_at: Some(begun_at) }
            }
            None => {
                let after = earlier(progress.until, Policy::LIST_OVERLAP);
                Self { token: None, after, begun_at: None }
            }
        }
    }

    /// What is still to be read.
    fn rest(&self) -> Option<Rest> {
        let (token, begun_at) = self.token.clone().zip(self.begun_at)?;
        Some(Rest { token, after: self.after, begun_at })
    }

    /// The progress after this reading, which did not fail.
    fn noted(&self, before: ListProgress, now: Timestamp) -> ListProgress {
        if let Some(rest) = self.rest() {
            return ListProgress { rest: Some(rest), ..before };
        }
        let until = self.begun_at.map_or(before.until, |at| at.max(before.until));
        ListProgress { until, read_at: now, at_once: false, rest: None, ..before }
    }
}

/// Whether a wait is to be told of the end, and nobody is about to.
fn is_untold(wait: &Wait, record: &JobRecord) -> bool {
    let is_under_way = wait.delivery.claimed_until.or(wait.delivery.retry_at).is_some();
    wait.news(record) == News::Settled && !is_under_way
}

/// Whether the record does not know this. A job in doubt may have changed after a list that shows it
/// as it was before.
fn is_news(record: &JobRecord, seen: &Observation, now: Timestamp) -> bool {
    let is_late = record.is_in_doubt() && Some(seen.modified_at) <= record.job.modified_at;
    !is_late && record.clone().observe(seen, now) == Change::Advanced
}

/// Whether the summary of a job tells how it ended, if it did.
fn tells_its_end(seen: &Observation) -> bool {
    let kind = seen.kind();
    match seen.phase {
        Phase::Failed => kind.changes().is_none_or(|changes| changes.tell_reasons),
        // What tells a timeout is the secondary status.
        Phase::Stopped => seen.secondary_status.is_some() || kind.spec().timed_out.is_empty(),
        _ => true,
    }
}
