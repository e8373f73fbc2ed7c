//! The adapters, opened, and the use cases over them.

use std::sync::Arc;

use monitor::deliver::Deliver;
use monitor::jobs::Jobs;
use monitor::policy::Policy;
use monitor::ports::{
    Announcer, CallbackGuard, Clock, Entropy, Queue, SageMaker, Store, StoreError,
};
use monitor::record::Recorder;
use monitor::sweep::Sweep;
use monitor::waits::Waits;
use store_sqlite::{SqliteQueue, SqliteStore};
use webhook::{Guard, GuardConfig, Timeouts, WebhookSender};

use crate::adapters::{LoggingAnnouncer, NoSageMaker, RandomEntropy, SystemClock};
use crate::config::{Config, ConfigError, Env, StoreConfig};

/// Why nothing could be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store could not be opened.
    #[error("the store could not be opened: {0}")]
    Store(#[from] StoreError),
    /// The HTTP client for callbacks could not be made.
    #[error(transparent)]
    Sender(#[from] webhook::sender::SetUpError),
}

/// Every adapter that the use cases need.
#[derive(Clone)]
pub struct World {
    store: Arc<dyn Store>,
    queue: Arc<SqliteQueue>,
    sagemaker: Arc<dyn SageMaker>,
    announcer: Arc<dyn Announcer>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    guard: Arc<Guard>,
    policy: Arc<Policy>,
}

impl World {
    /// Reads the configuration from `env` and opens what it names.
    ///
    /// # Errors
    /// [`StartError`] says what to mend.
    pub async fn from_env(env: &impl Env) -> Result<Self, StartError> {
        Self::open(Config::from(env)?).await
    }

    /// Opens the adapters.
    ///
    /// # Errors
    /// [`StartError`] says what to mend.
    pub async fn open(config: Config) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let StoreConfig::Sqlite(path) = &config.store;
        let store = SqliteStore::open(path, Arc::clone(&clock))?;
        let guard = Arc::new(Guard::new(GuardConfig {
            allow: config.callback_cidrs,
            ports: config.callback_ports,
            allow_loopback: config.callback_loopback,
        }));
        Ok(Self {
            queue: Arc::new(store.queue()),
            store: Arc::new(store),
            sagemaker: Arc::new(NoSageMaker),
            announcer: Arc::new(LoggingAnnouncer),
            clock,
            entropy: Arc::new(RandomEntropy),
            guard,
            policy: Arc::new(config.policy),
        })
    }

    /// The queue's receiving end.
    #[must_use]
    pub fn queue(&self) -> Arc<SqliteQueue> {
        Arc::clone(&self.queue)
    }

    /// Records events and sightings.
    #[must_use]
    pub fn recorder(&self) -> Recorder {
        Recorder {
            store: Arc::clone(&self.store),
            queue: Arc::clone(&self.queue) as Arc<dyn Queue>,
            announcer: Arc::clone(&self.announcer),
            clock: Arc::clone(&self.clock),
            policy: Arc::clone(&self.policy),
        }
    }

    /// Registers, reads and cancels waits.
    #[must_use]
    pub fn waits(&self) -> Waits {
        Waits {
            store: Arc::clone(&self.store),
            sagemaker: Arc::clone(&self.sagemaker),
            recorder: self.recorder(),
            guard: Arc::clone(&self.guard) as Arc<dyn CallbackGuard>,
            clock: Arc::clone(&self.clock),
            policy: Arc::clone(&self.policy),
        }
    }

    /// Reads jobs.
    #[must_use]
    pub fn jobs(&self) -> Jobs {
        Jobs {
            store: Arc::clone(&self.store),
            sagemaker: Arc::clone(&self.sagemaker),
            recorder: self.recorder(),
        }
    }

    /// Calls waiters back.
    ///
    /// # Errors
    /// If the HTTP client can't be made.
    pub fn deliver(&self) -> Result<Deliver, StartError> {
        let (guard, clock) = (Arc::clone(&self.guard), Arc::clone(&self.clock));
        let sender = WebhookSender::new(guard, clock, Timeouts::default());
        Ok(Deliver {
            store: Arc::clone(&self.store),
            sender: Arc::new(sender?),
            announcer: Arc::clone(&self.announcer),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            policy: Arc::clone(&self.policy),
        })
    }

    /// Repairs what events missed.
    #[must_use]
    pub fn sweep(&self) -> Sweep {
        Sweep {
            store: Arc::clone(&self.store),
            queue: Arc::clone(&self.queue) as Arc<dyn Queue>,
            sagemaker: Arc::clone(&self.sagemaker),
            intake: Arc::new(self.recorder()),
            announcer: Arc::clone(&self.announcer),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            policy: Arc::clone(&self.policy),
        }
    }
}
