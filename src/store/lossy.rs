//! Texts as they can be read, whatever is stored: SQLite keeps any bytes in the place of a text.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

use diesel::{
    QueryResult, SqliteConnection,
    backend::Backend,
    declare_sql_function,
    deserialize::{self, FromSql, FromSqlRow},
    pg::{Pg, PgValue},
    sql_types::{Nullable, Text},
    sqlite::{Sqlite, SqliteValue},
};

use crate::kernel::now_and_then::NowAndThen;

/// A text of which whatever is not UTF-8 is told as U+FFFD, so that a list with one damaged row can be read. Words and ids are
/// parsed after it. A column of a row takes it with `#[diesel(deserialize_as = Lossy)]`.
#[derive(Debug, Clone, PartialEq, Eq, FromSqlRow)]
pub struct Lossy(String);

/// The same where there may be no text.
#[derive(Debug, Clone, PartialEq, Eq, FromSqlRow)]
pub struct LossyIfAny(Option<String>);

impl From<Lossy> for String {
    fn from(text: Lossy) -> Self {
        text.0
    }
}

impl From<LossyIfAny> for Option<String> {
    fn from(text: LossyIfAny) -> Self {
        text.0
    }
}

impl FromSql<Text, Sqlite> for Lossy {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        let text = value.read_text().to_owned();
        // Somebody may have written the sign itself.
        if text.contains(char::REPLACEMENT_CHARACTER)
            && std::str::from_utf8(value.read_blob()).is_err()
        {
            tell();
        }
        Ok(Self(text))
    }
}

/// A database that has none.
impl FromSql<Text, Pg> for Lossy {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        <String as FromSql<Text, Pg>>::from_sql(value).map(Self)
    }
}

impl<DB: Backend> FromSql<Nullable<Text>, DB> for LossyIfAny
where
    Lossy: FromSql<Text, DB>,
{
    fn from_sql(value: DB::RawValue<'_>) -> deserialize::Result<Self> {
        Lossy::from_sql(value).map(|Lossy(text)| Self(Some(text)))
    }

    fn from_nullable_sql(value: Option<DB::RawValue<'_>>) -> deserialize::Result<Self> {
        match value {
            Some(value) => <Self as FromSql<Nullable<Text>, DB>>::from_sql(value),
            None => Ok(Self(None)),
        }
    }
}

/// A list that is read each second would say so each second. What people wrote is in no log.
fn tell() {
    static LOG: Mutex<NowAndThen> = Mutex::new(NowAndThen::new());
    let mut log = LOG.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(times) = log.count(Instant::now()) {
        log::warn!(
            "a stored text is not UTF-8, and is told as far as it can be read: otomo doctor says which times={times}"
        );
    }
}

#[declare_sql_function]
extern "SQL" {
    /// The text as it can be read.
    fn lossy(stored: Nullable<Text>) -> Nullable<Text>;
}

/// Teaches a connection the function `lossy(text)` of SQL. `text IS NOT lossy(text)` finds what is no text: bytes, and texts
/// that are not UTF-8.
pub(super) fn teach(conn: &mut SqliteConnection) -> QueryResult<()> {
    lossy_utils::register_impl(conn, |stored: Stored| stored.0)
}

/// What is stored, of which nothing is logged.
#[derive(Debug, FromSqlRow)]
struct Stored(Option<String>);

impl FromSql<Nullable<Text>, Sqlite> for Stored {
    fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
        Ok(Self(Some(value.read_text().to_owned())))
    }

    fn from_nullable_sql(value: Option<SqliteValue<'_, '_, '_>>) -> deserialize::Result<Self> {
        match value {
            Some(value) => Self::from_sql(value),
            None => Ok(Self(None)),
        }
    }
}

#[cfg(test)]
mod tests {
    use diesel::{Connection as _, RunQueryDsl as _, dsl::sql, sql_types::Bool};

    use super::*;

    fn connection() -> SqliteConnection {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        teach(&mut conn).unwrap();
        conn
    }

    #[test]
    fn whatever_is_stored_can_be_read() {
        for (stored, told) in [
            ("'おやすみ'", "おやすみ"),
            ("'\u{fffd}'", "\u{fffd}"),
            ("x'4142'", "AB"),
            ("x'ff41'", "\u{fffd}A"),
            ("CAST(x'ff41' AS TEXT)", "\u{fffd}A"),
            // Half of a pair, which is no character.
            ("CAST(x'eda080' AS TEXT)", "\u{fffd}\u{fffd}\u{fffd}"),
        ] {
            let question = sql::<Text>(&format!("SELECT {stored}"));
            let Lossy(text) = question.get_result(&mut connection()).unwrap();
            assert_eq!(text, told, "{stored}");
        }
        let question = sql::<Nullable<Text>>("SELECT NULL");
        let LossyIfAny(none) = question.get_result(&mut connection()).unwrap();
        assert_eq!(none, None);
    }

    #[test]
    fn what_is_no_text_is_found() {
        for (stored, is_none) in [
            ("'おやすみ'", false),
            ("''", false),
            ("NULL", false),
            ("'\u{fffd}'", false),
            ("x'4142'", true),
            ("x''", true),
            ("x'ff41'", true),
            ("CAST(x'ff41' AS TEXT)", true),
        ] {
            let question = format!("SELECT {stored} IS NOT lossy({stored})");
            let found: bool = sql::<Bool>(&question)
                .get_result(&mut connection())
                .unwrap();
            assert_eq!(found, is_none, "{stored}");
        }
    }
}
