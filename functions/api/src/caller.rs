//! The caller, as the function URL's `AWS_IAM` authorizer reports it.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use lambda_http::request::RequestContext;
use sagebell_http_api::principal::principal_of;
use sagebell_monitor::principal::Principal;
use sagebell_runtime::Auth;

/// The one caller of an API without authentication.
pub(crate) const ANYONE: &str = "anyone";

/// Notes the caller in the request, for the routes that need one. Where AWS
/// authenticated nobody, none is noted and those routes refuse.
pub(crate) async fn identify(
    State(auth): State<Auth>,
    mut request: Request,
    next: Next,
) -> Response {
    let caller = match auth {
        Auth::None => Some(Principal(ANYONE.to_owned())),
        Auth::Iam => request.extensions().get().and_then(signed_by),
    };
    if let Some(caller) = caller {
        request.extensions_mut().insert(caller);
    }
    next.run(request).await
}

/// Who signed the request, as the function URL's authorizer says.
fn signed_by(context: &RequestContext) -> Option<Principal> {
    let RequestContext::ApiGatewayV2(context) = context else {
        return None;
    };
    let user_arn = context.authorizer.as_ref()?.iam.as_ref()?.user_arn.as_ref()?;
    principal_of(user_arn)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request as function URLs send it, in the parts that matter: payload
    /// format 2.0, "Invoking Lambda function URLs" in the Lambda guide.
    fn request(authorizer: &str) -> lambda_http::Request {
        let event = format!(
            r#"{{"version": "2.0", "routeKey": "$default", "rawPath": "/v1/jobs", "rawQueryString": "",
                "headers": {{}}, "isBase64Encoded": false,
                "requestContext": {{"accountId": "111122223333", "apiId": "id", "stage": "$default",
                    "requestId": "id", "routeKey": "$default", "timeEpoch": 1583348638390,
                    "authorizer": {authorizer},
                    "http": {{"method": "GET", "path": "/v1/jobs", "protocol": "HTTP/1.1",
                        "sourceIp": "203.0.113.1", "userAgent": "agent"}}}}}}"#
        );
        lambda_http::request::from_str(&event).unwrap()
    }

    fn caller(authorizer: &str) -> Option<Principal> {
        request(authorizer).extensions().get().and_then(signed_by)
    }

    #[test]
    fn the_role_is_the_caller_whatever_its_session() {
        for session in ["pod-1", "pod-2"] {
            let authorizer = format!(
                r#"{{"iam": {{"accessKey": "ASIA", "accountId": "111122223333", "callerId": "AROA:{session}",
                    "userArn": "arn:aws:sts::111122223333:assumed-role/pipeline/{session}", "userId": "AROA"}}}}"#
            );
            assert_eq!(
                caller(&authorizer),
                Some(Principal("111122223333:role/pipeline".to_owned()))
            );
        }
    }

    #[test]
    fn whom_aws_did_not_authenticate_is_nobody() {
        assert_eq!(caller("null"), None);
        assert_eq!(caller("{}"), None);
    }
}
