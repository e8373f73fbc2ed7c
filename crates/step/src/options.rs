//! The step's own options, beside its component's inputs.
//!
//! Each is a flag, matched to the letter, and most are an environment variable
//! too, which a pod gets from a ConfigMap. The flag wins; an empty one counts as
//! absent, since KFP passes every input.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use bootstrap::Env;
use jiff::SignedDuration;
use monitor::policy::Policy;
use monitor::wait::OnAbandon;
use serde_json::Value;
use url::Url;

use crate::kfp;
use crate::names::Task;
use crate::{metrics, timeline};

/// The pauses between looks without a monitor: from the first to the longest.
const POLL_SECONDS: (f64, f64) = (5.0, 60.0);

/// How the step hears of its job.
#[derive(Debug, Clone, PartialEq)]
pub enum WaitMode {
    /// The monitor calls back.
    Callback {
        /// The monitor's address.
        api: Url,
        /// The address at which the monitor reaches this pod; `None`: the interface
        /// that routes to the monitor.
        host: Option<IpAddr>,
        /// The port to listen on; 0: any free one.
        port: u16,
    },
    /// Nobody does: the step asks SageMaker, after pauses that grow from the first
    /// to the second.
    Poll(Duration, Duration),
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

/// The step's own options.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How it waits.
    pub wait: WaitMode,
    /// When it gives up; `None`: as late as the monitor does.
    pub max_wait: Option<Duration>,
    /// What becomes of the job if the step is terminated and does not come back.
    pub on_abandon: OnAbandon,
    /// How long the wait outlives a step that says nothing, in seconds.
    pub lease_seconds: u32,
    /// Which logs are printed.
    pub logs: Logs,
    /// Who the step is.
    pub task: Task,
    /// What the names of what it makes begin with, where none is given.
    pub name_prefix: String,
    /// Where the artifact files go, by name.
    pub artifacts: BTreeMap<&'static str, PathBuf>,
    /// What KFP's launcher says of this execution.
    pub executor_input: Option<Value>,
}

/// All that is wrong with the options.
#[derive(Debug, thiserror::Error)]
#[error("the step's own options are not usable:\n  {}", .problems.join("\n  "))]
pub struct OptionsError {
    /// A line each: its name, what is wrong, what it takes.
    pub problems: Vec<String>,
}

/// The flags, without dashes, which the command line takes beside a component's
/// inputs.
pub const FLAGS: [&str; 15] = [
    "api",
    "executor-input",
    "host",
    "lease-seconds",
    "logs",
    "max-wait",
    "metrics-path",
    "name-prefix",
    "on-abandon",
    "poll-seconds",
    "port",
    "run",
    "task",
    "timeline-path",
    "wait",
];

/// The artifacts that the step writes, and the flags that say where.
const ARTIFACTS: [(&str, &str); 2] =
    [(metrics::NAME, METRICS_PATH), (timeline::NAME, TIMELINE_PATH)];
const METRICS_PATH: &str = "--metrics-path";
const TIMELINE_PATH: &str = "--timeline-path";

impl Options {
    /// Reads the options from flags and environment. `unique` names a step that is
    /// no pipeline's.
    ///
    /// # Errors
    /// [`OptionsError`] lists everything that is wrong.
    pub fn from(
        flags: &BTreeMap<String, String>,
        env: &impl Env,
        unique: &str,
    ) -> Result<Self, OptionsError> {
        let mut reader = Reader { flags, env, problems: Vec::new() };
        let wait = reader.wait();
        let max_wait = reader.or("--max-wait", None, "a time as in 90m or 12h", |text| {
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
        let executor_input = reader.or("--executor-input", None, "KFP's JSON", |text| {
            serde_json::from_str(text).ok().map(Some)
        });
        let artifacts = ARTIFACTS
            .iter()
            .filter_map(|(name, flag)| Some((*name, PathBuf::from(reader.text(flag)?))))
            .collect();
        let name_prefix = reader.or(
            "--name-prefix",
            String::new(),
            "up to 40 letters, digits and hyphens, a letter or digit first",
            |text| is_prefix(text).then(|| text.to_owned()),
        );
        let task = reader.task(unique);
        match wait {
            Some(wait) if reader.problems.is_empty() => Ok(Self {
                wait,
                max_wait,
                on_abandon,
                lease_seconds,
                logs,
                task,
                name_prefix,
                artifacts,
                executor_input,
            }),
            _ => Err(OptionsError { problems: reader.problems }),
        }
    }
}

/// Reads options and collects what is wrong with them.
struct Reader<'a, E> {
    flags: &'a BTreeMap<String, String>,
    env: &'a E,
    problems: Vec<String>,
}

impl<E: Env> Reader<'_, E> {
    /// The flag's text, else its variable's: `--max-wait` is `SAGEBELL_MAX_WAIT`.
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
            self.problems
                .push(format!("{flag} (or {}) is {text:?}, takes {takes}", variable(flag)));
            default
        })
    }

    fn wait(&mut self) -> Option<WaitMode> {
        match self.or("--wait", Wait::Callback, "`callback` or `poll`", |text| match text {
            "callback" => Some(Wait::Callback),
            "poll" => Some(Wait::Poll),
            _ => None,
        }) {
            Wait::Callback => self.callback(),
            Wait::Poll => Some(self.poll()),
        }
    }

    fn callback(&mut self) -> Option<WaitMode> {
        let api = self.or("--api", None, "the monitor's http or https URL", |text| {
            let url = Url::parse(text).ok()?;
            matches!(url.scheme(), "http" | "https").then_some(Some(url))
        });
        if api.is_none() && self.problems.is_empty() {
            self.problems.push(
                "--api (or SAGEBELL_API) is missing: it takes the monitor's URL, which `sagebell preflight` prints; \
                 without a monitor, --wait poll asks SageMaker from this pod"
                    .to_owned(),
            );
        }
        let pod = self.env.get("POD_IP").and_then(|text| text.parse().ok());
        let host =
            self.or("--host", pod, "this pod's IP address", |text| text.parse().ok().map(Some));
        let port = self.or("--port", 0, "a port", |text| text.parse().ok());
        Some(WaitMode::Callback { api: api?, host, port })
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
        let Some(task) = self.text("--task") else { return Task::alone(unique) };
        let (run, task) = kfp::identity(&self.text("--run").unwrap_or_default(), &task);
        Task::of_pipeline(&run, &task, self.env.get("KFP_RETRY_INDEX").as_deref())
    }
}

enum Wait {
    Callback,
    Poll,
}

fn is_prefix(text: &str) -> bool {
    let first = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    first && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

fn variable(flag: &str) -> String {
    let word = flag.trim_start_matches('-').replace('-', "_").to_ascii_uppercase();
    format!("SAGEBELL_{word}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No variable at all, or one.
    struct One(&'static str, &'static str);

    impl Env for One {
        fn get(&self, name: &str) -> Option<String> {
            (name == self.0).then(|| self.1.to_owned())
        }
    }

    const NONE: One = One("", "");

    fn read(flags: &[(&str, &str)], env: &One) -> Result<Options, OptionsError> {
        let flags = flags.iter().map(|(flag, text)| ((*flag).to_owned(), (*text).to_owned()));
        Options::from(&flags.collect(), env, "unique")
    }

    fn problem(flags: &[(&str, &str)]) -> String {
        read(flags, &NONE).unwrap_err().to_string()
    }

    #[test]
    fn without_a_monitor_it_says_what_to_do() {
        let problem = problem(&[]);
        assert!(problem.contains("SAGEBELL_API") && problem.contains("--wait poll"), "{problem}");
    }

    #[test]
    fn an_empty_flag_counts_as_absent_and_a_given_one_wins() {
        let env = One("SAGEBELL_API", "http://env/");
        let api = |flags: &[(&str, &str)]| match read(flags, &env).unwrap().wait {
            WaitMode::Callback { api, .. } => api.to_string(),
            WaitMode::Poll(..) => String::new(),
        };
        assert_eq!(api(&[("api", "")]), "http://env/");
        assert_eq!(api(&[("api", "http://flag/")]), "http://flag/");
    }

    #[test]
    fn all_that_is_wrong_is_told_at_once_by_name() {
        let problem = problem(&[
            ("wait", "poll"),
            ("max-wait", "soon"),
            ("logs", "some"),
            ("on-abandon", "?"),
            ("name-prefix", "-x"),
            ("lease-seconds", "1"),
        ]);
        for name in ["--max-wait", "--logs", "--on-abandon", "--name-prefix", "--lease-seconds"] {
            assert!(problem.contains(name), "{name}: {problem}");
        }
    }

    #[test]
    fn a_step_of_a_pipeline_keeps_who_it_is_and_others_are_alone() {
        let poll = ("wait", "poll");
        let of = |flags: &[(&str, &str)]| read(flags, &NONE).unwrap().task;
        assert_eq!(of(&[poll, ("run", "r"), ("task", "t")]), Task::of_pipeline("r", "t", None));
        assert_eq!(of(&[poll, ("run", "r")]), Task::alone("unique"));
    }
}
