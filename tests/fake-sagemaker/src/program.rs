//! The `fake-sagemaker` command: what its `main` does, for each program that holds the command.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use sagebell_system::say;
use url::Url;

use crate::{DEFAULT_ACCOUNT, Fake, Options, Target};

/// The exit code of a fake that could not start.
const COULD_NOT: u8 = 2;

/// A SageMaker to test against. Prints `listening on URL` once it is up.
#[derive(Debug, Parser)]
#[command(name = "fake-sagemaker", version)]
struct Args {
    /// Where to listen; port 0 is any free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// The account in ARNs.
    #[arg(long, default_value = DEFAULT_ACCOUNT)]
    account: String,
    /// Milliseconds between the stages of a life that no script gives.
    #[arg(long, default_value_t = 200)]
    step_millis: u64,
    /// An EventBridge endpoint that events are put to, unsigned.
    #[arg(long, value_name = "URL")]
    events_endpoint: Option<Url>,
    /// The event bus at that endpoint.
    #[arg(long, default_value = "default")]
    bus: String,
    /// A URL that each event is posted to.
    #[arg(long, value_name = "URL")]
    events_post: Option<Url>,
    /// Lists tell ARNs in lower case, as SageMaker's do.
    #[arg(long)]
    lists_in_lower_case: bool,
    /// End when standard input does, so that the fake does not outlive the program that started it.
    #[arg(long)]
    until_eof: bool,
    /// The source that events name.
    #[arg(long, default_value = "aws.sagemaker")]
    events_source: String,
}

/// Runs the fake until it is asked to stop; the first of the words is the name of the program.
#[tokio::main]
pub async fn run(words: impl Iterator<Item = OsString>) -> ExitCode {
    sagebell_system::log_for_people();
    match serve(Args::parse_from(words)).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::err(format_args!("fake-sagemaker: {error}"));
            ExitCode::from(COULD_NOT)
        }
    }
}

async fn serve(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    // Before anyone can know that it is up.
    let asked = asked_to_stop()?;
    let bus = args.bus;
    let put = args.events_endpoint.map(|endpoint| Target::PutEvents { endpoint, bus });
    let post = args.events_post.map(|url| Target::Post { url });
    let fake = Fake::start(Options {
        listen: args.listen,
        account: args.account,
        step: Duration::from_millis(args.step_millis),
        events: put.into_iter().chain(post).collect(),
        events_source: args.events_source,
        lists_in_lower_case: args.lists_in_lower_case,
        ..Options::default()
    })
    .await?;
    say::out(format_args!("listening on {}", fake.url()));
    tokio::select! {
        () = asked => {}
        () = end_of_input(), if args.until_eof => {}
    }
    fake.stop().await;
    Ok(())
}

/// Standard input has ended, or cannot be read.
async fn end_of_input() {
    let (ended, end) = tokio::sync::oneshot::channel();
    // A thread of its own: tokio waits for its own blocking reads when it stops.
    std::thread::spawn(move || {
        let copied = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        ended.send(copied)
    });
    drop(end.await);
}

/// Ctrl-C and SIGTERM, caught from this call on.
#[cfg(unix)]
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ctrl-C.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "as on Unix, where it can fail")]
fn asked_to_stop() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
