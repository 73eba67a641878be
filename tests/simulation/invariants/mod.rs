//! What must hold, by the words of the rules: `stored` for what the database says, `told` for what people were told.

pub mod stored;
pub mod told;

use std::time::Duration;

/// How far a node's clock may be from the store's, and was in the simulation.
pub const CLOCKS_DIFFER: Duration = Duration::from_secs(4);
