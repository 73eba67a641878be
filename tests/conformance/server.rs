//! The PostgreSQL server that tests start is one: it keeps what it has over a stop, and databases are apart.

use diesel::{connection::SimpleConnection as _, dsl::sql, prelude::*, sql_types::Text};

use crate::postgres::Postgres;

fn names(conn: &mut PgConnection) -> Vec<String> {
    sql::<Text>("SELECT name FROM things").load(conn).unwrap()
}

#[test]
fn a_server_of_the_tests_keeps_what_it_has_over_a_stop() {
    let server = Postgres::own();
    let (one, other) = (server.database(), server.database());
    let mut conn = one.connect();
    conn.batch_execute("CREATE TABLE things (name text); INSERT INTO things VALUES ('kept')")
        .unwrap();
    server.restart();
    assert!(conn.batch_execute("SELECT 1").is_err(), "it was stopped");
    assert_eq!(names(&mut one.connect()), ["kept"]);
    server.crash();
    server.start();
    let missing = other.connect().batch_execute("SELECT 1 FROM things");
    assert!(missing.is_err(), "each database has its own tables");
}
