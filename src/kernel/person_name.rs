//! Names that people are shown by: what is allowed in them. A name stands in lists and in notifications of others, so it
//! has an end, and nothing in it changes how the text around it is laid out.

use schemars::JsonSchema;

/// The longest name, in characters.
pub const NAME_MAX_CHARS: usize = 200;

/// What JSON Schema knows of a name.
const NAME_PATTERN: &str = concat!(
    r"^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*",
    r"[^\s\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]",
    r"[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*$",
);

/// A name that people are shown: something to be seen, no control characters, none that override the direction of text.
#[derive(JsonSchema)]
#[schemars(inline, extend("minLength" = 1, "maxLength" = NAME_MAX_CHARS, "pattern" = NAME_PATTERN))]
pub struct PersonName(
    #[expect(
        dead_code,
        reason = "described, never made: what is read goes through `check`"
    )]
    String,
);

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    /// Nothing that can be seen, or too much.
    #[error("name must be 1 to {NAME_MAX_CHARS} characters")]
    Length,
    /// A control character, or one that turns the direction of text.
    #[error("name must have no control characters, and none that override the direction of text")]
    Unfit,
}

/// Whether a backend may give somebody this name.
///
/// # Errors
/// What is wrong with it.
pub fn check(name: &str) -> Result<(), NameFault> {
    if name.trim().is_empty() || name.chars().count() > NAME_MAX_CHARS {
        return Err(NameFault::Length);
    }
    if name.contains(unfit) {
        return Err(NameFault::Unfit);
    }
    Ok(())
}

/// What of a token's name is shown: a name is no reason to keep somebody out. `None` if nothing is left of it.
pub fn cleaned(name: &str) -> Option<String> {
    let fit = name.chars().filter(|c| !unfit(*c));
    let cleaned: String = fit.take(NAME_MAX_CHARS).collect();
    let cleaned = cleaned.trim();
    (!cleaned.is_empty()).then(|| cleaned.to_owned())
}

/// Control characters, ends of lines and paragraphs, and the embeddings, overrides and isolates of the Unicode
/// Bidirectional Algorithm (UAX 9, 2), which reach beyond the name. Its marks do not, and right-to-left names need them.
fn unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_an_end_and_leaves_the_text_around_it_alone() {
        let longest = "は".repeat(NAME_MAX_CHARS);
        for fit in ["はな", "O'Hara 👩\u{200D}🎤", "שרה\u{200F}", &longest] {
            assert_eq!(check(fit), Ok(()));
            assert_eq!(cleaned(fit).as_deref(), Some(fit));
        }
        for none in ["", " \t", "\u{202E}"] {
            assert!(check(none).is_err(), "{none:?}");
            assert_eq!(cleaned(none), None, "{none:?}");
        }
        assert_eq!(check(&format!("{longest}な")), Err(NameFault::Length));
        assert_eq!(cleaned(&format!("{longest}な")), Some(longest));
        assert_eq!(check("a\nb"), Err(NameFault::Unfit));
        assert_eq!(check("\u{202E}anah"), Err(NameFault::Unfit));
        assert_eq!(cleaned(" \u{202E}ha\u{2066}\u{0}na\n").unwrap(), "hana");
    }
}
