use std::{
    io::{Read, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Instant,
};

use super::*;
use crate::cli::bench::transport::frames::{CLOSE, TEXT, encode, encode_as_server};

/// How long something may take that is on its way.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server whose turns are taken when a test wants them.
struct Served {
    server: Server,
    events: Events,
}

impl Served {
    fn new() -> Self {
        Self {
            server: Server::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap(),
            events: Events::with_capacity(64),
        }
    }

    fn turn(&mut self) {
        self.server.turn(&mut self.events, Some(PATIENCE)).unwrap();
    }

    /// Lets clients in that say their numbers, from 0.
    fn clients<const COUNT: usize>(&mut self) -> [TcpStream; COUNT] {
        let open = |server: &Server| server.connections.iter().filter(|(_, it)| it.open).count();
        let before = open(&self.server);
        std::array::from_fn(|number| {
            let address = self.server.listener.local_addr().unwrap();
            let mut client = TcpStream::connect(address).unwrap();
            client.set_read_timeout(Some(PATIENCE)).unwrap();
            client
                .write_all(b"GET / HTTP/1.1\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                .unwrap();
            self.until(|server| open(server) > before + number);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(byte(&mut client));
            }
            assert!(head.starts_with(b"HTTP/1.1 101 "));
            let number = format!("i{number}");
            client.write_all(&asked(&[&number])).unwrap();
            self.turn();
            assert_eq!(heard(&mut client, &[&number]), answered(&[&number]));
            client
        })
    }

    fn until(&mut self, done: impl Fn(&Server) -> bool) {
        let began = Instant::now();
        while !done(&self.server) {
            assert!(began.elapsed() < PATIENCE, "it does not come to that");
            self.turn();
        }
    }
}

fn byte(client: &mut impl Read) -> u8 {
    let mut byte = [0];
    client.read_exact(&mut byte).unwrap();
    byte[0]
}

/// What clients send to say this.
fn asked(texts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts {
        encode(TEXT, text.as_bytes(), &mut bytes);
    }
    bytes
}

/// What they get who are to hear this.
fn answered(texts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts {
        encode_as_server(text.as_bytes(), &mut bytes);
    }
    bytes
}

/// As much as these take.
fn heard(client: &mut impl Read, texts: &[&str]) -> Vec<u8> {
    let mut bytes = answered(texts);
    bytes.fill(0);
    client.read_exact(&mut bytes).unwrap();
    bytes
}

#[test]
fn what_is_for_one_goes_at_once_and_what_is_for_all_at_the_end_of_the_turn() {
    let mut served = Served::new();
    let [mut one, mut other] = served.clients();
    let texts = ["b first", "e one", "d1 two", "b last", "e three"];
    one.write_all(&asked(&texts)).unwrap();
    served.turn();
    let back = ["e one", "e three", "b first", "b last"];
    assert_eq!(heard(&mut one, &back), answered(&back));
    let over = ["d1 two", "b first", "b last"];
    assert_eq!(heard(&mut other, &over), answered(&over));
}

#[test]
fn frames_may_come_in_pieces() {
    let mut served = Served::new();
    let [mut client] = served.clients();
    let texts = ["e one", "e two"];
    for piece in asked(&texts).chunks(3) {
        client.write_all(piece).unwrap();
        served.turn();
    }
    assert_eq!(heard(&mut client, &texts), answered(&texts));
    assert!(
        served
            .server
            .connections
            .iter()
            .all(|(_, it)| it.incomplete.is_empty())
    );
}

#[test]
fn what_there_is_no_room_for_comes_later_and_in_order() {
    let mut served = Served::new();
    let [mut sender, mut slow] = served.clients();
    let texts: Vec<_> = (0..400)
        .map(|number| format!("d1 {number:060000}"))
        .collect();
    for text in &texts {
        sender.write_all(&asked(&[text])).unwrap();
        served.turn();
    }
    let full = |server: &Server| server.connections.iter().any(|(_, it)| it.is_full());
    assert!(full(&served.server), "sockets hold more than was sent");
    let reading = std::thread::spawn(move || {
        for text in &texts {
            assert_eq!(heard(&mut slow, &[text]), answered(&[text]));
        }
        slow
    });
    served.until(|server| !full(server));
    let mut slow = reading.join().unwrap();
    sender.write_all(&asked(&["d1 after"])).unwrap();
    served.turn();
    assert_eq!(heard(&mut slow, &["d1 after"]), answered(&["d1 after"]));
}

#[test]
fn who_says_something_before_leaving_is_heard_and_then_forgotten() {
    let mut served = Served::new();
    let [mut one, mut other] = served.clients();
    one.write_all(&asked(&["d1 farewell"])).unwrap();
    one.shutdown(Shutdown::Write).unwrap();
    served.until(|server| server.connections.len() == 1);
    assert_eq!(
        heard(&mut other, &["d1 farewell"]),
        answered(&["d1 farewell"])
    );
    // Somebody else has the place now, and not the number.
    let [_new, _newer] = served.clients();
    assert_eq!(served.server.connections.len(), 3);
    let mut goodbye = Vec::new();
    encode(CLOSE, b"\x03\xe8", &mut goodbye);
    other.write_all(&goodbye).unwrap();
    served.until(|server| server.connections.len() == 2);
}

#[test]
fn the_number_of_one_who_has_left_is_nobodys() {
    let mut served = Served::new();
    let [zero, mut one] = served.clients();
    drop(zero);
    served.until(|server| server.connections.len() == 1);
    let address = served.server.listener.local_addr().unwrap();
    let _unnamed = TcpStream::connect(address).unwrap();
    served.until(|server| server.connections.len() == 2);
    one.write_all(&asked(&["d0 nobody", "e back"])).unwrap();
    served.turn();
    assert_eq!(heard(&mut one, &["e back"]), answered(&["e back"]));
    assert_eq!(served.server.clients.first(), Some(&NOBODY));
}

#[test]
fn a_broken_connection_ends_and_no_other() {
    let mut served = Served::new();
    let [mut one, broken] = served.clients();
    // Closing with something unread resets the connection.
    one.write_all(&asked(&["d1 unread"])).unwrap();
    served.turn();
    drop(broken);
    served.until(|server| server.connections.len() == 1);
    one.write_all(&asked(&["b all"])).unwrap();
    served.turn();
    assert_eq!(heard(&mut one, &["b all"]), answered(&["b all"]));
}
