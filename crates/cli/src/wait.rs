//! `sagebell wait`: register, listen, renew, tell, and take the job's outcome
//! for an exit code.

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use bootstrap::SystemClock;
use jiff::Timestamp;
use monitor::arn::JobArn;
use monitor::job::Job;
use monitor::phase::SettledPhase;
use monitor::policy::Policy;
use monitor::ports::Clock;
use monitor::wait::{Secret, WaitId};
use rand::RngCore as _;
use serde_json::{Value, json};
use webhook::{CALLBACK_PATH, Listener};

use crate::args::WaitArgs;
use crate::client::{Client, ClientError, WaitAnswer};
use crate::jobs::{colored, status};
use crate::output::{Output, print_json};

/// How long the wait lives if this process dies.
const LEASE_SECONDS: u32 = 120;
/// The pause between renewals, a third of the lease: two may be lost.
const RENEW_EVERY: Duration = Duration::from_secs(40);
/// Bytes in a secret made here (Standard Webhooks: 24 to 64).
const SECRET_BYTES: usize = 32;
/// How often the first call is made again: with their pauses, of 1, 2, 5, 15 and
/// 30 seconds, for most of a minute.
const RETRIES: u32 = 5;
/// Exit codes.
const NOT_SUCCEEDED: u8 = 1;
const GAVE_UP: u8 = 3;

/// A secret for one wait, and a name that nobody else chose.
///
/// # Errors
/// None: 32 bytes are a secret.
pub fn new_secret() -> Result<Secret, monitor::wait::InvalidText> {
    let mut bytes = [0; SECRET_BYTES];
    rand::rng().fill_bytes(&mut bytes);
    Secret::from_bytes(&bytes)
}

/// Why there was no waiting.
#[derive(Debug, thiserror::Error)]
pub enum WaitError {
    /// The listener's address could not be had.
    #[error("can't listen on {address}: {source}; choose another with --listen")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: std::io::Error,
    },
    /// The monitor did not answer, or refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The wait ended without its job having settled.
    #[error("the wait is {0}: somebody else ended it")]
    Ended(String),
}

/// A registered wait with its ear to the ground.
struct Waiter {
    client: Client,
    arn: JobArn,
    id: String,
    request: Value,
    listener: Listener,
    output: Output,
}

/// Whether a renewal that failed so leaves the wait as it was.
fn is_outage(error: &ClientError) -> bool {
    matches!(error, ClientError::Unreachable { .. }) || error.may_pass()
}

/// How waiting ended.
enum Outcome {
    Settled(SettledPhase),
    GaveUp,
    Interrupted,
}

/// Waits for one job.
///
/// # Errors
/// [`WaitError`] says why there was no waiting.
pub async fn run(args: WaitArgs) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let clock = Arc::new(SystemClock);
    let max_wait = Duration::try_from(args.max_wait).unwrap_or_default();
    let deadline = monitor::wait::later(clock.now(), max_wait);
    let mut waiter = Waiter::new(&args, clock, deadline).await?;
    let outcome = tokio::select! {
        outcome = waiter.wait() => outcome?,
        () = tokio::time::sleep(max_wait) => Outcome::GaveUp,
        _ = tokio::signal::ctrl_c() => Outcome::Interrupted,
    };
    waiter.leave(&outcome).await;
    Ok(match outcome {
        Outcome::Settled(SettledPhase::Succeeded) => ExitCode::SUCCESS,
        Outcome::Settled(_) => ExitCode::from(NOT_SUCCEEDED),
        Outcome::GaveUp | Outcome::Interrupted => ExitCode::from(GAVE_UP),
    })
}

impl Waiter {
    async fn new(
        args: &WaitArgs,
        clock: Arc<dyn Clock>,
        deadline: Timestamp,
    ) -> Result<Self, Box<dyn std::error::Error>> {
        let id = match &args.id {
            Some(id) => id.clone(),
            None => WaitId::parse(&format!("cli-{}", uuid::Uuid::new_v4()))?,
        };
        let secret = new_secret()?;
        let listen = |source| WaitError::Listen { address: args.listen, source };
        let bound = Listener::bind(args.listen, secret.clone(), id.clone(), clock).await;
        let listener = bound.map_err(listen)?;
        let request = json!({
            "callback_url": format!("http://{}{CALLBACK_PATH}", listener.local_addr()),
            "secret": secret.expose(),
            "hear": args.hear,
            "on_abandon": args.on_abandon,
            "lease_seconds": LEASE_SECONDS,
            "deadline": deadline,
        });
        Ok(Self {
            client: Client::new(args.api.api.clone())?,
            arn: args.arn.clone(),
            id: id.to_string(),
            request,
            listener,
            output: args.api.output,
        })
    }

    /// Until the job is settled, by whichever comes first: a callback, or the
    /// answer to a renewal, which makes a lost callback cost a minute.
    async fn wait(&mut self) -> Result<Outcome, Box<dyn std::error::Error>> {
        let mut job = self.register().await?.job;
        self.tell(&job)?;
        let mut renewal = tokio::time::interval(RENEW_EVERY);
        renewal.tick().await;
        loop {
            if let Some(settled) = job.phase.settled() {
                return Ok(Outcome::Settled(settled));
            }
            let heard = tokio::select! {
                Some(signal) = self.listener.next() => signal.data.job,
                _ = renewal.tick() => match self.renew().await {
                    Ok(answer) => answer.job,
                    // The callback may still come; the next renewal tries again.
                    Err(WaitError::Client(error)) if is_outage(&error) => {
                        eprintln!("sagebell: {error}");
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                },
            };
            if heard != job {
                self.tell(&heard)?;
                job = heard;
            }
        }
    }

    /// The first call, which is made again if its failure may pass: nothing
    /// waits yet that a later renewal could save.
    async fn register(&self) -> Result<WaitAnswer, WaitError> {
        let mut retries = 0;
        loop {
            match self.renew().await {
                Err(WaitError::Client(error)) if error.may_pass() && retries < RETRIES => {
                    eprintln!("sagebell: {error}");
                    retries += 1;
                    tokio::time::sleep(Policy::retry_pause(retries, rand::random())).await;
                }
                other => return other,
            }
        }
    }

    async fn renew(&self) -> Result<WaitAnswer, WaitError> {
        let answer = self.client.put_wait(&self.arn, &self.id, &self.request).await?;
        match answer.state() {
            "waiting" | "signalled" => Ok(answer),
            other => Err(WaitError::Ended(other.to_owned())),
        }
    }

    fn tell(&self, job: &Job) -> serde_json::Result<()> {
        if self.output == Output::Json {
            return print_json(job);
        }
        let reason = job.failure_reason.as_ref().map(|why| format!("\n  {why}"));
        println!(
            "{} {} {}{}",
            colored(job.phase),
            job.name,
            status(job),
            reason.unwrap_or_default()
        );
        Ok(())
    }

    /// Takes the wait back if the job goes on without it.
    async fn leave(self, outcome: &Outcome) {
        let why = match outcome {
            Outcome::Settled(_) => None,
            Outcome::GaveUp => Some("gave up after --max-wait"),
            Outcome::Interrupted => Some("interrupted"),
        };
        if let Some(why) = why {
            eprintln!("sagebell: {why}; the job goes on");
            if let Err(error) = self.client.cancel_wait(&self.arn, &self.id).await {
                eprintln!(
                    "sagebell: the wait could not be taken back, its lease will end it: {error}"
                );
            }
        }
        self.listener.shutdown().await;
    }
}
