//! What the whole server serves over HTTP, REST and the transports: as one OpenAPI document, and as types of TypeScript.

use serde_json::Value;

use crate::{
    contract::{document, typescript},
    rest,
    transport::sse,
};

/// The OpenAPI document, as `web/schemas/openapi.json` holds it and `GET /openapi.json` serves it.
pub fn openapi() -> String {
    format!("{:#}\n", document())
}

/// Its types for TypeScript, as `web/client/types/rest_api.d.ts` holds them.
pub fn rest_types() -> String {
    typescript::document(&document())
}

fn document() -> Value {
    let mut areas = Vec::from(rest::areas());
    areas.push(sse::area());
    document::openapi(&areas)
}
