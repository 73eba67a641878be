//! What the machine gives: descriptors, the address, the disk.

use std::{
    io::{self, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    path::Path,
};

use nix::sys::statvfs::statvfs;

use super::{PATIENCE, finding::Report};
use crate::{
    cli::descriptors,
    kernel::config::{Config, DatabaseUrl},
};

/// Descriptors beside those of clients: files, the database, HTTP.
const BESIDE: u64 = 256;

/// Bytes below which a disk is nearly full, and full.
const LITTLE_ROOM: u64 = 2 << 30;
const NO_ROOM: u64 = 200 << 20;

/// Whether as many clients as there may be get a descriptor each.
pub(super) fn descriptors(config: &Config, report: &mut Report) {
    const ABOUT: &str = "descriptors";
    let most = match descriptors::raise() {
        Ok(most) => most,
        Err(error) => {
            return report.warning(ABOUT, error.to_string(), "look at ulimit -n");
        }
    };
    let limits = config.limits.now();
    let Some(connections) = limits.connections.map(|most| u64::from(most.get())) else {
        let found = format!("{most}, and limits.connections is off");
        return report.warning(ABOUT, found, "set limits.connections below it");
    };
    let needed = connections + BESIDE;
    match most >= needed {
        true => report.ok(
            ABOUT,
            format!("{most}, enough for {connections} connections"),
        ),
        false => report.warning(
            ABOUT,
            format!("{most}, too few for {connections} connections"),
            format!("raise LimitNOFILE (ulimit -n) to {needed}, or lower limits.connections"),
        ),
    }
}

/// Whether the address is free, or a server of ours has it.
pub(super) fn address(config: &Config, report: &mut Report) {
    const ABOUT: &str = "address";
    let listen = config.server.listen;
    let taken = match TcpListener::bind(listen) {
        Ok(_free) => return report.ok(ABOUT, format!("{listen} is free")),
        Err(error) => error,
    };
    if taken.kind() != io::ErrorKind::AddrInUse {
        let todo = "choose another server.listen, or give this user the right to it";
        return report.failed(ABOUT, format!("{listen}: {taken}"), todo);
    }
    if config.server.tls.is_some() {
        let found = format!("{listen} is served; what speaks TLS there was not asked");
        return report.ok(ABOUT, found);
    }
    match ask(listen) {
        Ok(answer) if answer.contains("\"ready\":true") => {
            report.ok(ABOUT, format!("an Otomo serves {listen} and is ready"))
        }
        Ok(answer) if answer.contains("UNAVAILABLE") => report.warning(
            ABOUT,
            format!("an Otomo serves {listen} and is not ready"),
            format!("GET http://{listen}/health/ready says why"),
        ),
        Ok(_) | Err(_) => report.failed(
            ABOUT,
            format!("{listen} is taken by something that is no Otomo"),
            "stop that, or choose another server.listen",
        ),
    }
}

fn ask(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    // No more than an answer of ours can be.
    stream.take(64 * 1024).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// Whether the disk of an SQLite database has room.
pub(super) fn disk(config: &Config, report: &mut Report) {
    const ABOUT: &str = "disk";
    let DatabaseUrl::Sqlite(path) = &config.database.url else {
        return;
    };
    let there = path.ancestors().find(|it| it.exists());
    let there = there.unwrap_or(Path::new("."));
    let free = match statvfs(there) {
        Ok(disk) => disk.blocks_available() * disk.fragment_size(),
        Err(error) => return report.warning(ABOUT, error.to_string(), "look at df"),
    };
    let text = format!("{} MiB free at {}", free >> 20, there.display());
    let todo = "make room: when it is full nothing is stored any more";
    match free {
        0..NO_ROOM => report.failed(ABOUT, text, todo),
        NO_ROOM..LITTLE_ROOM => report.warning(ABOUT, text, todo),
        _ => report.ok(ABOUT, text),
    }
}
