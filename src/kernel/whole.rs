//! Whole numbers in JSON, however they are written. To JSON Schema `5.0` is the integer 5, and some languages know no other
//! numbers than floating ones; serde takes `5` alone.

use std::{fmt, marker::PhantomData};

use schemars::JsonSchema;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Unexpected, Visitor},
};

/// Beyond this no float is one of our numbers. Below it all whole ones are exact.
const FLOAT_MAX: f64 = (1_u128 << 100) as f64;

/// A whole number, read from `5` and from `5.0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Whole<T>(pub T);

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Whole<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader(PhantomData)).map(Self)
    }
}

struct Reader<T>(PhantomData<T>);

impl<T: TryFrom<i128>> Reader<T> {
    fn fit<E: de::Error>(&self, number: i128, seen: Unexpected<'_>) -> Result<T, E> {
        T::try_from(number).map_err(|_beyond| E::invalid_value(seen, self))
    }
}

impl<T: TryFrom<i128>> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number")
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.fit(number.into(), Unexpected::Unsigned(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.fit(number.into(), Unexpected::Signed(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        if number.fract() != 0.0 || number.abs() > FLOAT_MAX {
            return Err(E::invalid_value(Unexpected::Float(number), &self));
        }
        self.fit(number as i128, Unexpected::Float(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        for five in ["5", "5.0", "5e0", "0.5e1"] {
            assert_eq!(serde_json::from_str::<Whole<u32>>(five).unwrap(), Whole(5));
        }
        let large = serde_json::from_str::<Whole<u64>>("1e18").unwrap();
        assert_eq!(large, Whole(1_000_000_000_000_000_000));
        for none in ["5.5", "-1", "4294967296", "1e300", "\"5\"", "null", "true"] {
            assert!(serde_json::from_str::<Whole<u32>>(none).is_err(), "{none}");
        }
    }
}
