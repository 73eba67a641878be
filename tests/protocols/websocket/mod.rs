//! RFC 6455, by frames that are written by hand.
//!
//! The cases have the numbers, and send what the cases of the same numbers send, of the Autobahn test suite
//! (crossbario/autobahn-testsuite, sections 1 to 7, 9 and 10). That suite tests servers that echo. Ours speaks JSON, so:
//!
//! - where a text is echoed there, it is answered here with `error`, or, where it carries a command, with the answer to that;
//! - where a connection goes on there, a command that is sent at the end is answered here, and the goodbye is;
//! - binary is refused (1003), which section 7.4.1 leaves to an endpoint that understands only text;
//! - where a connection is failed, the code is asked for as well, which the suite mostly leaves open.
//!
//! What differs in size: messages of more than `limits.message_size`, or in more than `limits.fragments`, are refused (1009),
//! so section 9 is tried up to these limits and beyond them.

mod cases;
mod closing;
mod fragmentation;
mod frames;
mod framing;
mod handshake;
mod limits;
mod opcodes;
mod peer;
mod pings;
mod reserved_bits;
mod sequences;
mod utf8;

use cases::{Case, Reply, command};
use frames::Frame;
use peer::Peer;
