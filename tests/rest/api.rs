//! Somebody who asks over HTTP, in words of the tests.

use otomo::kernel::identity::Role;
use reqwest::{
    Body, Client, Method, RequestBuilder, StatusCode,
    header::{AUTHORIZATION, HeaderMap},
};

use crate::support::{
    Endpoint, Json,
    openapi::{self, Exchange},
};

/// The key of the app's backend on all test servers.
pub const API_KEY: &str = "the key of the app's own backend";

/// The settings of a server that knows its backend.
pub const WITH_KEY: (&str, &str) = ("auth.api_keys", API_KEY);

/// Somebody with their credentials.
pub struct Api {
    http: Client,
    base: String,
    credential: Option<(&'static str, String)>,
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, if it is JSON; else `null`.
    pub json: Json,
    /// The body as it came.
    pub text: String,
}

impl Api {
    fn new(endpoint: &Endpoint, credential: Option<(&'static str, String)>) -> Self {
        Self {
            http: Client::new(),
            base: format!("http://{}", endpoint.address()),
            credential,
        }
    }

    /// Somebody with a token.
    pub fn of(endpoint: &Endpoint, user: &str, role: Role) -> Self {
        Self::with_token(endpoint, &endpoint.token(user, role))
    }

    /// Somebody with a token made elsewhere.
    pub fn with_token(endpoint: &Endpoint, token: &str) -> Self {
        Self::new(
            endpoint,
            Some((AUTHORIZATION.as_str(), format!("Bearer {token}"))),
        )
    }

    /// The app's backend.
    pub fn backend(endpoint: &Endpoint) -> Self {
        Self::with_key(endpoint, API_KEY)
    }

    /// A backend with some key.
    pub fn with_key(endpoint: &Endpoint, key: &str) -> Self {
        Self::new(endpoint, Some(("x-api-key", key.to_owned())))
    }

    /// Somebody who does not say who they are.
    pub fn stranger(endpoint: &Endpoint) -> Self {
        Self::new(endpoint, None)
    }

    /// A request about to be sent, to say more about it.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.credential {
            Some((name, value)) => request.header(*name, value),
            None => request,
        }
    }

    pub async fn get(&self, path: &str) -> Reply {
        send(self.request(Method::GET, path)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        send(self.request(Method::DELETE, path)).await
    }

    pub async fn post(&self, path: &str, body: Json) -> Reply {
        send(self.request(Method::POST, path).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Json) -> Reply {
        send(self.request(Method::PUT, path).json(&body)).await
    }

    /// Every entry of a list, read in pages of `limit`.
    pub async fn whole_list(&self, path: &str, limit: usize) -> Vec<Json> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let glue = if path.contains('?') { '&' } else { '?' };
            let page = self
                .get(&format!("{path}{glue}limit={limit}{cursor}"))
                .await;
            let page = page.ok();
            let entries = page["items"].as_array().expect("a list").clone();
            assert!(entries.len() <= limit, "{page}");
            items.extend(entries);
            match page["nextCursor"].as_str() {
                Some(next) => {
                    let next = format!("&cursor={next}");
                    assert_ne!(next, cursor, "the list leads back to where it was");
                    cursor = next;
                }
                None => return items,
            }
        }
    }
}

/// Sends a request and reads the whole answer, which must be as the OpenAPI document says.
pub async fn send(request: RequestBuilder) -> Reply {
    let (http, request) = request.build_split();
    let request = request.expect("a request");
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let sent = request.body().and_then(Body::as_bytes).map(<[u8]>::to_vec);
    let response = http.execute(request).await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("a body");
    let json = serde_json::from_str(&text).unwrap_or(Json::Null);
    let reply = Reply {
        status,
        headers,
        json,
        text,
    };
    openapi::check(&Exchange {
        method: method.as_str(),
        path: &path,
        sent: sent.as_deref(),
        status,
        content_type: reply.header("content-type"),
        body: &reply.text,
    });
    reply
}

impl Reply {
    /// The body of a request that was done.
    #[track_caller]
    pub fn ok(self) -> Json {
        let good = StatusCode::from_u16(self.status).is_ok_and(|status| status.is_success());
        assert!(good, "{self:?}");
        self.json
    }

    /// Asserts that the request was refused, in the one shape, and gives the error.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Json {
        let error = &self.json["error"];
        assert_eq!(
            (self.status, error["code"].as_str()),
            (status, Some(code)),
            "{self:?}"
        );
        assert!(error["message"].is_string(), "{self:?}");
        assert_eq!(self.header("content-type"), "application/json", "{self:?}");
        self.json["error"].clone()
    }

    /// A header; empty if it is not there.
    pub fn header(&self, name: &str) -> &str {
        let value = self
            .headers
            .get(name)
            .map(|value| value.to_str().expect("text"));
        value.unwrap_or_default()
    }
}
