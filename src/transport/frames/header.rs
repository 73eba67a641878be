//! A look at a frame's header before its payload is awaited.
//!
//! The codec checks lengths when the whole frame is in memory, so a client that declares a gigabyte
//! would make the server hold it, and one that declares a long ping would be told so when it is there.
//! What this looks at is lengths and control frames; everything else is the codec's.

/// The last frame of a message. No control frame lacks it.
const FIN: u8 = 0x80;

/// Where opcodes of control frames begin.
const CONTROL: u8 = 0x08;

/// The opcode of a goodbye.
const CLOSE: u8 = 0x08;

/// The longest payload of a control frame, in bytes.
const CONTROL_MAX: u8 = 125;

/// One whole text message at the start of what was read, and nothing behind it: what nearly every read brings. It is unmasked
/// where it lies. `None`: it is something else, or all of it; the codec reads that.
pub(super) fn only_text(bytes: &mut [u8]) -> Option<&[u8]> {
    let (header, rest) = bytes.split_at_mut_checked(2)?;
    let [0x81, length @ 0x80..=0xff] = header else {
        return None;
    };
    let (skipped, length) = match *length & 0x7f {
        126 => (2, usize::from(u16::from_be_bytes(*rest.first_chunk()?))),
        127 => return None,
        short => (0, usize::from(short)),
    };
    let (mask, text) = rest.get_mut(skipped..)?.split_first_chunk_mut::<4>()?;
    if text.len() != length {
        return None;
    }
    unmask(*mask, text);
    Some(text)
}

fn unmask(mask: [u8; 4], text: &mut [u8]) {
    let mask = u32::from_ne_bytes(mask);
    let wide = u64::from(mask) << 32 | u64::from(mask);
    let (words, rest) = text.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(wide.to_ne_bytes()) {
        *byte ^= key;
    }
}

/// Whether a control frame is at the start of `bytes` that is too long, or a part of one (RFC 6455, section 5.5).
pub(super) fn is_unfit_control(bytes: &[u8]) -> bool {
    let Some([first, second]) = bytes.first_chunk() else {
        return false;
    };
    first & CONTROL != 0 && (first & FIN == 0 || second & 0x7f > CONTROL_MAX)
}

/// Whether a goodbye is at the start of `bytes`.
pub(super) fn is_goodbye(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| first & 0x0f == CLOSE)
}

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
    fn one_whole_text_is_unmasked_where_it_lies_and_all_else_is_left_alone() {
        for length in [0, 1, 7, 8, 9, 125, 126, 1000] {
            let text = "x".repeat(length);
            let key = [1, 2, 3, 4];
            let mut frame = vec![0x81];
            match u8::try_from(length) {
                Ok(short @ 0..=125) => frame.push(0x80 | short),
                _ => {
                    frame.push(0x80 | 126);
                    frame.extend(u16::try_from(length).unwrap().to_be_bytes());
                }
            }
            frame.extend(key);
            frame.extend(
                text.bytes()
                    .zip(key.iter().cycle())
                    .map(|(it, key)| it ^ key),
            );
            let whole = frame.clone();
            assert_eq!(only_text(&mut frame.clone()), Some(text.as_bytes()));
            // A part of it, more than it, a fragment, another kind, one without a mask.
            for end in 0..whole.len() {
                let mut part = whole[..end].to_vec();
                assert_eq!(only_text(&mut part), None);
                assert_eq!(part, whole[..end]);
            }
            let changed = |place: usize, to: u8| {
                let mut frame = whole.clone();
                frame[place] = to;
                frame
            };
            let unmasked = changed(1, whole[1] & 0x7f);
            for other in [
                changed(0, 0x01),
                changed(0, 0x82),
                changed(0, 0xc1),
                unmasked,
            ] {
                let mut frame = other.clone();
                assert_eq!(only_text(&mut frame), None);
                assert_eq!(frame, other);
            }
            let mut two = [whole.clone(), whole].concat();
            assert_eq!(only_text(&mut two), None);
        }
    }

    #[test]
    fn a_control_frame_is_judged_by_its_first_two_bytes() {
        for unfit in [
            [0x89, 0xfe],
            [0x88, 0xff],
            [0x8a, 126],
            [0x09, 0x80],
            [0x08, 0],
        ] {
            assert!(is_unfit_control(&unfit), "{unfit:x?}");
        }
        for fit in [
            [0x89, 0xfd],
            [0x88, 0x80],
            [0x81, 0xff],
            [0x01, 0xfe],
            [0x00, 0x80],
        ] {
            assert!(!is_unfit_control(&fit), "{fit:x?}");
        }
        assert!(!is_unfit_control(&[0x09]));
    }

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
