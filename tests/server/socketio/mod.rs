//! Socket.IO, packet by packet: what no library of clients would send, and when none would send it. What libraries do is
//! tested with theirs (`tests/socketio`, `tests/python`).

mod bad_input;
mod ending;
mod packets;
mod pinging;
mod polling;
mod tls;
mod upgrading;
