//! Whatever another node seems to say of calls.

use super::hints::Hint;
use crate::kernel::fuzz::assert_comes_again;

/// That a call has a new version. What can be read is the same when it is told again.
pub(crate) fn hint(bytes: &[u8]) {
    if let Some(hint) = Hint::decode(bytes) {
        let encode = |hint: &Hint| serde_json::to_vec(hint).unwrap_or_default();
        assert_comes_again(hint, encode, Hint::decode);
    }
}
