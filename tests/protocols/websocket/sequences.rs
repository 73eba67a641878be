//! The sequences of sections 6.5 to 6.23: those of Markus Kuhn's stress test for UTF-8 decoders, as the suite has them.

/// "κόσμε", each character in two or three bytes.
pub const KOSME: &[u8] = b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

/// A character beyond the last of Unicode: invalid from its second byte on.
pub const BEYOND: &[u8] = b"\xf4\x90\x80\x80";

/// Sequences, and whether they are valid.
pub type Sequences = Vec<(bool, Vec<u8>)>;

/// What ends too early: characters without their last byte.
const CUT: &str = "c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf";

/// Sections 6.5 to 6.23, in order.
pub fn sections() -> [Sequences; 19] {
    let valid = |hex: &str| listed(true, hex);
    let invalid = |hex: &str| listed(false, hex);
    [
        texts(),
        prefixes(),
        // The first and the last character of each length, and the same beyond the last of Unicode.
        valid("00 c280 e0a080 f0908080"),
        invalid("f888808080 fc8480808080"),
        valid("7f dfbf efbfbf f48fbfbf"),
        invalid("f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf"),
        // Around the surrogates, the replacement character, the last of Unicode.
        [valid("ed9fbf ee8080 efbfbd f48fbfbf"), invalid("f4908080")].concat(),
        continuations(),
        lonely(),
        invalid(CUT),
        invalid(&CUT.replace(' ', "")),
        // What is in no text at all.
        invalid("fe ff fefeffff"),
        // "/", the largest of each length, and NUL, each in more bytes than it takes.
        invalid("c0af e080af f08080af f8808080af fc80808080af"),
        invalid("c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf"),
        invalid("c080 e08080 f0808080 f880808080 fc8080808080"),
        // Surrogates, alone and in pairs.
        invalid("eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf"),
        surrogate_pairs(),
        non_characters(),
        (0xfff9..=0xffff).map(character).collect(),
    ]
}

fn listed(are_valid: bool, hex: &str) -> Sequences {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    let bytes = |word: &str| word.as_bytes().chunks(2).map(byte).collect();
    hex.split(' ')
        .map(|word| (are_valid, bytes(word)))
        .collect()
}

fn character(code: u32) -> (bool, Vec<u8>) {
    (true, char::from_u32(code).unwrap().to_string().into_bytes())
}

fn texts() -> Sequences {
    let signs = ["$", "¢", "€", "𤭢"].map(|sign| format!("hello{sign}world").into_bytes());
    let texts = signs.into_iter().chain([KOSME.to_vec()]);
    texts.map(|text| (true, text)).collect()
}

fn prefixes() -> Sequences {
    let whole = [2, 5, 7, 9, 11];
    (1..=KOSME.len())
        .map(|end| (whole.contains(&end), KOSME[..end].to_vec()))
        .collect()
}

/// Bytes that continue something, and nothing before them.
fn continuations() -> Sequences {
    let mut lines: Vec<Vec<u8>> = (1..=6)
        .map(|length| [0x80, 0xbf].into_iter().cycle().take(length).collect())
        .collect();
    lines.insert(1, vec![0xbf]);
    lines.push((0x80..0xbf).collect());
    lines.into_iter().map(|bytes| (false, bytes)).collect()
}

/// Starts without what should follow them, with spaces between.
fn lonely() -> Sequences {
    let starts = [
        (0xc0, 0xdf),
        (0xe0, 0xef),
        (0xf0, 0xf7),
        (0xf8, 0xfb),
        (0xfc, 0xfd),
    ];
    let line = |(first, last): (u8, u8)| (first..last).flat_map(|start| [start, b' ']).collect();
    starts
        .into_iter()
        .map(|range| (false, line(range)))
        .collect()
}

fn surrogate_pairs() -> Sequences {
    let high = ["eda080", "edadbf", "edae80", "edafbf"];
    let low = ["edb080", "edbfbf"];
    let pairs = high
        .iter()
        .flat_map(|high| low.map(|low| format!("{high}{low}")));
    pairs.flat_map(|pair| listed(false, &pair)).collect()
}

/// U+FFFE and U+FFFF, and the last two of each further plane: no characters, and valid.
fn non_characters() -> Sequences {
    let planes = (0..=16).flat_map(|plane: u32| [plane << 16 | 0xfffe, plane << 16 | 0xffff]);
    planes.map(character).collect()
}
