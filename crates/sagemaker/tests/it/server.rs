//! A server that answers as a test says and keeps what it was asked.

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_sagemaker::config::Credentials;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router};
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::Entropy;
use sagebell_monitor::testing::ManualClock;
use sagebell_sagemaker::{Api, Budget, Rate, SageMakerApi};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) operation: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) input: Value,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The region that the request is signed for.
    pub(crate) fn region(&self) -> &str {
        self.header("authorization").split('/').nth(2).unwrap_or_default()
    }
}

/// A running server.
pub(crate) struct Server {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers the nth request (from 0) as `reply` says.
    pub(crate) async fn start(
        reply: impl Fn(&Asked, usize) -> Response + Send + Sync + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (kept, reply) = (asked.clone(), Arc::new(reply));
        let app = Router::new().fallback(move |headers: HeaderMap, body: Bytes| {
            let (kept, reply) = (kept.clone(), reply.clone());
            async move {
                let request = read(headers, body);
                let nth = {
                    let mut kept: std::sync::MutexGuard<'_, Vec<Asked>> = kept.lock().unwrap();
                    kept.push(request.clone());
                    kept.len() - 1
                };
                reply(&request, nth)
            }
        });
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, asked }
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn operations(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.operation).collect()
    }

    pub(crate) async fn api(&self) -> Api {
        self.api_with(Rate::default()).await.0
    }

    pub(crate) async fn api_with(&self, rate: Rate) -> (Api, Arc<Budget>) {
        let budget = Arc::new(Budget::new(rate, Arc::new(ManualClock::default()), no_jitter()));
        (Api::new(&self.config().await, budget.clone()), budget)
    }

    pub(crate) async fn config(&self) -> SdkConfig {
        config(Some(&self.url)).await
    }

    pub(crate) async fn port(&self) -> SageMakerApi {
        SageMakerApi::new(self.api().await, Arc::new(ManualClock::default()))
    }
}

fn read(headers: HeaderMap, body: Bytes) -> Asked {
    let target = headers.get("x-amz-target").map(|target| target.to_str().unwrap().to_owned());
    let operation = target.and_then(|target| Some(target.strip_prefix("SageMaker.")?.to_owned()));
    // STS is not asked in JSON.
    let input = serde_json::from_slice(&body).unwrap_or_default();
    Asked { operation: operation.unwrap_or_default(), headers, body, input }
}

/// Without anything from the environment.
pub(crate) async fn config(url: Option<&str>) -> SdkConfig {
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("AKID", "secret", None, None, "test"));
    match url {
        Some(url) => config.endpoint_url(url).load().await,
        None => config.load().await,
    }
}

struct NoJitter;

impl Entropy for NoJitter {
    fn unit(&self) -> f64 {
        0.0
    }
}

pub(crate) fn no_jitter() -> Arc<dyn Entropy> {
    Arc::new(NoJitter)
}

pub(crate) fn ok(answer: Value) -> Response {
    Json(answer).into_response()
}

/// An error as SageMaker writes it.
pub(crate) fn refuse(code: &str, message: &str) -> Response {
    let body = Json(json!({"__type": code, "message": message}));
    (StatusCode::BAD_REQUEST, [("x-amzn-requestid", "r-1")], body).into_response()
}

pub(crate) fn arn(rest: &str) -> JobArn {
    JobArn::parse(&format!("arn:aws:sagemaker:us-east-1:{ACCOUNT}:{rest}")).unwrap()
}
