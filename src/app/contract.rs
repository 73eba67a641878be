//! The HTTP contract of the whole server: what REST and the transports serve, in one document.

use crate::{contract::document, rest, transport::sse};

/// The OpenAPI document, as `web/schemas/openapi.json` holds it and `GET /openapi.json` serves it.
pub fn openapi() -> String {
    let mut areas = Vec::from(rest::areas());
    areas.push(sse::area());
    document::openapi(&areas)
}
