//! Server-Sent Events as the HTML Living Standard has them (section 9.2).
//!
//! | rule | test |
//! |---|---|
//! | how a stream is read (9.2.6): line ends, comments, fields, `data` of several lines, `id` without NUL, `retry` of digits | `parser` |
//! | what we print is read as what we meant, whatever the text (9.2.5) | `printed` |
//! | UTF-8 without a mark in front, `text/event-stream`, nothing kept by caches, comments keep a stream alive | `live` |
//! | `Last-Event-ID` of a client that comes back (9.2.3), also one that is none of ours | `live` |
//! | what stops a client for good: a status that is not 200, or another type | `live` |
//!
//! Not used here: `204 No Content` (an error with its reason stops an `EventSource` as well), redirects.

mod live;
mod parser;
mod printed;

use parser::{Event, Parser};
