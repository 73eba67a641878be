//! What the app may call its own types: events that its backends publish, and actions of its clients. The names become event
//! names of Socket.IO and of event streams.

/// The longest name, in bytes.
pub const MAX_BYTES: usize = 64;

/// Whether `name` can be the name of a type: 1 to [`MAX_BYTES`] ASCII letters, digits, or any of `_ - . :`.
pub fn is_fit(name: &str) -> bool {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    (1..=MAX_BYTES).contains(&name.len()) && name.bytes().all(fit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_of_plain_characters() {
        for fit in [
            "a",
            "boss_spawned",
            "shop:sale",
            "v2.move-1",
            &"x".repeat(64),
        ] {
            assert!(is_fit(fit), "{fit}");
        }
        for unfit in ["", "two words", "a\nb", "技", "a/b", "*", &"x".repeat(65)] {
            assert!(!is_fit(unfit), "{unfit:?}");
        }
    }
}
