//! The ways in which a client may say who it is.

use serde_json::{Value, json};

use super::reference;
use crate::protocol::credentials;

/// Those of a request: the first that is there counts.
const OF_REQUESTS: [&str; 4] = ["bearer", "subprotocol", "query", "cookie"];

/// Those that come after it: in Socket.IO's CONNECT, and as the first message of a WebSocket.
const OF_MESSAGES: [&str; 2] = ["socketio", "init_connection"];

pub(super) fn schemes() -> Value {
    json!({
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": credentials::BEARER,
        },
        "subprotocol": {
            "type": "httpApiKey",
            "in": "header",
            "name": "Sec-WebSocket-Protocol",
            "description": "`bearer, <jwt>`: for WebSockets of pages, which cannot set headers. The server chooses `bearer`.",
        },
        "query": {
            "type": "httpApiKey",
            "in": "query",
            "name": credentials::TOKEN,
            "description": credentials::IN_QUERY,
        },
        "cookie": {
            "type": "httpApiKey",
            "in": "cookie",
            "name": credentials::TOKEN,
            "description": credentials::IN_COOKIE,
        },
        "socketio": {
            "type": "apiKey",
            "in": "password",
            "description": "`io(url, { auth: { token } })`",
        },
        "init_connection": {
            "type": "apiKey",
            "in": "password",
            "description": "`init_connection` with `token`, as the first message of a WebSocket, within `server.handshake_timeout`.",
        },
    })
}

/// Those that a server of WebSockets takes.
pub(super) fn of_sockets() -> Vec<Value> {
    let all = OF_REQUESTS.iter().chain(&OF_MESSAGES);
    all.map(|name| scheme(name)).collect()
}

/// Those that requests may have.
pub(super) fn of_requests() -> Vec<Value> {
    let all = OF_REQUESTS.iter().filter(|name| **name != "subprotocol");
    all.map(|name| scheme(name)).collect()
}

fn scheme(name: &str) -> Value {
    reference(&format!("components/securitySchemes/{name}"))
}
