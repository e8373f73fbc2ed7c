//! The configuration, from environment variables.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use sagebell_monitor::limits::Limits;
use sagebell_monitor::policy::Policy;
use sagebell_system::Env;
use sagebell_webhook::CallbackPaths;

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
    /// `SAGEBELL_AUTH`.
    pub auth: Auth,
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

const DAY: u32 = 86_400;
const MOST_DAYS: u32 = 3_650;
/// The largest limit on new waits. For more, use no limit.
const MOST_WAITS: u32 = 10_000_000;

/// SageMaker accepts five per second of an account for most kinds. The rest is for pipelines and
/// people ("Amazon SageMaker endpoints and quotas", AWS General Reference).
const DESCRIBES_PER_SECOND: u32 = 2;
const MOST_DESCRIBES_PER_SECOND: u32 = 100;

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// [`ConfigError`] lists everything that is wrong.
    pub fn from(env: &impl Env) -> Result<Self, ConfigError> {
        let mut reader = Reader { env, problems: Vec::new() };
        let defaults = Policy::default();
        let queue = reader.optional("SAGEBELL_QUEUE", "`sqs:` and a queue's URL", parse_queue);
        let bus = env.get("SAGEBELL_BUS");
        let store =
            reader.required("SAGEBELL_STORE", "`sqlite:PATH` or `dynamodb:TABLE`", |text| {
                parse_store(text, queue.as_ref(), bus.as_ref())
            });
        let sagemaker = reader.sagemaker(store.as_ref());
        let auth = reader.or("SAGEBELL_AUTH", "iam", "`iam` or `none`", parse_auth);
        let loopback = reader.or(
            "SAGEBELL_CALLBACK_LOOPBACK",
            "deny",
            "`deny`, or `allow` on a laptop",
            |text| match text {
                "allow" => Some(true),
                "deny" => Some(false),
                _ => None,
            },
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
            probe_pause: reader.seconds("SAGEBELL_PROBE_SECONDS", defaults.probe_pause, DAY),
            retention: reader.days("SAGEBELL_RETENTION_DAYS", defaults.retention),
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
        match (store, auth, loopback, cidrs, ports) {
            (
                Some(store),
                Some(auth),
                Some(callback_loopback),
                Some(callback_cidrs),
                Some(callback_ports),
            ) if reader.problems.is_empty() => Ok(Self {
                store,
                sagemaker,
                auth,
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

struct Reader<'a, E> {
    env: &'a E,
    problems: Vec<String>,
}

impl<E: Env> Reader<'_, E> {
    fn required<T>(
        &mut self,
        name: &str,
        takes: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let Some(text) = self.env.get(name) else {
            self.problems.push(format!("{name} is not set; expected {takes}"));
            return None;
        };
        self.parsed(name, &text, takes, parse)
    }

    fn optional<T>(
        &mut self,
        name: &str,
        takes: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.env.get(name)?;
        self.parsed(name, &text, takes, parse)
    }

    /// By default, SageMaker is called on AWS, but not on a laptop.
    fn sagemaker(&mut self, store: Option<&StoreConfig>) -> SageMakerAccess {
        let default = if matches!(store, Some(StoreConfig::Dynamodb(_))) { "aws" } else { "none" };
        let rate = "SAGEBELL_DESCRIBES_PER_SECOND";
        let rate = self.number(rate, DESCRIBES_PER_SECOND, MOST_DESCRIBES_PER_SECOND);
        let access = self.or("SAGEBELL_SAGEMAKER", default, "`aws` or `none`", |text| match text {
            "aws" => Some(SageMakerAccess::Aws { describes_per_second: rate }),
            "none" => Some(SageMakerAccess::None),
            _ => None,
        });
        access.unwrap_or(SageMakerAccess::None)
    }

    fn or<T>(
        &mut self,
        name: &str,
        default: &str,
        takes: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.env.get(name).unwrap_or_else(|| default.to_owned());
        self.parsed(name, &text, takes, parse)
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        text: &str,
        takes: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let value = parse(text.trim());
        if value.is_none() {
            self.problems.push(format!("{name}=`{text}` is wrong; expected {takes}"));
        }
        value
    }

    fn number(&mut self, name: &str, default: u32, most: u32) -> u32 {
        let takes = format!("a whole number from 1 to {most}");
        let within = |text: &str| text.parse().ok().filter(|number| (1..=most).contains(number));
        self.optional(name, &takes, within).unwrap_or(default)
    }

    fn limits(&mut self) -> Limits {
        let defaults = Limits::default();
        let takes = format!("a whole number up to {MOST_WAITS}, or 0 for no limit");
        let mut limit = |name: &str, default| {
            let within = |text: &str| text.parse().ok().filter(|most| *most <= MOST_WAITS);
            self.optional(name, &takes, within).unwrap_or(default)
        };
        Limits {
            registrations_per_minute: limit(
                "SAGEBELL_REGISTRATIONS_PER_MINUTE",
                defaults.registrations_per_minute,
            ),
            unseen_per_hour: limit("SAGEBELL_UNSEEN_WAITS_PER_HOUR", defaults.unseen_per_hour),
            waits_per_day: limit("SAGEBELL_WAITS_PER_DAY", defaults.waits_per_day),
        }
    }

    fn seconds(&mut self, name: &str, default: Duration, most: u32) -> Duration {
        let default = u32::try_from(default.as_secs()).unwrap_or(most);
        Duration::from_secs(self.number(name, default, most).into())
    }

    fn days(&mut self, name: &str, default: Duration) -> Duration {
        let default = u32::try_from(default.as_secs() / u64::from(DAY)).unwrap_or(MOST_DAYS);
        let days = self.number(name, default, MOST_DAYS);
        Duration::from_secs(u64::from(days) * u64::from(DAY))
    }

    fn words(&self, name: &str) -> Vec<String> {
        let text = self.env.get(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

fn parse_store(text: &str, queue: Option<&String>, bus: Option<&String>) -> Option<StoreConfig> {
    match text.split_once(':')? {
        (_, "") => None,
        ("sqlite", path) => Some(StoreConfig::Sqlite(PathBuf::from(path))),
        ("dynamodb", table) => Some(StoreConfig::Dynamodb(AwsNames {
            table: table.to_owned(),
            queue: queue.cloned(),
            bus: bus.cloned(),
        })),
        _ => None,
    }
}

fn parse_queue(text: &str) -> Option<String> {
    let url = text.strip_prefix("sqs:")?;
    (url.starts_with("https://") || url.starts_with("http://")).then(|| url.to_owned())
}

fn parse_auth(text: &str) -> Option<Auth> {
    match text {
        "iam" => Some(Auth::Iam),
        "none" => Some(Auth::None),
        _ => None,
    }
}

fn parse_ports(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first > 0 && first <= last).then_some(first..=last)
}

fn each<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(|part| parse(part.trim())).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    struct Map(BTreeMap<&'static str, &'static str>);

    impl Env for Map {
        fn get(&self, name: &str) -> Option<String> {
            self.0.get(name).map(|value| (*value).to_owned())
        }
    }

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<Config, ConfigError> {
        Config::from(&Map(pairs.iter().copied().collect()))
    }

    #[test]
    fn the_store_alone_is_enough() {
        let config = read(&[("SAGEBELL_STORE", "sqlite:/tmp/x.db")]).unwrap();
        assert_eq!(config.store, StoreConfig::Sqlite("/tmp/x.db".into()));
        assert_eq!(config.auth, Auth::Iam);
        assert!(!config.callback_loopback);
        assert_eq!(config.policy, Policy::default());
        assert_eq!(config.callback_ports, [1024..=65_535]);
        assert_eq!(config.callback_paths.to_string(), "/callback");
    }

    #[test]
    fn everything_wrong_is_told_at_once() {
        let error = read(&[
            ("SAGEBELL_QUEUE", "https://sqs.us-east-1.amazonaws.com/111122223333/signals"),
            ("SAGEBELL_DESCRIBES_PER_SECOND", "0"),
            ("SAGEBELL_SAGEMAKER", "yes"),
            ("SAGEBELL_AUTH", "open"),
            ("SAGEBELL_CALLBACK_CIDRS", "10.0.0.0/8,everywhere"),
            ("SAGEBELL_CALLBACK_PORTS", "90-80"),
            ("SAGEBELL_CALLBACK_PATHS", "callback"),
            ("SAGEBELL_CALLBACK_LOOPBACK", "yes"),
            ("SAGEBELL_GRACE_SECONDS", "0"),
            ("SAGEBELL_RETENTION_DAYS", "-1"),
        ])
        .unwrap_err();
        let problems: Vec<_> =
            error.problems.iter().filter_map(|p| p.split([' ', '=']).next()).collect();
        assert_eq!(
            problems,
            [
                "SAGEBELL_QUEUE",
                "SAGEBELL_STORE",
                "SAGEBELL_DESCRIBES_PER_SECOND",
                "SAGEBELL_SAGEMAKER",
                "SAGEBELL_AUTH",
                "SAGEBELL_CALLBACK_LOOPBACK",
                "SAGEBELL_CALLBACK_CIDRS",
                "SAGEBELL_CALLBACK_PORTS",
                "SAGEBELL_CALLBACK_PATHS",
                "SAGEBELL_GRACE_SECONDS",
                "SAGEBELL_RETENTION_DAYS",
            ]
        );
    }

    #[test]
    fn a_deployment_names_what_it_has_on_aws() {
        let config = read(&[
            ("SAGEBELL_STORE", "dynamodb:sagebell"),
            ("SAGEBELL_QUEUE", "sqs:https://sqs.us-east-1.amazonaws.com/111122223333/signals"),
            ("SAGEBELL_BUS", "sagebell"),
            ("SAGEBELL_DESCRIBES_PER_SECOND", "3"),
        ])
        .unwrap();
        let names = AwsNames {
            table: "sagebell".to_owned(),
            queue: Some("https://sqs.us-east-1.amazonaws.com/111122223333/signals".to_owned()),
            bus: Some("sagebell".to_owned()),
        };
        assert_eq!(config.store, StoreConfig::Dynamodb(names));
        assert_eq!(config.sagemaker, SageMakerAccess::Aws { describes_per_second: 3 });
    }

    #[test]
    fn sagemaker_is_asked_on_aws_unless_told_otherwise() {
        let sagemaker = |store, access| {
            read(&[("SAGEBELL_STORE", store), ("SAGEBELL_SAGEMAKER", access)]).unwrap().sagemaker
        };
        let asked = SageMakerAccess::Aws { describes_per_second: DESCRIBES_PER_SECOND };
        assert_eq!(read(&[("SAGEBELL_STORE", "dynamodb:t")]).unwrap().sagemaker, asked);
        assert_eq!(
            read(&[("SAGEBELL_STORE", "sqlite:f")]).unwrap().sagemaker,
            SageMakerAccess::None
        );
        assert_eq!(sagemaker("sqlite:f", "aws"), asked);
        assert_eq!(sagemaker("dynamodb:t", "none"), SageMakerAccess::None);
    }

    #[test]
    fn values_are_read() {
        let config = read(&[
            ("SAGEBELL_STORE", "sqlite:x"),
            ("SAGEBELL_AUTH", "none"),
            ("SAGEBELL_CALLBACK_PORTS", "80, 9000-9001"),
            ("SAGEBELL_CALLBACK_PATHS", "/callback, /hooks/sagebell"),
            ("SAGEBELL_RETENTION_DAYS", "7"),
            ("SAGEBELL_REGIONS", "us-east-1, eu-west-1"),
            ("SAGEBELL_REGISTRATIONS_PER_MINUTE", "0"),
            ("SAGEBELL_UNSEEN_WAITS_PER_HOUR", "7"),
            ("SAGEBELL_VIEWERS", "*:role/dashboard, 111122223333:user/*"),
        ])
        .unwrap();
        assert_eq!(config.auth, Auth::None);
        assert_eq!(config.callback_ports, [80..=80, 9000..=9001]);
        assert_eq!(config.callback_paths.to_string(), "/callback,/hooks/sagebell");
        assert_eq!(config.policy.retention, Duration::from_secs(7 * 86_400));
        assert_eq!(config.policy.regions, ["us-east-1", "eu-west-1"]);
        let limits = Limits {
            registrations_per_minute: 0,
            unseen_per_hour: 7,
            waits_per_day: Limits::default().waits_per_day,
        };
        assert_eq!(config.policy.limits, limits);
        assert_eq!(config.policy.viewers, ["*:role/dashboard", "111122223333:user/*"]);
    }

    #[test]
    fn paths_are_free_where_loopback_is_and_nobody_says_otherwise() {
        let paths = |more: &[_]| {
            let store = ("SAGEBELL_STORE", "sqlite:x");
            read(&[&[store], more].concat()).unwrap().callback_paths.to_string()
        };
        let (loopback, own) =
            (("SAGEBELL_CALLBACK_LOOPBACK", "allow"), ("SAGEBELL_CALLBACK_PATHS", "/a"));
        assert_eq!(paths(&[]), "/callback");
        assert_eq!(paths(&[loopback]), "*");
        assert_eq!(paths(&[loopback, own]), "/a");
    }

    #[test]
    fn a_laptop_may_call_itself() {
        let config = Config::local("x.db".into()).unwrap();
        assert!(config.callback_loopback && config.auth == Auth::None);
    }
}
