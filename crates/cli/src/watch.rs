//! `sagebell watch`: the jobs, as they change.
//!
//! Promise: however the command ends, the terminal is as it was before.

mod screen;

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use jiff::Timestamp;
use sagebell_client::{Client, ClientError};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::inert::one_line;
use sagebell_monitor::job::Job;
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::{Clock as _, JobFilter};
use sagebell_monitor::spoken::exact;
use sagebell_system::{SystemClock, say};
use tokio::sync::mpsc;

use crate::args::WatchArgs;
use crate::asked_to_stop::asked_to_stop;
use crate::jobs::{colored, list, status};
use crate::output::{Output, PrintError};
use screen::{Screen, View};

/// Jobs in view where there is no terminal, which has no rows.
const MOST: usize = 200;
/// Keys that wait to be read.
const KEYS: usize = 16;

/// Shows jobs until somebody ends it.
///
/// # Errors
/// If the monitor refuses the calls, or the terminal cannot be used.
pub async fn run(args: &WatchArgs) -> Result<ExitCode, Box<dyn Error>> {
    let client = Client::new(args.api.api.clone())?;
    let on_screen =
        args.api.output.is_for_people() && io::stdout().is_terminal() && io::stdin().is_terminal();
    tokio::select! {
        ended = show(&client, args), if on_screen => ended?,
        ended = tell(&client, args), if !on_screen => ended?,
        () = asked_to_stop() => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// The jobs that still run, then the others, each the latest first.
async fn look(client: &Client, filter: &JobFilter, most: usize) -> Result<Vec<Job>, ClientError> {
    let mut jobs = Vec::new();
    for settled in [false, true] {
        let asked = |phase: &Phase| filter.phases.is_empty() || filter.phases.contains(phase);
        let phases = Phase::ALL.into_iter().filter(|phase| phase.is_settled() == settled);
        let phases = phases.filter(asked).collect();
        let filter = JobFilter { phases, ..filter.clone() };
        if !filter.phases.is_empty() && jobs.len() < most {
            jobs.extend(list(client, filter, most - jobs.len()).await?.jobs);
        }
    }
    Ok(jobs)
}

fn pause(args: &WatchArgs) -> Duration {
    Duration::from_secs(args.seconds)
}

/// On a terminal: the screen, until `q` or Ctrl-C.
async fn show(client: &Client, args: &WatchArgs) -> Result<(), Box<dyn Error>> {
    let mut screen = Screen::enter()?;
    let mut keys = keys();
    let filter = args.filters.filter();
    let mut view = View { monitor: client.base().to_string(), ..View::default() };
    loop {
        match look(client, &filter, screen.rows()).await {
            Ok(jobs) => (view.jobs, view.trouble) = (jobs, None),
            Err(error) if error.is_final() => return Err(error.into()),
            Err(error) => view.trouble = Some(error.to_string()),
        }
        screen.draw(&view, SystemClock.now())?;
        let next = tokio::time::sleep(pause(args));
        tokio::pin!(next);
        loop {
            tokio::select! {
                () = &mut next => break,
                event = keys.recv() => match event {
                    None => return Ok(()),
                    Some(Event::Key(key)) if ends(&key) => return Ok(()),
                    Some(Event::Resize(..)) => screen.draw(&view, SystemClock.now())?,
                    Some(_) => {}
                }
            }
        }
    }
}

/// What is typed. The thread that reads it ends with the process.
fn keys() -> mpsc::Receiver<Event> {
    let (sender, keys) = mpsc::channel(KEYS);
    std::thread::spawn(move || {
        while let Ok(event) = crossterm::event::read() {
            if sender.blocking_send(event).is_err() {
                break;
            }
        }
    });
    keys
}

fn ends(key: &KeyEvent) -> bool {
    let is_control_c =
        key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
    is_control_c || matches!(key.code, KeyCode::Char('q') | KeyCode::Esc)
}

/// Elsewhere: a line for each change.
async fn tell(client: &Client, args: &WatchArgs) -> Result<(), Box<dyn Error>> {
    let filter = args.filters.filter();
    let mut known: HashMap<JobArn, Job> = HashMap::new();
    let mut was_told = false;
    loop {
        match look(client, &filter, MOST).await {
            Err(error) if error.is_final() => return Err(error.into()),
            Err(error) => {
                if !was_told {
                    say::err(format_args!("sagebell: {error}. The command asks again"));
                }
                was_told = true;
            }
            Ok(jobs) => {
                was_told = false;
                for job in jobs.iter().rev().filter(|job| known.get(&job.arn) != Some(job)) {
                    print(job, args.api.output, SystemClock.now())?;
                }
                known = jobs.into_iter().map(|job| (job.arn.clone(), job)).collect();
            }
        }
        tokio::time::sleep(pause(args)).await;
    }
}

fn print(job: &Job, output: Output, now: Timestamp) -> Result<(), PrintError> {
    output.print(job, || {
        let (phase, name) = (colored(job.phase), one_line(&job.name));
        say::show(format_args!("{} {phase} {} {name} {}", exact(now), job.kind, status(job)));
    })
}
