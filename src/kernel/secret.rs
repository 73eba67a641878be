//! A text that must not be seen: it has no way into a log, an error or a page but [`Secret::reveal`].

use std::fmt;

use subtle::ConstantTimeEq;

/// A secret. Its `Debug` prints nothing of it, and it has no `Display`.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps a text that must not be seen.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that signs or compares with it.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether `candidate` is this secret. Takes the same time wherever they differ, so that a stranger
    /// cannot guess it piece by piece; the length is not secret.
    pub fn is(&self, candidate: &str) -> bool {
        self.0.as_bytes().ct_eq(candidate.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_compared_and_not_printed() {
        let secret = Secret::new("correct horse");
        assert!(secret.is("correct horse"));
        for other in ["", "correct hors", "correct horse ", "Correct horse"] {
            assert!(!secret.is(other), "{other:?} passed");
        }
        assert_eq!(
            format!("{secret:?} {:?}", Some(&secret)),
            "Secret(..) Some(Secret(..))"
        );
    }
}
