use serde_json::json;

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
    Options::from(&flags.collect(), None, env, "unique")
}

fn problem(flags: &[(&str, &str)]) -> String {
    read(flags, &NONE).unwrap_err().to_string()
}

#[test]
fn the_monitors_address_may_be_left_to_the_account() {
    let api = |flags| match read(flags, &NONE).unwrap().wait {
        WaitMode::Monitor { api, .. } => api,
        WaitMode::Poll(..) => panic!("it polls"),
    };
    assert_eq!(api(&[]), None);
    assert!(
        problem(&[("api", "ftp://x")])
            .contains("--api (input `sagebell_api`, variable SAGEBELL_API)")
    );
}

#[test]
fn an_empty_flag_counts_as_absent_and_a_given_one_wins() {
    let env = One("SAGEBELL_API", "http://env/");
    let api = |flags: &[(&str, &str)]| match read(flags, &env).unwrap().wait {
        WaitMode::Monitor { api, .. } => api.unwrap().to_string(),
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
        ("on-failure", "ignore"),
        ("name-prefix", "-x"),
        ("lease-seconds", "1"),
    ]);
    let names = ["max-wait", "logs", "on-abandon", "on-failure", "name-prefix", "lease-seconds"];
    for name in names.map(|name| format!("--{name} (")) {
        assert!(problem.contains(&name), "{name}: {problem}");
    }
}

#[test]
fn a_step_of_a_pipeline_keeps_who_it_is_and_others_are_alone() {
    let poll = ("wait", "poll");
    let of = |flags: &[(&str, &str)]| read(flags, &NONE).unwrap().task;
    assert_eq!(of(&[poll, ("run", "r"), ("task", "t")]), Task::of_pipeline("r", "t"));
    assert_eq!(of(&[poll, ("run", "r")]), Task::alone("unique"));
}

#[test]
fn a_step_of_kfp_is_known_by_its_artifacts_and_writes_them_where_they_are_taken() {
    let uri = "s3://b/pipe/run-1/train/salt/metrics";
    let executor = json!({"outputs": {"artifacts": {"metrics": {"artifacts": [{"uri": uri}]}}}});
    let executor = ExecutorInput::parse(&executor.to_string()).unwrap();
    let options = Options::from(&BTreeMap::new(), Some(&executor), &NONE, "unique").unwrap();
    assert_eq!(options.task, Task::of_pipeline("run-1", "train/salt"));
    let metrics = PathBuf::from("/s3/b/pipe/run-1/train/salt/metrics");
    assert_eq!(options.artifacts, BTreeMap::from([("metrics".to_owned(), metrics)]));
    let wait = WaitMode::Monitor { api: None, channel: StepChannel::Connection };
    assert_eq!(options.wait, wait);
    let flags = BTreeMap::from([("channel".to_owned(), "callback".to_owned())]);
    let options = Options::from(&flags, Some(&executor), &NONE, "unique").unwrap();
    let channel = StepChannel::Callback { host: None, port: PORT_UNDER_KFP };
    assert_eq!(options.wait, WaitMode::Monitor { api: None, channel });
}

#[test]
fn the_channel_is_a_connection_unless_another_is_asked_for_in_old_words_or_new() {
    let channel = |flags: &[(&str, &str)]| match read(flags, &NONE).unwrap().wait {
        WaitMode::Monitor { channel, .. } => Some(channel),
        WaitMode::Poll(..) => None,
    };
    let callback = Some(StepChannel::Callback { host: None, port: 0 });
    assert_eq!(channel(&[]), Some(StepChannel::Connection));
    assert_eq!(channel(&[("wait", "monitor")]), Some(StepChannel::Connection));
    assert_eq!(channel(&[("wait", "callback")]), callback);
    assert_eq!(channel(&[("channel", "callback")]), callback);
    assert_eq!(channel(&[("channel", "none")]), Some(StepChannel::None));
    let both = [("wait", "callback"), ("channel", "connection")];
    assert_eq!(channel(&both), Some(StepChannel::Connection));
    assert_eq!(channel(&[("wait", "poll"), ("channel", "none")]), None);
    assert!(problem(&[("channel", "pigeon")]).contains("input `sagebell_channel`"));
}

#[test]
fn the_page_has_every_option_of_a_step() {
    let page = include_str!("../../../../docs/step.md");
    let rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `--")).collect();
    for option in &common().options {
        let names = format!("`--{}`, `{}`", option.flag, variable(&option.flag));
        assert!(rows.iter().any(|row| row.contains(&names)), "docs/step.md: no {names}");
    }
    // Its host and its port share a row.
    assert_eq!(rows.len(), common().options.len() + 1);
}
