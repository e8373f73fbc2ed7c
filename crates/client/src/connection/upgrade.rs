//! The opening handshake of a WebSocket (RFC 6455, section 4), as a request of the HTTP client: so
//! TLS, proxies (`HTTPS_PROXY`, `NO_PROXY`) and signatures are those of every other call.

use reqwest::header::{
    CONNECTION, HeaderMap, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::{Response, StatusCode};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use url::Url;

use super::{OpenError, Socket, socket};
use crate::client::Client;

/// How much of a refusal is repeated, in characters.
const SAID: usize = 200;

/// Upgrades a request to this `ws:` or `wss:` URL.
pub(super) async fn upgrade(client: &Client, address: &Url) -> Result<Socket, OpenError> {
    let unreachable = |source| OpenError::Unreachable { url: Box::new(address.clone()), source };
    let url = over_http(address);
    let key = generate_key();
    let response = client.upgrade(&url, &headers(&key)).await?;
    let accept = derive_accept_key(key.as_bytes());
    let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT).map(HeaderValue::as_bytes);
    let is_accepted = accepted == Some(accept.as_bytes());
    if response.status() != StatusCode::SWITCHING_PROTOCOLS || !is_accepted {
        return Err(refused(address, response).await);
    }
    Ok(socket(response.upgrade().await.map_err(unreachable)?).await)
}

/// The same address in the scheme of the HTTP client.
fn over_http(address: &Url) -> Url {
    let mut url = address.clone();
    // Between these four schemes a change is always possible.
    url.set_scheme(if address.scheme() == "ws" { "http" } else { "https" }).ok();
    url
}

fn headers(key: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
    if let Ok(key) = HeaderValue::from_str(key) {
        headers.insert(SEC_WEBSOCKET_KEY, key);
    }
    headers
}

async fn refused(address: &Url, mut response: Response) -> OpenError {
    let status = response.status().as_u16();
    let body = response.chunk().await.ok().flatten().unwrap_or_default();
    let said = String::from_utf8_lossy(&body);
    let said = said.chars().filter(|letter| !letter.is_control()).take(SAID).collect();
    OpenError::Refused { url: Box::new(address.clone()), status, said }
}
