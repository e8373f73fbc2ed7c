//! The configuration, from environment variables.

mod reader;
pub mod variables;

use std::ops::RangeInclusive;
use std::path::PathBuf;

use ipnet::IpNet;
use sagebell_monitor::kfp_ui::KfpUi;
use sagebell_monitor::limits::Limits;
use sagebell_monitor::member::Member;
use sagebell_monitor::policy::Policy;
use sagebell_system::Env;
use sagebell_webhook::CallbackPaths;

use reader::{DAY, Reader, each, parse_auth, parse_ports, parse_store, parse_switch};

/// The store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreConfig {
    /// The embedded one, in this file.
    Sqlite(PathBuf),
    /// DynamoDB, with SQS and EventBridge beside it.
    Dynamodb(AwsNames),
}

/// The names of a deployment's resources on AWS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsNames {
    /// The table.
    pub table: String,
    /// `SAGEBELL_QUEUE`: the URL of the queue for signal requests. Only `signals` does not need it,
    /// because it queues none.
    pub queue: Option<String>,
    /// `SAGEBELL_BUS`: the event bus for observations and announcements. Without it, observations
    /// are recorded at once and announcements are logged.
    pub bus: Option<String>,
    /// `SAGEBELL_CONNECTIONS_URL`: the stage of the WebSocket API, through which signals are pushed.
    /// Without it, none are.
    pub connections: Option<String>,
    /// `SAGEBELL_OTHER_QUEUE`: the URL of the queue of the function that sends on the channels on
    /// which this one does not.
    pub other_queue: Option<String>,
    /// `SAGEBELL_DEAD_LETTERS`: the URLs of the dead-letter queues, whose lengths *Health* shows.
    pub dead_letters: Vec<String>,
    /// `SAGEBELL_API_URL`: the URL of the API, called to find out whether waiters can come back.
    /// Without it, no waiter is judged that cannot be asked.
    pub api: Option<String>,
}

/// The access to SageMaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SageMakerAccess {
    /// None: the monitor knows only what events contain.
    None,
    /// Describe and Stop, with a limit on the calls per second.
    Aws {
        /// `SAGEBELL_DESCRIBES_PER_SECOND`.
        describes_per_second: u32,
    },
}

/// Who may call the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Callers that AWS has authenticated (SigV4).
    Iam,
    /// Anyone who can reach it: for a laptop.
    None,
}

/// The whole configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `SAGEBELL_STORE`.
    pub store: StoreConfig,
    /// `SAGEBELL_SAGEMAKER`.
    pub sagemaker: SageMakerAccess,
    /// `SAGEBELL_MEMBER_ACCOUNTS` and `SAGEBELL_MEMBER_ROLE`: other accounts whose jobs the monitor
    /// watches, and the role there with which it calls SageMaker.
    pub members: Vec<Member>,
    /// `SAGEBELL_AUTH`.
    pub auth: Auth,
    /// `SAGEBELL_CONNECT_URL`: where waiters open connections. Without it the API names no such
    /// place.
    pub connect_url: Option<String>,
    /// `SAGEBELL_KFP_UI`: where KFP's user interface is, which the dashboard links to.
    pub kfp_ui: Option<KfpUi>,
    /// `SAGEBELL_CALLBACKS`: whether this program sends callbacks, or accepts waits on them.
    pub callbacks: bool,
    /// `SAGEBELL_CALLBACK_CIDRS`.
    pub callback_cidrs: Vec<IpNet>,
    /// `SAGEBELL_CALLBACK_PORTS`.
    pub callback_ports: Vec<RangeInclusive<u16>>,
    /// `SAGEBELL_CALLBACK_PATHS`.
    pub callback_paths: CallbackPaths,
    /// `SAGEBELL_CALLBACK_LOOPBACK`.
    pub callback_loopback: bool,
    /// The rest: times and limits.
    pub policy: Policy,
}

/// All errors in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the configuration has errors:\n{}", .problems.join("\n"))]
pub struct ConfigError {
    /// One line per variable: its name, what is wrong, and the expected value.
    pub problems: Vec<String>,
}

/// Where pods live: private ranges, shared address space (used by clusters with
/// custom networking), and unique local addresses.
const PRIVATE: &str = "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,100.64.0.0/10,fc00::/7";
const UNPRIVILEGED: &str = "1024-65535";

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`ConfigError`] lists everything that is wrong.
    pub fn from(env: &impl Env) -> Result<Self, ConfigError> {
        let mut reader = Reader::new(env);
        let defaults = Policy::default();
        let names = reader.names();
        let store =
            reader.required("SAGEBELL_STORE", "`sqlite:PATH` or `dynamodb:TABLE`", |text| {
                parse_store(text, &names)
            });
        let sagemaker = reader.sagemaker(store.as_ref());
        let members = reader.members();
        let auth = reader.or("SAGEBELL_AUTH", "iam", "`iam` or `none`", parse_auth);
        let connect_url = reader.url("SAGEBELL_CONNECT_URL", &["wss://", "ws://"]);
        let kfp_ui =
            reader.optional("SAGEBELL_KFP_UI", KfpUi::TAKES, |text| KfpUi::parse(text).ok());
        let callbacks = reader.or("SAGEBELL_CALLBACKS", "on", "`on` or `off`", |text| {
            parse_switch(text, "on", "off")
        });
        let loopback = reader.or(
            "SAGEBELL_CALLBACK_LOOPBACK",
            "deny",
            "`deny`, or `allow` on a laptop",
            |text| parse_switch(text, "allow", "deny"),
        );
        let cidrs = reader.or(
            "SAGEBELL_CALLBACK_CIDRS",
            PRIVATE,
            "networks, for example 10.0.0.0/8,fd00::/8",
            |text| each(text, |part| part.parse().ok()),
        );
        let ports = reader.or(
            "SAGEBELL_CALLBACK_PORTS",
            UNPRIVILEGED,
            "ports, for example 8080,9000-9999",
            |text| each(text, parse_ports),
        );
        let paths = reader.optional(
            "SAGEBELL_CALLBACK_PATHS",
            "paths, for example /callback,/hooks/sagebell, or `*` for any",
            |text| text.parse().ok(),
        );
        let policy = Policy {
            grace: reader.seconds("SAGEBELL_GRACE_SECONDS", defaults.grace, DAY),
            reconnect_grace: reader.seconds(
                "SAGEBELL_RECONNECT_GRACE_SECONDS",
                defaults.reconnect_grace,
                DAY,
            ),
            probe_pause: reader.seconds("SAGEBELL_PROBE_SECONDS", defaults.probe_pause, DAY),
            retention: reader.days("SAGEBELL_RETENTION_DAYS", defaults.retention),
            list_every: reader.seconds("SAGEBELL_LIST_SECONDS", defaults.list_every, DAY),
            check_first: reader.seconds("SAGEBELL_CHECK_FIRST_SECONDS", defaults.check_first, DAY),
            check_longest: reader.seconds(
                "SAGEBELL_CHECK_LONGEST_SECONDS",
                defaults.check_longest,
                DAY,
            ),
            accounts: reader.words("SAGEBELL_ACCOUNTS"),
            regions: reader.words("SAGEBELL_REGIONS"),
            waiters: reader.words("SAGEBELL_WAITERS"),
            viewers: reader.words("SAGEBELL_VIEWERS"),
            limits: reader.limits(),
            ..defaults
        };
        match (store, auth, callbacks, loopback, cidrs, ports) {
            (
                Some(store),
                Some(auth),
                Some(callbacks),
                Some(callback_loopback),
                Some(callback_cidrs),
                Some(callback_ports),
            ) if reader.problems.is_empty() => Ok(Self {
                store,
                sagemaker,
                members,
                auth,
                connect_url,
                kfp_ui,
                callbacks,
                callback_cidrs,
                callback_ports,
                callback_paths: paths.unwrap_or_else(|| usual_paths(callback_loopback)),
                callback_loopback,
                policy,
            }),
            _ => Err(ConfigError { problems: reader.problems }),
        }
    }

    /// The configuration of a stack on one machine: an embedded store, no
    /// authentication, callbacks to loopback as well as to private networks.
    ///
    /// # Errors
    /// None in practice: a test checks the defaults.
    pub fn local(store: PathBuf) -> Result<Self, ConfigError> {
        struct Nothing;
        impl Env for Nothing {
            fn get(&self, name: &str) -> Option<String> {
                (name == "SAGEBELL_STORE").then(|| "sqlite:local".to_owned())
            }
        }
        let defaults = Self::from(&Nothing)?;
        Ok(Self {
            store: StoreConfig::Sqlite(store),
            auth: Auth::None,
            // Its callers are all one: there is nobody to share with.
            policy: Policy { limits: Limits::NONE, ..defaults.policy },
            callback_loopback: true,
            callback_ports: vec![1..=u16::MAX],
            ..defaults
        })
    }
}

/// The path where steps listen; on a laptop, where callbacks go to its owner's own programs,
/// any.
fn usual_paths(loopback: bool) -> CallbackPaths {
    if loopback { CallbackPaths::Any } else { CallbackPaths::default() }
}

#[cfg(test)]
mod tests;
