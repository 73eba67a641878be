//! Many breakages at once, of kinds that nobody has thought of: rows that are gone, numbers that are others. Whatever it was, a
//! repair comes to an end, a second one finds nothing more that it could mend, people have what they had (see [`Belongings`]), and
//! a server goes on with the database, unless its numbers are such that nothing can be counted on from them.

use diesel::{QueryableByName, RunQueryDsl as _, SqliteConnection, sql_query, sql_types::Text};

use crate::{
    belongings::Belongings,
    breakages::ALL,
    support::Dice,
    town,
    ward::{Kind, Ward},
};

/// Databases that are broken. Each has a seed of its own, which is printed.
const ROUNDS: u64 = 6;

/// Repeats one.
const SEED: &str = "OTOMO_REPAIR_SEED";

/// What a number is instead.
const NUMBERS: [&str; 4] = ["-7", "0", "3", "4102444800000"];

/// The least and the greatest that there can be.
const EXTREMES: [&str; 2] = ["(-9223372036854775807 - 1)", "9223372036854775807"];

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The tables, and of each the columns that hold numbers.
fn tables(conn: &mut SqliteConnection) -> Vec<(String, Vec<String>)> {
    let mut names = |question: &str| -> Vec<String> {
        let names: Vec<Name> = sql_query(question).load(conn).unwrap();
        names.into_iter().map(|it| it.name).collect()
    };
    let tables = names(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'
         AND name NOT LIKE 'sqlite%' ORDER BY name",
    );
    let columns = |table: &String| {
        format!("SELECT name FROM pragma_table_info('{table}') WHERE type = 'BIGINT' AND pk = 0")
    };
    tables
        .into_iter()
        .map(|table| {
            let columns = names(&columns(&table));
            (table, columns)
        })
        .collect()
}

/// A statement that breaks something.
fn any_breakage(dice: &mut Dice, tables: &[(String, Vec<String>)], numbers: &[&str]) -> String {
    let (table, columns) = &tables[dice.below(tables.len())];
    let row = dice.below(1_000);
    match dice.below(3) {
        0 => ALL[dice.below(ALL.len())].sql(),
        1 if !columns.is_empty() => {
            let column = &columns[dice.below(columns.len())];
            let value = numbers[dice.below(numbers.len())];
            some_row(
                table,
                row,
                &format!("UPDATE {table} SET {column} = {value}"),
            )
        }
        _ => some_row(table, row, &format!("DELETE FROM {table}")),
    }
}

/// What is done to one row alone, by its place in the order of its key.
fn some_row(table: &str, row: usize, what: &str) -> String {
    let key = match table {
        "audit" | "calls" | "conversations" | "events" | "users" => "id",
        "call_events" => "call_id, version, event",
        "friendships" => "user_id, other_id",
        "inbox" => "user_id, seq",
        "leases" => "session",
        "members" => "user_id, conversation_id",
        "messages" => "conversation_id, seq",
        "nodes" => "name",
        "point_recoveries" => "day",
        "point_transactions" => "user_id, ordinal",
        "publications" => "key",
        "room_members" => "room, user_id",
        "room_states" => "room, key",
        "whereabouts" => "user_id, node",
        _ => "user_id",
    };
    // SQLite refuses a place that is none: of an empty table nothing is broken.
    let place = format!("(SELECT {row} % NULLIF(count(*), 0) FROM {table})");
    format!(
        "{what} WHERE ({key}) IN (SELECT {key} FROM {table} ORDER BY {key} LIMIT 1 OFFSET {place})"
    )
}

async fn is_repaired(kind: Kind, seed: u64, numbers: &[&str]) -> Ward {
    let mut dice = Dice::new("what is broken", SEED, seed);
    let tables = tables(&mut Ward::new(Kind::Sqlite).await.open());
    let ward = Ward::new(kind).await;
    let sound = Belongings::of(&ward);
    let mut broken = Vec::new();
    for _ in 0..=dice.below(8) {
        let how = any_breakage(&mut dice, &tables, numbers);
        // Two that do not go together: the second one is refused, and the database is as it was.
        if ward.tries_to_break(&how).is_ok() {
            broken.push(how);
        }
    }
    let context = || format!("{kind:?}, seed {seed}, broken by {broken:#?}");
    println!("{}", context());
    let left = Belongings::of(&ward);
    let repair = ward.repairs();
    println!("{}", repair.text);
    Belongings::of(&ward).are_kept(&left, &sound, &context());
    assert!(
        matches!(repair.code, 0 | 1 | 3),
        "{}: {}",
        context(),
        repair.text
    );
    let again = ward.repairs();
    let left = |it: &&crate::ward::Said| it.verdict == "failed";
    let still: Vec<_> = repair.found.iter().filter(left).collect();
    assert_eq!(
        again.found.iter().collect::<Vec<_>>(),
        still,
        "{}: {}",
        context(),
        again.text
    );
    let fault = "it could not be mended";
    assert!(
        !repair.text.contains(fault),
        "{}: {}",
        context(),
        repair.text
    );
    ward
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_broken_is_repaired_until_it_is_sound() {
    for (kind, seed) in rounds() {
        let ward = is_repaired(kind, seed, &NUMBERS).await;
        // What is left does not keep people from each other.
        town::goes_on(&ward.serve().await).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_numbers_there_are_a_repair_comes_to_an_end() {
    for (kind, seed) in rounds() {
        is_repaired(kind, seed, &EXTREMES).await;
    }
}

fn rounds() -> impl Iterator<Item = (Kind, u64)> {
    let rounds = std::env::var("OTOMO_REPAIR_ROUNDS").ok();
    let rounds = rounds.map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    // One that is asked for is looked at on both.
    let rounds = if std::env::var(SEED).is_ok() {
        2
    } else {
        rounds
    };
    (0..rounds).map(|seed| match seed % 2 {
        0 => (Kind::Sqlite, seed),
        _ => (Kind::Postgres, seed),
    })
}
