//! Checks the connection: opens one as a step does, and has a ping on it answered. Nothing is
//! registered on it here, and nothing is left of it.

use sagebell_client::client::{Client, ClientError};
use sagebell_client::{Connection, Loss, OpenError};

use super::api;
use super::grants::{CONNECT, CONNECTIONS, PINGS, REACH};
use super::report::Check;

const CONNECTION: &str = "connection";
const PING: &str = "ping";
/// What steps do without a connection.
const FALL_BACK: &str = "Without a connection, steps renew their waits instead";
/// The statuses of a refusal: the caller's, the rate, and from here on those of failures.
const FORBIDDEN: u16 = 403;
const TOO_MANY: u16 = 429;
const FAILED: u16 = 500;

/// Whether a connection opens.
pub(super) async fn open(client: &Client) -> (Check, Option<Connection>) {
    match Connection::open(client).await {
        Ok(connection) => {
            (Check::ok(CONNECTION, "a WebSocket to the monitor is open"), Some(connection))
        }
        Err(error) => (not_open(&error), None),
    }
}

fn not_open(error: &OpenError) -> Check {
    match error {
        OpenError::Client(error) => api::unanswered(CONNECTION, error),
        OpenError::Refused { status, .. } => not_upgraded(error, *status),
        OpenError::Unreachable { url, .. } => no_way_out(error, url.host_str().unwrap_or_default()),
        OpenError::Late => no_way_out(error, "its host"),
        OpenError::NotOffered | OpenError::BadAddress(_) => {
            let how = format!("{error}. Deploy the stack of this version. {FALL_BACK}");
            Check::missing(CONNECTION, how, CONNECTIONS)
        }
        // Only of one that was open.
        OpenError::Lost(_) | OpenError::Unregistered(_) => {
            Check::unknown(CONNECTION, error.to_string(), &[])
        }
    }
}

fn no_way_out(error: &OpenError, host: &str) -> Check {
    let how = format!(
        "{error}. A proxy, a firewall or a NetworkPolicy must let HTTPS to {host} out. {FALL_BACK}"
    );
    Check::missing(CONNECTION, how, REACH)
}

/// API Gateway refuses a caller that IAM does not allow with 403 ("Control access to WebSocket APIs
/// with AWS IAM authorization"), and too many at once with 429 ("Quotas for configuring and running a
/// WebSocket API", both API Gateway developer guide). A proxy may answer anything. One that removes
/// the request's `Upgrade`, which is for the next hop only (RFC 9110, section 7.8), has it answered
/// as a plain request.
fn not_upgraded(error: &OpenError, status: u16) -> Check {
    match status {
        FORBIDDEN => {
            let how = format!(
                "{error}. The caller's role needs execute-api:Invoke on the stack's output ConnectArn. If these are the words of a proxy, it must let WebSockets through. {FALL_BACK}"
            );
            Check::missing(CONNECTION, how, CONNECT)
        }
        TOO_MANY => {
            let how = format!("{error}. Too many were opened at once: run the check again");
            Check::unknown(CONNECTION, how, &[])
        }
        FAILED.. => {
            let how =
                format!("{error}. Read the log of `api`, or that of the proxy if it said this");
            Check::missing(CONNECTION, how, CONNECTIONS)
        }
        _ => {
            let how = format!(
                "{error}. A proxy in between takes the `Upgrade` out of the request. It must let WebSockets through. {FALL_BACK}"
            );
            Check::missing(CONNECTION, how, &[])
        }
    }
}

/// Whether a message on the connection is answered. On AWS the gateway answers it, and `api` does not
/// see it.
pub(super) async fn ping(connection: Option<Connection>) -> (Check, Option<Connection>) {
    let Some(connection) = connection else {
        return (not_checked(PING), None);
    };
    match connection.ping().await {
        Ok(()) => (Check::ok(PING, "a ping on the connection is answered"), Some(connection)),
        Err(ClientError::ConnectionLost) => (unanswered(&connection.loss()), None),
        Err(error) => (Check::missing(PING, error.to_string(), PINGS), Some(connection)),
    }
}

fn unanswered(loss: &Loss) -> Check {
    let how = format!(
        "the connection opened, and a ping on it was not answered: {loss}. A proxy in between lets no messages through, or the stack does not answer pings. {FALL_BACK}"
    );
    Check::missing(PING, how, PINGS)
}

/// A check that needs the connection which did not open.
pub(super) fn not_checked(name: &'static str) -> Check {
    Check::unknown(name, "not checked: there is no connection", &[])
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;
    use url::Url;

    use super::super::grants::Grant;
    use super::super::report::Outcome;
    use super::*;

    fn refused(status: u16) -> Check {
        let url = Box::new(Url::parse("wss://x.example/v1").unwrap());
        not_open(&OpenError::Refused { url, status, said: "policy".to_owned() })
    }

    fn places(check: &Check) -> &'static [Grant] {
        assert_eq!(check.outcome, Outcome::Missing, "{}", check.seen);
        check.granted_by
    }

    #[test]
    fn a_refusal_names_the_permission_and_says_the_words_of_who_refused() {
        let check = refused(403);
        assert_eq!(places(&check), CONNECT);
        assert!(check.seen.contains("HTTP 403") && check.seen.contains("policy"), "{}", check.seen);
        assert!(check.seen.contains("execute-api:Invoke on the stack's output ConnectArn"));
    }

    #[test]
    fn a_proxy_that_takes_the_upgrade_away_is_told_from_who_may_not_connect() {
        for status in [101, 200, 301, 400, 404, 407, 426] {
            let check = refused(status);
            assert_eq!(places(&check), &[]);
            assert!(check.seen.contains("takes the `Upgrade` out"), "{}", check.seen);
            assert!(check.seen.contains(FALL_BACK), "{}", check.seen);
        }
    }

    #[test]
    fn a_gateway_that_fails_is_no_matter_of_permissions_and_a_busy_one_says_nothing() {
        for status in [500, 502, 503, 504] {
            assert_eq!(places(&refused(status)), CONNECTIONS);
        }
        assert_eq!(refused(429).outcome, Outcome::Unknown);
    }

    /// A monitor that wants connections at this address.
    async fn monitor(address: &str) -> Client {
        let body = format!(r#"{{"url": "{address}"}}"#);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
        let answer = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", socket.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut asked, _) = socket.accept().await.unwrap();
            let mut question = [0; 1_024];
            assert!(asked.read(&mut question).await.unwrap() > 0);
            asked.write_all(answer.as_bytes()).await.unwrap();
        });
        Client::new(Url::parse(&url).unwrap()).unwrap()
    }

    #[tokio::test]
    async fn an_address_that_nothing_gets_to_is_named() {
        let (check, connection) = open(&monitor("ws://127.0.0.1:1/v1").await).await;
        assert_eq!(places(&check), REACH);
        assert!(check.seen.contains("let HTTPS to 127.0.0.1 out"), "{}", check.seen);
        assert!(connection.is_none());
        assert_eq!(places(&not_open(&OpenError::Late)), REACH);
    }

    #[tokio::test]
    async fn a_monitor_without_a_good_address_is_to_be_deployed_anew() {
        let (check, _) = open(&monitor("mailto:x").await).await;
        assert_eq!(places(&check), CONNECTIONS);
        assert_eq!(places(&not_open(&OpenError::NotOffered)), CONNECTIONS);
    }

    #[tokio::test]
    async fn without_a_connection_nothing_on_it_is_missing() {
        let (check, connection) = ping(None).await;
        assert_eq!((check.name, check.outcome), (PING, Outcome::Unknown));
        assert!(connection.is_none());
    }
}
