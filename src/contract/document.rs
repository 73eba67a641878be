//! Areas as one OpenAPI document.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::{
    area::{Access, Area, Tag},
    endpoint::Endpoint,
    refusals,
    schemas::Schemas,
};
use crate::protocol::{credentials, error_code::ErrorCode};

/// By its SPDX identifier.
const LICENCE: &str = env!("CARGO_PKG_LICENSE");

/// What the document says of itself.
const DESCRIPTION: &str = "\
The realtime layer of an app: who can be called right now, calls that ring, connect and end, a chat that loses nothing, rooms \
with events from the app's backend, and points.

- **Errors** have a proper status and one body: `{\"error\": {\"code\", \"message\", \"context\"?}}`. Programs act on the code.
- **Lists** come in pages: `limit` (50, at most 200) and `cursor`, which is the `nextCursor` of the page before.
- **Times** are ISO 8601 in UTC, but in what sockets get.
- Unknown fields are ignored, in requests and, so that the server may learn new ones, by clients.
- Whatever can be read with GET can be asked for with HEAD.

What sockets and streams carry is described in `/asyncapi.json`.";

/// The OpenAPI document of all these areas.
///
/// # Panics
/// If two operations, or two types, have one name, or a path has other variables than its handler: each is a fault of who wrote the
/// endpoint, and found by the test that makes the document.
pub fn openapi(areas: &[Area]) -> Value {
    let mut schemas = Schemas::new();
    refusals::describe(&mut schemas);
    let mut paths = BTreeMap::<String, BTreeMap<String, Value>>::new();
    let mut tags = Vec::<Tag>::new();
    let mut ids = BTreeSet::new();
    for area in areas {
        for (tag, endpoints) in &area.groups {
            if !tags.contains(tag) {
                tags.push(**tag);
            }
            for endpoint in endpoints {
                let id = endpoint.id;
                assert!(ids.insert(id), "two operations are called {id}");
                let path = format!("{}{}", area.prefix, endpoint.path);
                let operation = operation(area, tag, endpoint, &path, &mut schemas);
                let method = endpoint.method.as_str().to_lowercase();
                let before = paths.entry(path).or_default().insert(method, operation);
                assert!(before.is_none(), "{id} has the method and path of another");
            }
        }
    }
    let tag = |tag: &Tag| json!({"name": tag.name, "description": tag.description});
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "Otomo",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": {"name": LICENCE, "identifier": LICENCE},
        },
        "servers": [{"url": "/", "description": "The server that this document is from."}],
        "tags": tags.iter().map(tag).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": schemas.into_components(),
            "responses": refusals::components(),
            "securitySchemes": security_schemes(),
        },
    })
}

fn operation(
    area: &Area,
    tag: &Tag,
    endpoint: &Endpoint,
    path: &str,
    schemas: &mut Schemas,
) -> Value {
    let mut operation = endpoint.operation(schemas);
    operation.refuse(refusals_of(area.access));
    let mut whole = Map::new();
    whole.insert("operationId".to_owned(), endpoint.id.into());
    whole.insert("summary".to_owned(), endpoint.summary.into());
    if !endpoint.details.is_empty() {
        whole.insert("description".to_owned(), endpoint.details.into());
    }
    whole.insert("tags".to_owned(), json!([tag.name]));
    whole.insert("security".to_owned(), security(area.access));
    whole.extend(operation.into_json(path));
    whole.into()
}

/// What comes from who asks, and from the way to the handler. A request for another host than ours is refused everywhere.
fn refusals_of(access: Access) -> Vec<ErrorCode> {
    match access {
        Access::Anyone => vec![ErrorCode::Forbidden],
        Access::People | Access::Backends | Access::Admins | Access::Streams => vec![
            ErrorCode::Unauthorized,
            ErrorCode::TokenExpired,
            ErrorCode::Forbidden,
            ErrorCode::InternalError,
            ErrorCode::Unavailable,
        ],
    }
}

/// Any one of these is enough.
fn security(access: Access) -> Value {
    match access {
        Access::Anyone => json!([]),
        Access::People | Access::Admins => json!([{"token": []}, {"cookie": []}]),
        Access::Backends => json!([{"key": []}, {"token": []}]),
        Access::Streams => json!([{"token": []}, {"tokenInQuery": []}, {"cookie": []}]),
    }
}

fn security_schemes() -> Value {
    json!({
        "token": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": credentials::BEARER,
        },
        "key": {
            "type": "apiKey",
            "in": "header",
            "name": "X-API-Key",
            "description": "One of `auth.api_keys`: for backends of the app.",
        },
        "tokenInQuery": {
            "type": "apiKey",
            "in": "query",
            "name": credentials::TOKEN,
            "description": credentials::IN_QUERY,
        },
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": credentials::TOKEN,
            "description": credentials::IN_COOKIE,
        },
    })
}
