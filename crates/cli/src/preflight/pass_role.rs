//! Checks whether steps may pass the execution role to SageMaker.

use sagebell_aws_reads::{Account, Caller, Passing};

use super::grants::{PASS, SIMULATE};
use super::report::Check;
use super::stack::unanswered;
use crate::args::PreflightArgs;

const PASS_ROLE: &str = "pass role";

/// Simulates it, for the role of the steps' pods where that is known, else for the
/// caller.
pub(super) async fn pass_role(account: &Account, args: &PreflightArgs, caller: &Caller) -> Check {
    let layer = |end: &str| format!("{}-{end}", args.stack);
    let (execution, pods) = (layer("execution"), layer("pipeline-pod"));
    let role = named(account, args.execution_role.as_deref(), &execution, "ExecutionRoleArn").await;
    let Some(role) = role else {
        let how = format!(
            "--execution-role names the role to pass: output ExecutionRoleArn of infra/iam/execution.yaml (no stack {execution} can be read)"
        );
        return Check::unknown(PASS_ROLE, how, &[]);
    };
    let steps = named(account, args.pod_role.as_deref(), &pods, "PipelinePodRoleArn").await;
    let steps = steps.unwrap_or_else(|| caller.principal());
    match account.may_pass(&steps, &role).await {
        Ok(passing) => judge(passing, &steps, &role),
        Err(error) => unanswered(PASS_ROLE, &error, &[], SIMULATE),
    }
}

/// The ARN that was given, or the output of the layer's stack under its usual name.
async fn named(
    account: &Account,
    given: Option<&str>,
    stack: &str,
    output: &str,
) -> Option<String> {
    if let Some(given) = given {
        return Some(given.to_owned());
    }
    account.stack(stack).await.ok()?.outputs.remove(output)
}

fn judge(passing: Passing, steps: &str, role: &str) -> Check {
    match passing {
        Passing::Allowed => {
            Check::ok(PASS_ROLE, format!("{steps} may pass {role} to SageMaker, by simulation"))
        }
        Passing::NotGranted => {
            let how = format!("no statement lets {steps} pass {role} to SageMaker");
            Check::missing(PASS_ROLE, how, PASS)
        }
        Passing::Forbidden => {
            let how = format!("a statement forbids {steps} to pass {role} to SageMaker");
            Check::missing(PASS_ROLE, how, &[])
        }
    }
}
