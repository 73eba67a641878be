//! Numbers of SQLite that are none. Its columns have a type that it does not insist on: another hand, or a lost disk block, may
//! leave a text where a number was, which is then read as 0, is greater than any number when it is compared, and is found by no
//! question for the 0. PostgreSQL stores nothing but numbers there.
//!
//! What stands there becomes what it is read as, so that all other rules see the same as the server does and can mend it. In a
//! key each becomes a number of its own, below all that are given, so that two of them are not one. Nobody is let in by it, and what
//! a call has cost stays in its history. What other people keep in the file is left alone.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Bool, Text},
};

use super::{
    Conn, StoreError, Tx,
    repair::{Breakage, Rule, Scene, execute, rows},
    shape,
};

/// What holds of all tables.
pub const RULES: &[Rule] = &[Rule {
    name: "number",
    find,
}];

/// A column that holds numbers.
#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    owner: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Bool)]
    is_needed: bool,
    #[diesel(sql_type = Bool)]
    is_key: bool,
}

/// The ledger changes for nobody.
const LEDGER: &str = "point_transactions";

/// What becomes of a value that is none.
#[derive(Clone, Copy)]
struct Becomes {
    told: &'static str,
    /// In SQL, with the column in the place of `{}`.
    sql: &'static str,
}

const AS_READ: Becomes = Becomes {
    told: "it is what it is read as",
    sql: "COALESCE(CAST({} AS INTEGER), 0)",
};

/// Whoever was charged sees what it cost. A call that has charged nothing has a price that is none, and is over by that.
const AS_CHARGED: Becomes = Becomes {
    told: "it is what the ledger says each call has charged, or else what it is read as",
    sql: "COALESCE((SELECT -charge.amount FROM point_transactions AS charge WHERE charge.user_id = calls.caller_id
        AND charge.key LIKE 'call:' || calls.id || ':%' AND charge.amount < 0 LIMIT 1), CAST({} AS INTEGER), 0)",
};

/// Whether somebody may come in cannot be told.
const LOCKED_OUT: Becomes = Becomes {
    told: "they are locked out until the backend says more",
    sql: "TRUE",
};

const COLUMNS: &str = "SELECT whole.name AS owner, its.name AS name, its.\"notnull\" AS is_needed, its.pk > 0 AS is_key
    FROM sqlite_schema AS whole JOIN pragma_table_info(whole.name) AS its
    WHERE whole.type = 'table' AND its.type IN ('BIGINT', 'BOOLEAN') ORDER BY whole.name, its.cid";

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

fn find(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let Conn::Sqlite(_) = conn else {
        return Ok(Vec::new());
    };
    let ours = shape::columns(conn)?;
    let mut columns: Vec<Column> = rows(conn, COLUMNS, &[])?;
    columns.retain(|it| ours.contains(&(it.owner.clone(), it.name.clone())));
    let mut found = Vec::new();
    for table in columns.chunk_by(|one, other| one.owner == other.owner) {
        let wrong: Vec<String> = table.iter().map(Column::is_wrong).collect();
        let owner = table.first().map_or("", |column| &column.owner);
        // A table is read once, unless there is something.
        if count(conn, owner, &wrong.join(" OR "))? == 0 {
            continue;
        }
        for (column, is_wrong) in table.iter().zip(wrong) {
            let wrong = count(conn, owner, &is_wrong)?;
            found.extend((wrong > 0).then(|| column.broken(wrong)));
        }
    }
    Ok(found)
}

fn count(conn: &mut Conn, table: &str, which: &str) -> Result<i64, StoreError> {
    let question = format!("SELECT count(*) AS rows FROM \"{table}\" WHERE {which}");
    let counted = rows::<Count>(conn, &question, &[])?;
    Ok(counted.first().map_or(0, |it| it.rows))
}

impl Column {
    /// Whether there is something else in a row than a number, as SQL.
    fn is_wrong(&self) -> String {
        let name = &self.name;
        match self.is_needed {
            true => format!("typeof(\"{name}\") <> 'integer'"),
            false => format!("typeof(\"{name}\") NOT IN ('integer', 'null')"),
        }
    }

    fn broken(&self, wrong: i64) -> Breakage {
        let Self {
            owner,
            name,
            is_key,
            ..
        } = self;
        let subject = format!("the table {owner}");
        let found = format!("has {wrong} rows whose {name} is no number");
        if owner == LEDGER {
            let todo = "the ledger is not changed: put a backup in the place of the database";
            return Breakage::left(subject, found, todo);
        }
        let becomes = match (&**owner, &**name) {
            ("users", "price_per_minute") => {
                let todo = "until the backend sets the prices anew these calls are free: it knows what they cost";
                return Breakage::left(subject, found, todo);
            }
            ("users", "disabled") => LOCKED_OUT,
            ("calls", "price") => AS_CHARGED,
            _ => AS_READ,
        };
        let (table, name, is_wrong) = (owner.clone(), name.clone(), self.is_wrong());
        match is_key {
            true => Breakage::mended(
                subject,
                found,
                "each is a number below those that are given",
                move |tx| number(tx, &table, &name, &is_wrong),
            ),
            false => Breakage::mended(subject, found, becomes.told, move |tx| {
                let is = becomes.sql.replace("{}", &format!("\"{name}\""));
                let change = format!("UPDATE \"{table}\" SET \"{name}\" = {is} WHERE {is_wrong}");
                past_promises(tx, |tx| execute(tx, &change, &[]).map(drop))
            }),
        }
    }
}

#[derive(QueryableByName)]
struct Stored {
    #[diesel(sql_type = Text)]
    literal: String,
}

/// Gives each value that is none a number of its own.
fn number(tx: &mut Tx<'_>, table: &str, name: &str, is_wrong: &str) -> Result<(), StoreError> {
    let question = format!(
        "SELECT DISTINCT quote(\"{name}\") AS literal FROM \"{table}\" WHERE {is_wrong} ORDER BY 1"
    );
    let values = rows::<Stored>(tx, &question, &[])?;
    past_promises(tx, |tx| {
        for (number, Stored { literal }) in (1_i64..).zip(values) {
            // A text out of a damaged file is quoted by SQLite itself.
            let change = format!(
                "UPDATE \"{table}\" SET \"{name}\" = -{number} WHERE {is_wrong} AND quote(\"{name}\") = $1"
            );
            execute(tx, &change, &[&literal])?;
        }
        Ok(())
    })
}

/// What a table promises of a number beside others is for the rules after this one: a head that becomes 0 is before its floor.
fn past_promises(
    tx: &mut Tx<'_>,
    change: impl FnOnce(&mut Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    execute(tx, "PRAGMA ignore_check_constraints = ON", &[])?;
    let changed = change(tx);
    execute(tx, "PRAGMA ignore_check_constraints = OFF", &[])?;
    changed
}
