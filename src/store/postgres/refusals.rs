//! What PostgreSQL's refusals mean.

/// What a refusal means that PostgreSQL has told in words. Diesel keeps its code to itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::store) enum Meaning {
    /// It and another transaction waited for each other.
    Crossed,
    /// Too slow, too many, no room, going down: the same may work later.
    Away,
    /// The statement is wrong.
    BadStatement,
}

/// Sorts a message of PostgreSQL, in English.
pub(in crate::store) fn meaning(message: &str) -> Meaning {
    const CROSSED: [&str; 2] = ["deadlock detected", "could not serialize access"];
    const AWAY: [&str; 13] = [
        "canceling statement due to",
        "canceling authentication due to",
        "terminating connection",
        "the database system is",
        "sorry, too many clients",
        "remaining connection slots",
        "too many connections for",
        "could not extend file",
        "could not write",
        "could not access file",
        "out of memory",
        "out of shared memory",
        "No space left on device",
    ];
    let begins = |texts: &[&str]| texts.iter().any(|text| message.starts_with(text));
    if begins(&CROSSED) {
        Meaning::Crossed
    } else if begins(&AWAY) || message.ends_with("No space left on device") {
        Meaning::Away
    } else {
        Meaning::BadStatement
    }
}

/// Whether a lock was waited for until the time for that was over.
pub(super) fn is_lock_timeout(message: &str) -> bool {
    message == "canceling statement due to lock timeout"
}

/// The columns that were to be unique: the table, and `Key (a, b)=(1, 2) already exists.` in whatever language.
pub(in crate::store) fn unique_columns(table: &str, detail: &str) -> Vec<String> {
    let key = detail
        .split_once('(')
        .and_then(|(_, rest)| rest.split_once(")=("));
    let Some((columns, _)) = key else {
        return Vec::new();
    };
    let columns = columns.split(", ").map(|column| column.trim_matches('"'));
    columns.map(|column| format!("{table}.{column}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_sorted_by_what_can_be_done() {
        assert_eq!(meaning("deadlock detected"), Meaning::Crossed);
        for away in [
            "canceling statement due to statement timeout",
            "could not extend file \"base/5/1259\": No space left on device",
            "sorry, too many clients already",
        ] {
            assert_eq!(meaning(away), Meaning::Away);
        }
        assert_eq!(
            meaning("relation \"calls\" does not exist"),
            Meaning::BadStatement
        );
    }

    #[test]
    fn a_conflict_names_its_columns() {
        for detail in [
            "Key (user_id, seq)=(ann, 7) already exists.",
            "Schlüssel »(user_id, seq)=(a)=(b, 7)« existiert bereits.",
        ] {
            assert_eq!(
                unique_columns("inbox", detail),
                ["inbox.user_id", "inbox.seq"]
            );
        }
        let quoted = unique_columns("publications", "Key (\"key\")=(a) already exists.");
        assert_eq!(quoted, ["publications.key"]);
        assert!(unique_columns("inbox", "something else").is_empty());
    }
}
