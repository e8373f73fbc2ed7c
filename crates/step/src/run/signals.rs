//! Waits for signals of the monitor, and polls SageMaker if the monitor refuses the wait.
//!
//! Promise: from the creation of a job until it settles, somebody watches it, or the step says that
//! nobody does. This is the monitor, which has the wait; or this step, which polls SageMaker; or
//! the next pod.

use std::time::Duration;

use sagebell_client::{WaitEvent, Waiting};
use sagebell_system::say;
use serde_json::Value;
use tokio::time::timeout;

use super::waiting::{DESCRIBE_PAUSES, Watched};
use super::{Step, StepError};
use crate::monitor::without_connection;
use crate::plan::Plan;
use crate::poll::Pauses;
use crate::progress::{History, Seen};

/// The pauses between Describe calls of a step whose wait the monitor refuses.
const ALONE: Pauses = (Duration::from_secs(5), Duration::from_secs(60));

/// How long a terminated step waits for the answer to the registration that it has
/// sent. It leaves as much again of the second it has for stopping a job that the
/// monitor does not know of.
const LAST_ANSWER: Duration = Duration::from_millis(400);

/// How long a terminated step closes its channel. A connection that is closed tells the monitor at
/// once that the waiter is gone.
const LAST_WORD: Duration = Duration::from_millis(200);

/// How listening to the monitor ended.
enum End {
    /// The monitor said that the job has settled.
    Answered,
    /// The monitor is out of reach, and SageMaker said it.
    Seen(Value, Seen),
    /// The monitor refuses the wait.
    Refused,
}

impl Step<'_> {
    /// Sleeps until the monitor reports the end. It does not call SageMaker, unless the monitor is
    /// out of reach for long.
    pub(super) async fn wait_for_signals(
        &self,
        plan: &Plan,
        watched: &Watched,
        mut waiting: Waiting,
        history: &mut History,
    ) -> Result<(Value, Seen), StepError> {
        let end = tokio::select! {
            end = self.listen(plan, watched, &mut waiting, history) => end,
            () = self.terminated.notified() => {
                let terminated = self.hand_over(watched, &mut waiting).await;
                timeout(LAST_WORD, waiting.shutdown()).await.ok();
                return Err(terminated);
            }
        };
        let found = match end {
            End::Seen(answer, seen) => {
                take_back(&waiting).await;
                Ok((answer, seen))
            }
            // SageMaker may not agree: then the lease is to last until it does.
            End::Answered => tokio::select! {
                found = self.ask(plan, watched, DESCRIBE_PAUSES, history) => found,
                () = keep_up(&mut waiting) => Err(StepError::Terminated("the job still runs")),
            },
            // Its channel stays open: a monitor that knows of the wait all the same
            // finds this waiter there.
            End::Refused => {
                take_back(&waiting).await;
                self.ask_alone(plan, watched, ALONE, history).await
            }
        };
        leave(waiting).await;
        found
    }

    async fn listen(
        &self,
        plan: &Plan,
        watched: &Watched,
        waiting: &mut Waiting,
        history: &mut History,
    ) -> End {
        loop {
            match waiting.next().await {
                Ok(WaitEvent::Job(job)) => {
                    let settled = job.phase.is_settled();
                    history.note(Seen::from(job), self.clock.now());
                    if settled {
                        return End::Answered;
                    }
                }
                Ok(WaitEvent::Outage(error)) => print(format_args!("{error}; trying again")),
                Ok(WaitEvent::Restored(after)) => {
                    print(format_args!("the monitor answers again, after {} s", after.as_secs()));
                }
                Ok(WaitEvent::FellBack(why)) => print(format_args!("{}", without_connection(&why))),
                Ok(WaitEvent::Connected) => print(format_args!("connected to the monitor again")),
                Ok(WaitEvent::Unsure) => {
                    if let Some((answer, seen)) = self.describe_now(plan, watched, history).await {
                        return End::Seen(answer, seen);
                    }
                }
                Err(error) => {
                    print(format_args!("{error}; the step calls SageMaker itself instead"));
                    return End::Refused;
                }
            }
        }
    }

    /// Calls Describe once. Returns the end, if the job has ended.
    async fn describe_now(
        &self,
        plan: &Plan,
        watched: &Watched,
        history: &mut History,
    ) -> Option<(Value, Seen)> {
        match self.question(plan, watched).ask().await {
            Ok((answer, seen)) => {
                history.note(seen.clone(), self.clock.now());
                let is_over = seen.phase.is_settled() && !self.component.is_still_busy(&answer);
                is_over.then_some((answer, seen))
            }
            Err(error) => {
                print(format_args!("{error}"));
                None
            }
        }
    }

    /// The step is terminated. The launcher gives it one second. If the monitor has the wait, the
    /// lease does the rest.
    async fn hand_over(&self, watched: &Watched, waiting: &mut Waiting) -> StepError {
        StepError::Terminated(if waiting.is_registered_within(LAST_ANSWER).await {
            "the monitor keeps the wait for the next pod"
        } else if !self.stops(watched) {
            "the monitor does not know the job, which is kept and still runs"
        } else if self.stop(watched).await.is_ok() {
            "the monitor does not know the job, which is being stopped"
        } else {
            "the monitor does not know the job, which could not be stopped and still runs"
        })
    }
}

/// Renews the wait as long as it can.
async fn keep_up(waiting: &mut Waiting) {
    while waiting.next().await.is_ok() {}
    std::future::pending().await
}

/// Cancels the wait: the job has settled, or this step watches it.
async fn take_back(waiting: &Waiting) {
    if waiting.is_registered()
        && let Err(error) = waiting.cancel().await
    {
        print(format_args!(
            "the wait could not be cancelled: {error}. It ends when its lease does"
        ));
    }
}

async fn leave(waiting: Waiting) {
    let stats = waiting.stats();
    if !stats.refused.is_empty() || stats.duplicates > 0 {
        let (refused, twice) = (stats.refused, stats.duplicates);
        print(format_args!("callbacks refused: {refused:?}, duplicates: {twice}"));
    }
    waiting.shutdown().await;
}

fn print(what: std::fmt::Arguments<'_>) {
    say::err(format_args!("sagebell-step: {what}"));
}
