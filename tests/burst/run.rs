//! One run: its waits are registered, its jobs settle, and what the waiters received is counted.

use std::collections::BTreeMap;
use std::time::Duration;

use sagebell_monitor::arn::JobArn;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::Channel;
use crate::connections::{self, Held};
use crate::events::{arn, settle};
use crate::received::Received;
use crate::receiver::Receiver;
use crate::stack::Stack;
use crate::statistics::{percentile, rounded};

/// Longest silence before the burst counts as over.
const SILENCE: Duration = Duration::from_secs(30);
/// Jobs with one waiter each that settle before the burst, one after the other.
const BEFORE: usize = 101;
/// The same in the middle of the burst.
const MIDDLE: usize = 1;
/// A duplicate would come within a sweep or two of the last signal.
const AFTERMATH: Duration = Duration::from_secs(12);

/// What to run.
pub(crate) struct Plan {
    pub(crate) jobs: usize,
    pub(crate) waits_each: usize,
    pub(crate) channel: Channel,
    /// The most connections. Without it: as many as waits.
    pub(crate) connections: Option<usize>,
}

/// What came of it. Times in milliseconds, each list sorted.
pub(crate) struct Outcome {
    pub(crate) plan: Plan,
    held: Option<Held>,
    took: Duration,
    burst: Vec<f64>,
    before: Vec<f64>,
    middle: Vec<f64>,
    doubled: u64,
    refused: u64,
    memory_mib: Value,
    cpu_time: Option<Duration>,
}

impl Plan {
    /// The waits of the burst.
    fn burst(&self) -> usize {
        self.jobs * self.waits_each
    }

    /// Every wait: those of the burst, those before it, and those in the middle.
    fn all(&self) -> usize {
        self.burst() + BEFORE + MIDDLE
    }

    /// Every wait and its job.
    fn waits(&self) -> Vec<(usize, JobArn)> {
        (0..self.all()).map(|wait| (wait, arn(self.job_of(wait)))).collect()
    }

    /// The job that a wait is on: those that are not of the burst have one each.
    fn job_of(&self, wait: usize) -> usize {
        match wait.checked_sub(self.burst()) {
            None => wait / self.waits_each,
            Some(other) => self.jobs + other,
        }
    }

    pub(crate) async fn run(self) -> Outcome {
        let stack = Stack::start().await;
        let received = Received::default();
        let memory_before = stack.memory("VmRSS:");
        let held = self.register(&stack, &received).await;
        let memory_held = stack.memory("VmRSS:");

        let mut sent = BTreeMap::new();
        for number in 1..=BEFORE {
            let job = self.jobs + number - 1;
            sent.extend(settle(&stack.client, job..job + 1).await);
            received.wait_for(number, SILENCE).await;
        }
        let (start, cpu_before) = (Instant::now(), stack.cpu_time());
        sent.extend(settle(&stack.client, 0..self.jobs).await);
        let middle = self.jobs + BEFORE;
        sent.extend(settle(&stack.client, middle..middle + MIDDLE).await);
        received.wait_for(self.all(), SILENCE).await;
        let took = received.last_received().map_or(Duration::ZERO, |last| last - start);
        let cpu_time = stack.cpu_time().zip(cpu_before).map(|(after, before)| after - before);
        tokio::time::sleep(AFTERMATH).await;

        let [burst, before, middle] = self.latencies(&received, &sent);
        Outcome {
            held,
            took,
            burst,
            before,
            middle,
            doubled: received.doubled(),
            refused: received.refused(),
            memory_mib: json!({
                "before": memory_before, "waiting": memory_held, "peak": stack.memory("VmHWM:"),
            }),
            cpu_time,
            plan: self,
        }
    }

    async fn register(&self, stack: &Stack, received: &Received) -> Option<Held> {
        let (client, waits) = (&stack.client, self.waits());
        match self.channel {
            Channel::Callback => {
                let receiver = Receiver::start(received.clone()).await;
                receiver.register(client, waits).await;
                None
            }
            Channel::Connection => {
                let held = Held::for_waits(waits.len(), self.connections);
                connections::register(client, received, waits, &held).await;
                Some(held)
            }
        }
    }

    /// How long each wait of the burst, before it and in its middle was waiting for its signal.
    fn latencies(&self, received: &Received, sent: &BTreeMap<usize, Instant>) -> [Vec<f64>; 3] {
        let mut latencies = [Vec::new(), Vec::new(), Vec::new()];
        for (wait, at) in received.first_received() {
            let Some(sent) = sent.get(&self.job_of(wait)) else { continue };
            let [burst, before, middle] = &mut latencies;
            let list = match wait.checked_sub(self.burst()) {
                None => burst,
                Some(other) if other < BEFORE => before,
                Some(_) => middle,
            };
            list.push((at - *sent).as_secs_f64() * 1_000.0);
        }
        latencies.iter_mut().for_each(|list| list.sort_by(f64::total_cmp));
        latencies
    }
}

impl Outcome {
    fn missing(&self) -> usize {
        self.plan.all() - self.burst.len() - self.before.len() - self.middle.len()
    }

    /// Every waiter was told once, in the way that was agreed.
    pub(crate) fn is_flawless(&self) -> bool {
        self.missing() == 0 && self.doubled == 0 && self.refused == 0
    }

    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    pub(crate) fn size_and_seconds(&self) -> (f64, f64) {
        (self.plan.burst() as f64, self.took.as_secs_f64())
    }

    pub(crate) fn document(&self) -> Value {
        let (size, seconds) = self.size_and_seconds();
        let cpu_us = self.cpu_time.map(|time| (time.as_secs_f64() * 1e6 / size).round());
        let two = |list: &[f64]| {
            let [p50, p99] = [0.5, 0.99].map(|share| rounded(percentile(list, share), 2));
            json!({ "p50": p50, "p99": p99 })
        };
        json!({
            "jobs": self.plan.jobs,
            "waits": self.plan.burst(),
            "channel": self.plan.channel.as_str(),
            "connections": self.held.as_ref().map(Held::document),
            "signalled": self.burst.len(),
            "missing": self.missing(),
            "doubled": self.doubled,
            "refused_signatures": self.refused,
            "seconds": rounded(seconds, 2),
            "signals_per_second": (self.burst.len() as f64 / seconds).round(),
            "latency_ms": two(&self.burst),
            "another_job_ms": { "before": two(&self.before), "in_the_middle": self.middle.first().map(|ms| rounded(*ms, 2)) },
            "poll_30s_ms": { "p50": 15_000, "p99": 29_700 },
            "stack_cpu_us_per_signal": cpu_us,
            "stack_memory_mib": self.memory_mib,
        })
    }
}
