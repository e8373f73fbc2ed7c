//! `kill -9` of `sagebell local` at any point of the demo's script, then a
//! restart: every wait is still told how its job ended, through a new connection or by a callback.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sagebell::demo::lives::{self, Life};
use sagebell_api_types::query::JobsQuery;
use sagebell_client::client::Client;
use sagebell_client::{ChannelChoice, Terms, WaitEvent, Waiting};
use sagebell_monitor::phase::Phase;
use sagebell_monitor::ports::JobFilter;
use sagebell_monitor::wait::{OnAbandon, WaitId};
use sagebell_system::SystemClock;
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

/// Stacks at a time.
const AT_ONCE: usize = 6;
/// Not a measure: only to end a test that would hang.
const PATIENCE: Duration = Duration::from_secs(120);

struct Stack {
    process: Child,
    store: PathBuf,
    port: u16,
    client: Client,
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Stack {
    async fn start(store: PathBuf) -> Self {
        let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        drop(socket);
        let base = Url::parse(&format!("http://127.0.0.1:{port}")).unwrap();
        let process = spawn(&store, port);
        let mut stack = Self { process, store, port, client: Client::new(base).unwrap() };
        stack.up().await;
        stack
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    async fn restart(&mut self) {
        self.process = spawn(&self.store, self.port);
        self.up().await;
    }

    /// Waits until it answers. While it is down its port is free: somebody else's connection may
    /// have it for a moment, and a process that cannot listen ends.
    async fn up(&mut self) {
        let one = JobsQuery { filter: JobFilter::default(), cursor: None, limit: Some(1) };
        while self.client.list_jobs(&one).await.is_err() {
            if self.process.try_wait().unwrap().is_some() {
                self.process = spawn(&self.store, self.port);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Puts an event as EventBridge delivers it: until it is taken.
    async fn put(&self, event: &Value) {
        while self.client.put_events(std::slice::from_ref(event)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn spawn(store: &PathBuf, port: u16) -> Child {
    Command::new(env!("CARGO_BIN_EXE_sagebell"))
        .args([
            "local",
            "--sweep-seconds",
            "1",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--store",
        ])
        .arg(store)
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// The script as one list, in the order of its times.
fn script(lives: &[Life]) -> Vec<Value> {
    let mut timed = Vec::new();
    for life in lives {
        let mut at = Duration::ZERO;
        for step in &life.steps {
            at += step.pause;
            timed.push((at, step.event.clone()));
        }
    }
    timed.sort_by_key(|(at, _)| *at);
    timed.into_iter().map(|(_, event)| event).collect()
}

/// When the process dies.
#[derive(Clone, Copy, Debug)]
enum Death {
    /// With everything before this event acknowledged.
    Before(usize),
    /// While this event is on its way.
    During(usize),
}

/// A registered wait.
async fn register(client: &Client, life: &Life, channel: ChannelChoice) -> Waiting {
    let id = WaitId::parse(life.title).unwrap();
    let channel = channel.open(client, id, Arc::new(SystemClock)).await.unwrap();
    let terms = Terms {
        signal_on: life.signal_on,
        on_abandon: OnAbandon::Keep,
        lease_seconds: 600,
        deadline: None,
        not_before: None,
        labels: BTreeMap::new(),
    };
    let mut waiting = Waiting::new(client.clone(), channel, life.arn.clone(), terms);
    assert!(matches!(waiting.next().await.unwrap(), WaitEvent::Job(_)));
    waiting
}

/// How the job ended, as the waiter is told.
async fn end(mut waiting: Waiting) -> Phase {
    loop {
        if let WaitEvent::Job(job) = waiting.next().await.unwrap()
            && job.phase.is_settled()
        {
            return job.phase;
        }
    }
}

async fn play(death: Death) -> Vec<(Life, Phase)> {
    let folder = tempfile::tempdir().unwrap();
    let mut stack = Stack::start(folder.path().join("kill.db")).await;
    let mut receiving = Vec::new();
    let callback = ChannelChoice::Callback(([127, 0, 0, 1], 0).into());
    let channels = [ChannelChoice::Connection, callback].into_iter().cycle();
    for (life, channel) in lives::all().unwrap().into_iter().zip(channels) {
        let waiting = register(&stack.client, &life, channel).await;
        receiving.push((life, tokio::spawn(end(waiting))));
    }
    let lives: Vec<Life> = receiving.iter().map(|(life, _)| life.clone()).collect();
    for (place, event) in script(&lives).iter().enumerate() {
        match death {
            Death::Before(at) if at == place => {
                stack.kill();
                stack.restart().await;
            }
            Death::During(at) if at == place => {
                let (client, event) = (stack.client.clone(), event.clone());
                let sending = tokio::spawn(async move { client.put_events(&[event]).await });
                tokio::task::yield_now().await;
                stack.kill();
                // Taken or not: EventBridge would not know either.
                let _ = sending.await.unwrap();
                stack.restart().await;
            }
            Death::Before(_) | Death::During(_) => {}
        }
        stack.put(event).await;
    }
    if matches!(death, Death::Before(at) if at == script(&lives).len()) {
        stack.kill();
        stack.restart().await;
    }
    let mut received = Vec::new();
    for (life, receiving) in receiving {
        received.push((life, receiving.await.unwrap()));
    }
    received
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_wait_is_told_whenever_the_process_dies() {
    let steps = script(&lives::all().unwrap()).len();
    let deaths = (0..=steps).map(Death::Before).chain((0..steps).map(Death::During));
    let permits = Arc::new(Semaphore::new(AT_ONCE));
    let mut playing = tokio::task::JoinSet::new();
    for death in deaths {
        let permits = Arc::clone(&permits);
        playing.spawn(async move {
            let _permit = permits.acquire_owned().await.unwrap();
            let played = tokio::time::timeout(PATIENCE, play(death)).await;
            (death, played.expect("a history that hangs"))
        });
    }
    while let Some(played) = playing.join_next().await {
        let (death, received) = played.unwrap();
        for (life, received) in received {
            assert_eq!(received, life.expected, "{death:?}: {}", life.title);
        }
    }
}
