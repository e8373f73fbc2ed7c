//! The adapters, opened, and the use cases over them.

use std::path::Path;
use std::sync::Arc;

use monitor::deliver::Deliver;
use monitor::jobs::Jobs;
use monitor::policy::Policy;
use monitor::ports::{
    Announcer, CallbackGuard, Clock, Entropy, Intake, Queue, SageMaker, Store, StoreError,
};
use monitor::record::Recorder;
use monitor::sweep::Sweep;
use monitor::waits::Waits;
use store_sqlite::{SqliteQueue, SqliteStore};
use webhook::{Guard, GuardConfig, Timeouts, WebhookSender};

use crate::adapters::{LoggingAnnouncer, NoSageMaker, RandomEntropy, SystemClock};
#[cfg(feature = "aws")]
use crate::config::SageMakerAccess;
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
    /// This function rings waits, and was not told where doorbells go.
    #[error("SAGEBELL_QUEUE is not set: it takes `sqs:` and the URL of the signals queue")]
    NoQueue,
    /// The configuration names AWS, and this program was built without it.
    #[error("{0} asks for AWS, which this program was built without (cargo feature `aws`)")]
    WithoutAws(&'static str),
}

/// What differs between a laptop and AWS.
pub(crate) struct Adapters {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) queue: Option<Arc<dyn Queue>>,
    /// Where sightings go; without one they are recorded at once.
    pub(crate) intake: Option<Arc<dyn Intake>>,
    pub(crate) announcer: Arc<dyn Announcer>,
}

/// Makes the adapter to SageMaker: region and credentials, Describe calls a
/// second, time, jitter.
#[cfg(feature = "aws")]
pub type ConnectSageMaker =
    fn(&aws_config::SdkConfig, u32, Arc<dyn Clock>, Arc<dyn Entropy>) -> Arc<dyn SageMaker>;

/// Every adapter that the use cases need.
#[derive(Clone)]
pub struct World {
    store: Arc<dyn Store>,
    queue: Option<Arc<dyn Queue>>,
    intake: Option<Arc<dyn Intake>>,
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

    /// Opens the adapters. On AWS nothing is called yet.
    ///
    /// # Errors
    /// [`StartError`] says what to mend.
    pub async fn open(config: Config) -> Result<Self, StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let adapters = match &config.store {
            StoreConfig::Sqlite(path) => embedded(path, &clock)?.0,
            #[cfg(feature = "aws")]
            StoreConfig::Dynamodb(names) => {
                crate::aws::adapters(&crate::aws::sdk_config().await, names.clone(), &clock)
            }
            #[cfg(not(feature = "aws"))]
            StoreConfig::Dynamodb(_) => return Err(StartError::WithoutAws("SAGEBELL_STORE")),
        };
        Ok(Self::over(adapters, config, clock))
    }

    /// Opens the stack of one machine, and its queue's receiving end.
    ///
    /// # Errors
    /// [`StartError`] says what to mend.
    pub fn local(path: &Path) -> Result<(Self, SqliteQueue), StartError> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let (adapters, queue) = embedded(path, &clock)?;
        Ok((Self::over(adapters, Config::local(path.to_owned())?, clock), queue))
    }

    fn over(adapters: Adapters, config: Config, clock: Arc<dyn Clock>) -> Self {
        Self {
            store: adapters.store,
            queue: adapters.queue,
            intake: adapters.intake,
            announcer: adapters.announcer,
            sagemaker: Arc::new(NoSageMaker),
            clock,
            entropy: Arc::new(RandomEntropy),
            guard: Arc::new(Guard::new(GuardConfig {
                allow: config.callback_cidrs,
                ports: config.callback_ports,
                allow_loopback: config.callback_loopback,
            })),
            policy: Arc::new(config.policy),
        }
    }

    /// The same world with SageMaker in it, if `access` says so. `connect` is the
    /// adapter's: only programs that ask SageMaker link it.
    #[cfg(feature = "aws")]
    pub async fn with_sagemaker(
        mut self,
        access: SageMakerAccess,
        connect: ConnectSageMaker,
    ) -> Self {
        if let SageMakerAccess::Aws { describes_per_second } = access {
            let sdk = crate::aws::sdk_config().await;
            let (clock, entropy) = (Arc::clone(&self.clock), Arc::clone(&self.entropy));
            self.sagemaker = connect(&sdk, describes_per_second, clock, entropy);
        }
        self
    }

    fn queue(&self) -> Result<Arc<dyn Queue>, StartError> {
        self.queue.clone().ok_or(StartError::NoQueue)
    }

    /// Records events and sightings.
    ///
    /// # Errors
    /// [`StartError::NoQueue`].
    pub fn recorder(&self) -> Result<Recorder, StartError> {
        Ok(Recorder {
            store: Arc::clone(&self.store),
            queue: self.queue()?,
            announcer: Arc::clone(&self.announcer),
            clock: Arc::clone(&self.clock),
            policy: Arc::clone(&self.policy),
        })
    }

    /// Registers, reads and cancels waits.
    ///
    /// # Errors
    /// [`StartError::NoQueue`].
    pub fn waits(&self) -> Result<Waits, StartError> {
        Ok(Waits {
            store: Arc::clone(&self.store),
            sagemaker: Arc::clone(&self.sagemaker),
            recorder: self.recorder()?,
            guard: Arc::clone(&self.guard) as Arc<dyn CallbackGuard>,
            clock: Arc::clone(&self.clock),
            policy: Arc::clone(&self.policy),
        })
    }

    /// Reads jobs.
    ///
    /// # Errors
    /// [`StartError::NoQueue`].
    pub fn jobs(&self) -> Result<Jobs, StartError> {
        Ok(Jobs {
            store: Arc::clone(&self.store),
            sagemaker: Arc::clone(&self.sagemaker),
            recorder: self.recorder()?,
        })
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
            clock: Arc::clone(&self.clock),
            entropy: Arc::clone(&self.entropy),
            policy: Arc::clone(&self.policy),
        })
    }
}

/// The embedded store, its queue, and the queue's receiving end.
fn embedded(path: &Path, clock: &Arc<dyn Clock>) -> Result<(Adapters, SqliteQueue), StoreError> {
    let store = SqliteStore::open(path, Arc::clone(clock))?;
    let queue = store.queue();
    let adapters = Adapters {
        queue: Some(Arc::new(store.queue())),
        store: Arc::new(store),
        intake: None,
        announcer: Arc::new(LoggingAnnouncer),
    };
    Ok((adapters, queue))
}
