//! Whoever is named anywhere in the database is somebody whom the doctor misses: PostgreSQL keeps what refers to them from being
//! stored, and SQLite does while it looks.

use crate::ward::{Kind, Ward};

/// Every column that refers to a person, as the tables themselves say: `table column`.
const REFERENCES: &str = "SELECT tables.name || ' ' || keys.\"from\" AS line
    FROM sqlite_schema AS tables JOIN pragma_foreign_key_list(tables.name) AS keys
    WHERE tables.type = 'table' AND keys.\"table\" = 'users' ORDER BY line";

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_missing_is_missed_by_every_table_that_refers_to_them() {
    let ward = Ward::new(Kind::Sqlite).await;
    let references = ward.lines(REFERENCES);
    assert!(references.len() > 10, "{references:?}");
    // Of tables that are empty in the town.
    ward.breaks(
        "INSERT OR IGNORE INTO whereabouts (user_id, node) SELECT 'jiro', name FROM nodes;
         INSERT OR IGNORE INTO last_seen (user_id, at) VALUES ('jiro', 0)",
    );
    let nobody = |reference: &String| reference.replace(' ', ".");
    for reference in &references {
        let (table, column) = reference.split_once(' ').unwrap();
        // The first of two who are told apart by this column alone.
        ward.breaks(&format!(
            "UPDATE OR IGNORE {table} SET {column} = '{}'",
            nobody(reference)
        ));
    }
    let look = ward.looks();
    let missed = |reference: &&String| {
        let found = format!("the user {} is referred to", nobody(reference));
        let mut unknown = look.found.iter().filter(|it| it.rule == "unknown-person");
        unknown.any(|it| it.found.starts_with(&found))
    };
    let unmissed: Vec<&String> = references.iter().filter(|it| !missed(it)).collect();
    assert!(unmissed.is_empty(), "{unmissed:?}: {}", look.text);
}
