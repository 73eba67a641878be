//! What a connection that does nothing keeps on the heap, by type: each of these is there ten thousand times.

use std::mem::size_of;

use actix_rt::net::TcpStream;

use crate::{
    delivery::line::Line,
    session::{Session, SessionContext},
    transport::frames::{Connection, Socket},
};

/// What `tokio` adds to a future that it runs: its header, its scheduler, its id, its place in a list.
const TASK: usize = 104;

/// What an `Rc` adds.
const COUNTS: usize = 16;

/// Goal: nobody makes a connection larger without noticing. Method: the bounds are steps of the allocator: a type that
/// outgrows one costs all of the next. A task is laid out in steps of 128 bytes, of which the allocator has 256, 512, 768;
/// below 256 it has steps of 32. A socket is over 128 for the sake of its seat, by which it is told bare.
#[test]
fn a_connection_fits_into_its_places() {
    let task = TASK
        + size_of::<Session>()
        + size_of::<SessionContext>()
        + size_of::<Option<Connection<TcpStream>>>();
    assert!(task <= 512, "task: {task}");
    let line = COUNTS + size_of::<Line>();
    assert!(line <= 256, "line: {line}");
    let socket = COUNTS + size_of::<Socket<TcpStream>>();
    assert!(socket <= 160, "socket: {socket}");
}
