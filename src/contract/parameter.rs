//! Parameters of a query that are not strings, for `#[serde(deserialize_with = "..")]`. Of a number serde says only that it is none,
//! and not which one; these faults name it.

use std::{fmt::Display, str::FromStr};

use serde::{Deserialize as _, Deserializer, de::Error as _};

/// Reads one from its text. `must` is the whole fault where it does not parse: `limit must be 1 to 200`.
///
/// # Errors
/// That one.
pub fn parse<'de, D: Deserializer<'de>, T>(
    given: D,
    must: impl Display,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<T, D::Error> {
    let text = String::deserialize(given)?;
    parse(&text).ok_or_else(|| D::Error::custom(must))
}

/// The same for one that may be left out, and is like its own text otherwise. The field needs `default`, too.
///
/// # Errors
/// As [`parse`].
pub fn parse_optional<'de, D: Deserializer<'de>, T: FromStr>(
    given: D,
    must: impl Display,
) -> Result<Option<T>, D::Error> {
    parse(given, must, |text| text.parse().ok().map(Some))
}
