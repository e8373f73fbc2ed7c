//! The `api` function: the callback endpoint behind a Lambda function URL.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod caller;

use axum::middleware;
use bootstrap::{Config, ProcessEnv, World};
use lambda_http::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::log_as_json();
    let config = Config::from(&ProcessEnv)?;
    let auth = config.auth;
    let world = World::open(config).await?;
    let api = http_api::Api { waits: world.waits(), jobs: world.jobs() };
    let routes = http_api::router(api);
    let routes = routes.layer(middleware::from_fn_with_state(auth, caller::identify));
    lambda_http::run(routes).await
}
