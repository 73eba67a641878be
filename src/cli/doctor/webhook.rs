//! The app's backend, where clients' actions go. It is not asked for one: it would be done.

use std::{
    io,
    net::{SocketAddr, TcpStream, ToSocketAddrs as _},
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
};

use super::{PATIENCE, Report};
use crate::kernel::config::Config;

/// Whether somebody listens there.
pub(super) fn look(config: &Config, report: &mut Report) {
    const ABOUT: &str = "webhook";
    let Some(webhook) = &config.actions.webhook else {
        return report.ok(ABOUT, "not used: actions of clients are refused");
    };
    let url = &webhook.url;
    let secure = url.scheme_str() == Some("https");
    let port = url.port_u16().unwrap_or(if secure { 443 } else { 80 });
    let host = url.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let place = format!("{host}:{port}");
    match addresses(host, port).and_then(|addresses| connect(&addresses)) {
        Ok(()) => report.ok(ABOUT, format!("{place} can be reached; it was not asked anything")),
        Err(error) => report.failed(
            ABOUT,
            format!("{place}: {error}"),
            "look at actions.webhook_url, and whether the backend runs and may be reached from here",
        ),
    }
}

/// The addresses of a name. The system's own look-up has no time limit: a thread that waits in it for longer ends with
/// the process.
fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let (answer, answered) = channel();
    let place = (host.to_owned(), port);
    thread::spawn(move || answer.send(place.to_socket_addrs().map(Vec::from_iter)));
    answered.recv_timeout(PATIENCE).unwrap_or_else(|gone| {
        Err(match gone {
            RecvTimeoutError::Timeout => io::Error::new(
                io::ErrorKind::TimedOut,
                "nobody says which address the name has",
            ),
            RecvTimeoutError::Disconnected => io::Error::other("the look-up of the name panicked"),
        })
    })
}

/// Tries all of them, as the server does: a name may have one where nobody listens.
fn connect(addresses: &[SocketAddr]) -> io::Result<()> {
    let mut last = io::Error::other("the name has no address");
    for address in addresses {
        match TcpStream::connect_timeout(address, PATIENCE) {
            Ok(_connected) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_backend_is_reached_at_any_of_its_addresses() {
        let backend = TcpListener::bind("127.0.0.1:0").unwrap();
        let listens = backend.local_addr().unwrap();
        // The same port of another of this machine's addresses.
        let silent: SocketAddr = ([127, 0, 0, 2], listens.port()).into();
        connect(&[silent, listens]).unwrap();
        connect(&[listens, silent]).unwrap();
        let refused = connect(&[silent]).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
        connect(&[]).unwrap_err();
    }

    #[test]
    fn a_name_and_an_address_of_either_kind_are_looked_up() {
        for host in ["localhost", "127.0.0.1", "::1"] {
            let found = addresses(host, 80).unwrap();
            assert!(found.iter().all(|it| it.ip().is_loopback()), "{found:?}");
            assert!(!found.is_empty());
        }
        addresses("no name", 80).unwrap_err();
    }
}
