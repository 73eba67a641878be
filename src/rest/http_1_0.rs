//! Answers to clients of HTTP/1.0, as old proxies are.

use actix_web::{
    Error,
    body::{BodySize, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{ConnectionType, Version},
    middleware::Next,
};

/// Sends what has no length (a stream, what is compressed as it goes) without chunks, which such a client does not know: it ends
/// with its connection (RFC 9112, sections 6.1 and 6.3).
pub(super) async fn without_chunks<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let old = request.version() < Version::HTTP_11;
    let mut response = next.call(request).await?;
    if old && response.response().body().size() == BodySize::Stream {
        let head = response.response_mut().head_mut();
        head.no_chunking(true);
        head.set_connection_type(ConnectionType::Close);
    }
    Ok(response)
}
