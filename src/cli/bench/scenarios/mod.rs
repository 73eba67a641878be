//! What can be measured.
//!
//! - [`connect`]: letting people in. [`idle`]: memory of connections that do nothing.
//! - [`fanout`]: updates that go to everybody. [`echo`]: a question and its answer. [`direct`]: messages from one to another.
//! - [`calls`]: calls from request to end. [`chat`]: messages that are stored. [`presence`]: who comes, goes and changes.
//!   [`events`]: what backends say in rooms. [`replay`]: what somebody missed who comes back.
//! - [`mixed`]: a day of an app. [`soak`]: its evening, for long.
//! - [`streams`]: durable events as clients follow them, [`unheard`]: what not all have heard, for several of these.
//! - [`floor`]: what the kernel asks for the same, without any server.

pub(crate) mod calls;
pub(crate) mod chat;
pub(crate) mod connect;
pub(crate) mod direct;
pub(crate) mod echo;
pub(crate) mod events;
pub(crate) mod fanout;
pub(crate) mod floor;
pub(crate) mod idle;
pub(crate) mod mixed;
pub(crate) mod presence;
pub(crate) mod replay;
pub(crate) mod soak;
mod streams;
mod unheard;

/// Load before anything is counted: buffers grow, caches fill.
pub(crate) const WARM_UP: std::time::Duration = std::time::Duration::from_secs(1);

/// How long nothing may come although something is due.
pub(crate) const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// A text of a plain server, as long as is asked for.
fn padded(text: &str, bytes: u16) -> String {
    format!("{text:<0$}", usize::from(bytes))
}

/// The figures of what each of something cost: their names for the server's own code, for the kernel on its behalf and for this
/// tool; and the thing.
macro_rules! costs {
    ($user:literal, $system:literal, $tool:literal, $each:literal) => {
        [
            Figure::new($user, concat!("server user CPU per ", $each), Unit::Micros),
            Figure::new(
                $system,
                concat!("server system CPU per ", $each),
                Unit::Micros,
            ),
            Figure::new($tool, concat!("this tool's CPU per ", $each), Unit::Micros),
        ]
    };
}
use costs;
