//! Lists.

use sagebell_sagemaker::{Class, Rate};
use serde_json::{Value, json};

use crate::server::{Server, ok};

#[tokio::test]
async fn pages_follow_the_token_and_keep_the_input() {
    let server = Server::start(|asked, _| match asked.input["NextToken"].as_str() {
        None => ok(json!({"ModelSummaries": [1, 2], "NextToken": "t1"})),
        Some("t1") => ok(json!({"ModelSummaries": [], "NextToken": "t2"})),
        _ => ok(json!({"ModelSummaries": [3], "NextToken": null})),
    })
    .await;
    let api = server.api().await;
    let pages = api.pages("ListModels", &json!({"MaxResults": 2}), "ModelSummaries");
    assert_eq!(pages.all().await.unwrap(), [1, 2, 3]);
    let asked = server.asked();
    assert!(asked.iter().all(|asked| asked.input["MaxResults"] == 2));
    let tokens: Vec<Value> = asked.iter().map(|asked| asked.input["NextToken"].clone()).collect();
    assert_eq!(tokens, [Value::Null, "t1".into(), "t2".into()]);
}

#[tokio::test]
async fn every_page_costs_the_budget() {
    let server = Server::start(|_, _| ok(json!({"Items": [0], "NextToken": "more"}))).await;
    let rate = Rate { per_second: 0.01, burst: 3.0, ..Rate::default() };
    let (api, _) = server.api_with(rate).await;
    let error = api.pages("ListModels", &json!({}), "Items").all().await.unwrap_err();
    assert_eq!(error.class, Class::Throttled);
    assert_eq!(server.asked().len(), 3);
}

#[tokio::test]
async fn a_list_without_end_is_given_up() {
    let server = Server::start(|_, _| ok(json!({"Items": [0], "NextToken": "same"}))).await;
    let rate = Rate { burst: 1_000.0, ..Rate::default() };
    let (api, _) = server.api_with(rate).await;
    let error = api.pages("ListModels", &json!({}), "Items").all().await.unwrap_err();
    assert_eq!(error.class, Class::Other);
    assert_eq!(server.asked().len(), 100);
}

#[tokio::test]
async fn an_answer_without_the_list_is_an_error() {
    let server = Server::start(|_, _| ok(json!({"Other": []}))).await;
    let api = server.api().await;
    let mut pages = api.pages("ListModels", &json!({}), "Models");
    let error = pages.next().await.unwrap_err();
    assert!(error.message.contains("Models"), "{error}");
}
