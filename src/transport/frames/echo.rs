//! A server that echoes, over the frames that the product speaks: what the Autobahn test suite tests. Not part of the product.
//!
//! `scripts/test long autobahn` runs the suite against it; `tests/protocols/websocket` tries the same cases against the product.

use std::{env, future::poll_fn, pin::Pin, rc::Rc};

use actix_http::ws::hash_key;
use actix_rt::net::{TcpListener, TcpStream};
use actix_web_actors::ws::Message;
use bytes::{Bytes, BytesMut};
use futures_core::Stream as _;
use tokio::io::AsyncReadExt as _;

use super::{Connection, Ended, MessageLimits, Socket};
use crate::{delivery::outbox::Outbox, transport::ws::goodbye};

/// Where the suite finds it.
const ADDRESS: &str = "OTOMO_ECHO_ADDRESS";

/// As much as the suite sends: 16 MiB, and 4 MiB in fragments of 64 bytes, of which the last is empty.
const LIMITS: MessageLimits = MessageLimits {
    bytes: 16 << 20,
    fragments: (1 << 16) + 1,
    binary: true,
};

#[actix_rt::test]
#[ignore = "serves until it is stopped"]
async fn an_echo_for_the_autobahn_test_suite() {
    let address = env::var(ADDRESS).expect(ADDRESS);
    let listener = TcpListener::bind(&address).await.unwrap();
    loop {
        let (wire, _) = listener.accept().await.unwrap();
        actix_rt::spawn(echo(wire));
    }
}

async fn echo(mut wire: TcpStream) {
    let Some((response, read_ahead)) = shake_hands(&mut wire).await else {
        return;
    };
    let socket = Socket::new(wire, response);
    let mut connection = Connection::new(Rc::clone(&socket), read_ahead, LIMITS, None);
    while let Some(heard) = poll_fn(|task| Pin::new(&mut connection).poll_next(task)).await {
        match heard {
            Ok(message @ (Message::Text(_) | Message::Binary(_))) => socket.say(message),
            Ok(_) => {}
            Err(Ended::Eof | Ended::Broken(_)) => return,
            Err(Ended::Unreadable(unreadable)) => {
                let (code, reason) = goodbye(&unreadable);
                socket.finish(&mut Outbox::gated(), |_, _| {}, None, code, reason);
            }
        }
    }
}

/// The answer to a handshake, and what came behind it.
async fn shake_hands(wire: &mut TcpStream) -> Option<(Bytes, BytesMut)> {
    let mut read = BytesMut::new();
    let end = loop {
        if let Some(end) = read.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end + 4;
        }
        if wire.read_buf(&mut read).await.ok()? == 0 {
            return None;
        }
    };
    let head = read.split_to(end);
    let head = std::str::from_utf8(&head).ok()?;
    let key = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key")
            .then_some(value.trim())
    })?;
    let accept = hash_key(key.as_bytes());
    let accept = std::str::from_utf8(&accept).ok()?;
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    Some((response.into(), read))
}
