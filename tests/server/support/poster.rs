//! What somebody who listens to a stream says: commands by `POST /api/commands`.

use otomo::kernel::identity::Role;
use serde_json::json;
use uuid::Uuid;

use super::{
    Endpoint, Json, messages,
    openapi::{self, Exchange},
};

/// Who posts, and for which of their streams.
#[derive(Clone)]
pub struct Poster {
    http: reqwest::Client,
    url: String,
    token: String,
}

impl Poster {
    /// For the stream that the query names: `session=` or `device=`.
    pub fn new(server: &Endpoint, user: &str, role: Role, query: &str) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: format!("http://{}/api/commands?{query}", server.address()),
            token: server.token(user, role),
        }
    }

    /// With another token.
    pub fn with_token(mut self, token: String) -> Self {
        self.token = token;
        self
    }

    /// Posts a body as it is; the status and the body of the answer.
    pub async fn send(&self, body: impl Into<reqwest::Body>) -> (u16, Json) {
        self.try_send(body).await.expect("an answer")
    }

    /// The same for one whose connection may break before there is an answer.
    pub async fn try_send(&self, body: impl Into<reqwest::Body>) -> reqwest::Result<(u16, Json)> {
        let request = self.http.post(&self.url).bearer_auth(&self.token);
        let response = request.body(body).send().await?;
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type").cloned();
        let body = response.text().await?;
        openapi::check(&Exchange {
            method: "POST",
            path: "/api/commands",
            sent: None,
            status,
            content_type: kind
                .as_ref()
                .map_or("", |kind| kind.to_str().expect("text")),
            body: &body,
        });
        Ok((status, serde_json::from_str(&body).unwrap_or_default()))
    }

    /// Posts a command; the status and the answer.
    pub async fn asks(&self, command: Json) -> (u16, Json) {
        let (status, answer) = self.send(command.to_string()).await;
        if status == 200 {
            let checked = messages::check_event(&answer);
            let checked = checked.and_then(|()| messages::check_answer(&command, &answer));
            checked.unwrap_or_else(|fault| panic!("{fault}"));
        }
        (status, answer)
    }

    /// Something about a call, which is acknowledged.
    pub async fn of_call(&self, name: &str, call: Uuid) {
        let (status, answer) = self.asks(json!({"type": name, "callId": call})).await;
        assert_eq!(
            (status, answer["type"].as_str()),
            (200, Some(&*format!("{name}_ack")))
        );
    }

    /// Something that has no answer.
    pub async fn tells(&self, command: Json) {
        let (status, answer) = self.asks(command).await;
        assert_eq!(status, 204, "{answer}");
    }
}
