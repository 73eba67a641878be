//! Whatever a client says of the place from which it goes on.

use std::sync::LazyLock;

use actix_http::{
    RequestHead,
    header::{self, HeaderName, HeaderValue},
};
use bytes::BytesMut;

use super::{credentials, socketio, sse::last_event};
pub(crate) use super::{frames::fuzz::frames, socketio::fuzz::packets};
use crate::{
    delivery::inbox::{
        Extent, Seq,
        resume::{Resume, decide},
    },
    kernel::{
        config::{Config, Sources, load},
        fuzz::{Dice, assert_plain},
        time::Timestamp,
        token::Verifier,
    },
    protocol::{
        frame::{Frame, Stamp, WireFormat},
        spec::{Topic, Topics},
    },
    session::hello::{Credentials, Hello},
};

/// A server with a secret: without one it would look for a file.
static SERVER: LazyLock<(Config, Verifier)> = LazyLock::new(|| {
    let sources = Sources::default()
        .with("auth.hs256_secret", "a secret for fuzzing, of 32 bytes")
        .with("auth.cookie", "session");
    let config = load(&sources).expect("a configuration of ours");
    let verifier = Verifier::new(&config.auth.now()).expect("a key of ours");
    (config, verifier)
});

/// The query of a handshake, a header of it, and a `Last-Event-ID`. Any is read or refused in plain words; where a stream goes on
/// that is asked for is within what it holds.
pub(crate) fn places(bytes: &[u8]) {
    if let Ok(query) = std::str::from_utf8(bytes) {
        handshake(query);
        socketio::fuzz::ask(query);
    }
    let Ok(id) = HeaderValue::from_bytes(bytes) else {
        return;
    };
    make_nobody_known(&id);
    let mut head = RequestHead::default();
    let name = HeaderName::from_static("last-event-id");
    head.headers.insert(name, id);
    let place = last_event(&head);
    assert_eq!(place.is_none(), bytes.is_empty());
    let Some(place) = place else {
        return;
    };
    let digits = std::str::from_utf8(bytes).ok();
    let number = digits.and_then(|digits| digits.parse().ok());
    assert_eq!(place, number.unwrap_or(u64::MAX));
    assert_goes_on_within(place, Dice::of(bytes));
    assert_is_the_id_of(place);
}

fn handshake(query: &str) {
    let mut head = RequestHead::default();
    let Ok(uri) = format!("/ws?{query}").parse() else {
        return;
    };
    head.uri = uri;
    match read(&head) {
        Err(bad) => assert_plain(&bad.to_string(), query.as_bytes()),
        Ok(hello) if !query.contains(['%', '#']) => {
            let fields = || query.split('&');
            let place = fields().find_map(|field| field.strip_prefix("lastSeq="));
            let place = place.and_then(|place| place.parse().ok());
            assert_eq!(hello.options.last_seq, place);
        }
        Ok(_) => {}
    }
}

fn read(head: &RequestHead) -> Result<Hello, credentials::BadHandshake> {
    let (config, verifier) = &*SERVER;
    credentials::read(head, config, verifier, Timestamp::default(), Topics::ALL)
}

/// Headers in which tokens are looked for, and the origin. None of them makes a handshake unreadable, and without a token that we
/// have signed nobody is known by them.
fn make_nobody_known(value: &HeaderValue) {
    for name in [
        header::AUTHORIZATION,
        header::SEC_WEBSOCKET_PROTOCOL,
        header::COOKIE,
        header::ORIGIN,
    ] {
        let mut head = RequestHead::default();
        let site = HeaderName::from_static("sec-fetch-site");
        head.headers
            .insert(site, HeaderValue::from_static("same-origin"));
        head.headers.insert(name, value.clone());
        let hello = read(&head).expect("it asks for nothing");
        assert!(!matches!(hello.credentials, Credentials::Known(_)));
    }
}

/// Streams around the place that is asked for: nobody is sent what is not there, and nobody misses anything unknowingly.
fn assert_goes_on_within(asked: u64, mut dice: Dice) {
    let head = asked.saturating_add(2).saturating_sub(dice.roll(5) as u64);
    let first = head
        .saturating_add(1)
        .saturating_sub(dice.roll(5) as u64)
        .max(1);
    let extent = Extent {
        first: Seq::new(first),
        head: Seq::new(head),
    };
    match decide(Some(Seq::new(asked)), extent) {
        Resume::Replay { after } => {
            assert_eq!(after.get(), asked);
            assert!(
                after <= extent.head && extent.continues(after),
                "{extent:?}"
            );
        }
        Resume::Resync { .. } => {
            assert!(
                asked > head || asked.saturating_add(1) < first,
                "{extent:?}"
            );
        }
        Resume::FromHead => panic!("a place was asked for"),
    }
}

/// What a client of an event stream says is what it was told.
fn assert_is_the_id_of(seq: u64) {
    let mut out = BytesMut::new();
    let stamp = Stamp::Durable { seq, prev: 0 };
    Frame::stored("x", Topic::Chat, r#"{"type":"x"}"#.to_owned()).write(
        stamp,
        WireFormat::NamedEvent,
        &mut out,
    );
    let told = String::from_utf8_lossy(&out).into_owned();
    let id = told.lines().find_map(|line| line.strip_prefix("id: "));
    assert_eq!(id.and_then(|id| id.parse().ok()), Some(seq), "{told}");
}
