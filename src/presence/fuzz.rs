//! Whatever another node seems to say of statuses.

use super::hints::{decode, encode};
use crate::kernel::fuzz::assert_comes_again;

/// Entries of the board. Those that can be read are the same when they are told again.
pub(crate) fn hints(bytes: &[u8]) {
    assert_comes_again(
        decode(bytes),
        |entries| encode(entries).to_vec(),
        |bytes| Some(decode(bytes)),
    );
}
