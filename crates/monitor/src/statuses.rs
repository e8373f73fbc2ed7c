//! The meaning of statuses: tables that several kinds share.
//!
//! Source: the enumerations of SageMaker's service model (botocore 1.43). Words that only events
//! contain come from the developer guide, "Automating Amazon SageMaker AI with Amazon
//! EventBridge". `Deleted` is also the monitor's own word for a job that SageMaker no longer
//! knows.

use crate::phase::Phase::{self, Failed, Pending, Running, Stopped, Stopping, Succeeded};

pub(crate) type Statuses = &'static [(&'static str, Phase)];

/// What runs once and ends.
pub(crate) const JOB: Statuses = &[
    ("Pending", Pending),
    ("Starting", Pending),
    ("Initializing", Pending),
    ("InProgress", Running),
    ("Executing", Running),
    ("Stopping", Stopping),
    ("Completed", Succeeded),
    ("Succeeded", Succeeded),
    ("Failed", Failed),
    ("Stopped", Stopped),
    ("Deleting", Stopping),
    ("DeleteFailed", Failed),
    ("Deleted", Stopped),
];

/// Kinds that run until they are deleted.
pub(crate) const SERVICE: Statuses = &[
    ("Pending", Pending),
    ("Creating", Pending),
    ("Updating", Running),
    ("SystemUpdating", Running),
    ("RollingBack", Running),
    ("PendingMaintenance", Running),
    ("InMaintenance", Running),
    ("InService", Succeeded),
    ("Failed", Failed),
    ("OutOfService", Failed),
    ("UpdateRollbackFailed", Failed),
    ("Stopping", Stopping),
    ("Stopped", Stopped),
    ("Deleting", Stopping),
    ("Deleted", Stopped),
];

/// Kinds that are created once and then exist.
pub(crate) const ARTIFACT: Statuses = &[
    ("Creating", Pending),
    ("Created", Succeeded),
    // A feature group's, in the guide's own sample event; its Describe says `Created`.
    ("Active", Succeeded),
    ("CreateFailed", Failed),
    ("Updating", Running),
    ("UpdateFailed", Failed),
    ("Deleting", Stopping),
    ("DeleteFailed", Failed),
    ("Deleted", Stopped),
];

/// What runs for a while, between two times.
pub(crate) const EXPERIMENT: Statuses = &[
    ("Creating", Pending),
    ("Created", Pending),
    ("Starting", Pending),
    ("Updating", Running),
    ("Running", Running),
    ("Stopping", Stopping),
    ("Completed", Succeeded),
    ("Cancelled", Stopped),
    ("Deleted", Stopped),
];

/// What does its work again and again, by a plan.
pub(crate) const SCHEDULE: Statuses = &[
    ("Pending", Pending),
    ("Scheduled", Succeeded),
    ("Failed", Failed),
    ("Stopped", Stopped),
    ("Deleted", Stopped),
];

/// What is started and stopped, and says how each of that went.
pub(crate) const SERVER: Statuses = &[
    ("Creating", Pending),
    ("Created", Succeeded),
    ("CreateFailed", Failed),
    ("Starting", Pending),
    ("Started", Succeeded),
    ("StartFailed", Failed),
    ("Updating", Running),
    ("Updated", Succeeded),
    ("UpdateFailed", Failed),
    ("MaintenanceInProgress", Running),
    ("MaintenanceComplete", Succeeded),
    ("MaintenanceFailed", Failed),
    ("Stopping", Stopping),
    ("Stopped", Stopped),
    ("StopFailed", Failed),
    ("Deleting", Stopping),
    ("DeleteFailed", Failed),
    ("Deleted", Stopped),
];
