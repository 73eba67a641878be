//! Points, "SP" of source document 003: who has them hears of every change.
//!
//! - [`following`]: what people are told, live and when they come back. [`daily`]: the points of a new day.
//! - [`fire`]: many who grant and consume at once, while the server dies again and again.

mod daily;
mod fire;
mod following;

use reqwest::Method;
use serde_json::json;

use crate::{
    api::{Api, Reply, send},
    support::{Endpoint, Json},
};

/// A backend orders something, with a key.
pub async fn order(server: &Endpoint, path: &str, key: &str, body: Json) -> Reply {
    let backend = Api::backend(server);
    let request = backend.request(Method::POST, &format!("/api/server/points/{path}"));
    send(request.header("Idempotency-Key", key).json(&body)).await
}

/// An order of a number of points.
pub fn points(amount: i64) -> Json {
    json!({"amount": amount, "transaction_type": "test"})
}
