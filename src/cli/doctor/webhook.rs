//! The app's backend, where clients' actions go. It is not asked for one: it would be done.

use std::net::{TcpStream, ToSocketAddrs as _};

use super::{PATIENCE, finding::Report};
use crate::kernel::config::Config;

/// Whether somebody listens there.
pub(super) fn look(config: &Config, report: &mut Report) {
    const ABOUT: &str = "webhook";
    let Some(webhook) = &config.actions.webhook else {
        return report.ok(ABOUT, "not used: actions of clients are refused");
    };
    let url = &webhook.url;
    let port = url.port_u16();
    let port = port.unwrap_or(if url.scheme_str() == Some("https") {
        443
    } else {
        80
    });
    let host = url.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let todo =
        "look at actions.webhook_url, and whether the backend runs and may be reached from here";
    let reached = (host, port).to_socket_addrs().and_then(|mut addresses| {
        let address = addresses.next();
        let address = address.ok_or_else(|| std::io::Error::other("the name has no address"))?;
        TcpStream::connect_timeout(&address, PATIENCE)
    });
    match reached {
        Ok(_) => report.ok(
            ABOUT,
            format!("{host}:{port} can be reached; it was not asked anything"),
        ),
        Err(error) => report.failed(ABOUT, format!("{host}:{port}: {error}"), todo),
    }
}
