//! Checks that signals arrive: registers test waits on a job that never existed, one on each channel,
//! and waits for their signals.
//!
//! If the caller may put events on the stack's bus, as the sweep does, the check tells the
//! monitor at once that the job is gone. Otherwise the sweep finds this out by itself, some
//! minutes later. In both cases the signal takes the real path: bus, rule, events queue,
//! `job-events`, signals queue, `signals`, this machine.
//!
//! Promise: the waits end with this check, or at their deadline at the latest. The record of one
//! stopped job remains until its retention ends.

use std::time::Duration;

use aws_config::SdkConfig;
use sagebell_api_types::WaitAndJobView;
use sagebell_client::client::Client;
use sagebell_messaging::EventBus;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::facts::Facts;
use sagebell_monitor::observation::{Observation, Source};
use sagebell_monitor::ports::{Clock, Intake as _};
use sagebell_monitor::time::later;
use sagebell_system::{SystemClock, say};
use tokio::time::{Instant, sleep_until};

use super::end::{End, Words};
use super::grants::{OBSERVATIONS, QUEUES};
use super::report::Check;

/// How long a signal may take after its event was put on the bus: cold starts, and the attempts
/// after a failed one.
const AFTER_OBSERVATION: Duration = Duration::from_secs(60);
/// The same when the sweep must first believe that the job is gone: five minutes of
/// doubt, its own pauses, and the minute between sweeps.
const AFTER_SWEEP: Duration = Duration::from_secs(720);
/// How much longer than this a wait itself lives, should this process die.
const SLACK: Duration = Duration::from_secs(60);
/// The failure reason in the record of the test job.
const REASON: &str = "A test of `sagebell preflight`: this job never existed.";

/// The test job, and what the test needs.
pub(super) struct Probe<'a> {
    pub(super) client: &'a Client,
    pub(super) sdk: &'a SdkConfig,
    /// The stack's bus.
    pub(super) bus: &'a str,
    /// The job that never existed.
    pub(super) arn: &'a JobArn,
    /// How long to wait, if not the usual time.
    pub(super) patience: Option<Duration>,
}

/// What causes the signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Observation,
    Sweep,
}

/// Until when a test waits, and why.
struct Patience {
    cause: Cause,
    time: Duration,
    until: Instant,
}

/// How listening ended.
#[derive(Clone, Copy)]
enum Heard {
    Signal,
    Silence,
    /// The end itself is gone.
    Lost,
    Interrupted,
}

impl Probe<'_> {
    /// Waits for a signal at each of these ends. All of them wait at the same time.
    pub(super) async fn check(&self, ends: Vec<End>) -> Vec<Check> {
        let life = self.patience.unwrap_or(AFTER_SWEEP).saturating_add(SLACK);
        let mut tests = Vec::new();
        for end in ends {
            tests.push(self.register(end, life).await);
        }
        if !tests.iter().any(Result::is_ok) {
            return tests.into_iter().filter_map(Result::err).collect();
        }
        let patience = self.cause().await;
        let (mut checks, mut is_interrupted) = (Vec::new(), false);
        for test in tests {
            checks.push(match test {
                Ok(end) => self.listen(end, &patience, &mut is_interrupted).await,
                Err(check) => check,
            });
        }
        checks
    }

    async fn register(&self, end: End, life: Duration) -> Result<End, Check> {
        let lease_seconds = life.as_secs().try_into().unwrap_or(u32::MAX);
        let deadline = later(SystemClock.now(), life);
        match end.register(self.client, self.arn, lease_seconds, deadline).await {
            Ok(()) => Ok(end),
            Err(error) => {
                let check = end.refused(&error);
                end.close().await;
                Err(check)
            }
        }
    }

    /// Tells the monitor that the job is gone, or leaves this to the sweep.
    async fn cause(&self) -> Patience {
        let bus = EventBus::new(self.sdk, self.bus);
        let cause = match bus.submit(gone(self.arn)).await {
            Ok(()) => Cause::Observation,
            Err(_) => Cause::Sweep,
        };
        if cause == Cause::Sweep {
            say::err(format_args!(
                "sagebell: this caller may not put events on the bus {}, so the test wait lasts until the sweep checks it: seven to nine minutes. Use --no-signal to skip it.",
                self.bus
            ));
        }
        let time = self.patience.unwrap_or(match cause {
            Cause::Observation => AFTER_OBSERVATION,
            Cause::Sweep => AFTER_SWEEP,
        });
        Patience { cause, time, until: Instant::now() + time }
    }

    async fn listen(&self, mut end: End, patience: &Patience, is_interrupted: &mut bool) -> Check {
        let heard = heard(&mut end, patience.until, *is_interrupted).await;
        *is_interrupted |= matches!(heard, Heard::Interrupted);
        let check = match heard {
            Heard::Signal => end.told(),
            Heard::Interrupted => Check::unknown(end.name(), "interrupted", &[]),
            Heard::Lost => {
                let how = "the connection ended before the signal. Run the check again";
                Check::unknown(end.name(), how, &[])
            }
            Heard::Silence => self.silence(&end, patience).await,
        };
        if !matches!(heard, Heard::Signal) {
            self.take_back(&end).await;
        }
        end.close().await;
        check
    }

    async fn silence(&self, end: &End, patience: &Patience) -> Check {
        match self.client.get_wait(self.arn, end.id().as_str()).await {
            Ok(answer) => judge(&end.words(), &answer, patience),
            Err(error) => Check::unknown(end.name(), error.to_string(), &[]),
        }
    }

    async fn take_back(&self, end: &End) {
        if let Err(error) = self.client.cancel_wait(self.arn, end.id().as_str()).await {
            say::err(format_args!("sagebell: the test wait will end at its deadline: {error}"));
        }
    }
}

/// What comes first.
async fn heard(end: &mut End, until: Instant, is_interrupted: bool) -> Heard {
    if is_interrupted {
        return Heard::Interrupted;
    }
    tokio::select! {
        is_told = end.next() => if is_told { Heard::Signal } else { Heard::Lost },
        () = sleep_until(until) => Heard::Silence,
        _ = tokio::signal::ctrl_c() => Heard::Interrupted,
    }
}

/// The sweep's observation of a job that SageMaker does not know.
fn gone(arn: &JobArn) -> Observation {
    let (now, status) = (SystemClock.now(), "Deleted");
    Observation {
        name: None,
        phase: arn.kind().phase(status, None),
        status: status.to_owned(),
        secondary_status: None,
        failure_reason: Some(REASON.to_owned()),
        created_at: Some(now),
        modified_at: now,
        ended_at: Some(now),
        seen_at: now,
        source: Source::Describe,
        facts: Facts::default(),
        arn: arn.clone(),
    }
}

/// Finds where the signal got stuck, from the state of the wait.
fn judge(end: &Words, answer: &WaitAndJobView, patience: &Patience) -> Check {
    let seconds = patience.time.as_secs();
    if let Some(reason) = &answer.wait.delivery.last_error {
        return Check::missing(end.name, format!("{}: {reason}", end.failing), end.way);
    }
    if answer.job.phase.is_settled() {
        return Check::missing(end.name, format!("{} within {seconds} s", end.silent), end.senders);
    }
    match patience.cause {
        Cause::Observation => {
            let how = format!(
                "the event of the test wait was put on the bus, but not recorded within {seconds} s: the rule, the events queue or job-events does not work"
            );
            Check::missing(end.name, how, OBSERVATIONS)
        }
        Cause::Sweep => {
            let how = format!(
                "the sweep recorded nothing about the test wait within {seconds} s: see SweepStoppedAlarm (docs/alarms.md)"
            );
            Check::unknown(end.name, how, QUEUES)
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sagebell_monitor::job::{Job, JobRecord};
    use sagebell_monitor::phase::Phase;
    use sagebell_monitor::testing::samples;

    use super::super::grants::{CALLERS, Grant, WAY_BACK};
    use super::super::report::Outcome;
    use super::*;

    const ARN: &str = "arn:aws:sagemaker:us-east-1:111122223333:compilation-job/probe";

    fn judged(phase: Phase, last_error: Option<&str>, cause: Cause) -> Check {
        let (arn, now) = (JobArn::parse(ARN).unwrap(), Timestamp::UNIX_EPOCH);
        let mut wait = samples::wait(&arn, "probe", now);
        wait.delivery.last_error = last_error.map(str::to_owned);
        let job = Job { phase, ..JobRecord::unseen(&arn, now, now).job };
        let answer = WaitAndJobView { wait: wait.into(), job };
        let end = Words::callback("http://10.0.0.1:8080/callback");
        let patience = Patience { cause, time: AFTER_OBSERVATION, until: Instant::now() };
        judge(&end, &answer, &patience)
    }

    #[test]
    fn silence_is_laid_where_the_signal_got_stuck() {
        let grants =
            |phase, error, cause| -> &'static [Grant] { judged(phase, error, cause).granted_by };
        assert_eq!(grants(Phase::Stopped, Some("timed out"), Cause::Observation), WAY_BACK);
        assert_eq!(grants(Phase::Stopped, None, Cause::Sweep), CALLERS);
        assert_eq!(grants(Phase::Unknown, None, Cause::Observation), OBSERVATIONS);
        assert_eq!(judged(Phase::Unknown, None, Cause::Sweep).outcome, Outcome::Unknown);
    }

    #[test]
    fn the_probe_is_a_stopped_job_of_a_kind_whose_lost_events_alarm_nobody() {
        let seen = gone(&JobArn::parse(ARN).unwrap());
        assert!(seen.settled_at().is_some());
        assert!(seen.kind().spec().detail_types.is_empty());
    }
}
