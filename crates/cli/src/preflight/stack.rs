//! Checks the stack and each of its resources.

use std::collections::BTreeMap;

use sagebell_aws_reads::{Account, AskError, Caller, Rule, Stack, Table};

use super::grants::{Grant, JOB_EVENTS, OBSERVATIONS, READ, TABLE, WATCH};
use super::queues;
use super::report::{Check, Outcome};

const STACK: &str = "stack";
const TABLE_CHECK: &str = "table";
const RULE: &str = "rule";
const OBSERVATIONS_RULE: &str = "sweep's rule";
/// The output that only a stack with callbacks has.
pub(super) const CALLBACKS_OUTPUT: &str = "CallbacksQueueUrl";
/// The table's indexes.
const INDEXES: [&str; 2] = ["due", "listing"];
/// What CloudFormation calls a stack that works.
const WORKS: [&str; 5] = [
    "CREATE_COMPLETE",
    "IMPORT_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
];

/// What is known of the deployment.
#[derive(Debug, Default)]
pub(super) struct Deployment {
    /// The stack's name.
    pub(super) name: String,
    /// Its outputs, if the caller may read them.
    pub(super) outputs: BTreeMap<String, String>,
    /// Its resources by their names in the template, if the caller may list them.
    pub(super) resources: Option<BTreeMap<String, String>>,
}

impl Deployment {
    /// Whether it sends callbacks. `None`: the caller may not read its outputs.
    pub(super) fn has_callbacks(&self) -> Option<bool> {
        (!self.outputs.is_empty()).then(|| self.outputs.contains_key(CALLBACKS_OUTPUT))
    }
}

/// What a failed question says about `what`: it is not there, or the caller may not
/// see it.
pub(super) fn unanswered(
    name: &'static str,
    error: &AskError,
    absent: &'static [Grant],
    unseen: &'static [Grant],
) -> Check {
    match error {
        AskError::NotFound(_) => Check::missing(name, error.to_string(), absent),
        AskError::Denied { .. } => {
            let needs = error.denied().unwrap_or_default();
            Check::unknown(name, format!("it needs {needs}, which is denied"), unseen)
        }
        _ => Check::unknown(name, error.to_string(), &[]),
    }
}

/// The stack of this name, as far as the caller may read it.
pub(super) async fn stack(account: &Account, name: &str) -> (Check, Deployment) {
    let mut deployment = Deployment { name: name.to_owned(), ..Deployment::default() };
    let check = match account.stack(name).await {
        Ok(stack) => {
            // Without them the rules can't be found, and say so.
            deployment.resources = account.resources(name).await.ok();
            let check = judge_stack(name, &stack);
            deployment.outputs = stack.outputs;
            check
        }
        Err(AskError::NotFound(_)) => {
            let region = account.region();
            let how = format!("there is no stack {name} in {region}. Choose another with --stack");
            Check::missing(STACK, how, &[])
        }
        Err(error) => unanswered(STACK, &error, &[], WATCH),
    };
    (check, deployment)
}

fn judge_stack(name: &str, stack: &Stack) -> Check {
    let status = &stack.status;
    let seen = format!("{name} is {status}");
    if WORKS.contains(&status.as_str()) {
        Check::ok(STACK, seen)
    } else if status.ends_with("_IN_PROGRESS") {
        Check::unknown(STACK, format!("{seen}: run the check again after that"), &[])
    } else {
        let how = format!("{seen}: `aws cloudformation describe-stack-events` shows why");
        Check::missing(STACK, how, &[])
    }
}

/// The table.
pub(super) async fn table(account: &Account, deployment: &Deployment) -> Check {
    let Some(name) = deployment.outputs.get("TableName") else {
        return Check::unknown(
            TABLE_CHECK,
            "its name is in the stack's outputs, which could not be read",
            WATCH,
        );
    };
    match account.table(name).await {
        Ok(table) => judge_table(name, &table),
        Err(error) => unanswered(TABLE_CHECK, &error, TABLE, READ),
    }
}

fn judge_table(name: &str, table: &Table) -> Check {
    let is_active = |index: &&str| {
        let works = |status: &Option<String>| status.as_deref().is_none_or(|it| it == "ACTIVE");
        table.indexes.iter().any(|(name, status)| name == *index && works(status))
    };
    let lacking: Vec<&str> = INDEXES.into_iter().filter(|index| !is_active(index)).collect();
    if table.status == "ACTIVE" && lacking.is_empty() {
        Check::ok(TABLE_CHECK, format!("{name} is active, with its two indexes"))
    } else if lacking.is_empty() {
        Check::missing(TABLE_CHECK, format!("{name} is {}", table.status), TABLE)
    } else {
        let how = format!("{name} lacks an active index {}", lacking.join(" and "));
        Check::missing(TABLE_CHECK, how, TABLE)
    }
}

/// The rule for SageMaker's events, and the one for what the sweep saw.
pub(super) async fn rules(
    account: &Account,
    deployment: &Deployment,
    caller: &Caller,
) -> [Check; 2] {
    let partition = caller.arn.split(':').nth(1).unwrap_or("aws");
    let (region, number, stack) = (account.region(), &caller.account, &deployment.name);
    let target = format!("arn:{partition}:sqs:{region}:{number}:{stack}-events");
    let bus = deployment.outputs.get("BusName").map_or(stack.as_str(), String::as_str);
    let rule = |logical, bus| rule(account, deployment, logical, bus, &target);
    [rule(JOB_RULE, None).await, rule(SWEEP_RULE, Some(bus)).await]
}

/// What a rule is called in the report and in the template, and where it comes from.
type Named = (&'static str, &'static str, &'static [Grant]);
const JOB_RULE: Named = (RULE, "JobEventsRule", JOB_EVENTS);
const SWEEP_RULE: Named = (OBSERVATIONS_RULE, "ObservationsRule", OBSERVATIONS);

async fn rule(
    account: &Account,
    deployment: &Deployment,
    (check, logical, grants): Named,
    bus: Option<&str>,
    target: &str,
) -> Check {
    let Some(resources) = &deployment.resources else {
        let how = "its name is in the stack's list of resources, which could not be read";
        return Check::unknown(check, how, WATCH);
    };
    let Some(name) = resources.get(logical) else {
        return Check::missing(check, format!("the stack has no {logical}"), grants);
    };
    // CloudFormation names a rule on another bus together with the bus: `bus|rule`.
    let name = name.rsplit('|').next().unwrap_or_default();
    match account.rule(bus, name).await {
        Ok(rule) => judge_rule((check, name, grants), &rule, target),
        Err(error) => unanswered(check, &error, grants, READ),
    }
}

fn judge_rule(
    (check, name, grants): (&'static str, &str, &'static [Grant]),
    rule: &Rule,
    target: &str,
) -> Check {
    if !rule.enabled {
        let how = format!("{name} is disabled: `aws events enable-rule` enables it");
        return Check::missing(check, how, grants);
    }
    if !rule.targets.iter().any(|one| one == target) {
        return Check::missing(check, format!("{name} does not lead to {target}"), grants);
    }
    Check::ok(check, format!("{name} is enabled and leads to the events queue"))
}

/// The checks that need credentials, if there are none.
pub(super) fn in_the_dark() -> impl Iterator<Item = Check> {
    let names = [
        STACK,
        TABLE_CHECK,
        queues::QUEUES_CHECK,
        queues::DEAD_LETTERS_CHECK,
        RULE,
        OBSERVATIONS_RULE,
        "pass role",
        "API",
        "SageMaker",
        "connection",
        "ping",
        "signal",
        "callback",
    ];
    let check = |name| Check {
        name,
        outcome: Outcome::Unknown,
        seen: "not checked: there are no credentials".to_owned(),
        granted_by: &[],
    };
    names.into_iter().map(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stack_works_or_is_under_way_or_does_not() {
        let outcome = |status: &str| {
            judge_stack("s", &Stack { status: status.to_owned(), ..Stack::default() }).outcome
        };
        assert_eq!(outcome("UPDATE_ROLLBACK_COMPLETE"), Outcome::Ok);
        assert_eq!(outcome("CREATE_IN_PROGRESS"), Outcome::Unknown);
        assert_eq!(outcome("ROLLBACK_COMPLETE"), Outcome::Missing);
        assert_eq!(outcome("DELETE_COMPLETE"), Outcome::Missing);
    }

    #[test]
    fn a_table_needs_both_its_indexes() {
        let table = |status: &str, indexes: &[(&str, &str)]| {
            let own =
                |(name, status): &(&str, &str)| ((*name).to_owned(), Some((*status).to_owned()));
            let indexes = indexes.iter().map(own).collect();
            judge_table("t", &Table { status: status.to_owned(), indexes })
        };
        let both = [("due", "ACTIVE"), ("listing", "ACTIVE")];
        assert_eq!(table("ACTIVE", &both).outcome, Outcome::Ok);
        assert_eq!(table("DELETING", &both).outcome, Outcome::Missing);
        let building = table("ACTIVE", &[("due", "ACTIVE"), ("listing", "CREATING")]);
        assert_eq!(building.seen, "t lacks an active index listing");
    }

    #[test]
    fn a_rule_is_enabled_and_leads_somewhere() {
        let rule = |enabled, targets: &[&str]| {
            let targets = targets.iter().map(ToString::to_string).collect();
            judge_rule((RULE, "r", JOB_EVENTS), &Rule { enabled, targets }, "q").outcome
        };
        assert_eq!(rule(true, &["p", "q"]), Outcome::Ok);
        assert_eq!(rule(false, &["q"]), Outcome::Missing);
        assert_eq!(rule(true, &["p"]), Outcome::Missing);
    }

    #[test]
    fn what_is_not_there_is_missing_and_what_is_denied_is_not_known() {
        let gone = AskError::NotFound("gone".to_owned());
        assert_eq!(unanswered(RULE, &gone, JOB_EVENTS, READ).outcome, Outcome::Missing);
        let denied = AskError::Denied { action: "events:DescribeRule", message: "no".to_owned() };
        let check = unanswered(RULE, &denied, JOB_EVENTS, READ);
        assert_eq!((check.outcome, check.granted_by), (Outcome::Unknown, READ));
        assert_eq!(check.seen, "it needs events:DescribeRule, which is denied");
    }
}
