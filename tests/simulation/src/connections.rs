//! Connections as both sides hold them: who opened which, whether the gateway has it open, and
//! whether anything passes through it.

use std::collections::BTreeMap;
use std::task::Waker;

use sagebell_monitor::wait::ConnectionId;

use crate::executor::Millis;
use crate::teams::Who;

/// How long API Gateway keeps a connection: two hours (Developer Guide, "Quotas for configuring and
/// running a WebSocket API").
pub const CONNECTION_LIFE: Millis = 7_200_000;

/// Where the signals for one process come in.
pub type Mailbox = usize;

/// A connection.
#[derive(Debug)]
struct Connection {
    who: Who,
    mailbox: Mailbox,
    /// The gateway has it open.
    is_open: bool,
    /// What one side says comes to the other.
    is_alive: bool,
    /// Its waiter knows that it is lost, or has left it.
    is_over: bool,
}

/// What has come in for a process.
#[derive(Debug, Default)]
struct Inbox {
    has_end: bool,
    waker: Option<Waker>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Connections {
    held: BTreeMap<ConnectionId, Connection>,
    inboxes: Vec<Inbox>,
}

impl Connections {
    /// A process begins.
    pub fn begin(&mut self) -> Mailbox {
        self.inboxes.push(Inbox::default());
        self.inboxes.len() - 1
    }

    /// The gateway opens a connection of this process.
    pub fn open(&mut self, who: Who, mailbox: Mailbox) -> ConnectionId {
        let id = ConnectionId::parse(&format!("c{:04}", self.held.len())).unwrap();
        let opened = Connection { who, mailbox, is_open: true, is_alive: true, is_over: false };
        self.held.insert(id.clone(), opened);
        id
    }

    /// Who opened it.
    #[must_use]
    pub fn opener(&self, id: &ConnectionId) -> Option<Who> {
        self.held.get(id).map(|one| one.who)
    }

    /// The last one that this one opened.
    #[must_use]
    pub fn last_of(&self, who: Who) -> Option<ConnectionId> {
        self.held.iter().rfind(|(_, one)| one.who == who).map(|(id, _)| id.clone())
    }

    /// Whether the gateway has it open.
    #[must_use]
    pub fn is_open(&self, id: &ConnectionId) -> bool {
        self.held.get(id).is_some_and(|one| one.is_open)
    }

    /// Whether both sides have it open, and hear each other.
    #[must_use]
    pub fn is_through(&self, id: &ConnectionId) -> bool {
        self.held.get(id).is_some_and(|one| one.is_open && one.is_alive && !one.is_over)
    }

    /// The gateway closes it. Returns whether it was open.
    pub fn close(&mut self, id: &ConnectionId) -> bool {
        self.held.get_mut(id).is_some_and(|one| std::mem::take(&mut one.is_open))
    }

    /// Nothing passes through it any more.
    pub fn die(&mut self, id: &ConnectionId) {
        self.held.get_mut(id).into_iter().for_each(|one| one.is_alive = false);
    }

    /// Its waiter learns that it is lost.
    pub fn lose(&mut self, id: &ConnectionId) {
        let Some(lost) = self.held.get_mut(id) else { return };
        lost.is_over = true;
        self.inboxes[lost.mailbox].wake();
    }

    /// A signal comes in through it; `has_end`: about the end of the job.
    pub fn receive(&mut self, id: &ConnectionId, has_end: bool) {
        let inbox = &mut self.inboxes[self.held[id].mailbox];
        inbox.has_end |= has_end;
        inbox.wake();
    }

    /// Whether the end has come in; else wakes whoever asks when something happens.
    pub fn has_end(&mut self, mailbox: Mailbox, waker: &Waker) -> bool {
        let inbox = &mut self.inboxes[mailbox];
        inbox.waker = Some(waker.clone());
        inbox.has_end
    }

    /// Whether the waiter knows that this one is lost; else as above.
    pub fn is_lost(&mut self, id: &ConnectionId, waker: &Waker) -> bool {
        let one = &self.held[id];
        self.inboxes[one.mailbox].waker = Some(waker.clone());
        one.is_over
    }
}

impl Inbox {
    fn wake(&mut self) {
        self.waker.take().into_iter().for_each(Waker::wake);
    }
}
