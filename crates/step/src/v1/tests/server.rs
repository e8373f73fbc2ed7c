//! A SageMaker that answers as a script says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use sagebell_monitor::ports::Entropy;
use sagebell_monitor::testing::ManualClock;
use sagebell_sagemaker::{Api, Budget, Rate};
use serde_json::{Value, json};

/// Answers by operation; of several, each once and the last for ever.
pub(super) type Script = HashMap<String, Vec<Value>>;

/// A running server.
pub(super) struct Server {
    pub(super) api: Api,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Server {
    pub(super) async fn start(script: Script) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        let app = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let target = headers["x-amz-target"].to_str().unwrap().to_owned();
            let input = serde_json::from_slice(&body).unwrap();
            let mut kept: std::sync::MutexGuard<'_, Vec<(String, Value)>> = kept.lock().unwrap();
            let nth = kept.iter().filter(|(operation, _)| *operation == target).count();
            kept.push((target.clone(), input));
            let answer = script
                .get(&target)
                .and_then(|answers| answers.get(nth.min(answers.len().saturating_sub(1))).cloned());
            std::future::ready(respond(answer.unwrap_or_else(|| json!({}))))
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { api: api(&url).await, asked }
    }

    /// The operations it was asked for.
    pub(super) fn operations(&self) -> Vec<String> {
        let asked = self.asked.lock().unwrap();
        asked.iter().map(|(target, _)| target.replace("SageMaker.", "")).collect()
    }
}

fn respond(mut answer: Value) -> Response {
    let status = answer.as_object_mut().and_then(|members| members.remove("$status"));
    let status = status.and_then(|status| status.as_u64()).unwrap_or(200);
    let status = StatusCode::from_u16(u16::try_from(status).unwrap()).unwrap();
    (status, Json(answer)).into_response()
}

struct NoJitter;

impl Entropy for NoJitter {
    fn unit(&self) -> f64 {
        0.0
    }
}

async fn api(url: &str) -> Api {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"))
        .endpoint_url(url)
        .load()
        .await;
    let budget = Budget::new(Rate::default(), Arc::new(ManualClock::default()), Arc::new(NoJitter));
    Api::new(&config, Arc::new(budget))
}
