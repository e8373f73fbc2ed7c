//! The budget of SageMaker calls that all functions of a deployment share.
//!
//! SageMaker limits the calls per second of a whole account in a region, and AWS raises none of
//! these limits. For most kinds they are 5 Describes, 2 Lists and 1 Stop ("Amazon SageMaker
//! endpoints and quotas", AWS General Reference). Pipelines and people need most of them. So
//! every function counts its calls in the store. When the deployment's share is used up, it waits
//! or gives up.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use metrics::counter;

use crate::counter::CountKey;
use crate::jitter::vary;
use crate::ports::{Clock, Entropy, Store, StoreError};
use crate::time::earlier;

/// The length of the window in which calls are counted.
const WINDOW: Duration = Duration::from_secs(3);
/// How far back [`CallBudget::used`] counts, in windows.
const COUNTED: u32 = 20;
/// The longest that a call waits for its turn: the rest of a window, and the jitter.
const LONGEST_WAIT: Duration = Duration::from_secs(4);
/// By how much of a window at most callers come apart that wait for the same one.
const JITTER: Range<f64> = 0.0..0.25;

/// What SageMaker has a quota of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Of one job.
    Describe,
    /// Of tags and steps.
    List,
    /// Of one job.
    Stop,
}

impl Call {
    /// Which quota an operation comes out of, if the monitor counts it.
    #[must_use]
    pub fn of(operation: &str) -> Option<Self> {
        let all = [("Describe", Self::Describe), ("List", Self::List), ("Stop", Self::Stop)];
        all.into_iter().find_map(|(prefix, call)| operation.starts_with(prefix).then_some(call))
    }

    /// All of them.
    pub const ALL: [Self; 3] = [Self::Describe, Self::List, Self::Stop];

    /// Its name, as counters have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Describe => "describe",
            Self::List => "list",
            Self::Stop => "stop",
        }
    }
}

/// The budget is spent: the call's turn would have come too late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the budget of SageMaker calls is used up; the next call is possible in {wait:?}")]
pub struct Spent {
    /// When the turn would have come.
    pub wait: Duration,
}

/// How much of a budget was used in the last minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Used {
    /// The calls.
    pub call: Call,
    /// The region in which they are counted, after the account if that is not the monitor's own.
    pub whose: String,
    /// How many calls asked for a turn.
    pub calls: u64,
    /// How many got one at most.
    pub most: u64,
}

impl Used {
    /// The used part, in percent. More than 100: calls had to wait.
    #[must_use]
    pub fn percent(&self) -> u64 {
        self.calls.saturating_mul(100).div_ceil(self.most.max(1))
    }
}

/// The calls that the deployment may still make.
#[derive(Clone)]
pub struct CallBudget {
    /// Where they are counted.
    pub store: Arc<dyn Store>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Jitter.
    pub entropy: Arc<dyn Entropy>,
    /// The account, if it is not the monitor's own: quotas are by account and region.
    pub account: Option<String>,
    /// Describes a second. Lists and Stops are a quarter of that: SageMaker takes fewer
    /// of them, too.
    pub describes_per_second: u32,
}

impl CallBudget {
    /// The budget of another account, as large.
    #[must_use]
    pub fn in_account(self, account: &str) -> Self {
        Self { account: Some(account.to_owned()), ..self }
    }

    /// Takes one call's turn, after a wait of four seconds at most. A store that fails
    /// holds nobody up: SageMaker itself throttles who calls too often.
    ///
    /// # Errors
    /// [`Spent`], at once, if the wait would be longer.
    pub async fn take(&self, region: &str, call: Call) -> Result<(), Spent> {
        let mut waited = Duration::ZERO;
        let whose = self.whose(region);
        loop {
            let now = self.clock.now();
            let key = CountKey::at(&whose, call.as_str(), WINDOW, now);
            match self.store.count(&key).await {
                Ok(count) if count > self.most(call) => {}
                Ok(_) => break,
                Err(error) => {
                    counter!("sagebell_calls_uncounted_total").increment(1);
                    tracing::warn!(%error, call = call.as_str(), "calling SageMaker without counting");
                    break;
                }
            }
            let wait = key.rest(now) + vary(WINDOW, JITTER, self.entropy.unit());
            waited += wait;
            if waited > LONGEST_WAIT {
                return Err(Spent { wait });
            }
            self.clock.sleep(wait).await;
        }
        counter!("sagebell_sagemaker_calls_total", "call" => call.as_str()).increment(1);
        Ok(())
    }

    /// How much of this region's budget was used in the last minute.
    ///
    /// # Errors
    /// The store's.
    pub async fn used(&self, region: &str, call: Call) -> Result<Used, StoreError> {
        let whose = self.whose(region);
        let since = earlier(self.clock.now(), WINDOW * (COUNTED - 1));
        let from = CountKey::at(&whose, call.as_str(), WINDOW, since);
        let calls = self.store.sum_counts(&from).await?;
        Ok(Used { call, whose, calls, most: u64::from(COUNTED) * self.most(call) })
    }

    fn whose(&self, region: &str) -> String {
        match &self.account {
            Some(account) => format!("{account}/{region}"),
            None => region.to_owned(),
        }
    }

    /// How many in one window.
    fn most(&self, call: Call) -> u64 {
        let describes = WINDOW.as_secs() * u64::from(self.describes_per_second);
        match call {
            Call::Describe => describes,
            Call::List | Call::Stop => (describes / 4).max(1),
        }
    }
}
