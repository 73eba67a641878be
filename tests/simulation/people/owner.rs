//! The person to whom a device belongs.

use otomo::kernel::identity::Role;

/// Who a device belongs to, and which of theirs it is.
#[derive(Debug, Clone)]
pub struct Owner {
    pub name: String,
    pub role: Role,
    pub device: usize,
    /// Whom they may call.
    pub otomo: Vec<String>,
    /// Whether they are ever in the room, or try to be.
    pub comes_to_the_hall: bool,
    /// Whom they may write to.
    pub others: Vec<String>,
}
