//! One call of SageMaker's API: `call OPERATION JSON` prints the answer, or the
//! error, as JSON; `call OPERATION JSON ITEMS` reads all pages of a list.
#![allow(clippy::unwrap_used, reason = "an example for tests and trials: it may stop")]
#![allow(clippy::disallowed_macros, reason = "prints for the developer who runs it")]

mod common;

use std::process::ExitCode;

use serde_json::{Value, json};

#[tokio::main]
async fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let operation = words.next().unwrap();
    let input: Value = serde_json::from_str(&words.next().unwrap()).unwrap();
    let (api, _) = common::api().await;
    let outcome = match words.next() {
        Some(items) => api.pages(&operation, &input, &items).all().await.map(Value::from),
        None => api.call(&operation, &input).await,
    };
    match outcome {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let class = format!("{:?}", error.class);
            println!(
                "{}",
                json!({"class": class, "code": error.code, "message": error.message,
                    "request_id": error.request_id})
            );
            ExitCode::FAILURE
        }
    }
}
