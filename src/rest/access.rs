//! What is around every request: which pages of others may send it (CORS), and its line in the log.

use std::{sync::Arc, time::Instant};

use actix_cors::Cors;
use actix_web::{
    Error, ResponseError as _,
    body::{EitherBody, MessageBody},
    dev::{RequestHead, ServiceRequest, ServiceResponse},
    http::{Method, header, uri::Authority},
    middleware::Next,
    web::Data,
};

use super::{Shared, auth::API_KEY, error::ApiError, idempotency};
use crate::kernel::config::{Config, FOREIGN_HOST};

/// How long browsers may remember that a page is allowed, in seconds.
const PREFLIGHT_MAX_AGE: usize = 3600;

/// Pages of `server.origins` may send requests with credentials. Other origins get no permission, which their
/// browsers enforce; a request without an origin does not come from a page, and only its token counts.
pub(super) fn cors(config: &Arc<Config>) -> Cors {
    let config = Arc::clone(config);
    Cors::default()
        .allowed_origin_fn(move |origin, request| {
            let host = request.headers().get(header::HOST);
            let host = host.and_then(|value| value.to_str().ok());
            let origin = origin.to_str().unwrap_or_default();
            config.server.origins.now().admit(origin, host)
        })
        .allowed_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::DELETE,
        ])
        .allowed_headers([
            header::AUTHORIZATION.as_str(),
            header::CONTENT_TYPE.as_str(),
            API_KEY,
            idempotency::HEADER,
            "last-event-id",
        ])
        .expose_headers([header::RETRY_AFTER])
        .supports_credentials()
        .max_age(PREFLIGHT_MAX_AGE)
}

/// Refuses who asks for another host than ours ([`Config::admits_host`]).
pub(super) async fn own_host<B: MessageBody>(
    shared: Data<Shared>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if !asks_for_us(&shared.config, request.head()) {
        let refused = ApiError::forbidden(FOREIGN_HOST);
        let response = request.into_response(refused.error_response());
        return Ok(response.map_into_right_body());
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// HTTP/2 has the host in the URI, HTTP/1.1 in the header, and a client of that may send both.
fn asks_for_us(config: &Config, head: &RequestHead) -> bool {
    let headers = head.headers.get_all(header::HOST);
    let headers = headers.map(|value| value.to_str().unwrap_or_default());
    let mut asked = headers.chain(head.uri.authority().map(Authority::as_str));
    asked.all(|host| config.admits_host(host))
}

/// One line for each request. Without its query and its headers, which may hold what nobody should read.
pub(super) async fn log<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let started = Instant::now();
    let (method, path) = (request.method().clone(), request.path().to_owned());
    let response = next.call(request).await?;
    log::debug!(
        "request answered method={method} path={path} status={} took_ms={}",
        response.status().as_u16(),
        started.elapsed().as_millis()
    );
    Ok(response)
}
