//! A job is asked about in its own region, whatever the configured one.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_types::body::SdkBody;
use sagebell_monitor::arn::JobArn;
use sagebell_monitor::ports::SageMaker as _;
use sagebell_monitor::testing::ManualClock;
use sagebell_sagemaker::{Api, Budget, Rate, SageMakerApi};
use serde_json::json;

use crate::server::{Server, config, no_jitter, ok};

/// Answers every request, wherever it goes, and keeps the addresses.
#[derive(Debug, Clone, Default)]
struct Anywhere(Arc<Mutex<Vec<String>>>);

impl HttpConnector for Anywhere {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.0.lock().unwrap().push(request.uri().to_owned());
        let body = SdkBody::from(r#"{"TrainingJobStatus": "InProgress"}"#);
        HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), body)))
    }
}

#[tokio::test]
async fn each_region_has_its_own_endpoint() {
    let anywhere = Anywhere::default();
    let connector = anywhere.clone();
    let client = http_client_fn(move |_, _| SharedHttpConnector::new(connector.clone()));
    let config = config(None).await.into_builder().http_client(client).build();
    let clock = Arc::new(ManualClock::default());
    let budget = Budget::new(Rate::default(), clock.clone(), no_jitter());
    let port = SageMakerApi::new(Api::new(&config, Arc::new(budget)), clock);
    for (partition, region) in
        [("aws", "us-east-1"), ("aws", "eu-central-1"), ("aws-cn", "cn-north-1")]
    {
        let arn = format!("arn:{partition}:sagemaker:{region}:111122223333:training-job/x");
        port.describe(&JobArn::parse(&arn).unwrap()).await.unwrap();
    }
    assert_eq!(
        *anywhere.0.lock().unwrap(),
        [
            "https://api.sagemaker.us-east-1.amazonaws.com/",
            "https://api.sagemaker.eu-central-1.amazonaws.com/",
            "https://api.sagemaker.cn-north-1.amazonaws.com.cn/",
        ]
    );
}

#[tokio::test]
async fn the_signature_is_for_the_jobs_region() {
    let server = Server::start(|_, _| ok(json!({"TrainingJobStatus": "InProgress"}))).await;
    let arn = "arn:aws:sagemaker:eu-central-1:111122223333:training-job/x";
    server.port().await.describe(&JobArn::parse(arn).unwrap()).await.unwrap();
    assert_eq!(server.asked()[0].region(), "eu-central-1");
}
