//! Checks the callback: registers a test wait on a job that never existed, and waits for its
//! callback.
//!
//! If the caller may put events on the stack's bus, as the sweep does, the check tells the
//! monitor at once that the job is gone. Otherwise the sweep finds this out by itself, some
//! minutes later. In both cases the callback takes the real path: bus, rule, events queue,
//! `job-events`, signals queue, `signals`, this machine.
//!
//! Promise: the wait ends with this check, or at its deadline at the latest. The record of one
//! stopped job remains until its retention ends.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_config::SdkConfig;
use sagebell_api_types::{CALLBACK_URL, ErrorCode, WaitAndJobView, WaitRequest};
use sagebell_messaging::EventBus;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::observation::{Observation, Source};
use sagebell_monitor::ports::{Clock, Intake as _};
use sagebell_monitor::time::later;
use sagebell_monitor::wait::{CallbackUrl, Secret, WaitId};
use sagebell_system::{SystemClock, say};
use sagebell_webhook::Listener;

use super::grants::{CALLBACKS, OBSERVATIONS, QUEUES, SIGNALS, WAY_BACK};
use super::report::Check;
use sagebell_client::client::{Client, ClientError};
use sagebell_client::{callback_url, new_secret, own_address};

const CALLBACK: &str = "callback";
/// The template's default of CallbackPorts.
const PORT: u16 = 8080;
/// How long the callback may take after its event was put on the bus: cold starts, and the attempts
/// after a failed one.
const AFTER_OBSERVATION: Duration = Duration::from_secs(60);
/// The same when the sweep must first believe that the job is gone: five minutes of
/// doubt, its own pauses, and the minute between sweeps.
const AFTER_SWEEP: Duration = Duration::from_secs(720);
/// How much longer than this the wait itself lives, should this process die.
const SLACK: Duration = Duration::from_secs(60);
/// The failure reason in the record of the test wait.
const REASON: &str = "A test of `sagebell preflight`: this job never existed.";

/// The test wait and what it needs.
pub(super) struct Probe<'a> {
    pub(super) client: &'a Client,
    pub(super) sdk: &'a SdkConfig,
    /// The stack's bus.
    pub(super) bus: &'a str,
    /// The job that never existed.
    pub(super) arn: &'a JobArn,
    /// Where to listen.
    pub(super) listen: Option<SocketAddr>,
    /// How long to wait, if not the usual time.
    pub(super) patience: Option<Duration>,
}

/// What causes the callback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Observation,
    Sweep,
}

/// A registered test wait with its listener.
struct Waiting {
    id: WaitId,
    url: CallbackUrl,
    secret: Secret,
    listener: Listener,
}

/// How listening ended.
enum End {
    WaitEvent,
    Silence,
    Interrupted,
}

impl Probe<'_> {
    /// Waits for a callback.
    pub(super) async fn check(&self) -> Check {
        match self.listen().await {
            Ok(waiting) => self.with(waiting).await,
            Err(error) => {
                let how = format!(
                    "can't listen on this machine: {error}. Choose another address with --listen"
                );
                Check::unknown(CALLBACK, how, &[])
            }
        }
    }

    async fn listen(&self) -> io::Result<Waiting> {
        let address = match self.listen {
            Some(address) => address,
            None => SocketAddr::new(own_address(self.client.base()).await?, PORT),
        };
        let id = format!("preflight-{}", uuid::Uuid::new_v4());
        let id = WaitId::parse(&id).map_err(io::Error::other)?;
        let secret = new_secret().map_err(io::Error::other)?;
        let clock = Arc::new(SystemClock);
        let listener = Listener::bind(address, secret.clone(), id.clone(), clock).await?;
        let url = callback_url(&listener).map_err(io::Error::other)?;
        Ok(Waiting { id, url, secret, listener })
    }

    async fn with(&self, mut waiting: Waiting) -> Check {
        let patience = self.patience.unwrap_or(AFTER_SWEEP);
        if let Err(error) = self.register(&waiting, patience).await {
            waiting.listener.shutdown().await;
            return refused(&error, waiting.url.as_url().as_str());
        }
        let cause = self.cause().await;
        let patience = self.patience.unwrap_or(match cause {
            Cause::Observation => AFTER_OBSERVATION,
            Cause::Sweep => AFTER_SWEEP,
        });
        let end = tokio::select! {
            signal = waiting.listener.next() => signal.map_or(End::Silence, |_| End::WaitEvent),
            () = tokio::time::sleep(patience) => End::Silence,
            _ = tokio::signal::ctrl_c() => End::Interrupted,
        };
        let check = match end {
            End::WaitEvent => Check::ok(
                CALLBACK,
                format!("a signed callback came to {}", waiting.url.as_url().as_str()),
            ),
            End::Interrupted => Check::unknown(CALLBACK, "interrupted", &[]),
            End::Silence => self.silence(&waiting, cause, patience).await,
        };
        if !matches!(end, End::WaitEvent) {
            self.take_back(&waiting).await;
        }
        waiting.listener.shutdown().await;
        check
    }

    async fn register(&self, waiting: &Waiting, patience: Duration) -> Result<(), ClientError> {
        let life = patience.saturating_add(SLACK);
        let wait = WaitRequest {
            lease_seconds: life.as_secs().try_into().unwrap_or(u32::MAX),
            deadline: Some(later(SystemClock.now(), life)),
            ..WaitRequest::by_callback(waiting.url.clone(), waiting.secret.clone())
        };
        self.client.put_wait(self.arn, waiting.id.as_str(), &wait).await.map(drop)
    }

    /// Tells the monitor that the job is gone, or leaves this to the sweep.
    async fn cause(&self) -> Cause {
        let bus = EventBus::new(self.sdk, self.bus);
        if bus.submit(gone(self.arn)).await.is_ok() {
            return Cause::Observation;
        }
        say::err(format_args!(
            "sagebell: this caller may not put events on the bus {}, so the test wait lasts until the sweep checks it: seven to nine minutes. Use --no-callback to skip it.",
            self.bus
        ));
        Cause::Sweep
    }

    async fn silence(&self, waiting: &Waiting, cause: Cause, patience: Duration) -> Check {
        match self.client.get_wait(self.arn, waiting.id.as_str()).await {
            Ok(answer) => judge(&answer, cause, waiting.url.as_url().as_str(), patience),
            Err(error) => Check::unknown(CALLBACK, error.to_string(), &[]),
        }
    }

    async fn take_back(&self, waiting: &Waiting) {
        if let Err(error) = self.client.cancel_wait(self.arn, waiting.id.as_str()).await {
            say::err(format_args!("sagebell: the test wait will end at its deadline: {error}"));
        }
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
        arn: arn.clone(),
    }
}

fn refused(error: &ClientError, url: &str) -> Check {
    match error {
        ClientError::Problem { field: Some(field), detail, .. } if field == CALLBACK_URL => {
            let how = format!("the monitor may not call {url}: {detail}");
            Check::missing(CALLBACK, how, CALLBACKS)
        }
        ClientError::Problem { code, detail, .. } if code == ErrorCode::JobOutOfScope.as_str() => {
            Check::missing(
                CALLBACK,
                format!("the monitor accepts no jobs of this account or region: {detail}"),
                &[],
            )
        }
        other => Check::unknown(CALLBACK, format!("no wait was registered: {other}"), &[]),
    }
}

/// Finds where the callback failed, from the state of the wait.
fn judge(answer: &WaitAndJobView, cause: Cause, url: &str, patience: Duration) -> Check {
    let seconds = patience.as_secs();
    if let Some(reason) = &answer.wait.delivery.last_error {
        let how = format!("callbacks to {url} fail: {reason}");
        return Check::missing(CALLBACK, how, WAY_BACK);
    }
    if answer.job.phase.is_settled() {
        let how = format!("the signals function did not call {url} within {seconds} s");
        return Check::missing(CALLBACK, how, SIGNALS);
    }
    match cause {
        Cause::Observation => {
            let how = format!(
                "the event of the test wait was put on the bus, but not recorded within {seconds} s: the rule, the events queue or job-events does not work"
            );
            Check::missing(CALLBACK, how, OBSERVATIONS)
        }
        Cause::Sweep => {
            let how = format!(
                "the sweep recorded nothing about the test wait within {seconds} s: see SweepStoppedAlarm (docs/alarms.md)"
            );
            Check::unknown(CALLBACK, how, QUEUES)
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use sagebell_monitor::job::{Job, JobRecord};
    use sagebell_monitor::phase::Phase;
    use sagebell_monitor::testing::samples;

    use super::super::report::Outcome;
    use super::*;

    const ARN: &str = "arn:aws:sagemaker:us-east-1:111122223333:compilation-job/probe";

    fn answer(phase: Phase, last_error: Option<&str>) -> WaitAndJobView {
        let (arn, now) = (JobArn::parse(ARN).unwrap(), Timestamp::UNIX_EPOCH);
        let mut wait = samples::wait(&arn, "probe", now);
        wait.delivery.last_error = last_error.map(str::to_owned);
        let job = Job { phase, ..JobRecord::unseen(&arn, now, now).job };
        WaitAndJobView { wait: wait.into(), job }
    }

    fn grants(answer: &WaitAndJobView, cause: Cause) -> &'static [super::super::grants::Grant] {
        judge(answer, cause, "http://10.0.0.1:8080/callback", AFTER_OBSERVATION).granted_by
    }

    #[test]
    fn silence_is_laid_where_the_callback_got_stuck() {
        let failed = answer(Phase::Stopped, Some("timed out"));
        assert_eq!(grants(&failed, Cause::Observation), WAY_BACK);
        assert_eq!(grants(&answer(Phase::Stopped, None), Cause::Sweep), SIGNALS);
        assert_eq!(grants(&answer(Phase::Unknown, None), Cause::Observation), OBSERVATIONS);
        let sweep = judge(&answer(Phase::Unknown, None), Cause::Sweep, "", AFTER_SWEEP);
        assert_eq!(sweep.outcome, Outcome::Unknown);
    }

    #[test]
    fn an_address_that_is_not_allowed_names_the_parameter() {
        let problem = |code: &str, field: Option<&str>| ClientError::Problem {
            code: code.to_owned(),
            field: field.map(str::to_owned),
            detail: String::new(),
            retry_after: None,
        };
        let check = refused(&problem("invalid_field", Some("callback_url")), "");
        assert_eq!((check.outcome, check.granted_by), (Outcome::Missing, CALLBACKS));
        assert_eq!(refused(&problem("job_out_of_scope", None), "").outcome, Outcome::Missing);
        assert_eq!(refused(&problem("try_again", None), "").outcome, Outcome::Unknown);
    }

    #[test]
    fn the_probe_is_a_stopped_job_of_a_kind_whose_lost_events_alarm_nobody() {
        let seen = gone(&JobArn::parse(ARN).unwrap());
        assert!(seen.settled_at().is_some());
        assert!(seen.kind().spec().detail_types.is_empty());
    }
}
