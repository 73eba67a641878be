//! Who a client says it is, and what it wants: the same places for every transport.

use actix_http::{RequestHead, header};
use actix_web::{error::QueryPayloadError, web::Query};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

use crate::{
    contract::parameter,
    kernel::{
        config::Config,
        ids::{DeviceId, IdFault, UserId},
        time::Timestamp,
        token::{TokenFault, Verifier, bearer, from_cookie},
        unreadable,
    },
    protocol::{close_code::CloseCode, spec::Topics},
    session::hello::{Credentials, Hello, Options},
};

/// The subprotocol that carries a token, for pages, whose WebSockets cannot send headers.
pub const BEARER: &str = "bearer";

/// The query of a handshake.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct HandshakeQuery {
    // Described with the other ways to say who one is.
    #[schemars(skip)]
    token: Option<String>,
    /// The last `seq` that the client has: what came after it is sent first.
    #[serde(default, deserialize_with = "last_seq")]
    last_seq: Option<u64>,
    /// A comma list of `otomo`, `calls`, `chat`, `friends`, `rooms`, `points`.
    #[schemars(regex(
        pattern = "^(otomo|calls|chat|friends|rooms|points)(,(otomo|calls|chat|friends|rooms|points))*$"
    ))]
    topics: Option<String>,
    /// What the client calls its device: its connections are known as one. Without it each is a device of its own.
    #[schemars(with = "Option<DeviceId>")]
    device: Option<String>,
    /// Only the conversation with this person.
    #[schemars(with = "Option<UserId>")]
    customer_id: Option<String>,
    /// `1`: statuses of otomo come with their version.
    v: Option<String>,
}

fn last_seq<'de, D: Deserializer<'de>>(given: D) -> Result<Option<u64>, D::Error> {
    parameter::parse_optional(given, "lastSeq must be a whole number")
}

/// A handshake that cannot be understood: answered with 400.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadHandshake {
    /// The query does not parse.
    #[error("{0}")]
    Query(String),
    /// No such topic.
    #[error(transparent)]
    Topic(#[from] crate::protocol::spec::UnknownTopic),
    /// Not a device id.
    #[error("device: {0}")]
    Device(IdFault),
    /// Not a user id.
    #[error("customerId: {0}")]
    Partner(IdFault),
}

/// Reads what a client said in its request. The first credential that is there counts:
/// `Authorization`, the subprotocol, `?token=`, the app's cookie. `topics` is the default for a client
/// that names none.
///
/// # Errors
/// [`BadHandshake`] for a malformed request. A bad token or origin is not an error here: the client is let in as far as it
/// can be told why it may not stay.
pub fn read(
    head: &RequestHead,
    config: &Config,
    verifier: &Verifier,
    now: Timestamp,
    topics: Topics,
) -> Result<Hello, BadHandshake> {
    let query = Query::<HandshakeQuery>::from_query(head.uri.query().unwrap_or_default());
    let query = query.map(Query::into_inner);
    read_with(head, query, config, verifier, now, topics)
}

/// [`read`], where the handler has the query.
pub(super) fn read_with(
    head: &RequestHead,
    query: Result<HandshakeQuery, QueryPayloadError>,
    config: &Config,
    verifier: &Verifier,
    now: Timestamp,
    topics: Topics,
) -> Result<Hello, BadHandshake> {
    let query = query.map_err(|error| BadHandshake::Query(fault_of(&error)))?;
    let options = Options {
        last_seq: query.last_seq,
        topics: query.topics.map_or(Ok(topics), |list| list.parse())?,
        device: query
            .device
            .map(|name| name.parse::<DeviceId>())
            .transpose()
            .map_err(BadHandshake::Device)?,
        partner: query
            .customer_id
            .map(|id| id.parse::<UserId>())
            .transpose()
            .map_err(BadHandshake::Partner)?,
        versioned: query.v.as_deref() == Some("1"),
    };
    let from_page = || from_cookie(&head.headers, config).map(str::to_owned);
    let credentials = match token(head).or(query.token).or_else(from_page) {
        _ if !origin_admitted(head, config) => Credentials::Refused(
            CloseCode::ForbiddenOrigin,
            "pages of this origin may not connect",
        ),
        None => Credentials::Awaited,
        Some(token) => verified(&token, verifier, now),
    };
    let address = head.peer_addr.map(|address| address.ip());
    Ok(Hello {
        credentials,
        options,
        address,
    })
}

/// What a token says of its bearer.
pub(super) fn verified(token: &str, verifier: &Verifier, now: Timestamp) -> Credentials {
    match verifier.verify(token, now) {
        Ok(identity) => Credentials::Known(Box::new(identity)),
        Err(TokenFault::Expired) => {
            Credentials::Refused(CloseCode::TokenExpired, "the token has expired")
        }
        Err(TokenFault::Invalid(_)) => {
            Credentials::Refused(CloseCode::BadToken, "the token is not valid")
        }
    }
}

/// What is wrong with a query, in a sentence.
pub(super) fn fault_of(error: &QueryPayloadError) -> String {
    match error {
        QueryPayloadError::Deserialize(fault) => unreadable::query(&fault.to_string()),
        _ => "the query cannot be read".to_owned(),
    }
}

/// The token in the request's headers.
fn token(head: &RequestHead) -> Option<String> {
    let authorization = head.headers.get(header::AUTHORIZATION);
    let token = authorization
        .and_then(|value| value.to_str().ok())
        .and_then(bearer);
    token.map(str::to_owned).or_else(|| {
        let mut offered = subprotocols(head);
        (offered.next()? == BEARER)
            .then(|| offered.next().map(str::to_owned))
            .flatten()
    })
}

/// Whether the client offered the subprotocol that carries its token; then it must be accepted.
pub fn offers_bearer(head: &RequestHead) -> bool {
    subprotocols(head).next() == Some(BEARER)
}

fn subprotocols(head: &RequestHead) -> impl Iterator<Item = &str> {
    let values = head.headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .map(str::trim)
}

/// Whether the page that connects may. Clients other than browsers send no origin.
fn origin_admitted(head: &RequestHead, config: &Config) -> bool {
    let text = |name| {
        head.headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    match text(header::ORIGIN) {
        None => true,
        Some(origin) => config
            .server
            .origins
            .now()
            .admit(origin, text(header::HOST)),
    }
}
