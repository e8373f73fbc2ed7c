//! The options of the step itself, in addition to the inputs of its component.
//!
//! Each option is a flag, which cannot be shortened. Most are also an input of every component
//! (the table `common.json`) and an environment variable. The flag wins over the input, and the
//! input wins over the variable. An empty input counts as absent, because KFP passes every input.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;

use jiff::SignedDuration;
use sagebell_client::ChannelWord;
use sagebell_monitor::policy::Policy;
use sagebell_monitor::wait::OnAbandon;
use sagebell_system::Env;
use url::Url;

use crate::args::EXECUTOR_INPUT;
use crate::definition::common;
use crate::kfp::{self, ExecutorInput};
use crate::names::Task;

/// The pauses between Describe calls without a monitor: the first and the longest.
const POLL_SECONDS: (f64, f64) = (5.0, 60.0);

/// The port of a step that KFP started.
const PORT_UNDER_KFP: u16 = 8080;

/// How the step waits for its job.
#[derive(Debug, Clone, PartialEq)]
pub enum WaitMode {
    /// The monitor tells it.
    Monitor {
        /// The monitor's URL. `None`: read it from the account.
        api: Option<Url>,
        /// How it tells.
        channel: StepChannel,
    },
    /// The step polls SageMaker, with pauses that grow from the first to the second.
    Poll(Duration, Duration),
}

/// How the monitor tells the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepChannel {
    /// Through a connection that the step opens.
    Connection,
    /// By callbacks.
    Callback {
        /// The address at which the monitor reaches this pod. `None`: the interface that routes to
        /// the monitor.
        host: Option<IpAddr>,
        /// The port to listen on. 0: any free port. Under KFP the default is a fixed port, because
        /// a pod has its own address and network policies name ports.
        port: u16,
    },
    /// By its answers only.
    None,
}

/// Which of the job's CloudWatch logs are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Logs {
    /// None.
    None,
    /// The last lines, if the job failed.
    Tail,
    /// All of them.
    All,
}

/// What a failed job does to its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnFailure {
    /// The step fails.
    Fail,
    /// The step succeeds, and its outputs say how the job ended.
    Report,
}

/// The options of the step itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How the step waits.
    pub wait: WaitMode,
    /// When the step gives up. `None`: when the monitor does.
    pub max_wait: Option<Duration>,
    /// What to do with the job if the step is terminated and does not come back.
    pub on_abandon: OnAbandon,
    /// What a failed job does to the step.
    pub on_failure: OnFailure,
    /// How long the wait lives at least without a renewal, in seconds.
    pub lease_seconds: u32,
    /// Which logs are printed.
    pub logs: Logs,
    /// The identity of the step.
    pub task: Task,
    /// The first part of the names that the step generates.
    pub name_prefix: String,
    /// Where the artifact files go, by name.
    pub artifacts: BTreeMap<String, PathBuf>,
}

/// All errors in the options.
#[derive(Debug, thiserror::Error)]
#[error("the options of the step are wrong:\n  {}", .problems.join("\n  "))]
pub struct OptionsError {
    /// One line per option: its name, what is wrong, and the expected value.
    pub problems: Vec<String>,
}

/// The flags of the step itself, without dashes, in addition to the inputs of a component.
pub static FLAGS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let options = common().options.iter().map(|option| option.flag.as_str());
    let artifacts = common().artifacts.iter().map(|artifact| artifact.flag.as_str());
    OWN.into_iter().chain(options).chain(artifacts).collect()
});

/// Those that are not inputs of a component.
const OWN: [&str; 5] = [EXECUTOR_INPUT, "host", "port", "run", "task"];

impl Options {
    /// Reads the options from flags, from the executor input, and from the environment. `unique`
    /// identifies a step outside a pipeline.
    ///
    /// # Errors
    /// [`OptionsError`] lists everything that is wrong.
    pub fn from(
        flags: &BTreeMap<String, String>,
        executor: Option<&ExecutorInput>,
        env: &impl Env,
        unique: &str,
    ) -> Result<Self, OptionsError> {
        let mut reader = Reader { flags, executor, env, problems: Vec::new() };
        let wait = reader.wait();
        let max_wait =
            reader.or("--max-wait", None, "a duration, for example 90m or 12h", |text| {
                let asked = text.parse::<SignedDuration>().ok()?;
                let asked = Duration::try_from(asked).ok();
                asked.filter(|wait| *wait <= Policy::DEADLINE_LONGEST).map(Some)
            });
        let on_abandon =
            reader.or("--on-abandon", OnAbandon::Stop, "`stop` or `keep`", |text| match text {
                "stop" => Some(OnAbandon::Stop),
                "keep" => Some(OnAbandon::Keep),
                _ => None,
            });
        let on_failure =
            reader.or("--on-failure", OnFailure::Fail, "`fail` or `report`", |text| match text {
                "fail" => Some(OnFailure::Fail),
                "report" => Some(OnFailure::Report),
                _ => None,
            });
        let logs = reader.or("--logs", Logs::Tail, "`none`, `tail` or `all`", |text| match text {
            "none" => Some(Logs::None),
            "tail" => Some(Logs::Tail),
            "all" => Some(Logs::All),
            _ => None,
        });
        let lease_seconds = reader.or(
            "--lease-seconds",
            Policy::LEASE_SECONDS_DEFAULT,
            "5 to 86400 seconds",
            |text| text.parse().ok().filter(|seconds| Policy::LEASE_SECONDS.contains(seconds)),
        );
        let name_prefix = reader.or(
            "--name-prefix",
            String::new(),
            "up to 40 letters, digits and hyphens, a letter or digit first",
            |text| is_prefix(text).then(|| text.to_owned()),
        );
        let (task, artifacts) = (reader.task(unique), reader.artifacts());
        if !reader.problems.is_empty() {
            return Err(OptionsError { problems: reader.problems });
        }
        Ok(Self {
            wait,
            max_wait,
            on_abandon,
            on_failure,
            lease_seconds,
            logs,
            task,
            name_prefix,
            artifacts,
        })
    }
}

/// Reads options and collects what is wrong with them.
struct Reader<'a, E> {
    flags: &'a BTreeMap<String, String>,
    executor: Option<&'a ExecutorInput>,
    env: &'a E,
    problems: Vec<String>,
}

impl<E: Env> Reader<'_, E> {
    /// The text of the flag, or else of its variable: for `--max-wait`, `SAGEBELL_MAX_WAIT`.
    fn text(&self, flag: &str) -> Option<String> {
        let given = self.flags.get(flag.trim_start_matches('-'));
        let given = given.filter(|text| !kfp::is_absent(text));
        given.cloned().or_else(|| self.env.get(&variable(flag)))
    }

    fn or<T>(
        &mut self,
        flag: &str,
        default: T,
        takes: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> T {
        let Some(text) = self.text(flag) else { return default };
        parse(text.trim()).unwrap_or_else(|| {
            let text: String = text.chars().take(80).collect();
            self.problems.push(format!("{} is {text:?}; expected {takes}", from_executor(flag)));
            default
        })
    }

    fn wait(&mut self) -> WaitMode {
        let words = "`monitor`, `poll`, or `callback` for the channel `callback`";
        match self.or("--wait", Wait::Monitor, words, |text| match text {
            "monitor" => Some(Wait::Monitor),
            "callback" => Some(Wait::Callback),
            "poll" => Some(Wait::Poll),
            _ => None,
        }) {
            Wait::Monitor => self.monitor(ChannelWord::Connection),
            // As in version 0.1.0, which had no other channel.
            Wait::Callback => self.monitor(ChannelWord::Callback),
            Wait::Poll => self.poll(),
        }
    }

    fn monitor(&mut self, usual: ChannelWord) -> WaitMode {
        let api = self.or("--api", None, "the monitor's http or https URL", |text| {
            let url = Url::parse(text).ok()?;
            matches!(url.scheme(), "http" | "https").then_some(Some(url))
        });
        let words = "`connection`, `callback` or `none`";
        let channel = match self.or("--channel", usual, words, ChannelWord::from_wire) {
            ChannelWord::Connection => StepChannel::Connection,
            ChannelWord::Callback => self.callback(),
            ChannelWord::None => StepChannel::None,
        };
        WaitMode::Monitor { api, channel }
    }

    fn callback(&mut self) -> StepChannel {
        let pod = self.env.get("POD_IP").and_then(|text| text.parse().ok());
        let host =
            self.or("--host", pod, "this pod's IP address", |text| text.parse().ok().map(Some));
        let port = if self.executor.is_some() { PORT_UNDER_KFP } else { 0 };
        let port = self.or("--port", port, "a port", |text| text.parse().ok());
        StepChannel::Callback { host, port }
    }

    /// The path of each artifact: from its flag, or else from KFP's launcher.
    fn artifacts(&self) -> BTreeMap<String, PathBuf> {
        let place = |flag: &str, name: &str| {
            let from_executor = || self.executor?.artifact_file(name);
            self.text(flag).map(PathBuf::from).or_else(from_executor)
        };
        let artifacts = common().artifacts.iter();
        artifacts
            .filter_map(|artifact| {
                let path = place(&artifact.flag, &artifact.name)?;
                Some((artifact.name.clone(), path))
            })
            .collect()
    }

    fn poll(&mut self) -> WaitMode {
        let (first, longest) = POLL_SECONDS;
        let pause = |text: &str| text.parse().ok().filter(|s| (0.001..=3_600.0).contains(s));
        let asked =
            self.or("--poll-seconds", None, "0.001 to 3600 seconds", |t| pause(t).map(Some));
        let (first, longest) = asked.map_or((first, longest), |pause| (pause, pause));
        WaitMode::Poll(Duration::from_secs_f64(first), Duration::from_secs_f64(longest))
    }

    fn task(&self, unique: &str) -> Task {
        let from_executor = || self.executor?.place();
        let Some(task) = self.text("--task").or_else(from_executor) else {
            return Task::alone(unique);
        };
        let (run, task) = kfp::identity(&self.text("--run").unwrap_or_default(), &task);
        Task::of_pipeline(&run, &task)
    }
}

enum Wait {
    Monitor,
    Callback,
    Poll,
}

fn is_prefix(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    first && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// An option with all its names.
fn from_executor(flag: &str) -> String {
    let word = flag.trim_start_matches('-');
    let input = common().options.iter().find(|option| option.flag == word);
    let input = input.map(|option| format!("input `{}`, ", option.input.name));
    format!("{flag} ({}variable {})", input.unwrap_or_default(), variable(flag))
}

fn variable(flag: &str) -> String {
    let word = flag.trim_start_matches('-').replace('-', "_").to_ascii_uppercase();
    format!("SAGEBELL_{word}")
}
