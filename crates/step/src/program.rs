//! The `sagebell-step` command: what its `main` does, for each program that holds the command.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sagebell_system::{ProcessEnv, log_for_people, say};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;

use crate::args::{self, UsageError};
use crate::aws::Aws;
use crate::component::Component;
use crate::options::{FLAGS, Options};
use crate::run::Step;
use crate::{kfp, registry, roles};

/// Exit codes: what argparse ends with, a failed step, and one that was terminated
/// (128 and SIGTERM's number, as shells count).
const USAGE: u8 = 2;
const FAILED: u8 = 1;
const TERMINATED: u8 = 143;

/// Runs the component that the words after the name of the program ask for.
#[tokio::main(flavor = "current_thread")]
pub async fn run(words: impl Iterator<Item = String>) -> ExitCode {
    log_for_people();
    let words: Vec<String> = words.skip(1).collect();
    let Some((name, words)) = words.split_first() else {
        return complain(&format!("which component?\n{}", registry::list()), USAGE);
    };
    let Some(component) = registry::find(name) else {
        return complain(&format!("no component `{name}`\n{}", registry::list()), USAGE);
    };
    match args::parse(component.definition(), &FLAGS, words) {
        Ok(parsed) => go(&*component, &parsed).await,
        Err(UsageError::Help { text }) => {
            say::show(text);
            ExitCode::SUCCESS
        }
        Err(error) => complain(&error.to_string(), USAGE),
    }
}

async fn go(component: &dyn Component, parsed: &args::Parsed) -> ExitCode {
    let unique = uuid::Uuid::new_v4().to_string();
    // What a component has for a default is as if it were given, unless another is.
    let mut flags = component.definition().options.clone();
    flags.extend(parsed.own.clone().into_iter().filter(|(_, text)| !kfp::is_absent(text)));
    let executor = parsed.executor.as_ref();
    let options = match Options::from(&flags, executor, &ProcessEnv, &unique) {
        Ok(options) => options,
        Err(error) => return complain(&error.to_string(), USAGE),
    };
    let terminated = Arc::new(Termination::default());
    if let Err(error) = listen_for_termination(&terminated) {
        return complain(&format!("no signal handler: {error}"), FAILED);
    }
    let aws = Aws::of(&parsed.inputs).await;
    let inputs = match roles::resolved(component.definition(), &parsed.inputs, &aws.sdk).await {
        Ok(inputs) => inputs,
        Err(error) => return complain(&error.to_string(), FAILED),
    };
    let step = Step {
        component,
        inputs: &inputs,
        options: &options,
        output_paths: &parsed.output_paths,
        executor,
        api: aws.sagemaker(&inputs, options.max_wait),
        sdk: &aws.sdk,
        clock: Arc::new(aws.clock.clone()),
        terminated: &terminated.request,
        is_terminated: &terminated.came,
    };
    match step.run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => ExitCode::from(if error.is_termination() { TERMINATED } else { FAILED }),
    }
}

/// SIGTERM: that it came, and who wants to know at once.
#[derive(Default)]
struct Termination {
    request: Notify,
    came: AtomicBool,
}

fn listen_for_termination(terminated: &Arc<Termination>) -> std::io::Result<()> {
    let mut signals = signal(SignalKind::terminate())?;
    let terminated = Arc::clone(terminated);
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            terminated.came.store(true, Ordering::Relaxed);
            terminated.request.notify_one();
        }
    });
    Ok(())
}

fn complain(what: &str, code: u8) -> ExitCode {
    say::err(format_args!("sagebell-step: {what}"));
    ExitCode::from(code)
}
