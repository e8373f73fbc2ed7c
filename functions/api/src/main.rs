//! The `api` function: the HTTP API behind a Lambda function URL, and the connections of a
//! WebSocket API.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod caller;
mod connecting;

use axum::extract::Request;
use axum::middleware::{self, Next};
use lambda_http::Error;
use sagebell_runtime::{Config, Metrics, Wiring};
use sagebell_system::{Env as _, ProcessEnv};

use connecting::Connecting;

#[tokio::main]
async fn main() -> Result<(), Error> {
    sagebell_system::log_as_json();
    let metrics = Metrics::install(&ProcessEnv)?;
    let config = Config::from(&ProcessEnv)?;
    let (auth, connect_url, kfp_ui) =
        (config.auth, config.connect_url.clone(), config.kfp_ui.clone());
    let wiring = Wiring::open(config, Some(sagebell_sagemaker::connect)).await?;
    let api = sagebell_http_api::Api {
        waits: wiring.waits()?,
        jobs: wiring.jobs()?,
        connections: wiring.connections(),
        health: wiring.health(),
        connect_url,
        kfp_ui,
        metrics: sagebell_http_api::Metrics::of_region(ProcessEnv.get("AWS_REGION").as_deref()),
    };
    let connecting = Connecting { api: api.clone(), auth };
    let count = move |request: Request, next: Next| metrics.after(next.run(request));
    let routes = sagebell_http_api::router(api)
        .layer(middleware::from_fn_with_state(auth, caller::identify))
        .layer(middleware::from_fn_with_state(connecting, connecting::handle))
        .layer(middleware::from_fn(count));
    lambda_http::run(routes).await
}
