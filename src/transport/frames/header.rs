//! A look at a frame's header before its payload is awaited.
//!
//! The codec checks its limit when the whole frame is in memory, so a client that declares a gigabyte
//! would make the server hold it. What this looks at is the length alone; everything else is the
//! codec's.

/// The length that the header at the start of `bytes` declares, or `None` while it is not all there
/// (RFC 6455, section 5.2).
pub(super) fn declared_length(bytes: &[u8]) -> Option<u64> {
    match bytes.get(1)? & 0x7f {
        126 => bytes
            .get(2..4)?
            .try_into()
            .ok()
            .map(u16::from_be_bytes)
            .map(u64::from),
        127 => bytes.get(2..10)?.try_into().ok().map(u64::from_be_bytes),
        short => Some(u64::from(short)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_is_known_before_the_payload() {
        assert_eq!(declared_length(&[0x81]), None);
        assert_eq!(declared_length(&[0x81, 0x85]), Some(5));
        assert_eq!(declared_length(&[0x81, 0xfe, 1]), None);
        assert_eq!(declared_length(&[0x81, 0xfe, 1, 0]), Some(256));
        assert_eq!(
            declared_length(&[0x81, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0]),
            Some(1 << 30)
        );
    }
}
