//! Friends: they hear of requests, and of who of them comes and goes.

mod asking;
mod online;

use otomo::kernel::identity::Role;
use serde_json::json;

use crate::{api::Api, support::TestServer};

/// Two people become friends over HTTP.
pub async fn befriend(server: &TestServer, one: &str, other: &str) {
    for (asker, asked) in [(one, other), (other, one)] {
        let api = Api::of(server, asker, Role::User);
        api.put(&format!("/api/friends/{asked}"), json!({}))
            .await
            .ok();
    }
}
