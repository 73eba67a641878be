//! Patterns: what a backend publishes is held against schemas, whose regular expressions are matched in a time that grows with
//! the text and not with what could be tried (the `regex` crate, which never goes back).

use std::time::{Duration, Instant};

use serde_json::json;

use super::Bystander;
use crate::{
    api::{Api, WITH_KEY},
    support::{Json, TestServer},
};

/// How long one event may take, in a build for tests on a busy machine. What backtracks takes centuries.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Texts on which engines that backtrack despair, each as long as fits into an event.
fn hostile() -> [String; 6] {
    [
        format!("{}!", "a".repeat(50_000)),
        format!("{}x", "0".repeat(50_000)),
        format!("2026-01-01T00:00:00.{}", "0".repeat(50_000)),
        format!("2026-01-01T00:00:00{}", "+00:00".repeat(8_000)),
        format!("{}@", "a.".repeat(25_000)),
        format!("{}-", "0198c0de-".repeat(5_000)),
    ]
}

/// Events that are whole but for a field with a form of its own, and that field.
fn fields() -> [(Json, &'static str); 3] {
    [
        (
            json!({
                "type": "sp_update", "current_sp": 1, "amount_changed": 1, "transaction_type": "gift", "description": "x",
                "balance_before": 0, "balance_after": 1,
            }),
            "timestamp",
        ),
        (
            json!({"type": "notification", "message": "x", "category": "x"}),
            "id",
        ),
        (
            json!({"type": "player_status_update", "status": "ready"}),
            "user_id",
        ),
    ]
}

#[tokio::test]
async fn no_text_makes_a_pattern_take_long() {
    let server = TestServer::start_with(&[WITH_KEY]).await;
    let mut bystander = Bystander::of(&server).await;
    let backend = Api::backend(&server);
    for (whole, field) in fields() {
        for text in hostile() {
            let mut data = whole.clone();
            data[field] = json!(text);
            let name = &whole["type"];
            let event = json!({"target": {"user": "bystander"}, "type": name, "data": data});
            let asked = Instant::now();
            let reply = backend.post("/api/server/events", event).await;
            let took = asked.elapsed();
            let told = reply.refused(400, "EVENT_INVALID").to_string();
            assert!(told.contains(field), "{told}");
            assert!(took < ANSWER_MAX, "{name}: {took:?}");
        }
    }
    bystander.is_served().await;
}
