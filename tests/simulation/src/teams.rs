//! Who calls the API: teams, and those of their members that a history knows.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use sagebell_monitor::principal::Principal;
use sagebell_monitor::wait::Wait;
use sagebell_monitor::wait_registry::Stop;

use crate::lock;
use crate::world::World;

/// A team, with a role of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Team {
    /// Creates the jobs and tags them with its name.
    Pipeline,
    /// Waits for them as well.
    Guest,
    /// Has heard of them, and tries what it can.
    Stranger,
}

impl Team {
    /// Its name, as the API knows it.
    #[must_use]
    pub fn principal(self) -> Principal {
        let role = match self {
            Self::Pipeline => "pipeline",
            Self::Guest => "guest",
            Self::Stranger => "stranger",
        };
        Principal(format!("111122223333:role/{role}"))
    }
}

/// Somebody who calls the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    /// This task.
    Task(usize),
    /// The stranger who calls its wait as this task does.
    Stranger(usize),
}

impl Who {
    /// The task whose wait's name it uses.
    #[must_use]
    pub fn task(self) -> usize {
        match self {
            Self::Task(task) | Self::Stranger(task) => task,
        }
    }

    /// The name under which it may call the API.
    #[must_use]
    pub fn principal(self, world: &World) -> Principal {
        match self {
            Self::Task(task) => world.plan.tasks[task].team.principal(),
            Self::Stranger(_) => Team::Stranger.principal(),
        }
    }

    /// Whose wait this is, by the names that it bears.
    #[must_use]
    pub fn of(world: &World, wait: &Wait) -> Self {
        let task = world.plan.tasks.iter().position(|task| task.wait_id == wait.id).unwrap();
        let own = wait.owner == Self::Task(task).principal(world);
        if own { Self::Task(task) } else { Self::Stranger(task) }
    }
}

/// One call of the API.
#[derive(Debug, Clone, Copy)]
pub struct Ask {
    /// Who calls.
    pub who: Who,
    /// Whether a job is to be stopped.
    pub stop: Stop,
}

/// An invocation of the API, during which [`World::asks`] says whose call it answers.
pub struct Asked<F> {
    inner: Pin<Box<F>>,
    world: Arc<World>,
    ask: Ask,
}

impl<F> Asked<F> {
    /// Wraps an invocation.
    pub fn new(world: Arc<World>, ask: Ask, inner: F) -> Self {
        Self { inner: Box::pin(inner), world, ask }
    }
}

impl<F: Future> Future for Asked<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        *lock(&self.world.asks) = Some(self.ask);
        let poll = self.inner.as_mut().poll(cx);
        *lock(&self.world.asks) = None;
        poll
    }
}
