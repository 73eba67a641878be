//! Otomo: the realtime layer of an app in one binary: who can be called right now, calls that ring, connect and end, a chat
//! that loses nothing whatever the network does, rooms with events from the app's backend, and points.
//!
//! # The map
//! A file may use what is on a lower floor, never what is on a higher one; `tests/tidy` holds that.
//!
//! ```text
//!  8  main, cli         serve (default), token, check-config, doctor, backup, restore, migrate, schema, bench
//!     fuzzing           what tests/fuzz tries; not built into the server
//!  7  app               builds everything once, serves, reloads and drains it
//!  6  transport | rest  how a client reaches a session | thin HTTP; neither uses the other
//!  5  session           one actor per connected client; takes its commands to the rooms below
//!     repair            what should not be in a database, found and mended
//!  4  calls             may use presence and points
//!     presence          who can be called right now
//!     points            a ledger of points that follows every change
//!     chat              messages, how far people have read, who is typing
//!     friends           who is whose friend, and who is online: told to friends and conversation partners
//!     rooms             who may be where, and the events that backends publish
//!     actions           what clients ask of the app's backend, by webhook
//!  3  delivery          who is connected, outboxes, fan-out, the durable inbox
//!     people            who is known, and who knows whom
//!     audit             what admins did
//!     cluster           which nodes there are, and whether this one may act; may use delivery
//!  2  store             durable state behind one interface
//!     backplane         other nodes behind one interface
//!     contract          HTTP endpoints that describe themselves; OpenAPI and types are made of them
//!  1  protocol          the wire: commands, events, codes, frames
//!  0  kernel            ids, time, who somebody is, tokens, configuration, logs, metrics
//! ```
//! The rooms of floor 4 are built alike: `rules` is pure (no actor, no database, no clock), `records` are the queries. Where
//! serial order is the point an actor drives them (calls, presence, rooms), with its `messages`; the others are plain services.
//!
//! What people touch is beside the rooms: `web/client/` is the client library, `web/demo/` and `web/admin/` are pages on top of it
//! (`web/shared/` is what both are built with), `web/schemas/` describes the protocol to programs and is written by `otomo schema`.
//! The binary carries all five. `web/docs/` has a page for each system (what it promises, its messages, what happens when things
//! fail), `config/default.toml` every setting.
//!
//! # Walkthrough: a status changes
//! 1. A frame arrives. [`transport::ws`] reads it in the session's own task and hands the text to
//!    [`session::Session::receive`], which decodes an `otomo_status_set` ([`protocol::command`]).
//! 2. The session asks [`presence::Presence::choose`]. The hub queues one job in the [`store`]; in its
//!    transaction the facts are read, [`presence::rules`] say what follows, status and version are
//!    stored. The writer joins what waits into one commit.
//! 3. After the commit the hub updates its board and leaves one frame per worker
//!    ([`delivery::dispatch::Dispatch::broadcast`]); while a worker is busy, a newer status of the same
//!    otomo replaces the older.
//! 4. Each worker's [`delivery::shard::Shard`] walks its own clients and writes the same bytes to all
//!    whose socket is free ([`delivery::express`]: by one look at one table). A slow client finds the newest status in its outbox
//!    when it reads again.
//! 5. The answer to the otomo goes the same way, so it comes after the update that it caused.
//! 6. Where there are other nodes, their hubs are sent the new entry of the board through the [`backplane`], and each tells
//!    the clients of its own node.
//!
//! # Walkthrough: a call is answered
//! 1. Two devices of an otomo send `call_accept` at the same moment. Both sessions tell the
//!    [`calls`] coordinator, which puts both into the lane of that call.
//! 2. The first one's store job loads the call, asks [`calls::rules`] for the step, and writes what is
//!    durable of it: the row (filtered on its version), the otomo's status, the timeline.
//! 3. After the commit the spoken half is told in order: `otomo_status_update` busy, `call_accepted` to
//!    the caller, `call_cancelled` to the other devices, the acknowledgement, `signaling_start`.
//! 4. The second command finds the call accepted and is refused with `CALL_ALREADY_ACCEPTED`. Had it come
//!    to another node, the version in the row would have settled it in the same way.
//! 5. Offers and answers then pass through the lane from one bound device to the other, without the store. Candidates do
//!    not even need the lane: the thread that reads one gives it to the other device (`calls::routes`).
//!
//! # Walkthrough: a call between two nodes
//! 1. A caller on node A requests a call with an otomo on node B. A's coordinator has it stored, then rings:
//!    [`delivery::dispatch`] gives a frame to its own workers and, through the [`backplane`], to the nodes that have
//!    connections of the person it is for ([`delivery::nodes`]). B's workers write it to the otomo's devices.
//! 2. A also tells the nodes of both people that the call has a new version. B's coordinator reads the call from the store.
//! 3. The otomo accepts. B's coordinator has that stored: any node may change a call, and its row settles who was first. What
//!    the caller is to hear goes to A in the same way as the ring came, and A's coordinator reads the call.
//! 4. A signal goes through the lane on its sender's node and the backplane to the other device.
//! 5. What the backplane loses costs time and nothing else. Each node looks at all live calls every ten seconds, every second
//!    while it does not hear the others, and tells its own clients what they have missed.
//! 6. If A dies, its lease runs out and another node settles what it left ([`cluster`]). The caller's device is then on no
//!    node: unless they come back, to whichever node, the call ends after a grace. Any node ends calls whose time is up.
//!
//! # Walkthrough: a message is sent, and found again
//! 1. A `message_send` arrives, in a frame or by `POST /api/commands` ([`transport::sse`]); either way the sender's session
//!    hands it to [`chat::Chat::send`].
//! 2. One transaction takes the next `messageSeq` of the conversation, stores the message, and puts one event into the inbox
//!    of every member ([`delivery::inbox`]), where it gets the next `seq` of that member's stream.
//! 3. After the commit one frame goes to all members ([`delivery::dispatch::Dispatch::durable`]), then the
//!    acknowledgement to the sender. If the server is killed after the commit, the event is still in the inbox.
//! 4. A member's connection is not a queue but a cursor over the inbox ([`delivery::inbox::cursor`]). The next
//!    frame in order goes straight out; if one is missing, or the client reads slowly, the session pages from the inbox.
//! 5. So a client that was cut off says the last `seq` it has (`lastSeq`, `Last-Event-ID`), and gets the rest by the same
//!    mechanism, on any transport, before anything live.
//! 6. A member on another node gets the frame through the [`backplane`]. Should it be lost, that node finds its clients behind
//!    the inbox: it compares the two every ten seconds, at once after a gap.
//!
//! # Walkthrough: a backend says something in a room
//! 1. `POST /api/server/events` comes in; [`rooms::publication`] checks the event against its schema and puts it into the words
//!    of the wire. What is wrong is answered with its place, and nothing has happened.
//! 2. The announcer of [`rooms`] has all events of the request stored in one transaction: a durable one in the inbox of each
//!    member, a state as the newest of its key. Results come back in the order of the commits, and are said in that order.
//! 3. [`delivery::dispatch::Dispatch`] sends the frame once to each worker that has members of the room; the worker puts it into
//!    their outboxes ([`delivery::outbox`]): urgent ones are written at once, states that come fast are joined, what is low is
//!    gathered.
//! 4. Each transport writes the same frame as its clients read it ([`protocol::frame`]): a WebSocket frame, an event of a stream,
//!    or a packet of Socket.IO ([`transport::socketio`]).
//! 5. The answer to the backend says what was stored and how many outboxes the frame entered.
#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)
)]

pub mod actions;
pub mod app;
pub mod audit;
pub mod backplane;
pub mod calls;
pub mod chat;
pub mod cli;
pub mod cluster;
pub mod contract;
pub mod delivery;
pub mod friends;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod kernel;
pub mod people;
pub mod points;
pub mod presence;
pub mod protocol;
pub mod repair;
pub mod rest;
pub mod rooms;
pub mod session;
pub mod store;
pub mod transport;
