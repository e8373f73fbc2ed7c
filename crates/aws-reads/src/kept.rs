//! A cache of credentials, which renews them before they expire.
//!
//! Promise: frequent calls do not mean frequent requests for credentials. If the credential
//! endpoint fails for some minutes, the cached credentials are used until they expire.
//! Credentials that AWS calls expired are not used again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{
    ProvideCredentials, Result, SharedCredentialsProvider, future,
};
use jiff::Timestamp;
use sagebell_monitor::ports::Clock;
use tokio::sync::Mutex;

/// How long before their end new ones are requested.
const EARLY: Duration = Duration::from_secs(5 * 60);
/// How long credentials without an end are cached: their file may change.
const ENDLESS_KEPT: Duration = Duration::from_secs(15 * 60);
/// The pause before the next request, if there were no new credentials, or none that last longer,
/// while the old ones are still valid.
const PAUSE: Duration = Duration::from_secs(30);
/// How much later AWS may check a call that is signed now.
const ON_THE_WAY: Duration = Duration::from_secs(10);
/// The time limit of one request: the chain calls metadata services that may not answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A provider with a cache of credentials. Clones share it.
#[derive(Clone)]
pub struct KeptCredentials(Arc<Shared>);

struct Shared {
    of: SharedCredentialsProvider,
    clock: Arc<dyn Clock>,
    stale: AtomicBool,
    kept: Mutex<Option<Kept>>,
}

struct Kept {
    credentials: Credentials,
    /// When to request new ones, by the uptime of the process, because the clock may be set.
    renew_at: Duration,
    /// When they end, by the uptime too. `None`: never.
    end: Option<Duration>,
}

impl Kept {
    fn new(credentials: Credentials, clock: &dyn Clock) -> Self {
        let (now, uptime) = (clock.now(), clock.uptime());
        let left = left(&credentials, now);
        let renew_at = uptime.saturating_add(left.map_or(ENDLESS_KEPT, kept_for));
        Self { credentials, renew_at, end: left.map(|left| uptime.saturating_add(left)) }
    }
}

impl KeptCredentials {
    /// Caches the credentials of `of`. `clock` is compared with their end.
    #[must_use]
    pub fn new(of: SharedCredentialsProvider, clock: Arc<dyn Clock>) -> Self {
        let (stale, kept) = (AtomicBool::new(false), Mutex::new(None));
        Self(Arc::new(Shared { of, clock, stale, kept }))
    }

    /// Notes that AWS called them expired, whatever their end is. The next call gets new ones.
    pub fn renew(&self) {
        self.0.stale.store(true, Ordering::Relaxed);
    }

    async fn provide(&self) -> Result {
        let Shared { of, clock, stale, kept } = &*self.0;
        // One asks for all who wait.
        let mut kept = kept.lock().await;
        if stale.swap(false, Ordering::Relaxed) {
            *kept = None;
        }
        let uptime = clock.uptime();
        if let Some(kept) = kept.as_ref().filter(|kept| uptime < kept.renew_at) {
            return Ok(kept.credentials.clone());
        }
        let asked = tokio::time::timeout(TIMEOUT, of.provide_credentials()).await;
        match asked.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(TIMEOUT))) {
            Ok(credentials) => {
                *kept = Some(Kept::new(credentials.clone(), &**clock));
                Ok(credentials)
            }
            Err(error) => {
                match kept.as_mut().filter(|kept| kept.end.is_none_or(|end| uptime < end)) {
                    Some(kept) => {
                        kept.renew_at = uptime.saturating_add(PAUSE);
                        Ok(kept.credentials.clone())
                    }
                    None => Err(error),
                }
            }
        }
    }
}

/// How long they are good, if they end.
fn left(credentials: &Credentials, now: Timestamp) -> Option<Duration> {
    let end = credentials.expiry().and_then(|end| Timestamp::try_from(end).ok())?;
    Some(Duration::try_from(end.duration_since(now)).unwrap_or_default())
}

/// How long credentials with this lifetime are cached.
fn kept_for(left: Duration) -> Duration {
    left.saturating_sub(EARLY).max(PAUSE.min(left.saturating_sub(ON_THE_WAY)))
}

impl ProvideCredentials for KeptCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.provide())
    }
}

impl std::fmt::Debug for KeptCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("KeptCredentials").field(&self.0.of).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex as StdMutex;
    use std::time::SystemTime;

    use sagebell_monitor::testing::ManualClock;

    use super::*;

    /// Hands out `key-1`, `key-2`, … that live so long from the time they are asked
    /// for; fails where told.
    #[derive(Debug)]
    struct Endpoint {
        clock: Arc<ManualClock>,
        lives: Option<Duration>,
        asked: StdMutex<u32>,
        fails: AtomicBool,
    }

    #[derive(Debug, Clone)]
    struct Asked(Arc<Endpoint>);

    impl ProvideCredentials for Asked {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let mut asked = self.0.asked.lock().unwrap();
            *asked += 1;
            if self.0.fails.load(Ordering::Relaxed) {
                let error = CredentialsError::provider_error("HTTP 503");
                return future::ProvideCredentials::ready(Err(error));
            }
            let now = SystemTime::try_from(self.0.clock.now()).unwrap();
            let end = self.0.lives.map(|lives| now + lives);
            let key = format!("key-{asked}");
            let credentials = Credentials::new(key, "secret", None, end, "test");
            future::ProvideCredentials::ready(Ok(credentials))
        }
    }

    const HOUR: Duration = Duration::from_secs(3_600);

    fn trial(lives: Option<Duration>) -> (Arc<Endpoint>, KeptCredentials) {
        let clock = Arc::new(ManualClock::default());
        let endpoint = Endpoint {
            clock: clock.clone(),
            lives,
            asked: StdMutex::default(),
            fails: AtomicBool::new(false),
        };
        let endpoint = Arc::new(endpoint);
        let provider = SharedCredentialsProvider::new(Asked(endpoint.clone()));
        (endpoint, KeptCredentials::new(provider, clock))
    }

    async fn key(kept: &KeptCredentials) -> Option<String> {
        kept.provide_credentials().await.ok().map(|one| one.access_key_id().to_owned())
    }

    #[tokio::test]
    async fn they_are_asked_for_once_until_near_their_end() {
        let (endpoint, kept) = trial(Some(HOUR));
        for _ in 0..54 {
            assert_eq!(key(&kept).await.as_deref(), Some("key-1"));
            endpoint.clock.advance(Duration::from_secs(60));
        }
        endpoint.clock.advance(Duration::from_secs(61));
        assert_eq!(key(&kept).await.as_deref(), Some("key-2"));
        assert_eq!(*endpoint.asked.lock().unwrap(), 2);
    }

    #[tokio::test]
    async fn an_endpoint_that_fails_for_minutes_costs_nothing_while_they_are_good() {
        let (endpoint, kept) = trial(Some(HOUR));
        assert_eq!(key(&kept).await.as_deref(), Some("key-1"));
        endpoint.fails.store(true, Ordering::Relaxed);
        endpoint.clock.advance(HOUR - EARLY);
        for _ in 0..EARLY.as_secs() {
            assert_eq!(key(&kept).await.as_deref(), Some("key-1"));
            endpoint.clock.advance(Duration::from_secs(1));
        }
        assert!(*endpoint.asked.lock().unwrap() <= 12, "it is not asked at every call");
        assert_eq!(key(&kept).await, None, "they have ended");
        endpoint.fails.store(false, Ordering::Relaxed);
        assert!(key(&kept).await.is_some(), "it is asked again at once");
    }

    #[tokio::test]
    async fn a_clock_that_is_set_makes_them_neither_older_nor_younger() {
        for hours in [1, -1] {
            let (endpoint, kept) = trial(Some(HOUR));
            assert_eq!(key(&kept).await.as_deref(), Some("key-1"));
            endpoint.clock.jump(hours);
            assert_eq!(key(&kept).await.as_deref(), Some("key-1"), "{hours} h");
            endpoint.clock.advance(HOUR - EARLY);
            assert_eq!(key(&kept).await.as_deref(), Some("key-2"), "{hours} h");
        }
    }

    #[tokio::test]
    async fn what_aws_calls_stale_is_not_used_again() {
        for lives in [Some(HOUR), None] {
            let (endpoint, kept) = trial(lives);
            assert_eq!(key(&kept).await.as_deref(), Some("key-1"));
            kept.renew();
            endpoint.fails.store(true, Ordering::Relaxed);
            assert_eq!(key(&kept).await, None);
            endpoint.fails.store(false, Ordering::Relaxed);
            assert_eq!(key(&kept.clone()).await.as_deref(), Some("key-3"));
        }
    }

    #[tokio::test]
    async fn those_that_come_with_little_time_left_are_not_asked_for_at_every_call() {
        let (endpoint, kept) = trial(Some(Duration::from_secs(120)));
        for _ in 0..60 {
            assert!(key(&kept).await.is_some());
            endpoint.clock.advance(Duration::from_secs(1));
        }
        assert_eq!(*endpoint.asked.lock().unwrap(), 2);
    }
}
