//! Enums whose variants have a text name, for the database and for logs: each variant is written once,
//! with its name beside it, so that a name cannot be forgotten or differ between reading and writing.

/// A text that names no variant: a row that a newer (or a broken) server wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} must be one of {}", known.join(", "))]
pub struct UnknownName {
    /// What stood there.
    pub text: String,
    /// What might.
    pub known: &'static [&'static str],
}

/// Defines an enum with `ALL`, `as_str`, `Display` and `FromStr`, which JSON (`Serialize`, `JsonSchema`) knows by the same names.
/// Its order is that of its declaration.
macro_rules! named {
    (
        $(#[$meta:meta])*
        $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $text:literal,)+ }
    ) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, schemars::JsonSchema)]
        $(#[$meta])*
        $vis enum $name {
            $($(#[$doc])* #[schemars(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every variant, in the order in which they are declared.
            $vis const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in the database and in logs.
            $vis const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::kernel::names::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    unknown => Err($crate::kernel::names::UnknownName {
                        text: unknown.to_owned(),
                        known: &[$($text,)+],
                    }),
                }
            }
        }
    };
}

pub(crate) use named;

#[cfg(test)]
mod tests {
    named! {
        /// What a test can have.
        enum Taste {
            /// Like the sea.
            Salty = "salty",
            /// Like a plum.
            Sour = "sour",
        }
    }

    #[test]
    fn json_and_its_schema_know_the_same_names() {
        let schema = schemars::schema_for!(Taste);
        let described: Vec<_> = schema
            .get("oneOf")
            .unwrap()
            .as_array()
            .unwrap()
            .iter()
            .collect();
        assert_eq!(described.len(), Taste::ALL.len());
        for (taste, described) in Taste::ALL.iter().zip(described) {
            assert_eq!(serde_json::to_value(taste).unwrap(), taste.as_str());
            assert_eq!(described["const"], taste.as_str());
        }
    }

    #[test]
    fn a_name_reads_back_as_its_variant_and_nothing_else_does() {
        for taste in Taste::ALL {
            assert_eq!(taste.to_string().parse(), Ok(*taste));
        }
        let unknown = "bitter".parse::<Taste>().unwrap_err();
        assert_eq!(unknown.to_string(), "\"bitter\" must be one of salty, sour");
    }
}
