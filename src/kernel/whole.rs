//! Whole numbers in JSON, however they are written, for `#[serde(deserialize_with = "..")]`. To JSON Schema `5.0` is the integer 5,
//! and some languages know no other numbers than floating ones; serde takes `5` alone.

use std::{any, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, Unexpected, Visitor},
};

/// Where the floats begin of which each stands for several whole numbers (2^53): one of these is not what was meant.
const FLOAT_END: f64 = 9_007_199_254_740_992.0;

/// Reads an integer from `5` and from `5.0`.
///
/// # Errors
/// For what is no number, no whole one, or none of the type.
pub fn whole<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64> + TryFrom<i64>,
{
    deserializer.deserialize_any(Reader(PhantomData))
}

/// The same where there may be none. The field needs `default`, too.
///
/// # Errors
/// As [`whole`].
pub fn whole_if_any<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64> + TryFrom<i64>,
{
    let read = Option::<Whole<T>>::deserialize(deserializer)?;
    Ok(read.map(|number| number.0))
}

struct Whole<T>(T);

impl<'de, T: TryFrom<u64> + TryFrom<i64>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        whole(deserializer).map(Self)
    }
}

struct Reader<T>(PhantomData<T>);

impl<T: TryFrom<u64> + TryFrom<i64>> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As serde says it itself. `unreadable` tells it as a range.
        f.write_str(any::type_name::<T>())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        let fit = T::try_from(number);
        fit.map_err(|_beyond| E::invalid_value(Unexpected::Unsigned(number), &self))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        let fit = T::try_from(number);
        fit.map_err(|_beyond| E::invalid_value(Unexpected::Signed(number), &self))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        let whole = (number.fract() == 0.0 && number.abs() < FLOAT_END).then_some(number as i64);
        let fit = whole.and_then(|whole| T::try_from(whole).ok());
        fit.ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Both {
        #[serde(deserialize_with = "whole")]
        one: u32,
        #[serde(default, deserialize_with = "whole_if_any")]
        any: Option<i64>,
    }

    fn both(one: &str, any: &str) -> serde_json::Result<(u32, Option<i64>)> {
        let json = format!("{{\"one\": {one}{any}}}");
        serde_json::from_str(&json).map(|Both { one, any }| (one, any))
    }

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        for five in ["5", "5.0", "5e0", "0.5e1"] {
            assert_eq!(both(five, "").unwrap(), (5, None));
            assert_eq!(
                both("0", &format!(", \"any\": -{five}")).unwrap(),
                (0, Some(-5))
            );
        }
        assert_eq!(both("0", ", \"any\": null").unwrap(), (0, None));
        for none in [
            "5.5",
            "-1",
            "-1.0",
            "4294967296",
            "4294967296.0",
            "1e300",
            "\"5\"",
            "null",
            "true",
        ] {
            assert!(both(none, "").is_err(), "{none}");
        }
    }

    #[test]
    fn a_float_is_taken_as_far_as_it_is_one_number() {
        let any = |number: &str| both("0", &format!(", \"any\": {number}")).map(|(_, any)| any);
        assert_eq!(
            any("9007199254740991.0").unwrap(),
            Some(9_007_199_254_740_991)
        );
        assert!(any("9007199254740992.0").is_err());
        assert!(any("-9007199254740992.0").is_err());
        // Of digits none is lost.
        assert_eq!(any("9223372036854775807").unwrap(), Some(i64::MAX));
    }
}
