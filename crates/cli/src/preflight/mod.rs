//! `sagebell preflight`: checks a deployment from the user's side.
//!
//! Promise: what the caller may not see is reported as unknown, never as missing. Every check has
//! a time limit. Only the test waits change anything (see [`probe`]).

mod api;
mod callback;
mod caller;
mod connection;
mod end;
mod grants;
mod pass_role;
mod probe;
mod queues;
mod report;
mod stack;

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use sagebell_aws_reads::{Account, Caller};
use sagebell_monitor::arn::{ArnError, JobArn};
use sagebell_system::SystemClock;
use url::Url;

use crate::args::PreflightArgs;
use callback::Callback;
use end::End;
use grants::WATCH;
use probe::Probe;
use report::{Check, Report};
use sagebell_client::client::Client;
use stack::Deployment;

/// Checks the deployment and reports the results.
///
/// # Errors
/// If the checks could not start.
pub async fn run(args: &PreflightArgs) -> Result<ExitCode, Box<dyn Error>> {
    let sdk = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let mut report = Report::new(args.output);
    let (region, known) = caller::region(&sdk, args.api.as_ref());
    report.add(region);
    if let Some(region) = known {
        let account = Account::new(&sdk, &region, Arc::new(SystemClock))?;
        in_region(args, &sdk, &account, &mut report).await?;
    }
    Ok(report.end()?)
}

async fn in_region(
    args: &PreflightArgs,
    sdk: &SdkConfig,
    account: &Account,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let (credentials, caller) = caller::credentials(account).await;
    report.add(credentials);
    let Some(caller) = caller else {
        stack::in_the_dark().for_each(|check| report.add(check));
        return Ok(());
    };
    report.ran();
    let (stack, deployment) = stack::stack(account, &args.stack).await;
    report.add(stack);
    report.add(stack::table(account, &deployment).await);
    for check in queues::queues(account, &deployment).await {
        report.add(check);
    }
    for check in stack::rules(account, &deployment, &caller).await {
        report.add(check);
    }
    report.add(pass_role::pass_role(account, args, &caller).await);
    through_the_api(args, sdk, &deployment, &probe_arn(account, &caller)?, report).await
}

/// The checks that need the API.
async fn through_the_api(
    args: &PreflightArgs,
    sdk: &SdkConfig,
    deployment: &Deployment,
    probe: &JobArn,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    let Some(url) = api_url(args, deployment) else {
        let how = "its URL is unknown. Give it with --api, or run the check as a caller that may read the stack's outputs";
        report.add(Check::unknown("API", how, WATCH));
        return Ok(());
    };
    let client = Client::new(url)?;
    report.add(api::api(&client).await);
    report.add(api::sagemaker(&client, probe).await);
    let (check, connection) = connection::open(&client).await;
    report.add(check);
    let (check, connection) = connection::ping(connection).await;
    report.add(check);
    let mut ends = Vec::new();
    match connection {
        _ if args.no_signal => {}
        Some(connection) => ends.push(End::connection(connection)?),
        None => report.add(connection::not_checked(end::SIGNAL)),
    }
    match callback(args, deployment, &client).await {
        Some(Ok(end)) => ends.push(end),
        Some(Err(check)) => report.add(check),
        None => {}
    }
    let bus = deployment.outputs.get("BusName").map_or(args.stack.as_str(), String::as_str);
    let patience = args.patience.and_then(|patience| Duration::try_from(patience).ok());
    let probe = Probe { client: &client, sdk, bus, arn: probe, patience };
    probe.check(ends).await.into_iter().for_each(|check| report.add(check));
    Ok(())
}

/// Where the test callback goes, or what is known without one. `None`: nobody wants to know.
async fn callback(
    args: &PreflightArgs,
    deployment: &Deployment,
    client: &Client,
) -> Option<Result<End, Check>> {
    if args.no_callback {
        return None;
    }
    if deployment.has_callbacks() == Some(false) && !args.callback {
        return Some(Err(callback::off()));
    }
    if args.no_signal {
        return None;
    }
    Some(Callback::listen(client, args.listen, args.callback).await)
}

fn api_url(args: &PreflightArgs, deployment: &Deployment) -> Option<Url> {
    let from_outputs = || Url::parse(deployment.outputs.get("ApiUrl")?).ok();
    args.api.clone().or_else(from_outputs)
}

/// A job of a kind that sends no events, so that the alarm about lost events does not go off.
fn probe_arn(account: &Account, caller: &Caller) -> Result<JobArn, ArnError> {
    let partition = caller.arn.split(':').nth(1).unwrap_or("aws");
    let name = uuid::Uuid::new_v4();
    JobArn::parse(&format!(
        "arn:{partition}:sagemaker:{}:{}:compilation-job/sagebell-preflight-{name}",
        account.region(),
        caller.account
    ))
}
