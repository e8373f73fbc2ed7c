//! The kernel of lost connections, model-checked: every interleaving of two waits that are
//! registered on one connection, and of its closing, with crashes of the registrations. In no state
//! where nothing can happen any more is a wait left on a closed connection without anybody knowing.
//!
//! The model keeps one step per store call, as `wait_registry/attach.rs` and `connections.rs` make
//! them; what it leaves out (a `$disconnect` that never comes, leases) is the simulation's.

use stateright::{Checker as _, Model, Property};

const WAITS: usize = 2;

/// The rules under test; a test breaks one at a time.
#[derive(Clone, Copy)]
struct Rules {
    register_names_before_its_write: bool,
    register_reads_after_its_write: bool,
    close_reads_after_its_write: bool,
    refusal_notes_the_loss: bool,
    crashes: u8,
}

const SOUND: Rules = Rules {
    register_names_before_its_write: true,
    register_reads_after_its_write: true,
    close_reads_after_its_write: true,
    refusal_notes_the_loss: true,
    crashes: 1,
};

/// A wait, as stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Row {
    Absent,
    /// Told through the connection.
    Held,
    /// The same, and it is known that the connection is closed.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Registering {
    NotYet,
    /// The connection was open, and names the wait, if that comes first.
    Attached,
    /// The wait is written.
    Wrote,
    /// The connection was read again, where it is named last.
    Checked,
    /// Answered, well or badly.
    Done,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Closing {
    Idle,
    /// The connection was written, or read, and named these waits; this one is next.
    Reads {
        named: [bool; WAITS],
        next: usize,
    },
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// The connection, as stored.
    is_closed: bool,
    named: [bool; WAITS],
    rows: [Row; WAITS],
    registering: [Registering; WAITS],
    closing: Closing,
    crashes: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Register(usize),
    CrashRegistering(usize),
    Close,
}

impl Model for Rules {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State {
            is_closed: false,
            named: [false; WAITS],
            rows: [Row::Absent; WAITS],
            registering: [Registering::NotYet; WAITS],
            closing: Closing::Idle,
            crashes: self.crashes,
        }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for wait in 0..WAITS {
            let step = state.registering[wait];
            if step != Registering::Done {
                actions.push(Action::Register(wait));
            }
            let is_under_way = !matches!(step, Registering::NotYet | Registering::Done);
            if is_under_way && state.crashes > 0 {
                actions.push(Action::CrashRegistering(wait));
            }
        }
        if state.closing != Closing::Done {
            actions.push(Action::Close);
        }
    }

    fn next_state(&self, before: &State, action: Action) -> Option<State> {
        let mut state = before.clone();
        match action {
            Action::Register(wait) => self.register(&mut state, wait),
            // The waiter has no answer: it sends the frame again.
            Action::CrashRegistering(wait) => {
                state.registering[wait] = Registering::NotYet;
                state.crashes -= 1;
            }
            Action::Close => self.close(&mut state),
        }
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no loss unnoticed", |model: &Self, state: &State| {
                let mut actions = Vec::new();
                model.actions(state, &mut actions);
                !actions.is_empty() || !state.rows.contains(&Row::Held)
            }),
            Property::always("nothing is lost before it is closed", |_, state: &State| {
                state.closing != Closing::Idle || !state.rows.contains(&Row::Lost)
            }),
        ]
    }
}

impl Rules {
    fn register(&self, state: &mut State, wait: usize) {
        let is_closed = state.is_closed;
        state.registering[wait] = match state.registering[wait] {
            // Refused. The wait may be there from a registration that died.
            Registering::NotYet if is_closed => {
                if self.refusal_notes_the_loss && state.rows[wait] == Row::Held {
                    state.rows[wait] = Row::Lost;
                }
                Registering::Done
            }
            Registering::NotYet => {
                state.named[wait] |= self.register_names_before_its_write;
                Registering::Attached
            }
            Registering::Attached => {
                state.rows[wait] = Row::Held;
                Registering::Wrote
            }
            Registering::Wrote => {
                if is_closed && self.register_reads_after_its_write {
                    state.rows[wait] = Row::Lost;
                }
                if self.register_names_before_its_write {
                    Registering::Done
                } else {
                    Registering::Checked
                }
            }
            Registering::Checked => {
                state.named[wait] = true;
                Registering::Done
            }
            Registering::Done => Registering::Done,
        };
    }

    fn close(&self, state: &mut State) {
        state.closing = match state.closing {
            Closing::Idle => {
                state.is_closed = self.close_reads_after_its_write;
                Closing::Reads { named: state.named, next: 0 }
            }
            Closing::Reads { named, next } if next < WAITS => {
                if named[next] && state.rows[next] == Row::Held {
                    state.rows[next] = Row::Lost;
                }
                Closing::Reads { named, next: next + 1 }
            }
            Closing::Reads { .. } => {
                state.is_closed = true;
                Closing::Done
            }
            Closing::Done => Closing::Done,
        };
    }
}

fn check(rules: Rules) -> Option<String> {
    let checker = rules.checker().spawn_bfs().join();
    assert!(checker.unique_state_count() > 100, "the model has become trivial");
    assert!(checker.discovery("nothing is lost before it is closed").is_none());
    checker.discovery("no loss unnoticed").map(|path| format!("{:?}", path.into_actions()))
}

#[test]
fn no_interleaving_leaves_a_wait_on_a_closed_connection() {
    assert_eq!(check(SOUND), None);
    assert_eq!(check(Rules { crashes: 0, ..SOUND }), None);
}

#[test]
fn each_broken_order_leaves_one() {
    let calm = Rules { crashes: 0, ..SOUND };
    let broken = [
        ("named last", Rules { register_names_before_its_write: false, ..calm }),
        ("not read again", Rules { register_reads_after_its_write: false, ..calm }),
        ("closing reads first", Rules { close_reads_after_its_write: false, ..calm }),
        ("refused, and no more", Rules { refusal_notes_the_loss: false, ..SOUND }),
    ];
    for (rule, rules) in broken {
        assert!(check(rules).is_some(), "{rule}: the model did not notice");
    }
}
