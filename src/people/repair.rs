//! What may not be in the tables of people: rows about somebody who is not known, somebody who cannot be read, whereabouts
//! on a node that never was.
//!
//! Nobody is ever deleted from `users`. A row that refers to somebody who is not there is what is left of somebody who was
//! lost, so it is kept, and they are made known again as far as it tells: by their id, and as whom a server would take them for
//! who comes with a token and is new. Where tokens alone make nobody known (`users.auto_provision`) they stay locked out.

use diesel::{
    QueryableByName,
    sql_types::{BigInt, Nullable, Text},
};

use crate::{
    kernel::{identity::Role, ids::UserId},
    store::{
        Conn, StoreError, Tx,
        repair::{Breakage, Rule, Scene, execute, rows},
    },
};

/// What holds of these tables.
pub const RULES: &[Rule] = &[
    Rule {
        name: "unknown-person",
        find: unknown,
    },
    Rule {
        name: "unreadable-person",
        find: unreadable,
    },
    Rule {
        name: "unknown-node",
        find: on_no_node,
    },
];

/// Whoever is named there is in `users`.
const REFERENCES: [(&str, &str); 11] = [
    ("otomo", "user_id"),
    ("calls", "caller_id"),
    ("calls", "otomo_id"),
    ("live_participants", "user_id"),
    ("conversations", "created_by"),
    ("members", "user_id"),
    ("messages", "sender_id"),
    ("last_seen", "user_id"),
    ("whereabouts", "user_id"),
    ("friendships", "user_id"),
    ("friendships", "other_id"),
];

/// Points that a minute may cost at most.
const PRICE_MAX: i64 = u32::MAX as i64;

/// Where it says who is here, or was: nobody is there if nobody can have that id.
const PRESENCE: [&str; 2] = ["whereabouts", "last_seen"];

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    id: String,
}

/// Somebody who is not known, and whether anything is left of them but where they were.
#[derive(QueryableByName)]
struct Lost {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    more: i64,
}

fn unknown(conn: &mut Conn, scene: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let of = REFERENCES.map(|(table, column)| {
        format!(
            "SELECT {column} AS id, {} AS more FROM {table}
             WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.id = {table}.{column})",
            i64::from(!PRESENCE.contains(&table))
        )
    });
    let question = format!(
        "SELECT id, CAST(max(more) AS BIGINT) AS more FROM ({}) AS referring GROUP BY id ORDER BY id",
        of.join(" UNION ")
    );
    let disabled = !scene.config.users.auto_provision;
    let lost = rows::<Lost>(conn, &question, &[])?.into_iter();
    let lost = lost.map(|Lost { id, more }| match id.parse::<UserId>() {
        Err(_) if more == 0 => mere_presence(id),
        Ok(_) | Err(_) => lost_person(id, disabled),
    });
    Ok(lost.collect())
}

fn mere_presence(id: String) -> Breakage {
    let found = "is said to be here, or to have been, and no user can have that id";
    Breakage::mended(
        format!("the user {id:?}"),
        found,
        "they are not",
        move |tx| {
            PRESENCE.iter().try_for_each(|table| {
                let change = format!("DELETE FROM {table} WHERE user_id = $1");
                execute(tx, &change, &[&id]).map(drop)
            })
        },
    )
}

/// Those who are referred to and not known, as far as their ids can be read; of SQLite.
///
/// # Errors
/// Those of the database.
pub fn missed(conn: &mut Conn) -> Result<Vec<UserId>, StoreError> {
    let of = REFERENCES.map(|(table, column)| {
        format!(
            "SELECT lossy({column}) AS id FROM {table}
             WHERE NOT EXISTS (SELECT 1 FROM users WHERE users.id = lossy({table}.{column}))"
        )
    });
    let missed = rows::<Named>(conn, &of.join(" UNION "), &[])?.into_iter();
    let readable = missed.filter(|it| !it.id.contains(char::REPLACEMENT_CHARACTER));
    Ok(readable.filter_map(|it| it.id.parse().ok()).collect())
}

/// Makes somebody known by the id alone, and locks them out.
///
/// # Errors
/// Those of the database.
pub fn lock_out(tx: &mut Tx<'_>, person: &UserId) -> Result<(), StoreError> {
    make_known(tx, person.as_str(), true)
}

fn lost_person(id: String, disabled: bool) -> Breakage {
    let subject = format!("the user {id}");
    let found = "is referred to, and not known";
    if id.parse::<UserId>().is_err() {
        let todo = "the id is none that a user can have: delete those rows by hand";
        return Breakage::left(subject, found, todo);
    }
    let how = match disabled {
        true => "made known by the id alone, and locked out until the backend says more",
        false => "made known by the id alone, until their token or the backend says more",
    };
    Breakage::mended(subject, found, how, move |tx| make_known(tx, &id, disabled))
}

/// An otomo, if they have been one.
fn make_known(tx: &mut Tx<'_>, id: &str, disabled: bool) -> Result<(), StoreError> {
    let now = tx.now().millis();
    let disabled = if disabled { "TRUE" } else { "FALSE" };
    let change = format!(
        "INSERT INTO users (id, role, name, disabled, created_at, updated_at)
         SELECT $1, CASE WHEN EXISTS (SELECT 1 FROM otomo WHERE user_id = $2)
             OR EXISTS (SELECT 1 FROM calls WHERE otomo_id = $3) THEN 'otomo' ELSE 'user' END,
             $4, {disabled}, {now}, {now}"
    );
    execute(tx, &change, &[id; 4]).map(drop)
}

#[derive(QueryableByName)]
struct Odd {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    role: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    price_per_minute: Option<i64>,
}

/// Who cannot be read cannot come in, nor be set up anew.
fn unreadable(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    // A price that is no number is read as 0, and is not to become it.
    let is_number = match conn {
        Conn::Sqlite(_) => "typeof(price_per_minute) = 'integer' AND",
        Conn::Pg(_) => "",
    };
    let roles: Vec<String> = Role::ALL.iter().map(|role| format!("'{role}'")).collect();
    let question = format!(
        "SELECT id, role, price_per_minute FROM users
         WHERE role NOT IN ({}) OR {is_number} price_per_minute NOT BETWEEN 0 AND {PRICE_MAX} ORDER BY id",
        roles.join(", ")
    );
    let odd = rows::<Odd>(conn, &question, &[])?.into_iter();
    Ok(odd.map(odd_person).collect())
}

fn odd_person(odd: Odd) -> Breakage {
    let (role, price) = nearest(&odd.role, odd.price_per_minute);
    let told = |price: Option<i64>| price.map_or("none".to_owned(), |price| price.to_string());
    Breakage::mended(
        format!("the user {}", odd.id),
        format!(
            "has the role {:?} and the price {}",
            odd.role,
            told(odd.price_per_minute)
        ),
        format!(
            "the role is {role} and the price {}: the backend may set both",
            told(price)
        ),
        move |tx| {
            let new = price.filter(|_| price != odd.price_per_minute);
            let price = new.map_or(String::new(), |it| format!(", price_per_minute = {it}"));
            let change = format!("UPDATE users SET role = $1{price} WHERE id = $2");
            execute(tx, &change, &[role.as_str(), &odd.id]).map(drop)
        },
    )
}

/// Nobody gets more rights by a repair, and nothing that cost points is free by it.
fn nearest(role: &str, price: Option<i64>) -> (Role, Option<i64>) {
    let role = role.parse().unwrap_or(Role::User);
    (role, price.map(|price| price.clamp(0, PRICE_MAX)))
}

#[derive(QueryableByName)]
struct There {
    #[diesel(sql_type = Text)]
    node: String,
    #[diesel(sql_type = BigInt)]
    people: i64,
}

/// A node is in `nodes` before anybody is on it, and stays there for good. One that is not there is settled by nobody: whoever is
/// on it would be online for ever.
fn on_no_node(conn: &mut Conn, _: &Scene<'_>) -> Result<Vec<Breakage>, StoreError> {
    let question = "SELECT node, count(*) AS people FROM whereabouts
        WHERE NOT EXISTS (SELECT 1 FROM nodes WHERE nodes.name = whereabouts.node) GROUP BY node ORDER BY node";
    let nowhere = rows::<There>(conn, question, &[])?.into_iter();
    Ok(nowhere
        .map(|There { node, people }| {
            Breakage::mended(
                format!("the node {node}"),
                format!("never was, and {people} people are on it"),
                "they are not",
                move |tx| {
                    execute(tx, "DELETE FROM whereabouts WHERE node = $1", &[&node]).map(drop)
                },
            )
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_gets_more_rights_and_nothing_gets_cheaper() {
        assert_eq!(nearest("emperor", None), (Role::User, None));
        assert_eq!(nearest("otomo", Some(-5)), (Role::Otomo, Some(0)));
        assert_eq!(
            nearest("admin", Some(1 << 40)),
            (Role::Admin, Some(PRICE_MAX))
        );
    }
}
