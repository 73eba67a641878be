//! Whatever another node seems to say of who comes and goes.

use super::hearing::Told;
use crate::kernel::fuzz::assert_comes_again;

/// A change, and whom it concerns. What can be read is the same when it is told again.
pub(crate) fn told(bytes: &[u8]) {
    let decode = |bytes: &[u8]| serde_json::from_slice::<Told>(bytes).ok();
    if let Some(told) = decode(bytes) {
        assert_comes_again(told, |told| told.encode().to_vec(), decode);
    }
}
