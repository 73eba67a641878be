//! Asks over HTTP: one POST, no redirects, no proxies, no second try, no more than may be read.

use std::time::Duration;

use actix_http::{Uri, header};
use awc::{
    ClientResponse, Connector,
    error::{ConnectError, PayloadError, SendRequestError},
    http::Version,
};

use super::{answer::Answer, fault::ActionFault, request::Request};
use crate::kernel::config::ActionsConfig;

/// Sent as `User-Agent`.
const USER_AGENT: &str = concat!("otomo/", env!("CARGO_PKG_VERSION"));

/// How long a connection is kept for the next action. Shorter than what servers keep theirs (5 s is usual), so that hardly
/// any request meets a connection that is just being closed: it could not be sent again.
const KEEP_ALIVE: Duration = Duration::from_secs(4);

/// The HTTP client of one worker thread.
pub(super) struct Client {
    http: awc::Client,
    answer_size: usize,
}

impl Client {
    /// A crypto provider must be installed by then.
    pub(super) fn new(config: &ActionsConfig) -> Self {
        let connector = Connector::new()
            .max_http_version(Version::HTTP_11)
            .conn_keep_alive(KEEP_ALIVE)
            .timeout(config.timeout)
            .handshake_timeout(config.timeout)
            // The slots of all workers are the bound; nobody waits in here.
            .limit(config.concurrency);
        let http = awc::Client::builder()
            .connector(connector)
            .disable_redirects()
            // The caller bounds the whole.
            .disable_timeout()
            .add_default_header((header::USER_AGENT, USER_AGENT))
            .finish();
        Self {
            http,
            answer_size: config.answer_size,
        }
    }

    pub(super) async fn post(&self, url: &Uri, request: Request) -> Result<Answer, ActionFault> {
        let sent = self
            .http
            .post(url)
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .insert_header(("X-Otomo-Delivery", request.delivery.to_string()))
            .insert_header(("X-Otomo-Timestamp", request.timestamp))
            .insert_header(("X-Otomo-Signature", request.signature))
            .send_body(request.body);
        let mut response = sent.await.map_err(|error| unsent(&error))?;
        let number = |response: &ClientResponse, name| {
            let value = response.headers().get(name)?.to_str().ok()?;
            value.parse::<u64>().ok()
        };
        let retry_after = number(&response, header::RETRY_AFTER);
        let announced = number(&response, header::CONTENT_LENGTH);
        let body = response.body().limit(self.answer_size).await;
        let body = body.map_err(|error| match error {
            PayloadError::Overflow => ActionFault::TooLarge,
            other => ActionFault::Broken(other.to_string()),
        })?;
        // A body that ends too soon is not an error to the client library.
        if announced.is_some_and(|length| length != body.len() as u64) {
            return Err(ActionFault::Broken("the answer is cut short".to_owned()));
        }
        Ok(Answer {
            status: response.status().as_u16(),
            retry_after,
            body,
        })
    }
}

fn unsent(error: &SendRequestError) -> ActionFault {
    match error {
        // What the library says of a connection that ends instead of answering.
        SendRequestError::Connect(ConnectError::Disconnected) => {
            ActionFault::Broken("the connection ended without an answer".to_owned())
        }
        SendRequestError::Connect(cause) => ActionFault::Unreachable(cause.to_string()),
        other => ActionFault::Broken(other.to_string()),
    }
}
