//! Somebody who looks at the list.

use otomo::{
    delivery::{
        line::{Client, SessionRef},
        lines::Lines,
    },
    kernel::{
        identity::Role,
        ids::{SessionId, UserId},
    },
};
use serde_json::Value;

use crate::listener::Listener;

/// What a watcher was told, in order.
pub(crate) struct Watcher {
    pub(crate) at: SessionRef,
    listener: Listener,
}

impl Watcher {
    /// A client of this worker that listens to everything and wants versions.
    pub(crate) fn new(lines: &Lines, user: &UserId, role: Role) -> Self {
        let session = SessionId::new();
        let client = Client {
            user: user.clone(),
            role,
            device: session.into(),
            session,
        };
        let listener = Listener::new(lines, client, true);
        Self {
            at: listener.at,
            listener,
        }
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        self.listener.next().await
    }

    /// The next frame, which is the snapshot; and whom it lists.
    pub(crate) async fn snapshot(&mut self) -> Vec<Value> {
        let snapshot = self.next().await;
        assert_eq!(snapshot["type"], "otomo_status_snapshot");
        snapshot["otomos"].as_array().unwrap().clone()
    }

    /// The next frame, which is this status of this otomo; and its version.
    #[track_caller]
    pub(crate) fn expect(&mut self, otomo: &str, status: &str) -> impl Future<Output = u64> {
        let caller = std::panic::Location::caller();
        async move {
            let update = self.next().await;
            let told = (&update["type"], &update["userId"], &update["status"]);
            let expected = (
                &Value::from("otomo_status_update"),
                &Value::from(otomo),
                &Value::from(status),
            );
            assert_eq!(told, expected, "at {caller}");
            update["v"].as_u64().unwrap()
        }
    }
}
