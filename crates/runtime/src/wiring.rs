//! Opens the adapters and builds the use cases on them.

#[cfg(feature = "embedded")]
use std::path::Path;
use std::sync::Arc;

use sagebell_monitor::call_budget::CallBudget;
use sagebell_monitor::connections::Connections;
use sagebell_monitor::deliver::{Deliver, Senders};
use sagebell_monitor::health::HealthQuery;
use sagebell_monitor::job_queries::JobQueries;
#[cfg(feature = "aws")]
use sagebell_monitor::member::Member;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::ports::{
    Announcer, CallbackGuard, Clock, DeadLetterQueues, Entropy, Gateway, Intake, Queue,
    Reachability, SageMaker, Sender, Store, StoreError,
};
use sagebell_monitor::record::Recorder;
use sagebell_monitor::sweep::Sweep;
use sagebell_monitor::wait_registry::WaitRegistry;
#[cfg(feature = "embedded")]
use sagebell_store_sqlite::{SqliteQueue, SqliteStore};
#[cfg(feature = "aws")]
use sagebell_system::Env;
use sagebell_system::{RandomEntropy, SystemClock};
#[cfg(feature = "embedded")]
use sagebell_webhook::CallbackPaths;
use sagebell_webhook::{Guard, GuardConfig, Timeouts, WebhookSender};
#[cfg(feature = "aws")]
use tokio::sync::OnceCell;

use crate::adapters::{CallbacksOff, NoSageMaker};
#[cfg(feature = "embedded")]
use crate::adapters::{LoggingAnnouncer, UnknownReachability};
use crate::config::{Config, ConfigError};
#[cfg(feature = "aws")]
use crate::config::{SageMakerAccess, StoreConfig};

/// Why the program could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The store could not be opened.
    #[error("the store could not be opened: {0}")]
    Store(#[from] StoreError),
    /// The HTTP client for callbacks could not be created.
    #[error(transparent)]
    Sender(#[from] sagebell_webhook::sender::SetUpError),
    /// This function queues signal requests, but has no queue.
    #[error("SAGEBELL_QUEUE is not set; expected `sqs:` and the URL of the signals queue")]
    NoQueue,
    /// The configuration names the embedded store, but this program was built without it, like the
    /// deployed functions.
    #[error("SAGEBELL_STORE needs SQLite. Build with the cargo feature `embedded`")]
    NoEmbeddedStore,
}

/// What differs between a laptop and AWS.
pub(crate) struct Adapters {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) queue: Option<Arc<dyn Queue>>,
    /// Where observations go. Without it they are recorded at once.
    pub(crate) intake: Option<Arc<dyn Intake>>,
    pub(crate) announcer: Arc<dyn Announcer>,
    pub(crate) gateway: Option<Arc<dyn Gateway>>,
    /// The queue of the function that sends on the other channel.
    pub(crate) other_queue: Option<Arc<dyn Queue>>,
    pub(crate) dead_letters: Option<Arc<dyn DeadLetterQueues>>,
    pub(crate) reachability: Arc<dyn Reachability>,
}

/// Makes the adapter to SageMaker of region and credentials, of what it may call, and of the other
/// accounts whose jobs it reaches.
#[cfg(feature = "aws")]
pub type ConnectSageMaker = fn(&aws_types::SdkConfig, CallBudget, &[Member]) -> Arc<dyn SageMaker>;

/// Every adapter that the use cases need.
#[derive(Clone)]
pub struct Wiring {
    store: Arc<dyn Store>,
    queue: Option<Arc<dyn Queue>>,
    intake: Option<Arc<dyn Intake>>,
    sagemaker: Arc<dyn SageMaker>,
    /// The budgets of the calls of SageMaker, one for each account.
    budgets: Vec<CallBudget>,
    announcer: Arc<dyn Announcer>,
    gateway: Option<Arc<dyn Gateway>>,
    other_queue: Option<Arc<dyn Queue>>,
    dead_letters: Option<Arc<dyn DeadLetterQueues>>,
    reachability: Arc<dyn Reachability>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    /// Checks the callbacks, unless they are off.
    guard: Option<Arc<Guard>>,
    policy: Arc<Policy>,
}

impl Wiring {
    /// Reads the configuration from `env` and opens what it names, for a function
    /// that asks SageMaker nothing.
    ///
    /// # Errors
    /// [`StartError`] says what to correct.
    #[cfg(feature = "aws")]
    pub async fn from_env(env: &impl Env) -> Result<Self, StartError> {
        Self::open(Config::from(env)?, None).await
    }

    /// Opens the adapters, and on AWS the connection to the table. `connect` creates the one to
    /// SageMaker, if the configuration allows it. Only functions that pass one link it.
    ///
    /// # Errors
    /// [`StartError`] says what to correct.
    #[cfg(feature = "aws")]
    pub async fn open(
        config: Config,
        connect: Option<ConnectSageMaker>,
    ) -> Result<Self, StartError> {
        // A laptop that asks AWS nothing does not look for a region or credentials.
        let sdk = OnceCell::new();
        let sdk = || sdk.get_or_try_init(crate::aws::sdk_config);
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let adapters = match &config.store {
            #[cfg(feature = "embedded")]
            StoreConfig::Sqlite(path) => embedded(path, &clock)?.0,
            #[cfg(not(feature = "embedded"))]
            StoreConfig::Sqlite(_) => return Err(StartError::NoEmbeddedStore),
            StoreConfig::Dynamodb(names) => {
                crate::aws::adapters(sdk().await?, names.clone(), &clock).await
            }
        };
        let (access, members) = (config.sagemaker, config.members.clone());
        let mut wiring = Self::over(adapters, config, clock);
        if let (SageMakerAccess::Aws { describes_per_second }, Some(connect)) = (access, connect) {
            let budget = CallBudget {
                store: Arc::clone(&wiring.store),
                clock: Arc::clone(&wiring.clock),
                entropy: Arc::clone(&wiring.entropy),
                account: None,
                describes_per_second,
            };
            let others = members.iter().map(|member| budget.clone().in_account(&member.account));
            wiring.budgets = std::iter::once(budget.clone()).chain(others).collect();
            wiring.sagemaker = connect(sdk().await?, budget, &members);
        }
        Ok(wiring)
    }

    /// Opens the stack of one machine, and its queue's receiving end.
    ///
    /// # Errors
    /// [`StartError`] says what to correct.
    #[cfg(feature = "embedded")]
    pub fn local(
        path: &Path,
        callback_paths: CallbackPaths,
    ) -> Result<(Self, SqliteQueue), StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (adapters, queue) = embedded(path, &clock)?;
        let config = Config { callback_paths, ..Config::local(path.to_owned())? };
        Ok((Self::over(adapters, config, clock), queue))
    }

    fn over(adapters: Adapters, config: Config, clock: Arc<dyn Clock>) -> Self {
        Self {
            store: adapters.store,
            queue: adapters.queue,
            intake: adapters.intake,
            announcer: adapters.announcer,
            sagemaker: Arc::new(NoSageMaker),
            budgets: Vec::new(),
            gateway: adapters.gateway,
            other_queue: adapters.other_queue,
            dead_letters: adapters.dead_letters,
            reachability: adapters.reachability,
            clock,
            entropy: Arc::new(RandomEntropy),
            guard: guard(&config).map(Arc::new),
            policy: Arc::new(config.policy),
        }
    }

    fn queue(&self) -> Result<Arc<dyn Queue>, StartError> {
        self.queue.clone().ok_or(StartError::NoQueue)
    }

    /// Records events and observations.
    ///
    /// # Errors
    /// [`StartError::NoQueue`].
    pub fn recorder(&self) -> Result<Recorder, StartError> {
        Ok(Recorder {
            store: Arc::clone(&self.store),
            queue: self.queue()?,
            announcer: Arc::clone(&self.announcer),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            policy: Arc::clone(&self.policy),
        })
    }

    /// Registers, reads and cancels waits.
    ///
    /// # Errors
    /// [`StartError::NoQueue`].
    pub fn waits(&self) -> Result<WaitRegistry, StartError> {
        Ok(WaitRegistry {
            store: Arc::clone(&self.store),
            sagemaker: Arc::clone(&self.sagemaker),
            recorder: self.recorder()?,
            guard: match &self.guard {
                Some(guard) => Arc::clone(guard) as Arc<dyn CallbackGuard>,
                None => Arc::new(CallbacksOff),
            },
            clock: Arc::clone(&self.clock),
            policy: Arc::clone(&self.policy),
        })
    }

    /// Opens and closes connections.
    #[must_use]
    pub fn connections(&self) -> Connections {
        Connections {
            store: Arc::clone(&self.store),
            clock: Arc::clone(&self.clock),
            policy: Arc::clone(&self.policy),
        }
    }

    /// Pushes signals through this gateway, and asks in this way whether waiters can come back.
    #[must_use]
    pub fn with_connections(
        self,
        gateway: Arc<dyn Gateway>,
        reachability: Arc<dyn Reachability>,
    ) -> Self {
        Self { gateway: Some(gateway), reachability, ..self }
    }

    /// Reads jobs.
    ///
    /// # Errors
    /// [`StartError::NoQueue`].
    pub fn jobs(&self) -> Result<JobQueries, StartError> {
        Ok(JobQueries {
            store: Arc::clone(&self.store),
            sagemaker: Arc::clone(&self.sagemaker),
            recorder: self.recorder()?,
        })
    }

    /// Reads how the monitor is.
    #[must_use]
    pub fn health(&self) -> HealthQuery {
        HealthQuery {
            store: Arc::clone(&self.store),
            dead_letters: self.dead_letters.clone(),
            budgets: self.budgets.clone(),
            clock: Arc::clone(&self.clock),
            policy: Arc::clone(&self.policy),
        }
    }

    /// Sends signals to waiters.
    ///
    /// # Errors
    /// If the HTTP client cannot be created.
    pub fn deliver(&self) -> Result<Deliver, StartError> {
        let callbacks = match self.guard.clone() {
            Some(guard) => {
                let clock = Arc::clone(&self.clock);
                let sender = WebhookSender::new(guard, clock, Timeouts::default())?;
                Some(Arc::new(sender) as Arc<dyn Sender>)
            }
            None => None,
        };
        Ok(Deliver {
            store: Arc::clone(&self.store),
            senders: Senders {
                callbacks,
                gateway: self.gateway.clone(),
                other: self.other_queue.clone(),
            },
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            policy: Arc::clone(&self.policy),
        })
    }

    /// Repairs what events missed.
    ///
    /// # Errors
    /// [`StartError::NoQueue`].
    pub fn sweep(&self) -> Result<Sweep, StartError> {
        let recorder = Arc::new(self.recorder()?) as Arc<dyn Intake>;
        Ok(Sweep {
            store: Arc::clone(&self.store),
            queue: self.queue()?,
            sagemaker: Arc::clone(&self.sagemaker),
            intake: self.intake.clone().unwrap_or(recorder),
            announcer: Arc::clone(&self.announcer),
            reachability: Arc::clone(&self.reachability),
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            policy: Arc::clone(&self.policy),
        })
    }
}

/// What callbacks may be sent to, unless they are off.
fn guard(config: &Config) -> Option<Guard> {
    config.callbacks.then(|| {
        Guard::new(GuardConfig {
            allow: config.callback_cidrs.clone(),
            ports: config.callback_ports.clone(),
            paths: config.callback_paths.clone(),
            allow_loopback: config.callback_loopback,
        })
    })
}

/// The embedded store, its queue, and the queue's receiving end.
#[cfg(feature = "embedded")]
fn embedded(path: &Path, clock: &Arc<dyn Clock>) -> Result<(Adapters, SqliteQueue), StoreError> {
    let store = SqliteStore::open(path, Arc::clone(clock))?;
    let queue = store.queue();
    let adapters = Adapters {
        queue: Some(Arc::new(store.queue())),
        store: Arc::new(store),
        intake: None,
        announcer: Arc::new(LoggingAnnouncer),
        gateway: None,
        other_queue: None,
        dead_letters: None,
        reachability: Arc::new(UnknownReachability),
    };
    Ok((adapters, queue))
}
