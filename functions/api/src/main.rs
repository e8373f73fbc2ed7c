//! The `api` function: the callback endpoint behind a Lambda function URL.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod caller;

use axum::extract::Request;
use axum::middleware::{self, Next};
use bootstrap::{Config, Metrics, ProcessEnv, World};
use lambda_http::Error;

#[tokio::main]
async fn main() -> Result<(), Error> {
    bootstrap::log_as_json();
    let metrics = Metrics::install(&ProcessEnv)?;
    let config = Config::from(&ProcessEnv)?;
    let auth = config.auth;
    let world = World::open(config, Some(sagemaker::connect)).await?;
    let api = http_api::Api { waits: world.waits()?, jobs: world.jobs()? };
    let count = move |request: Request, next: Next| metrics.after(next.run(request));
    let routes = http_api::router(api)
        .layer(middleware::from_fn_with_state(auth, caller::identify))
        .layer(middleware::from_fn(count));
    lambda_http::run(routes).await
}
