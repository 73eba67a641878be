//! Frames of clients, made into a server's where they stand.

use crate::cli::bench::transport::frames::payload_length;

/// Bytes of a mask.
const MASK: usize = 4;

/// Where a frame of the server's stands.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Turned {
    /// Its header.
    pub(super) start: usize,
    pub(super) payload: usize,
    pub(super) end: usize,
}

/// Makes the first frame, a client's, one that says the same and is the server's: the mask is taken off the payload, and the
/// header moves to where the mask was. `None` while it is not all there.
pub(super) fn turn_round(bytes: &mut [u8]) -> Option<Turned> {
    let [_, length, after @ ..] = &*bytes else {
        return None;
    };
    let (length, behind) = payload_length(length & 0x7f, after)?;
    let head = bytes.len() - behind.len();
    let payload = head + MASK;
    let end = payload.checked_add(length)?;
    let (header, masked) = bytes.get_mut(..end)?.split_at_mut(payload);
    let mask: [u8; MASK] = *header.get(head..)?.first_chunk()?;
    header.copy_within(..head, MASK);
    if let Some(length) = header.get_mut(MASK + 1) {
        *length &= 0x7f;
    }
    unmask(mask, masked);
    let start = MASK;
    Some(Turned {
        start,
        payload,
        end,
    })
}

/// Eight bytes at a time.
fn unmask(mask: [u8; MASK], payload: &mut [u8]) {
    let mask = u64::from(u32::from_ne_bytes(mask));
    let wide = mask << 32 | mask;
    let (words, rest) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in rest.iter_mut().zip(wide.to_ne_bytes()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::bench::transport::frames::{TEXT, encode, encode_as_server};

    #[test]
    fn a_frame_of_a_client_becomes_the_servers_where_it_stands() {
        for length in [0, 1, 7, 8, 9, 15, 125, 126, 65_535, 65_536] {
            let text: Vec<_> = (0..length).map(|at| b'a' + (at % 26) as u8).collect();
            let (mut asked, mut answer) = (Vec::new(), Vec::new());
            encode(TEXT, &text, &mut asked);
            encode_as_server(&text, &mut answer);
            let whole = asked.len();
            asked.extend_from_slice(b"next");
            let turned = turn_round(&mut asked).unwrap();
            assert_eq!(turned.end, whole);
            assert_eq!(asked[turned.start..turned.end], answer);
            assert_eq!(asked[turned.payload..turned.end], text);
            assert_eq!(asked[whole..], *b"next");
        }
    }

    #[test]
    fn what_is_not_all_there_is_left_as_it_is() {
        let mut asked = Vec::new();
        encode(TEXT, &[b'x'; 200], &mut asked);
        for count in 0..asked.len() {
            let mut part = asked[..count].to_vec();
            assert_eq!(turn_round(&mut part), None, "{count} bytes");
            assert_eq!(part, asked[..count]);
        }
        // No memory holds what this announces.
        let mut endless = [&[TEXT, 0xff][..], &[0xff; 8], &[0; 20]].concat();
        assert_eq!(turn_round(&mut endless), None);
    }
}
