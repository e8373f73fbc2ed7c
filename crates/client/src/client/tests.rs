use axum::Router;
use axum::http::StatusCode;

use super::*;

const ARN: &str = "arn:aws:sagemaker:us-east-1:111122223333:training-job/x";

async fn refusal(status: u16, kind: &'static str, body: Vec<u8>) -> ClientError {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
    let status = StatusCode::from_u16(status).unwrap();
    let answer = (status, [("content-type", kind), ("location", "/elsewhere")], body);
    let server = axum::serve(socket, Router::new().fallback(move || async move { answer }));
    let server = tokio::spawn(server.into_future());
    let refusal = ask(base).await;
    server.abort();
    refusal
}

async fn ask(base: Url) -> ClientError {
    let arn = JobArn::parse(ARN).unwrap();
    Client::new(base).unwrap().get_wait(&arn, "w").await.unwrap_err()
}

/// Answers of the layers between a waiter and the API, and worse.
#[tokio::test]
async fn only_the_apis_own_word_is_final() {
    let page = "text/html";
    let (json, problem) = ("application/json", "application/problem+json");
    let throttled = r#"{"Reason":"ConcurrentInvocationLimitExceeded","Type":"User"}"#;
    let outages = [
        (429, json, throttled),
        (502, json, "Internal Server Error"),
        (504, json, r#"{"message":"Endpoint request timed out"}"#),
        (403, json, r#"{"Message":"Forbidden"}"#),
        (403, page, "<html>blocked by policy</html>"),
        (407, page, "proxy authentication required"),
        (408, page, ""),
        (301, page, ""),
        (200, page, "<html>sign in</html>"),
        (200, json, "{}"),
        (204, json, ""),
        (404, page, "no such host here"),
        (500, problem, r#"{"code":"internal"}"#),
        (503, problem, r#"{"code":"try_again"}"#),
        (429, problem, r#"{"code":"too_many_waits"}"#),
        (403, problem, r#"{"code":"caller_unknown"}"#),
        (404, problem, r#"{"code":"not_found"}"#),
        (400, problem, r#"{"title":"no code"}"#),
        (400, json, r#"{"code":"invalid_field"}"#),
    ];
    for (status, kind, body) in outages {
        let error = refusal(status, kind, body.as_bytes().to_vec()).await;
        assert!(error.is_outage() && error.may_pass(), "{status} {body}: {error}");
    }
    for code in FINAL_CODES {
        let body = format!(r#"{{"code":"{}","detail":"no"}}"#, code.as_str()).into_bytes();
        assert!(refusal(400, problem, body).await.is_final(), "{code:?}");
    }
}

#[tokio::test]
async fn an_endless_answer_is_read_only_so_far() {
    let error = refusal(200, "application/json", vec![b' '; 9 * 1024 * 1024]).await;
    assert!(error.to_string().contains("more than"), "{error}");
}

#[tokio::test]
async fn a_foreign_answer_is_repeated_in_short_and_on_one_line() {
    let error = refusal(502, "text/html", b"<p>\x1b[31m\nbad".repeat(100)).await;
    let said = error.to_string();
    assert!(said.contains("HTTP 502") && said.contains("<p>[31mbad"), "{said}");
    assert!(said.len() < 400 && !said.contains(char::is_control), "{said}");
}

#[tokio::test]
async fn a_connection_that_breaks_may_be_made_again_but_not_one_refused() {
    let socket = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = Url::parse(&format!("http://{}", socket.local_addr().unwrap())).unwrap();
    let breaks = tokio::spawn(async move {
        let (connection, _) = socket.accept().await.unwrap();
        connection.readable().await.unwrap();
    });
    assert!(ask(base.clone()).await.may_pass());
    breaks.await.unwrap();
    assert!(!ask(base).await.may_pass());
}
