//! Small adapters: announcements to the log, and stand-ins for what is not there.

use async_trait::async_trait;
use jiff::Timestamp;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::job_list::JobList;
use sagebell_monitor::observation::Observation;
use sagebell_monitor::ports::{
    Announcer, CallbackGuard, CallbackRefused, Failure, Listed, Reachability, SageMaker,
    SageMakerError,
};
use sagebell_monitor::principal::Principal;
use sagebell_monitor::signal::Announcement;
use sagebell_monitor::wait::{CallbackUrl, FailureClass};

/// Announces to the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct LoggingAnnouncer;

#[async_trait]
impl Announcer for LoggingAnnouncer {
    async fn announce(&self, announcement: &Announcement) {
        match announcement {
            Announcement::JobSettled { job } => {
                tracing::info!(arn = %job.arn, phase = %job.phase, "job settled");
            }
            Announcement::WaitUndeliverable { arn, wait_id, reason } => {
                tracing::warn!(%arn, wait = %wait_id, reason, "wait undeliverable");
            }
            Announcement::WaitAbandoned { arn, wait_id, stopping } => {
                tracing::warn!(%arn, wait = %wait_id, stopping, "wait abandoned");
            }
        }
    }
}

/// A monitor that knows only what events tell.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSageMaker;

#[async_trait]
impl SageMaker for NoSageMaker {
    fn is_there(&self) -> bool {
        false
    }

    async fn describe(&self, _arn: &JobArn) -> Result<Observation, SageMakerError> {
        Err(SageMakerError::Unavailable)
    }

    async fn changed(
        &self,
        _list: &JobList,
        _after: Timestamp,
        _token: Option<&str>,
    ) -> Result<Listed, SageMakerError> {
        Err(SageMakerError::Unavailable)
    }

    async fn owner(&self, _arn: &JobArn) -> Result<Option<Principal>, SageMakerError> {
        Err(SageMakerError::Unavailable)
    }

    async fn stop(&self, _arn: &JobArn) -> Result<(), SageMakerError> {
        Err(SageMakerError::Unavailable)
    }
}

/// A monitor that does not know how waiters reach it. So it judges no waiter that cannot be asked.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct UnknownReachability;

#[async_trait]
impl Reachability for UnknownReachability {
    async fn check(&self) -> Result<(), Failure> {
        let reason = "this monitor was not given the address of its API";
        Err(Failure::new(FailureClass::Internal, reason))
    }
}

/// A monitor that sends no callbacks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct CallbacksOff;

impl CallbackGuard for CallbacksOff {
    fn check(&self, _url: &CallbackUrl) -> Result<(), CallbackRefused> {
        let text = format!(
            "{}: wait on a connection, or leave out `callback_url` and `secret`; to turn callbacks \
             on, deploy with CallbackSubnetIds and CallbackSecurityGroupIds (docs/callbacks.md)",
            CallbackRefused::OFF
        );
        Err(CallbackRefused(text))
    }
}
