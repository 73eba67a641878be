//! Whatever comes out of Redis.

use bytes::Bytes;

use super::{
    channel::{Channel, Subject},
    envelope::Envelope,
};
use crate::kernel::fuzz::assert_comes_again;

/// A message as it travels, or the name of a channel. It is read or refused; what is read and is told again is the same.
/// Returns what is in it and what it is about.
pub(crate) fn envelope(bytes: &[u8]) -> Option<(Subject, Bytes)> {
    if let Some(channel) = std::str::from_utf8(bytes).ok().and_then(Channel::named) {
        assert_eq!(channel.name().as_bytes(), bytes);
    }
    let envelope = Envelope::decode(Bytes::copy_from_slice(bytes)).ok()?;
    let inside = (envelope.subject, envelope.body.clone());
    // It has one spelling.
    assert_eq!(envelope.encode(), bytes);
    assert_comes_again(envelope, Envelope::encode, |bytes| {
        Envelope::decode(Bytes::copy_from_slice(bytes)).ok()
    });
    Some(inside)
}
