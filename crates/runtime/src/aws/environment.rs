//! Region, credentials and endpoints, from what Lambda puts into the environment.
//!
//! Lambda hands a function the credentials of its role in environment variables ("Using Lambda
//! environment variables", Lambda developer guide). So functions read neither profiles nor
//! containers' or machines' metadata, and link no code that could. Lambda uses
//! `AWS_CONTAINER_CREDENTIALS_*` instead of them only with `SnapStart`, which OS-only runtimes like
//! ours do not have ("Improving startup performance with Lambda `SnapStart`", the same guide).

use std::fmt::Debug;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_types::SdkConfig;
use aws_types::region::Region;
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};
use sagebell_system::Env;

use super::http::Http;
use crate::config::ConfigError;

/// What all clients have in common. Makes no call.
///
/// # Errors
/// [`ConfigError`] lists every variable that is missing or wrong.
pub(super) fn sdk_config<E>(env: E) -> Result<SdkConfig, ConfigError>
where
    E: Env + Debug + Send + Sync + 'static,
{
    let mut problems = Vec::new();
    let region = required(&env, "AWS_REGION", &mut problems);
    let id = required(&env, "AWS_ACCESS_KEY_ID", &mut problems);
    let key = required(&env, "AWS_SECRET_ACCESS_KEY", &mut problems);
    let fips = switch(&env, "AWS_USE_FIPS_ENDPOINT", &mut problems);
    let dual_stack = switch(&env, "AWS_USE_DUALSTACK_ENDPOINT", &mut problems);
    let ignored = switch(&env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", &mut problems);
    let http = Http::new(&env, &region).map_err(|problem| problems.push(problem));
    let (Ok(http), []) = (http, problems.as_slice()) else {
        return Err(ConfigError { problems });
    };
    let credentials = Credentials::new(id, key, env.get("AWS_SESSION_TOKEN"), None, "Environment");
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(http)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()));
    config.set_use_fips(fips);
    config.set_use_dual_stack(dual_stack);
    if ignored != Some(true) {
        config = config.service_config(Endpoints(env));
    }
    Ok(config.build())
}

fn required(env: &impl Env, name: &str, problems: &mut Vec<String>) -> String {
    env.get(name).unwrap_or_else(|| {
        problems.push(format!("{name} is not set; Lambda sets it, elsewhere set it yourself"));
        String::new()
    })
}

fn switch(env: &impl Env, name: &str, problems: &mut Vec<String>) -> Option<bool> {
    let text = env.get(name)?;
    let value = text.to_ascii_lowercase().parse().ok();
    if value.is_none() {
        problems.push(format!("{name} is `{text}`; expected `true` or `false`"));
    }
    value
}

/// Endpoints that replace AWS's own: `AWS_ENDPOINT_URL_DYNAMODB` that of one service,
/// `AWS_ENDPOINT_URL` all others ("Service-specific endpoints", AWS SDKs and tools reference guide).
#[derive(Debug)]
struct Endpoints<E>(E);

impl<E: Env + Debug + Send + Sync> LoadServiceConfig for Endpoints<E> {
    fn load_config(&self, key: ServiceConfigKey<'_>) -> Option<String> {
        let service = key.service_id().to_uppercase().replace(' ', "_");
        let Self(env) = self;
        env.get(&format!("{}_{service}", key.env())).or_else(|| env.get(key.env()))
    }
}

#[cfg(test)]
mod tests;
