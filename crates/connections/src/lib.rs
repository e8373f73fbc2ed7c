//! The connections of API Gateway behind the gateway port, and a call of Sagebell's own API that
//! shows whether waiters can come back.
//!
//! Promise: only API Gateway's own word that a connection is gone counts as gone. A call that fails
//! in any other way is no evidence.
//!
//! ```no_run
//! use sagebell_connections::WebSocketGateway;
//! use sagebell_monitor::ports::Gateway as _;
//! use sagebell_monitor::wait::ConnectionId;
//!
//! # async fn example(config: aws_types::SdkConfig) -> Result<(), Box<dyn std::error::Error>> {
//! let url = "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/v1";
//! let gateway = WebSocketGateway::new(&config, url);
//! match gateway.is_open(&ConnectionId::parse("L0SM9cOFvHcCIhw=")?).await {
//!     Ok(true) => println!("the waiter is there"),
//!     Ok(false) => println!("the waiter has gone"),
//!     Err(failure) => println!("nobody knows: {}", failure.reason),
//! }
//! # Ok(())
//! # }
//! ```
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod client;
mod failure;
mod function_url;
mod gateway;

pub use function_url::FunctionUrl;
pub use gateway::WebSocketGateway;
