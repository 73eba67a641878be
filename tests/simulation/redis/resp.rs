//! The few forms of RESP that are needed.

/// The first command in the bytes, and how long it is; nothing if it is not all there.
pub fn command(bytes: &[u8]) -> Option<(Vec<Vec<u8>>, usize)> {
    let mut at = 0;
    let count = number(bytes, &mut at, b'*')?;
    let mut parts = Vec::with_capacity(count);
    for _ in 0..count {
        let length = number(bytes, &mut at, b'$')?;
        parts.push(bytes.get(at..at + length)?.to_vec());
        at += length + 2;
    }
    (at <= bytes.len()).then_some((parts, at))
}

fn number(bytes: &[u8], at: &mut usize, mark: u8) -> Option<usize> {
    let rest = bytes.get(*at..)?;
    let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
    assert_eq!(rest[0], mark, "clients send arrays of strings");
    let digits = std::str::from_utf8(&rest[1..end]).expect("digits");
    *at += end + 2;
    Some(digits.parse().expect("a number"))
}

pub fn ok() -> Vec<u8> {
    b"+OK\r\n".to_vec()
}

pub fn error(text: &str) -> Vec<u8> {
    format!("-{text}\r\n").into_bytes()
}

pub fn integer(number: usize) -> Vec<u8> {
    format!(":{number}\r\n").into_bytes()
}

pub fn bulk(bytes: &[u8]) -> Vec<u8> {
    [format!("${}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

pub fn push(parts: &[Vec<u8>]) -> Vec<u8> {
    [format!(">{}\r\n", parts.len()).into_bytes(), parts.concat()].concat()
}

pub fn map(entries: &[(&str, &str)]) -> Vec<u8> {
    let pairs = entries
        .iter()
        .flat_map(|(name, value)| [bulk(name.as_bytes()), bulk(value.as_bytes())]);
    [
        format!("%{}\r\n", entries.len()).into_bytes(),
        pairs.collect::<Vec<_>>().concat(),
    ]
    .concat()
}
