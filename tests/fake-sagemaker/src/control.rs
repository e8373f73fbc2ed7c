//! The control API of tests, under `/_fake/`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use sagebell_monitor::arn::JobArn;
use serde_json::{Value, json};

use crate::faults::FaultRule;
use crate::life::{Life, Stage};
use crate::quotas::{Quota, Quotas};
use crate::shared::{Shared, lock};
use crate::state::MAX_LIVES;

type ControlResult = Result<StatusCode, (StatusCode, String)>;

/// The routes of the control API.
pub(crate) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/_fake/lives", put(set_lives).post(add_life))
        .route("/_fake/jobs/{arn}/status", post(set_status))
        .route("/_fake/faults", post(add_fault))
        .route("/_fake/quotas", put(set_quotas))
        .route("/_fake/calls", get(calls))
        .route("/_fake/requests", get(requests))
        .route("/_fake/events", get(events))
        .route("/_fake/reset", post(reset))
}

fn bad(problem: impl Into<String>) -> (StatusCode, String) {
    (StatusCode::BAD_REQUEST, problem.into())
}

fn checked(life: &Life) -> Result<(), (StatusCode, String)> {
    life.problem().map_or(Ok(()), |problem| Err(bad(problem)))
}

/// These lives, and no others, from now on; of two that fit, the later counts.
async fn set_lives(
    State(shared): State<Arc<Shared>>,
    Json(lives): Json<Vec<Life>>,
) -> ControlResult {
    lives.iter().try_for_each(checked)?;
    if lives.len() > MAX_LIVES {
        return Err(bad(format!("at most {MAX_LIVES} lives")));
    }
    shared.with_world(|state, _| {
        state.clear_lives();
        lives.into_iter().for_each(|life| state.add_life(life));
    });
    Ok(StatusCode::NO_CONTENT)
}

/// One more life, which goes before those there are.
async fn add_life(State(shared): State<Arc<Shared>>, Json(life): Json<Life>) -> ControlResult {
    checked(&life)?;
    shared.with_world(|state, _| state.add_life(life));
    Ok(StatusCode::NO_CONTENT)
}

/// Moves a job to a status; what was ahead of it is called off.
async fn set_status(
    State(shared): State<Arc<Shared>>,
    Path(arn): Path<String>,
    Json(stage): Json<Stage>,
) -> ControlResult {
    // An ARN may be spelled as the monitor does.
    let canonical = JobArn::parse(&arn).map_or_else(|_| arn.clone(), |arn| arn.to_string());
    let life = Life {
        name: String::new(),
        kind: None,
        stages: vec![stage],
        on_stop: None,
        on_update: None,
    };
    checked(&life)?;
    shared.with_world(|state, now| {
        if state.by_arn(&canonical).is_none() {
            return Err((StatusCode::NOT_FOUND, format!("{arn} does not exist")));
        }
        state.live(&canonical, &life.stages, now);
        Ok(StatusCode::NO_CONTENT)
    })
}

async fn add_fault(
    State(shared): State<Arc<Shared>>,
    Json(rule): Json<FaultRule>,
) -> ControlResult {
    lock(&shared.faults).add(rule).map_err(bad)?;
    Ok(StatusCode::NO_CONTENT)
}

/// These quotas, and no others, from now on.
async fn set_quotas(
    State(shared): State<Arc<Shared>>,
    Json(quotas): Json<Vec<Quota>>,
) -> ControlResult {
    *lock(&shared.quotas) = Quotas::new(quotas, shared.clock.now()).map_err(bad)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn calls(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(lock(&shared.journal).calls())
}

async fn requests(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "requests": lock(&shared.journal).requests() }))
}

async fn events(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "events": lock(&shared.journal).events() }))
}

/// Forgets resources, lives, faults, quotas, calls, requests and events.
async fn reset(State(shared): State<Arc<Shared>>) -> Response {
    shared.with_world(|state, _| state.reset());
    *lock(&shared.faults) = crate::faults::Faults::default();
    *lock(&shared.quotas) = Quotas::default();
    *lock(&shared.journal) = crate::journal::Journal::default();
    StatusCode::NO_CONTENT.into_response()
}
