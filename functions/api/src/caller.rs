//! Who calls: what the function URL's `AWS_IAM` authorizer says.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bootstrap::Auth;
use http_api::principal::principal_of;
use lambda_http::request::RequestContext;
use monitor::wait::Principal;

/// The one caller of an API without authentication.
const ANYONE: &str = "anyone";

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

fn signed_by(context: &RequestContext) -> Option<Principal> {
    let RequestContext::ApiGatewayV2(context) = context else {
        return None;
    };
    let user_arn = context.authorizer.as_ref()?.iam.as_ref()?.user_arn.as_ref()?;
    principal_of(user_arn)
}
