//! What is lost of a schema, or is another than it should be. Pure.

use super::{Conn, Part};

/// A part that is not there, or not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference<'a> {
    pub(super) wanted: &'a Part,
    /// What has its name instead.
    stored: Option<&'a Part>,
}

/// The parts that are lost or different, in the order of what is wanted. What is on a table that is lost is lost with it.
pub(super) fn differences<'a>(wanted: &'a [Part], stored: &'a [Part]) -> Vec<Difference<'a>> {
    let is_same_place = |one: &Part, other: &Part| {
        (&one.kind, &one.owner, &one.name) == (&other.kind, &other.owner, &other.name)
    };
    let is_there = |table: &str| {
        let mut tables = stored.iter().filter(|it| it.kind == TABLE);
        table.is_empty() || tables.any(|it| it.name == table)
    };
    let with_stored = wanted.iter().map(|wanted| Difference {
        wanted,
        stored: stored.iter().find(|it| is_same_place(it, wanted)),
    });
    with_stored
        .filter(|it| it.is_one() && (it.wanted.kind == TABLE || is_there(&it.wanted.owner)))
        .collect()
}

const TABLE: &str = "table";
const COLUMN: &str = "column";

impl Difference<'_> {
    fn is_one(&self) -> bool {
        let shape = |part: &Part| words(&part.shape);
        self.stored.map(shape) != Some(shape(self.wanted))
    }

    /// Whether rows are lost with it, or cannot be read as they should be.
    pub(super) fn is_of_rows(&self) -> bool {
        self.wanted.kind == COLUMN || (self.wanted.kind == TABLE && self.stored.is_none())
    }

    /// What it is about.
    pub(super) fn subject(&self) -> String {
        match &*self.wanted.owner {
            "" => "the database".to_owned(),
            table => format!("the table {table}"),
        }
    }

    /// What is wrong with it.
    pub(super) fn fault(&self) -> String {
        let Part {
            kind, name, shape, ..
        } = self.wanted;
        match (&**kind, self.stored) {
            (TABLE, None) => "is not there".to_owned(),
            (TABLE, Some(_)) => "has other keys or promises than it should have".to_owned(),
            (COLUMN, Some(stored)) => format!(
                "has a column {name} that is {}, and should be {shape}",
                stored.shape
            ),
            (_, None) => format!("has no {kind} {name}"),
            (_, Some(_)) => format!("has another {kind} {name} than it should have"),
        }
    }

    /// What takes away what is in its place. A function is replaced.
    pub(super) fn drop(&self, conn: &Conn) -> Option<String> {
        let Part {
            kind, owner, name, ..
        } = self.stored?;
        match (&**kind, conn) {
            ("function", _) => None,
            ("index", _) => Some(format!("DROP INDEX {name}")),
            ("trigger", Conn::Sqlite(_)) => Some(format!("DROP TRIGGER {name}")),
            ("trigger", Conn::Pg(_)) => Some(format!("DROP TRIGGER {name} ON {owner}")),
            _ => Some(format!("ALTER TABLE {owner} DROP CONSTRAINT {name}")),
        }
    }
}

/// What a text of SQL says, however it is set and whatever is noted beside it: SQLite keeps the texts that tables were made with,
/// and tools that copy a database set them in their own way.
fn words(text: &str) -> String {
    let lines = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or(""));
    let is_set = |c: &char| c.is_whitespace() || matches!(c, '"' | '`' | '[' | ']');
    let said = lines.flat_map(|line| line.chars()).filter(|c| !is_set(c));
    said.map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(kind: &str, owner: &str, name: &str, shape: &str) -> Part {
        Part {
            kind: kind.to_owned(),
            owner: owner.to_owned(),
            name: name.to_owned(),
            shape: shape.to_owned(),
            uniquely: None,
            made_by: None,
        }
    }

    fn told(wanted: &[Part], stored: &[Part]) -> Vec<(String, bool)> {
        let found = differences(wanted, stored).into_iter();
        found
            .map(|it| (format!("{} {}", it.subject(), it.fault()), it.is_of_rows()))
            .collect()
    }

    /// Those that should be, with one of a kind in another shape, or not at all.
    fn but(wanted: &[Part], kind: &str, shape: Option<&str>) -> Vec<Part> {
        let others = wanted.iter().filter(|it| it.kind != kind).cloned();
        let changed = wanted.iter().filter(|it| it.kind == kind);
        let changed = changed.filter_map(|it| Some(part(kind, &it.owner, &it.name, shape?)));
        let more = [part("index", "calls", "theirs", "(id)")];
        others.chain(changed).chain(more).collect()
    }

    #[test]
    fn what_is_lost_or_different_is_told_and_what_is_more_is_not() {
        let wanted = [
            part("table", "calls", "calls", "CREATE TABLE calls (id)"),
            part("column", "calls", "id", "text not null"),
            part("index", "calls", "calls_id", "(id)"),
            part("function", "", "stay", "RAISE"),
        ];
        let same = "create table \"calls\" -- all\n ( id )";
        for (kind, shape, found, of_rows) in [
            ("table", None, "the table calls is not there", true),
            (
                "table",
                Some("CREATE TABLE calls (id UNIQUE)"),
                "the table calls has other keys or promises than it should have",
                false,
            ),
            ("column", None, "the table calls has no column id", true),
            (
                "column",
                Some("text"),
                "the table calls has a column id that is text, and should be text not null",
                true,
            ),
            (
                "index",
                None,
                "the table calls has no index calls_id",
                false,
            ),
            (
                "index",
                Some("(name)"),
                "the table calls has another index calls_id than it should have",
                false,
            ),
            ("function", None, "the database has no function stay", false),
        ] {
            let told = told(&wanted, &but(&wanted, kind, shape));
            assert_eq!(told, [(found.to_owned(), of_rows)]);
        }
        assert_eq!(told(&wanted, &but(&wanted, "table", Some(same))), []);
    }
}
