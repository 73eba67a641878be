//! What the targets of fuzzing have in common.

use std::fmt::Debug;

/// The longest sentence that a refusal is, in bytes.
const SENTENCE_MAX: usize = 512;

/// Words of this program, or of its language, which mean nothing to whoever is refused.
const OURS: [&str; 14] = [
    "::", "serde", "struct ", "enum ", "visitor", "newtype", "Option", "Some(", "Box<", "u64",
    "i64", "u32", "usize", "f64",
];

/// A refusal is a sentence in plain words: not empty, of one line, of a bounded length, and without words of ours but those that
/// were in what was `sent`.
pub(crate) fn assert_plain(sentence: &str, sent: &[u8]) {
    assert!(!sentence.is_empty(), "it says nothing");
    let length = sentence.len();
    assert!(length <= SENTENCE_MAX, "{length} bytes: {sentence}");
    // Escapes spell words otherwise.
    if sent.contains(&b'\\') || sent.contains(&b'%') {
        return;
    }
    let sent = String::from_utf8_lossy(sent);
    for word in OURS {
        let ours = sentence.contains(word) && !sent.contains(word);
        assert!(!ours, "{word:?} is a word of ours: {sentence}");
    }
}

/// What was read, is written and is read again, is the same.
pub(crate) fn assert_comes_again<T: PartialEq + Debug>(
    read: T,
    encode: impl FnOnce(&T) -> Vec<u8>,
    decode: impl FnOnce(&[u8]) -> Option<T>,
) {
    let written = encode(&read);
    let shown = String::from_utf8_lossy(&written).into_owned();
    assert_eq!(decode(&written).as_ref(), Some(&read), "{shown}");
}

/// Numbers that follow from some bytes: what a target needs beside its input, so that the input is nothing but that.
pub(crate) struct Dice(u64);

impl Dice {
    /// The same for the same bytes (FNV-1a).
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mix = |state: u64, byte: &u8| (state ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        Self(bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix) | 1)
    }

    /// A number from 0 up to `below`, which is not 0 (xorshift64).
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or_default() % below
    }
}
