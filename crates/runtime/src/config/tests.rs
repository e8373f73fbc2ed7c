//! The values that are read from the environment, and those that are refused.

use std::collections::BTreeMap;
use std::time::Duration;

use super::reader::DESCRIBES_PER_SECOND;
use super::variables::{DefaultValue, VARIABLES, Variable};
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
    assert!(config.callbacks && !config.callback_loopback);
    assert_eq!((config.connect_url, config.kfp_ui), (None, None));
    assert_eq!(config.policy, Policy::default());
    assert_eq!(config.callback_ports, [1024..=65_535]);
    assert_eq!(config.callback_paths.to_string(), "/callback");
}

#[test]
fn everything_wrong_is_told_at_once() {
    let error = read(&[
        ("SAGEBELL_QUEUE", "https://sqs.us-east-1.amazonaws.com/111122223333/signals"),
        ("SAGEBELL_OTHER_QUEUE", "sqs:callbacks"),
        ("SAGEBELL_DEAD_LETTERS", "sqs:https://sqs.us-east-1.amazonaws.com/1/a,signals"),
        ("SAGEBELL_CONNECTIONS_URL", "wss://a1b2.execute-api.us-east-1.amazonaws.com/v1"),
        ("SAGEBELL_API_URL", "a1b2.lambda-url.us-east-1.on.aws"),
        ("SAGEBELL_DESCRIBES_PER_SECOND", "0"),
        ("SAGEBELL_SAGEMAKER", "yes"),
        ("SAGEBELL_AUTH", "open"),
        ("SAGEBELL_CONNECT_URL", "https://a1b2.execute-api.us-east-1.amazonaws.com/v1"),
        ("SAGEBELL_KFP_UI", "kubeflow.example.com"),
        ("SAGEBELL_CALLBACKS", "maybe"),
        ("SAGEBELL_CALLBACK_CIDRS", "10.0.0.0/8,everywhere"),
        ("SAGEBELL_CALLBACK_PORTS", "90-80"),
        ("SAGEBELL_CALLBACK_PATHS", "callback"),
        ("SAGEBELL_CALLBACK_LOOPBACK", "yes"),
        ("SAGEBELL_GRACE_SECONDS", "0"),
        ("SAGEBELL_RECONNECT_GRACE_SECONDS", "0"),
        ("SAGEBELL_RETENTION_DAYS", "-1"),
    ])
    .unwrap_err();
    let problems: Vec<_> =
        error.problems.iter().filter_map(|p| p.split([' ', '=']).next()).collect();
    assert_eq!(
        problems,
        [
            "SAGEBELL_QUEUE",
            "SAGEBELL_OTHER_QUEUE",
            "SAGEBELL_DEAD_LETTERS",
            "SAGEBELL_CONNECTIONS_URL",
            "SAGEBELL_API_URL",
            "SAGEBELL_STORE",
            "SAGEBELL_DESCRIBES_PER_SECOND",
            "SAGEBELL_SAGEMAKER",
            "SAGEBELL_AUTH",
            "SAGEBELL_CONNECT_URL",
            "SAGEBELL_KFP_UI",
            "SAGEBELL_CALLBACKS",
            "SAGEBELL_CALLBACK_LOOPBACK",
            "SAGEBELL_CALLBACK_CIDRS",
            "SAGEBELL_CALLBACK_PORTS",
            "SAGEBELL_CALLBACK_PATHS",
            "SAGEBELL_GRACE_SECONDS",
            "SAGEBELL_RECONNECT_GRACE_SECONDS",
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
        ("SAGEBELL_CONNECTIONS_URL", "https://a1b2.execute-api.us-east-1.amazonaws.com/v1"),
        ("SAGEBELL_OTHER_QUEUE", "sqs:https://sqs.us-east-1.amazonaws.com/111122223333/callbacks"),
        (
            "SAGEBELL_DEAD_LETTERS",
            "sqs:https://sqs.us-east-1.amazonaws.com/111122223333/a, sqs:http://127.0.0.1:4566/1/b",
        ),
        ("SAGEBELL_API_URL", "https://a1b2.lambda-url.us-east-1.on.aws/"),
        ("SAGEBELL_CONNECT_URL", "wss://a1b2.execute-api.us-east-1.amazonaws.com/v1"),
        ("SAGEBELL_CALLBACKS", "off"),
        ("SAGEBELL_DESCRIBES_PER_SECOND", "3"),
    ])
    .unwrap();
    let names = AwsNames {
        table: "sagebell".to_owned(),
        queue: Some("https://sqs.us-east-1.amazonaws.com/111122223333/signals".to_owned()),
        bus: Some("sagebell".to_owned()),
        connections: Some("https://a1b2.execute-api.us-east-1.amazonaws.com/v1".to_owned()),
        other_queue: Some("https://sqs.us-east-1.amazonaws.com/111122223333/callbacks".to_owned()),
        dead_letters: vec![
            "https://sqs.us-east-1.amazonaws.com/111122223333/a".to_owned(),
            "http://127.0.0.1:4566/1/b".to_owned(),
        ],
        api: Some("https://a1b2.lambda-url.us-east-1.on.aws/".to_owned()),
    };
    assert_eq!(config.store, StoreConfig::Dynamodb(names));
    let connect_url = "wss://a1b2.execute-api.us-east-1.amazonaws.com/v1";
    assert_eq!(config.connect_url.as_deref(), Some(connect_url));
    assert!(!config.callbacks);
    assert_eq!(config.sagemaker, SageMakerAccess::Aws { describes_per_second: 3 });
}

#[test]
fn sagemaker_is_asked_on_aws_unless_told_otherwise() {
    let sagemaker = |store, access| {
        read(&[("SAGEBELL_STORE", store), ("SAGEBELL_SAGEMAKER", access)]).unwrap().sagemaker
    };
    let asked = SageMakerAccess::Aws { describes_per_second: DESCRIBES_PER_SECOND };
    assert_eq!(read(&[("SAGEBELL_STORE", "dynamodb:t")]).unwrap().sagemaker, asked);
    assert_eq!(read(&[("SAGEBELL_STORE", "sqlite:f")]).unwrap().sagemaker, SageMakerAccess::None);
    assert_eq!(sagemaker("sqlite:f", "aws"), asked);
    assert_eq!(sagemaker("dynamodb:t", "none"), SageMakerAccess::None);
}

#[test]
fn members_are_accounts_with_a_role_in_the_monitor_s_partition() {
    let members = |more: &[(&'static str, &'static str)]| {
        let store = [("SAGEBELL_STORE", "dynamodb:t"), ("AWS_REGION", "us-gov-west-1")];
        read(&[&store, more].concat()).map(|config| config.members)
    };
    let accounts = ("SAGEBELL_MEMBER_ACCOUNTS", "222233334444, 333344445555,");
    let roles = |more: &[_]| members(more).unwrap().into_iter().map(|one| one.role);
    let role = |account: &str, name: &str| format!("arn:aws-us-gov:iam::{account}:role/{name}");
    let expected = ["222233334444", "333344445555"];
    assert!(roles(&[]).eq([] as [String; 0]));
    assert!(roles(&[accounts]).eq(expected.map(|account| role(account, "sagebell-monitor"))));
    let own_name = ("SAGEBELL_MEMBER_ROLE", "watch/jobs");
    assert!(roles(&[accounts, own_name]).eq(expected.map(|account| role(account, "watch/jobs"))));
    let error = members(&[("SAGEBELL_MEMBER_ACCOUNTS", "222233334444,1234")]).unwrap_err();
    assert!(error.to_string().contains("SAGEBELL_MEMBER_ACCOUNTS=`1234`"), "{error}");
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

/// Notes what is asked for.
struct Asked(std::cell::RefCell<std::collections::BTreeSet<String>>);

impl Env for Asked {
    fn get(&self, name: &str) -> Option<String> {
        self.0.borrow_mut().insert(name.to_owned());
        (name == "SAGEBELL_STORE").then(|| "sqlite:x.db".to_owned())
    }
}

#[test]
fn the_table_has_every_variable_and_no_other() {
    let asked = Asked(std::cell::RefCell::default());
    Config::from(&asked).unwrap();
    let mut asked = asked.0.into_inner();
    // Lambda's own.
    assert!(asked.remove("AWS_REGION"));
    let told = VARIABLES.map(|variable| variable.name.to_owned());
    assert_eq!(std::collections::BTreeSet::from(told), asked);
}

#[test]
fn the_defaults_of_the_table_are_those_of_the_code() {
    // With an account, so that the default role counts.
    let store = [("SAGEBELL_STORE", "sqlite:x.db"), ("SAGEBELL_MEMBER_ACCOUNTS", "111122223333")];
    let plain = read(&store).unwrap();
    for Variable { name, default, .. } in VARIABLES {
        if let DefaultValue::Value(value) = default {
            let given = read(&[&store[..], &[(name, value)]].concat()).unwrap();
            assert_eq!(given, plain, "{name}={value}");
        }
    }
}
