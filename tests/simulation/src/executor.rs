//! Simulated time and the one thread that everything runs on.
//!
//! Promise: tasks and timers are polled in an order that depends on nothing but
//! what they did before, so the same program makes the same history.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

use crate::lock;

/// Milliseconds since the history began.
pub type Millis = u64;

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

struct Timer {
    at: Millis,
    number: u64,
    waker: Waker,
}

impl PartialEq for Timer {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Timer {}

impl PartialOrd for Timer {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timer {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

#[derive(Default)]
struct Shared {
    now: Millis,
    timers_created: u64,
    timers: BinaryHeap<Reverse<Timer>>,
    spawned: Vec<Task>,
    stopped: bool,
}

/// A handle on simulated time: reads it, waits in it, starts tasks in it.
#[derive(Clone, Default)]
pub struct Time(Arc<Mutex<Shared>>);

impl Time {
    /// The present.
    #[must_use]
    pub fn now(&self) -> Millis {
        lock(&self.0).now
    }

    /// Waits for so long; at least until everything that is ready now has run.
    #[must_use]
    pub fn sleep(&self, millis: Millis) -> Sleep {
        let until = self.now() + millis;
        Sleep { time: self.clone(), until, registered: None }
    }

    /// Starts a task.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        lock(&self.0).spawned.push(Box::pin(task));
    }

    /// Ends the history at this instant.
    pub fn stop(&self) {
        lock(&self.0).stopped = true;
    }
}

/// See [`Time::sleep`].
pub struct Sleep {
    time: Time,
    until: Millis,
    registered: Option<Waker>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let time = self.time.clone();
        let mut shared = lock(&time.0);
        if self.registered.is_some() && shared.now >= self.until {
            return Poll::Ready(());
        }
        if !self.registered.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            shared.timers_created += 1;
            let (number, waker) = (shared.timers_created, cx.waker().clone());
            self.registered = Some(waker.clone());
            shared.timers.push(Reverse(Timer { at: self.until, number, waker }));
        }
        Poll::Pending
    }
}

type Ready = Arc<Mutex<VecDeque<usize>>>;

struct TaskWaker {
    task: usize,
    ready: Ready,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        lock(&self.ready).push_back(self.task);
    }
}

/// Runs the tasks of one history.
#[derive(Default)]
pub struct Executor {
    time: Time,
    tasks: Vec<Option<Task>>,
    wakers: Vec<Waker>,
    ready: Ready,
}

impl Executor {
    /// The time that this executor moves.
    #[must_use]
    pub fn time(&self) -> Time {
        self.time.clone()
    }

    /// Runs until the history is stopped or nothing is left to do.
    pub fn run(&mut self) {
        loop {
            self.run_ready();
            let mut shared = lock(&self.time.0);
            if shared.stopped {
                return;
            }
            let Some(Reverse(timer)) = shared.timers.pop() else { return };
            shared.now = shared.now.max(timer.at);
            drop(shared);
            timer.waker.wake();
        }
    }

    fn run_ready(&mut self) {
        loop {
            self.adopt_spawned();
            let Some(id) = lock(&self.ready).pop_front() else { return };
            let mut context = Context::from_waker(&self.wakers[id]);
            let ended = self.tasks[id]
                .as_mut()
                .is_some_and(|task| task.as_mut().poll(&mut context).is_ready());
            if ended {
                self.tasks[id] = None;
            }
        }
    }

    fn adopt_spawned(&mut self) {
        let spawned = std::mem::take(&mut lock(&self.time.0).spawned);
        for task in spawned {
            let id = self.tasks.len();
            self.tasks.push(Some(task));
            let waker = TaskWaker { task: id, ready: Arc::clone(&self.ready) };
            self.wakers.push(Arc::new(waker).into());
            lock(&self.ready).push_back(id);
        }
    }
}

impl Drop for Executor {
    /// Tasks hold what holds their time: letting go of them frees it all.
    fn drop(&mut self) {
        self.tasks.clear();
        lock(&self.time.0).timers.clear();
        let spawned = std::mem::take(&mut lock(&self.time.0).spawned);
        drop(spawned);
    }
}

/// A future that dies at its `polls_left`-th await point, if it comes so far.
pub struct Mortal<F> {
    inner: Pin<Box<F>>,
    polls_left: Option<u32>,
}

/// It died.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Crashed;

impl<F> Mortal<F> {
    /// Wraps a future; `None` lets it live.
    pub fn new(inner: F, dies_at_await: Option<u32>) -> Self {
        Self { inner: Box::pin(inner), polls_left: dies_at_await }
    }
}

impl<F: Future> Future for Mortal<F> {
    type Output = Result<F::Output, Crashed>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.polls_left == Some(0) {
            return Poll::Ready(Err(Crashed));
        }
        self.polls_left = self.polls_left.map(|left| left - 1);
        self.inner.as_mut().poll(cx).map(Ok)
    }
}
