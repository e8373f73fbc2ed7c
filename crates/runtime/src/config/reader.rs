//! Reads variables one by one.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use sagebell_monitor::limits::Limits;
use sagebell_monitor::member::Member;
use sagebell_system::Env;

use super::{Auth, AwsNames, SageMakerAccess, StoreConfig};

pub(super) const DAY: u32 = 86_400;
const MOST_DAYS: u32 = 3_650;
/// The largest limit on new waits. For more, use no limit.
const MOST_WAITS: u32 = 10_000_000;

/// SageMaker accepts five per second of an account for most kinds. The rest is for pipelines and
/// people ("Amazon SageMaker endpoints and quotas", AWS General Reference).
pub(super) const DESCRIBES_PER_SECOND: u32 = 2;
const MOST_DESCRIBES_PER_SECOND: u32 = 100;

const HTTP: [&str; 2] = ["https://", "http://"];

/// Reads variables, and collects what is wrong with them.
pub(super) struct Reader<'a, E> {
    env: &'a E,
    pub(super) problems: Vec<String>,
}

impl<'a, E: Env> Reader<'a, E> {
    pub(super) fn new(env: &'a E) -> Self {
        Self { env, problems: Vec::new() }
    }

    pub(super) fn required<T>(
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

    pub(super) fn optional<T>(
        &mut self,
        name: &str,
        takes: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.env.get(name)?;
        self.parsed(name, &text, takes, parse)
    }

    /// The names of what there is on AWS beside the table.
    pub(super) fn names(&mut self) -> AwsNames {
        let mut queue = |name: &str| self.optional(name, "`sqs:` and a queue's URL", parse_queue);
        let (queue, other_queue) = (queue("SAGEBELL_QUEUE"), queue("SAGEBELL_OTHER_QUEUE"));
        let takes = "`sqs:` and a queue's URL, one or more of them with commas between them";
        let dead_letters =
            self.optional("SAGEBELL_DEAD_LETTERS", takes, |text| each(text, parse_queue));
        AwsNames {
            table: String::new(),
            queue,
            bus: self.env.get("SAGEBELL_BUS"),
            connections: self.url("SAGEBELL_CONNECTIONS_URL", &HTTP),
            other_queue,
            dead_letters: dead_letters.unwrap_or_default(),
            api: self.url("SAGEBELL_API_URL", &HTTP),
        }
    }

    pub(super) fn url(&mut self, name: &str, schemes: &[&str]) -> Option<String> {
        let takes = format!("a URL that begins with {}", schemes.join(" or "));
        self.optional(name, &takes, |text| parse_url(text, schemes))
    }

    /// By default, SageMaker is called on AWS, but not on a laptop.
    pub(super) fn sagemaker(&mut self, store: Option<&StoreConfig>) -> SageMakerAccess {
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

    /// Lambda sets the region.
    pub(super) fn members(&mut self) -> Vec<Member> {
        let region = self.env.get("AWS_REGION").unwrap_or_default();
        let role = self.env.get("SAGEBELL_MEMBER_ROLE").unwrap_or_else(|| Member::ROLE.to_owned());
        let takes = "accounts of 12 digits, for example 111122223333,444455556666";
        let mut members = Vec::new();
        for account in self.words("SAGEBELL_MEMBER_ACCOUNTS") {
            let member = self.parsed("SAGEBELL_MEMBER_ACCOUNTS", &account, takes, |account| {
                Member::of(account, &region, &role)
            });
            members.extend(member);
        }
        members
    }

    pub(super) fn or<T>(
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

    pub(super) fn limits(&mut self) -> Limits {
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

    pub(super) fn seconds(&mut self, name: &str, default: Duration, most: u32) -> Duration {
        let default = u32::try_from(default.as_secs()).unwrap_or(most);
        Duration::from_secs(self.number(name, default, most).into())
    }

    pub(super) fn days(&mut self, name: &str, default: Duration) -> Duration {
        let default = u32::try_from(default.as_secs() / u64::from(DAY)).unwrap_or(MOST_DAYS);
        let days = self.number(name, default, MOST_DAYS);
        Duration::from_secs(u64::from(days) * u64::from(DAY))
    }

    pub(super) fn words(&self, name: &str) -> Vec<String> {
        let text = self.env.get(name).unwrap_or_default();
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }
}

pub(super) fn parse_store(text: &str, names: &AwsNames) -> Option<StoreConfig> {
    match text.split_once(':')? {
        (_, "") => None,
        ("sqlite", path) => Some(StoreConfig::Sqlite(PathBuf::from(path))),
        ("dynamodb", table) => {
            Some(StoreConfig::Dynamodb(AwsNames { table: table.to_owned(), ..names.clone() }))
        }
        _ => None,
    }
}

fn parse_queue(text: &str) -> Option<String> {
    parse_url(text.strip_prefix("sqs:")?, &HTTP)
}

fn parse_url(text: &str, schemes: &[&str]) -> Option<String> {
    schemes.iter().any(|scheme| text.starts_with(scheme)).then(|| text.to_owned())
}

pub(super) fn parse_switch(text: &str, on: &str, off: &str) -> Option<bool> {
    match text {
        text if text == on => Some(true),
        text if text == off => Some(false),
        _ => None,
    }
}

pub(super) fn parse_auth(text: &str) -> Option<Auth> {
    match text {
        "iam" => Some(Auth::Iam),
        "none" => Some(Auth::None),
        _ => None,
    }
}

pub(super) fn parse_ports(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first > 0 && first <= last).then_some(first..=last)
}

pub(super) fn each<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(|part| parse(part.trim())).collect()
}
