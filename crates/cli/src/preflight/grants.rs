//! Where the needs of a deployment are met: files of this repository, and the statement,
//! resource or parameter in them.

use serde::Serialize;

/// A statement (by its Sid), a resource or a parameter of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Grant {
    /// The file.
    pub(super) file: &'static str,
    /// The Sid or the name in it.
    pub(super) statement: &'static str,
}

impl std::fmt::Display for Grant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.file, self.statement)
    }
}

const fn deployer(statement: &'static str) -> Grant {
    Grant { file: "infra/iam/deployer.yaml", statement }
}

const fn pod(statement: &'static str) -> Grant {
    Grant { file: "infra/iam/pipeline-pod.yaml", statement }
}

const fn template(statement: &'static str) -> Grant {
    Grant { file: "infra/template.yaml", statement }
}

/// What a NetworkPolicy lets in.
const CALLBACKS_POLICY: Grant = Grant {
    file: "infra/k8s/components/callbacks/network-policy.yaml",
    statement: "NetworkPolicy",
};
/// What a NetworkPolicy lets out.
const EGRESS_POLICY: Grant =
    Grant { file: "infra/k8s/components/egress/network-policy.yaml", statement: "NetworkPolicy" };

/// Reading the stack.
pub(super) const WATCH: &[Grant] = &[deployer("Watch")];
/// Reading its table, queues and rules.
pub(super) const READ: &[Grant] = &[deployer("Preflight")];
/// Simulating what a role may do.
pub(super) const SIMULATE: &[Grant] = &[deployer("PreflightPassRole")];
/// Calling the API.
pub(super) const CALL: &[Grant] = &[pod("CallApi"), pod("CallApiByUrlOnly")];
/// Reaching it.
pub(super) const REACH: &[Grant] = &[EGRESS_POLICY];
/// The service account's role.
pub(super) const ROLE: &[Grant] = &[pod("PipelinePodRole"), pod("Association")];
/// Handing the execution role to SageMaker.
pub(super) const PASS: &[Grant] = &[pod("PassExecutionRole")];
/// The API's own way to SageMaker.
pub(super) const DESCRIBE: &[Grant] = &[template("Describe")];
/// The table.
pub(super) const TABLE: &[Grant] = &[template("Table")];
/// The queues between rule and function, and between functions.
pub(super) const QUEUES: &[Grant] =
    &[template("EventsQueue"), template("SignalsQueue"), template("CallbacksQueue")];
/// The queues of what could not be handled.
pub(super) const DEAD_LETTERS: &[Grant] = &[
    template("EventsDeadLetters"),
    template("SignalsDeadLetters"),
    template("CallbacksDeadLetters"),
    template("SweepDeadLetters"),
];
/// SageMaker's events.
pub(super) const JOB_EVENTS: &[Grant] = &[template("JobEventsRule"), template("EventsQueuePolicy")];
/// The sweep's.
pub(super) const OBSERVATIONS: &[Grant] =
    &[template("ObservationsRule"), template("EventsQueuePolicy")];
/// Opening a connection, in a step or here.
pub(super) const CONNECT: &[Grant] = &[pod("Connect"), deployer("PreflightConnect")];
/// Where connections are opened, and what the API is told of them.
pub(super) const CONNECTIONS: &[Grant] =
    &[template("ConnectRoute"), template("ConnectionsToApi"), template("ConnectionsPermission")];
/// What answers pings.
pub(super) const PINGS: &[Grant] =
    &[template("PingsRoute"), template("PingsAnswer"), template("Pong")];
/// What becomes of a frame, and of its answer.
pub(super) const FRAMES: &[Grant] =
    &[template("FramesRoute"), template("FramesAnswer"), template("ConnectionsPermission")];
/// Signals down a connection.
pub(super) const PUSH: &[Grant] = &[template("Push")];
/// Whether there are callbacks.
pub(super) const CALLBACKS_ON: &[Grant] =
    &[template("CallbackSubnetIds"), template("CallbackSecurityGroupIds")];
/// Where callbacks may go.
pub(super) const CALLBACKS: &[Grant] =
    &[template("CallbackCidrs"), template("CallbackPorts"), template("CallbackPaths")];
/// Whether they get there.
pub(super) const WAY_BACK: &[Grant] =
    &[template("CallbackSecurityGroupIds"), template("CallbackSubnetIds"), CALLBACKS_POLICY];
/// Who sends signals down connections.
pub(super) const SIGNALS: &[Grant] = &[template("SignalsBatches"), template("SignalsRole")];
/// Who sends callbacks.
pub(super) const CALLERS: &[Grant] =
    &[template("SignalsBatches"), template("CallbacksBatches"), template("CallbacksRole")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_there() {
        let all = [
            WATCH,
            READ,
            SIMULATE,
            CALL,
            REACH,
            ROLE,
            PASS,
            DESCRIBE,
            TABLE,
            QUEUES,
            DEAD_LETTERS,
            JOB_EVENTS,
            OBSERVATIONS,
            CONNECT,
            CONNECTIONS,
            PINGS,
            FRAMES,
            PUSH,
            CALLBACKS_ON,
            CALLBACKS,
            WAY_BACK,
            SIGNALS,
            CALLERS,
        ];
        for place in all.into_iter().flatten() {
            let path = format!("{}/../../{}", env!("CARGO_MANIFEST_DIR"), place.file);
            let text = std::fs::read_to_string(&path).unwrap();
            let name = place.statement;
            let is_it = |line: &str| {
                let line = line.trim().trim_start_matches("- ");
                line == format!("Sid: {name}")
                    || line == format!("{name}:")
                    || line == format!("kind: {name}")
            };
            assert!(text.lines().any(is_it), "{place}");
        }
    }
}
