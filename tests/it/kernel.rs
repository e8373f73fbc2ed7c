//! The kernel of promise 1, model-checked: every interleaving of two waiters
//! registering, one job settling, and the recording and delivering of it, with
//! crashes and a lost event. In no state where nothing can happen any more is a
//! waiter left without having heard.
//!
//! The model keeps one step per store call, as `record.rs`, `wait_registry.rs` and
//! `deliver.rs` make them; what it leaves out (progress, leases, backoff) is the
//! simulation's.

use stateright::{Checker as _, Model, Property};

const WAITERS: usize = 2;

/// The rules under test; a test breaks one at a time.
#[derive(Clone, Copy)]
struct Rules {
    register_reads_after_its_write: bool,
    record_reads_after_its_write: bool,
    event_is_acknowledged_last: bool,
    sweep: bool,
    crashes: u8,
    losses: u8,
}

const SOUND: Rules = Rules {
    register_reads_after_its_write: true,
    record_reads_after_its_write: true,
    event_is_acknowledged_last: true,
    sweep: true,
    crashes: 1,
    losses: 1,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Row {
    Absent,
    Waiting,
    Claimed,
    Signalled,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Registering {
    NotYet,
    /// Half way: the job as it was read, if that came first.
    Half {
        saw_settled: bool,
    },
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Recording {
    Idle,
    Wrote,
    Read([bool; WAITERS]),
    Requested,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Delivering {
    Idle,
    Loaded,
    Claimed,
    Sent,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    settled: bool,
    event_queued: bool,
    recording: Recording,
    recorded: bool,
    rows: [Row; WAITERS],
    registering: [Registering; WAITERS],
    requests: [bool; WAITERS],
    delivering: [Delivering; WAITERS],
    received: [bool; WAITERS],
    crashes: u8,
    losses: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Settle,
    LoseEvent,
    Record,
    CrashRecording,
    Register(usize),
    CrashRegistering(usize),
    Deliver(usize),
    CrashDelivering(usize),
    SweepJob,
    SweepWait(usize),
}

impl Model for Rules {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            settled: false,
            event_queued: false,
            recording: Recording::Idle,
            recorded: false,
            rows: [Row::Absent; WAITERS],
            registering: [Registering::NotYet; WAITERS],
            requests: [false; WAITERS],
            delivering: [Delivering::Idle; WAITERS],
            received: [false; WAITERS],
            crashes: self.crashes,
            losses: self.losses,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        let busy = state.recording != Recording::Idle;
        let may_crash = state.crashes > 0;
        let mut offer = |possible: bool, action| {
            if possible {
                actions.push(action);
            }
        };
        offer(!state.settled, Action::Settle);
        offer(state.event_queued && !busy && state.losses > 0, Action::LoseEvent);
        offer(state.event_queued || busy, Action::Record);
        offer(busy && may_crash, Action::CrashRecording);
        let waits_for_news =
            state.rows.iter().any(|row| matches!(row, Row::Waiting | Row::Claimed));
        let unseen = state.settled && !state.recorded && !state.event_queued && !busy;
        offer(self.sweep && unseen && waits_for_news, Action::SweepJob);
        for waiter in 0..WAITERS {
            let (half, idle) = (
                matches!(state.registering[waiter], Registering::Half { .. }),
                state.delivering[waiter] == Delivering::Idle,
            );
            offer(state.registering[waiter] != Registering::Done, Action::Register(waiter));
            offer(half && may_crash, Action::CrashRegistering(waiter));
            offer(state.requests[waiter] || !idle, Action::Deliver(waiter));
            offer(!idle && may_crash, Action::CrashDelivering(waiter));
            let open = matches!(state.rows[waiter], Row::Waiting | Row::Claimed);
            let due = open && state.recorded && idle && !state.requests[waiter];
            offer(self.sweep && due, Action::SweepWait(waiter));
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Settle => (state.settled, state.event_queued) = (true, true),
            Action::LoseEvent => {
                state.event_queued = false;
                state.losses -= 1;
            }
            Action::Record => self.record(&mut state),
            Action::Register(waiter) => self.register(&mut state, waiter),
            Action::Deliver(waiter) => deliver(&mut state, waiter),
            Action::SweepJob => state.event_queued = true,
            Action::SweepWait(waiter) => {
                // The claim of a holder that died has run out by then.
                state.rows[waiter] = Row::Waiting;
                state.requests[waiter] = true;
            }
            Action::CrashRecording => {
                state.recording = Recording::Idle;
                state.crashes -= 1;
            }
            // The waiter has no answer: it calls again.
            Action::CrashRegistering(waiter) => {
                state.registering[waiter] = Registering::NotYet;
                state.crashes -= 1;
            }
            // The signal request was not acknowledged: it shows again.
            Action::CrashDelivering(waiter) => {
                state.delivering[waiter] = Delivering::Idle;
                state.requests[waiter] = true;
                state.crashes -= 1;
            }
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no lost wake-up", |model: &Self, state: &State| {
                let mut actions = Vec::new();
                model.actions(state, &mut actions);
                !actions.is_empty() || state.received == [true; WAITERS]
            }),
            Property::always("nothing is heard before it happened", |_, state: &State| {
                state.settled || state.received == [false; WAITERS]
            }),
        ]
    }
}

impl Rules {
    fn record(&self, state: &mut State) {
        let waiting = state.rows.map(|row| matches!(row, Row::Waiting | Row::Claimed));
        state.recording = match state.recording {
            Recording::Idle => {
                if !self.event_is_acknowledged_last {
                    state.event_queued = false;
                }
                if self.record_reads_after_its_write {
                    state.recorded = true;
                    Recording::Wrote
                } else {
                    Recording::Read(waiting)
                }
            }
            Recording::Wrote => Recording::Read(waiting),
            Recording::Read(waits) => {
                state.recorded = true;
                for (request, wanted) in state.requests.iter_mut().zip(waits) {
                    *request |= wanted;
                }
                Recording::Requested
            }
            Recording::Requested => {
                state.event_queued = false;
                Recording::Idle
            }
        };
    }

    fn register(&self, state: &mut State, waiter: usize) {
        let write = |state: &mut State| {
            if state.rows[waiter] == Row::Absent {
                state.rows[waiter] = Row::Waiting;
            }
        };
        state.registering[waiter] = match state.registering[waiter] {
            Registering::NotYet => {
                if self.register_reads_after_its_write {
                    write(state);
                }
                Registering::Half { saw_settled: state.recorded }
            }
            Registering::Half { saw_settled } => {
                let saw_settled = match self.register_reads_after_its_write {
                    true => state.recorded,
                    false => saw_settled,
                };
                write(state);
                if saw_settled {
                    state.rows[waiter] = Row::Signalled;
                    state.received[waiter] = true;
                }
                Registering::Done
            }
            Registering::Done => Registering::Done,
        };
    }
}

fn deliver(state: &mut State, waiter: usize) {
    let free = state.rows[waiter] == Row::Waiting;
    state.delivering[waiter] = match state.delivering[waiter] {
        Delivering::Idle if free && state.recorded => Delivering::Loaded,
        // Told already, or somebody else's: the signal request is done with.
        Delivering::Idle => {
            state.requests[waiter] = false;
            Delivering::Idle
        }
        Delivering::Loaded if free => {
            state.rows[waiter] = Row::Claimed;
            Delivering::Claimed
        }
        // The claim's condition failed: look again.
        Delivering::Loaded => Delivering::Idle,
        Delivering::Claimed => {
            state.received[waiter] = true;
            Delivering::Sent
        }
        Delivering::Sent => {
            state.rows[waiter] = Row::Signalled;
            state.requests[waiter] = false;
            Delivering::Idle
        }
    };
}

fn check(rules: Rules) -> Option<String> {
    let checker = rules.checker().spawn_bfs().join();
    assert!(checker.unique_state_count() > 100, "the model has become trivial");
    assert!(checker.discovery("nothing is heard before it happened").is_none());
    checker.discovery("no lost wake-up").map(|path| format!("{:?}", path.into_actions()))
}

#[test]
fn no_interleaving_loses_a_wake_up() {
    assert_eq!(check(SOUND), None);
}

#[test]
fn without_faults_no_sweep_is_needed() {
    assert_eq!(check(Rules { sweep: false, crashes: 0, losses: 0, ..SOUND }), None);
}

#[test]
fn each_broken_rule_loses_one() {
    let no_sweep = Rules { sweep: false, crashes: 0, losses: 0, ..SOUND };
    let broken = [
        ("register reads first", Rules { register_reads_after_its_write: false, ..no_sweep }),
        ("record reads first", Rules { record_reads_after_its_write: false, ..no_sweep }),
        ("acknowledged first", Rules { event_is_acknowledged_last: false, crashes: 1, ..no_sweep }),
        ("no sweep, an event lost", Rules { losses: 1, ..no_sweep }),
        ("no sweep, a claim left", Rules { crashes: 1, ..no_sweep }),
    ];
    for (rule, rules) in broken {
        assert!(check(rules).is_some(), "{rule}: the model did not notice");
    }
}
