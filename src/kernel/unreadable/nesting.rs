//! How deep JSON is nested, counted before anything is built: serde_json skips unknown fields at any depth, and clients that are told
//! what came must be able to read it.

/// The deepest nesting of a message and of a body. Session descriptions and candidates need 3 levels; the rest is the app's own
/// `data`.
pub(super) const DEPTH_MAX: usize = 32;

/// Whether JSON is nested deeper than [`DEPTH_MAX`].
pub(super) fn is_too_deep(json: &[u8]) -> bool {
    // Who opens so few cannot be deeper, and that is counted much faster.
    openings(json) > DEPTH_MAX && depth(json) > DEPTH_MAX
}

/// Opening brackets and braces, wherever they are. Counted in bytes, so that many are counted at once.
fn openings(json: &[u8]) -> usize {
    // The two differ in this bit alone.
    let opens = |byte: &u8| u8::from(byte | 0x20 == b'{');
    let some = |part: &[u8]| usize::from(part.iter().map(opens).sum::<u8>());
    json.chunks(usize::from(u8::MAX)).map(some).sum()
}

fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_text, mut escaped) = (false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_and_not_closed_counts_and_what_stands_in_a_text_does_not() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(!is_too_deep(nested(DEPTH_MAX).as_bytes()));
        assert!(is_too_deep(nested(DEPTH_MAX + 1).as_bytes()));
        assert!(is_too_deep("{".repeat(300).as_bytes()));
        assert!(!is_too_deep("[],".repeat(300).as_bytes()));
        let text = format!(r#"{{"a":"\"{}"}}"#, "[".repeat(300));
        assert!(!is_too_deep(text.as_bytes()));
    }
}
