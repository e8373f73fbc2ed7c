//! The routes: which handlers there are, and which of them need a caller.
//!
//! Each handler is listed once. The router is made of the list at every start, the description
//! only when somebody reads it: to make it takes longer than everything else at the start.

use axum::handler::Handler;
use axum::middleware;
use axum::routing::{MethodRouter, Router};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::PathItemExt as _;

use crate::{Api, dashboard, job_routes, layers, service_routes, wait_routes};

/// What adds these handlers to a router, and the type of their description.
macro_rules! handlers {
    ($served:ident, $Described:ident: $($module:ident::$handler:ident),+ $(,)?) => {
        #[derive(utoipa::OpenApi)]
        #[openapi(paths($($module::$handler),+))]
        struct $Described;

        fn $served(router: Router<Api>) -> Router<Api> {
            pastey::paste! {
                $(let router = with::<$module::[<__path_ $handler>], _>(router, $module::$handler);)+
            }
            router
        }
    };
}

handlers! { for_callers, ForCallers:
    wait_routes::register_wait,
    wait_routes::inspect_wait,
    wait_routes::cancel_wait,
    wait_routes::list_waits,
    job_routes::get_job,
    job_routes::get_timeline,
    job_routes::refresh_job,
    job_routes::stop_job,
    job_routes::list_jobs,
    service_routes::read_principal,
    service_routes::read_connect_url,
}

handlers! { for_anyone, ForAnyone:
    service_routes::check_health,
    service_routes::read_openapi,
}

/// The router with one more handler, at the path and for the methods that its description says. To
/// merge routers would take several times as long.
fn with<D: utoipa::Path, T: 'static>(
    router: Router<Api>,
    handler: impl Handler<T, Api>,
) -> Router<Api> {
    let on = |methods: MethodRouter<Api>, method: &utoipa::openapi::HttpMethod| {
        methods.on(method.to_method_filter(), handler.clone())
    };
    router.route(&D::path(), D::methods().iter().fold(MethodRouter::new(), on))
}

/// Every route.
pub(crate) fn served() -> Router<Api> {
    let for_callers = dashboard::pages(for_callers(Router::new()));
    // Only what is there already gets the layer.
    let for_callers = for_callers.route_layer(middleware::from_fn(layers::require_caller));
    dashboard::files(for_anyone(for_callers))
}

/// What the routes say of themselves.
pub(crate) fn described() -> OpenApi {
    ForCallers::openapi().merge_from(ForAnyone::openapi())
}
