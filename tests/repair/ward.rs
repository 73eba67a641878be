//! A copy of the town's database, to be broken, looked at by the doctor, and served again.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::{Command, Output, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use diesel::{
    Connection as _, PgConnection, QueryableByName, RunQueryDsl as _, SqliteConnection,
    connection::SimpleConnection as _, result::Error, sql_query, sql_types::Text,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use crate::{
    postgres::{Postgres, PostgresDatabase},
    support::Process,
    town::{self, SETTINGS},
};

/// How long the binary may take. It is done within a second or two where nothing else runs.
const PATIENCE: Duration = Duration::from_mins(2);

/// Which database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A database that is broken, and the folder that its file is in.
pub struct Ward {
    folder: TempDir,
    server: Option<PostgresDatabase>,
}

/// What each otomo is told to be, and in which version.
pub type Statuses = BTreeMap<String, (String, i64)>;

/// What the doctor said.
#[derive(Debug)]
pub struct Visit {
    /// The exit code.
    pub code: i32,
    /// What it found about what is in the database: rule, verdict, what.
    pub found: Vec<Said>,
    /// All that it printed.
    pub text: String,
}

/// One thing that it found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub rule: String,
    pub verdict: String,
    pub found: String,
}

/// What the doctor looks at beside what is in the database.
const OTHERS: [&str; 12] = [
    "settings",
    "database",
    "clock",
    "redis",
    "tokens",
    "backends",
    "certificate",
    "descriptors",
    "address",
    "disk",
    "webhook",
    "backup",
];

impl Ward {
    /// One that is sound, as a server left it that was killed.
    pub async fn new(kind: Kind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        match kind {
            Kind::Sqlite => {
                static TOWN: OnceCell<TempDir> = OnceCell::const_new();
                let town = TOWN.get_or_init(live_on_a_file).await;
                std::fs::copy(file(town), file(&folder)).unwrap();
                Self {
                    folder,
                    server: None,
                }
            }
            Kind::Postgres => {
                static TOWN: OnceCell<PostgresDatabase> = OnceCell::const_new();
                let town = TOWN.get_or_init(live_on_a_server).await;
                Self {
                    folder,
                    server: Some(town.copy()),
                }
            }
        }
    }

    pub fn url(&self) -> String {
        match &self.server {
            Some(database) => database.url(),
            None => format!("sqlite://{}", file(&self.folder).display()),
        }
    }

    /// What is beside the file.
    pub fn files(&self) -> Vec<String> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    pub fn file(&self) -> PathBuf {
        file(&self.folder)
    }

    /// Changes rows past everything that keeps a database sound: references, promises and triggers.
    pub fn breaks(&self, how: &str) {
        self.tries_to_break(how)
            .unwrap_or_else(|fault| panic!("{how}: {fault}"));
    }

    pub fn tries_to_break(&self, how: &str) -> diesel::QueryResult<()> {
        match &self.server {
            None => break_file(&mut self.open(), how),
            Some(database) => break_server(&mut database.connect(), how),
        }
    }

    /// Changes rows as whoever opens the database.
    pub fn tries_as_anybody(&self, how: &str) -> diesel::QueryResult<()> {
        match &self.server {
            None => self.open().batch_execute(how),
            Some(database) => database.connect().batch_execute(how),
        }
    }

    /// A connection to the server that it is on.
    pub fn connect(&self) -> PgConnection {
        self.server.as_ref().unwrap().connect()
    }

    pub fn open(&self) -> SqliteConnection {
        SqliteConnection::establish(self.file().to_str().unwrap()).unwrap()
    }

    /// The number that a query comes to.
    pub fn says(&self, question: &str) -> String {
        self.lines(&format!("SELECT CAST(({question}) AS TEXT) AS line"))
            .remove(0)
    }

    /// What each otomo is told to be, and in which version.
    pub fn statuses(&self) -> Statuses {
        let lines =
            self.lines("SELECT user_id || ' ' || status || ' ' || version AS line FROM otomo");
        let status = |line: &String| {
            let mut words = line.split(' ').map(str::to_owned);
            let [otomo, status, version] = [(); 3].map(|()| words.next().unwrap());
            (otomo, (status, version.parse().unwrap()))
        };
        lines.iter().map(status).collect()
    }

    /// The column `line` of what a query comes to.
    pub fn lines(&self, question: &str) -> Vec<String> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = Text)]
            line: String,
        }
        let rows: Vec<Row> = match &self.server {
            None => sql_query(question).load(&mut self.open()).unwrap(),
            Some(database) => sql_query(question).load(&mut database.connect()).unwrap(),
        };
        rows.into_iter().map(|row| row.line).collect()
    }

    /// Has it looked at.
    pub fn looks(&self) -> Visit {
        self.doctor(&["doctor", "--json"])
    }

    /// Has it mended.
    pub fn repairs(&self) -> Visit {
        self.doctor(&["doctor", "--repair", "--json"])
    }

    pub fn doctor(&self, args: &[&str]) -> Visit {
        let done = self.otomo(args);
        let said = String::from_utf8(done.stdout).unwrap();
        let complaint = String::from_utf8_lossy(&done.stderr).into_owned();
        let report: Value = serde_json::from_str(&said).unwrap_or_default();
        let findings = report["findings"].as_array().cloned().unwrap_or_default();
        let text = |of: &Value, key: &str| of[key].as_str().unwrap_or_default().to_owned();
        let found = findings.iter().map(|it| Said {
            rule: text(it, "about"),
            verdict: text(it, "verdict"),
            found: text(it, "found"),
        });
        let of_contents = found.filter(|it| !OTHERS.contains(&it.rule.as_str()));
        Visit {
            code: done.status.code().unwrap(),
            found: of_contents.filter(|it| it.verdict != "ok").collect(),
            text: format!("{said}{complaint}"),
        }
    }

    /// What keeps a server from starting on it. One that starts ends at once, because it cannot say where it listens.
    pub fn refuses_to_serve(&self) -> String {
        let done = self.otomo(&["serve", "--port-file", "/none/port"]);
        assert_eq!(done.status.code(), Some(1));
        String::from_utf8(done.stderr).unwrap()
    }

    fn otomo(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_otomo"));
        command
            .args(args)
            .env_clear()
            .current_dir(self.folder.path());
        command.env("OTOMO_SERVER__LISTEN", "127.0.0.1:0");
        command.env(
            "OTOMO_AUTH__HS256_SECRET",
            "a secret of tests, long enough for HS256",
        );
        command.env("OTOMO_LIMITS__CONNECTIONS", "100");
        command.env("OTOMO_DATABASE__URL", self.url());
        command.env("RUST_LOG", "warn");
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = child.spawn().unwrap();
        let id = child.id().to_string();
        let (ended, output) = mpsc::channel();
        thread::spawn(move || ended.send(child.wait_with_output()));
        let output = output.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            let _ = Command::new("kill").args(["-KILL", &id]).status();
            panic!("{args:?} comes to no end")
        });
        output.unwrap()
    }

    /// Once a server that was killed is taken for dead.
    pub async fn is_left(&self) {
        if let Some(database) = &self.server {
            is_left(database).await;
        }
    }

    /// A server on it.
    pub async fn serve(&self) -> Process {
        let url = self.url();
        Process::start_with(&[&SETTINGS[..], &[("database.url", &url)]].concat()).await
    }
}

impl Visit {
    /// Nothing in the database is as it should not be.
    #[track_caller]
    pub fn finds_nothing(&self) {
        assert!(self.found.is_empty(), "{}", self.text);
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("otomo.db")
}

/// The town on SQLite: one file, without a log beside it.
async fn live_on_a_file() -> TempDir {
    let mut server = Process::start_with(&SETTINGS).await;
    let people = town::lives(&server).await;
    server.kill();
    drop(people);
    let folder = tempfile::tempdir().unwrap();
    let copy = format!("VACUUM INTO '{}'", file(&folder).display());
    server.database().batch_execute(&copy).unwrap();
    folder
}

/// The town on PostgreSQL.
async fn live_on_a_server() -> PostgresDatabase {
    let database = Postgres::shared().database();
    let url = database.url();
    let mut server =
        Process::start_with(&[&SETTINGS[..], &[("database.url", &url)]].concat()).await;
    let people = town::lives(&server).await;
    server.kill();
    drop(people);
    is_left(&database).await;
    database
}

/// Its lease has run out by then, and PostgreSQL has seen it go.
async fn is_left(database: &PostgresDatabase) {
    crate::support::eventually("the dead server's lease has run out", async || {
        #[derive(QueryableByName)]
        struct Held {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            leases: i64,
        }
        let held = "SELECT count(*) AS leases FROM nodes
            WHERE lease_until > extract(epoch FROM clock_timestamp()) * 1000";
        let held: Held = sql_query(held).get_result(&mut database.connect()).unwrap();
        held.leases == 0
    })
    .await;
}

#[derive(QueryableByName)]
struct Statement {
    #[diesel(sql_type = Text)]
    sql: String,
}

/// Triggers are put away meanwhile.
fn break_file(conn: &mut SqliteConnection, how: &str) -> diesel::QueryResult<()> {
    let triggers = "SELECT sql FROM sqlite_schema WHERE type = 'trigger'";
    let triggers: Vec<Statement> = sql_query(triggers).load(conn)?;
    let drops = "SELECT 'DROP TRIGGER ' || name AS sql FROM sqlite_schema WHERE type = 'trigger'";
    let drops: Vec<Statement> = sql_query(drops).load(conn)?;
    conn.batch_execute(
        "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = OFF;
         PRAGMA ignore_check_constraints = ON; BEGIN IMMEDIATE",
    )?;
    for drop in drops {
        conn.batch_execute(&drop.sql)?;
    }
    let broken = conn.batch_execute(how);
    if broken.is_err() {
        conn.batch_execute("ROLLBACK")?;
        return broken;
    }
    for trigger in triggers {
        conn.batch_execute(&trigger.sql)?;
    }
    conn.batch_execute("COMMIT")
}

/// The promises of tables hold for what comes after. References and triggers are not looked at in such a session.
fn break_server(conn: &mut PgConnection, how: &str) -> diesel::QueryResult<()> {
    let promises = |what: &str| {
        format!(
            "SELECT 'ALTER TABLE ' || conrelid::regclass || ' {what}' AS sql FROM pg_constraint
             WHERE contype = 'c' AND connamespace = 'public'::regnamespace"
        )
    };
    let drops: Vec<Statement> =
        sql_query(promises("DROP CONSTRAINT ' || conname || '")).load(conn)?;
    let adds = promises(
        "ADD CONSTRAINT ' || conname || ' ' || replace(pg_get_constraintdef(oid), ' NOT VALID', '') || ' NOT VALID",
    );
    let adds: Vec<Statement> = sql_query(adds).load(conn)?;
    let mut breaking = || {
        conn.transaction(|conn| {
            conn.batch_execute("SET LOCAL session_replication_role = replica")?;
            for statement in &drops {
                conn.batch_execute(&statement.sql)?;
            }
            conn.batch_execute(how)?;
            adds.iter().try_for_each(|it| conn.batch_execute(&it.sql))
        })
    };
    // A server that runs meanwhile may hold what this waits for, and wait for what this holds: then one of the two is undone.
    loop {
        match breaking() {
            Err(Error::DatabaseError(_, refusal)) if refusal.message() == "deadlock detected" => {}
            done => return done,
        }
    }
}
