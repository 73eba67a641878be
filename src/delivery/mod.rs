//! Floor 3: who is connected, and the one way out to them.
//!
//! ```text
//!   rooms above          any thread                      one worker's thread
//!   -----------          ----------                      -------------------
//!   tell, durable  --->  dispatch --- addressed --->  shard --> line --> outbox --> sink (transport)
//!   broadcast      --->  broadcast (newest per key) -> fanout -^   |
//!                                                                 +-- cursor over the inbox
//! ```
//! - [`dispatch`]: what rooms above call. [`messages`]: what it tells the workers.
//! - [`shard`]: a worker's actor, which walks the clients of its thread; [`lines`] is its table,
//!   [`mod@line`] one client in it ([`client`]: whose), [`wheel`] the timers of all of them, `writes` who of them has something
//!   to write. [`signals`]: what it has to say to a session; [`sink`]: the transport's end.
//! - [`filter`]: what a client wants to hear. [`outbox`]: what waits for one client, in lanes and within limits; [`queued`] is
//!   one frame in it.
//! - [`broadcast`] and [`rounds`]: how what is said to all is joined, and told in order. [`express`]: what a walk over all
//!   lines has to know of each.
//! - [`inbox`]: the durable events of each user, and each connection's place among them.
//! - [`reply`]: where the answer to a command goes.
//! - [`nodes`]: what other nodes are told, and what is done with what they tell.
//! - [`rooms`]: which clients are in which room.
//! - [`roster`]: who is connected to this node; [`connectedness`]: which people are there, and who comes and goes;
//!   [`leave`]: how a session ended, and how long nobody else hears of that; [`farewell`]: how the server parts from a client.
//!
//! Nothing here knows what a message is, or of a call more than how far its events say it has come (`line::courses`).

pub mod broadcast;
pub mod client;
pub mod connectedness;
mod counters;
pub mod dispatch;
pub mod express;
pub mod farewell;
pub mod filter;
pub mod inbox;
pub mod leave;
pub mod line;
pub mod lines;
pub mod messages;
pub mod nodes;
#[cfg(any(test, fuzzing))]
mod nowhere;
pub mod outbox;
pub mod queued;
pub mod reply;
pub mod rooms;
pub mod roster;
pub mod rounds;
pub mod shard;
pub mod signals;
pub mod sink;
pub mod wheel;
mod writes;
