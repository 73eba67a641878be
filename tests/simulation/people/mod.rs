//! People and their devices. A device behaves as a client is told to (web/docs): it resumes from the last event that it has,
//! repeats what was not answered with the same id, and takes a snapshot for what it is.
//!
//! - [`owner`]: whose. [`device`]: one device, its connections, and what it has heard. `hello`: how each begins. `phone`: its calls; `over`: those that have ended. [`outgoing`]: its messages. [`hall`]: the room. [`typing`]: who types.
//! - [`stories`]: what all of them were told of each call.

pub mod device;
pub mod hall;
mod hello;
pub mod outgoing;
mod over;
pub mod owner;
mod phone;
pub mod stories;
pub mod typing;
