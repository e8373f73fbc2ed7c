//! Small jobs, waits and connections.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::arn::JobArn;
use crate::connection::Connection;
use crate::job::JobRecord;
use crate::kind::Kind;
use crate::principal::Principal;
use crate::search::Search;
use crate::time::later;
use crate::wait::{
    CallbackUrl, Channel, ConnectionId, Delivery, OnAbandon, Secret, SignalOn, Wait, WaitId,
    WaitKey, WaitState,
};

/// How long the samples live.
pub const LIFE: Duration = Duration::from_secs(3_600);

/// Of a job of this kind and name.
#[must_use]
pub fn arn_of(kind: Kind, name: &str) -> JobArn {
    let resource = kind.spec().resource;
    JobArn::parse(&format!("arn:aws:sagemaker:eu-west-1:111122223333:{resource}/{name}")).unwrap()
}

/// Of a training job of this name.
#[must_use]
pub fn arn(name: &str) -> JobArn {
    arn_of(Kind::Training, name)
}

/// A job of which nothing has been seen.
#[must_use]
pub fn job(arn: &JobArn, now: Timestamp) -> JobRecord {
    JobRecord::unseen(arn, now, later(now, LIFE))
}

/// Of a wait on the job.
#[must_use]
pub fn key(arn: &JobArn, id: &str) -> WaitKey {
    WaitKey::of(arn.clone(), owner(), WaitId::parse(id).unwrap())
}

/// Who registers the samples.
#[must_use]
pub fn owner() -> Principal {
    Principal("111122223333:role/kfp".to_owned())
}

/// An open connection of this id.
#[must_use]
pub fn connection(id: &str, now: Timestamp) -> Connection {
    let opened = Connection::opened(ConnectionId::parse(id).unwrap(), owner(), now);
    Connection { expires_at: later(now, LIFE), ..opened }
}

/// A callback to this URL.
#[must_use]
pub fn callback(url: &str, secret: &[u8]) -> Channel {
    let (url, secret) = (CallbackUrl::parse(url), Secret::from_bytes(secret));
    Channel::Callback { url: url.unwrap(), secret: secret.unwrap() }
}

/// A wait for the end of the job, which is never due.
#[must_use]
pub fn wait(arn: &JobArn, id: &str, now: Timestamp) -> Wait {
    Wait {
        arn: arn.clone(),
        id: WaitId::parse(id).unwrap(),
        owner: owner(),
        keyed_by_owner: true,
        channel: callback("http://10.0.0.7:8080/", &[7; 24]),
        gone_since: None,
        signal_on: SignalOn::Settled,
        not_before: None,
        lease_seconds: 600,
        lease_until: later(now, Duration::from_secs(600)),
        deadline: later(now, LIFE),
        on_abandon: OnAbandon::Keep,
        stop_allowed: false,
        labels: BTreeMap::new(),
        state: WaitState::Waiting,
        delivery: Delivery::default(),
        search: Search::default(),
        check_at: now,
        checks: 0,
        stop_pending: false,
        overtime: None,
        due_at: None,
        created_at: now,
        expires_at: later(now, LIFE),
    }
}
