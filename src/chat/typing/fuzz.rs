//! Whatever another node seems to say of typing.

use super::others::Word;
use crate::kernel::fuzz::assert_comes_again;

/// A word. What can be read is the same when it is said again.
pub(crate) fn word(bytes: &[u8]) {
    if let Some(word) = Word::decode(bytes) {
        assert_comes_again(word, |word| word.encode().to_vec(), Word::decode);
    }
}
