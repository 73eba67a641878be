//! Who has the address that a server is to listen on.

use std::{
    io::Read as _,
    iter,
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use diesel::{Connection as _, SqliteConnection, connection::SimpleConnection as _};

use super::*;
use crate::starting::Running;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is said of an address whose connections somebody treats so.
fn held_by(serve: fn(TcpStream)) -> String {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let server = thread::spawn(move || serve(taken.accept().unwrap().0));
    let (verdict, text, code) = said(&place, &[("OTOMO_SERVER__LISTEN", &address)], "address");
    assert_eq!((verdict.as_str(), code), ("failed", 1), "{text}");
    server.join().unwrap();
    text
}

/// Reads a request to its end.
fn request(stream: &mut TcpStream) {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        read.push(byte[0]);
    }
}

#[test]
fn a_foreign_server_is_told_from_one_that_says_nothing() {
    let foreign = held_by(|mut stream| {
        request(&mut stream);
        let page = "<h1>503 UNAVAILABLE</h1>";
        write!(stream, "HTTP/1.1 503 Service Unavailable\r\n\r\n{page}").unwrap();
    });
    assert!(foreign.contains("no Otomo"), "{foreign}");
    // Nobody is told to stop what may be an Otomo.
    let closing = held_by(|mut stream| request(&mut stream));
    let hanging = held_by(|mut stream| {
        request(&mut stream);
        // Until who asks has had enough.
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    });
    for said in [&closing, &hanging] {
        assert!(said.contains("does not answer"), "{said}");
        assert!(said.contains("look at its log"), "{said}");
    }
}

#[test]
fn an_otomo_is_known_with_and_without_tls_whatever_the_settings_say() {
    let place = Place::new();
    let made = rcgen::generate_simple_self_signed(["otomo.example".to_owned()]).unwrap();
    fs::write(place.path().join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(
        place.path().join("key.pem"),
        made.signing_key.serialize_pem(),
    )
    .unwrap();
    let tls = [
        ("OTOMO_SERVER__TLS_CERT", "cert.pem"),
        ("OTOMO_SERVER__TLS_KEY", "key.pem"),
    ];
    for (serves, other) in [(&tls[..], &[][..]), (&[], &tls)] {
        let running = Running::start_with(&place, &[&[SECRET_SET], serves].concat());
        let port = fs::read_to_string(place.path().join("port")).unwrap();
        let address = format!("127.0.0.1:{port}");
        let listen = [("OTOMO_SERVER__LISTEN", address.as_str())];
        let look = |settings: &[_]| said(&place, &[&listen[..], settings].concat(), "address");
        let (verdict, text, code) = look(serves);
        assert_eq!((verdict.as_str(), code), ("warning", 0), "{text}");
        let found = format!("an Otomo serves {address} and is ready");
        assert!(text.contains(&found), "{text}");
        let (verdict, text, code) = look(other);
        assert_eq!((verdict.as_str(), code), ("warning", 0), "{text}");
        let how = match serves.is_empty() {
            true => "without TLS, unlike these settings, and is ready",
            false => "with TLS, unlike these settings, and is ready",
        };
        assert!(text.contains(&format!("{address} {how}")), "{text}");
        drop(running);
    }
}

#[test]
fn an_otomo_is_known_whether_it_is_ready_or_not() {
    let place = Place::new();
    let running = Running::start_with(&place, &[SECRET_SET]);
    let port = fs::read_to_string(place.path().join("port")).unwrap();
    let address = format!("127.0.0.1:{port}");
    let look = || said(&place, &[("OTOMO_SERVER__LISTEN", &address)], "address");
    let (verdict, text, code) = look();
    assert_eq!((verdict.as_str(), code), ("warning", 0), "{text}");
    assert!(text.contains("and is ready"), "{text}");
    // It may be one with another database and other keys.
    assert!(
        text.contains("if it is not the server of these settings"),
        "{text}"
    );
    // Somebody holds the database: no write can be made.
    let database = place.path().join("data/otomo.db");
    let mut shell = SqliteConnection::establish(database.to_str().unwrap()).unwrap();
    shell.batch_execute("BEGIN IMMEDIATE").unwrap();
    // What it found a moment ago is good for a second.
    let end = Instant::now() + PATIENCE;
    let mut looks = iter::from_fn(|| (Instant::now() < end).then(look));
    let unready = looks.find(|(_, text, _)| text.contains("not ready"));
    let (verdict, text, code) = unready.expect("it is never said to be unready");
    assert_eq!((verdict.as_str(), code), ("warning", 0), "{text}");
    assert!(text.contains("not ready (store)"), "{text}");
    drop(running);
}
