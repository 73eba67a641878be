//! What every database behind [`Handle`] must do. Each test is a function over the kind of
//! [`Database`]; at the end of this file the whole suite is called for each kind.

mod chat;
mod chat_prune;
mod commit;
mod crash;
mod friends;
mod inbox;
mod last_seen;
mod migrate;
mod nodes;
mod plan;
mod points;
mod prune;
mod read;

use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

use diesel::{connection::SimpleConnection as _, prelude::*};
use otomo::{
    kernel::{config::DatabaseConfig, time::Clock},
    store::{Conn, Handle, StoreError, Tx, migrations::migrate, run, sql::schema::audit},
};

use crate::postgres::{Postgres as Server, PostgresDatabase};

/// A kind of database, and an empty one of it that goes away with the value.
trait Database {
    /// Whether several servers share one.
    const SHARED: bool;

    /// An empty database, without tables.
    fn empty() -> Self;

    /// How to open it.
    fn config(&self) -> DatabaseConfig;

    /// Makes the commit of this transaction fail, though every statement in it succeeds.
    fn spoil(tx: &mut Tx<'_>) -> Result<(), StoreError>;

    /// Takes a lock that other writers wait for until the transaction ends.
    fn lock(tx: &mut Tx<'_>) -> Result<(), StoreError>;

    /// Opens it, with its tables.
    fn open(&self) -> Handle {
        self.open_with(Clock::system())
    }

    /// Opens it, with its tables and a clock.
    fn open_with(&self, clock: Clock) -> Handle {
        migrate(&self.config().url).expect("the migrations run");
        Handle::open(&self.config(), clock, Arc::default()).expect("the store opens")
    }
}

/// A file in a folder of its own.
struct Sqlite {
    folder: tempfile::TempDir,
}

impl Database for Sqlite {
    const SHARED: bool = false;

    fn empty() -> Self {
        let folder = tempfile::tempdir().expect("there is room for a database");
        Self { folder }
    }

    fn config(&self) -> DatabaseConfig {
        let path = self.folder.path().join("data").join("otomo.db");
        DatabaseConfig {
            url: format!("sqlite://{}", path.display()).parse().unwrap(),
            pool_size: 2,
            queue: 4_096,
            statement_timeout: Duration::from_secs(5),
        }
    }

    fn spoil(tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let dangling = "PRAGMA defer_foreign_keys = ON;
            INSERT INTO live_participants (user_id, call_id) VALUES ('nobody', 'nothing')";
        run!(tx, |c| c.batch_execute(dangling))
    }

    /// Every transaction that writes has it.
    fn lock(_: &mut Tx<'_>) -> Result<(), StoreError> {
        Ok(())
    }
}

/// A database of the server that this binary's tests share.
struct Postgres {
    database: PostgresDatabase,
}

impl Database for Postgres {
    const SHARED: bool = true;

    fn empty() -> Self {
        let database = Server::shared().database();
        Self { database }
    }

    fn config(&self) -> DatabaseConfig {
        DatabaseConfig {
            url: self.database.url().parse().unwrap(),
            pool_size: 2,
            queue: 4_096,
            statement_timeout: Duration::from_secs(3),
        }
    }

    fn spoil(tx: &mut Tx<'_>) -> Result<(), StoreError> {
        let dangling = "ALTER TABLE live_participants ALTER CONSTRAINT live_participants_call_id_fkey DEFERRABLE;
            ALTER TABLE live_participants ALTER CONSTRAINT live_participants_user_id_fkey DEFERRABLE;
            SET CONSTRAINTS ALL DEFERRED;
            INSERT INTO live_participants (user_id, call_id) VALUES ('nobody', 'nothing')";
        run!(tx, |c| c.batch_execute(dangling))
    }

    fn lock(tx: &mut Tx<'_>) -> Result<(), StoreError> {
        run!(tx, |c| c.batch_execute("LOCK TABLE audit"))
    }
}

/// Writes a row that can be found again. Twice the same is a conflict.
fn note(tx: &mut Tx<'_>, id: &str) -> Result<(), StoreError> {
    let row = (
        audit::id.eq(id),
        audit::at.eq(tx.now().millis()),
        audit::actor.eq("test"),
        audit::action.eq("note"),
        audit::target.eq("store"),
    );
    run!(tx, |c| diesel::insert_into(audit::table)
        .values(row)
        .execute(c))
    .map(drop)
}

/// The rows that [`note`] wrote, in order.
fn notes(conn: &mut Conn) -> Result<Vec<String>, StoreError> {
    run!(conn, |c| audit::table
        .order(audit::id)
        .select(audit::id)
        .load(c))
}

/// Holds the writer thread until it is dropped, so that what is written meanwhile becomes one
/// batch.
struct Held(mpsc::Sender<()>);

impl Held {
    async fn hold(store: &Handle) -> Self {
        Self::hold_with(store, |_| Ok(())).await
    }

    /// In the middle of a transaction that has done this.
    async fn hold_with(
        store: &Handle,
        mut work: impl FnMut(&mut Tx<'_>) -> Result<(), StoreError> + Send + 'static,
    ) -> Self {
        let (release, held) = mpsc::channel::<()>();
        let (reached, holding) = tokio::sync::oneshot::channel();
        let mut reached = Some(reached);
        drop(store.write(move |tx| {
            work(tx)?;
            reached.take().map(|reached| reached.send(()));
            let _ = held.recv();
            Ok::<_, StoreError>(())
        }));
        holding.await.expect("the writer runs");
        Self(release)
    }

    fn release(self) {
        drop(self.0);
    }
}

/// Calls each test of the suite for one kind of database.
macro_rules! suite {
    ($name:ident: $database:ty) => {
        mod $name {
            suite!(@tests $database:
                commit::an_answer_comes_after_the_commit,
                commit::a_job_that_fails_is_undone_alone,
                commit::a_job_that_panics_is_undone_alone,
                commit::a_lost_batch_is_run_again_job_by_job,
                commit::a_transaction_that_the_database_ended_is_run_again,
                commit::what_is_stored_together_carries_one_time,
                commit::commits_are_measured,
                commit::a_lock_held_elsewhere_is_an_error_and_no_more,
                commit::too_much_is_refused,
                commit::nobody_waiting_does_not_take_a_write_back,
                commit::closing_finishes_what_was_let_in,
                crash::what_was_answered_survives_a_kill,
                read::a_read_sees_one_moment,
                read::a_read_cannot_write,
                read::a_read_that_panics_costs_nobody_else,
                read::a_read_does_not_wait_for_ever,
                migrate::only_one_of_many_migrates,
                migrate::a_newer_database_is_refused,
                inbox::seqs_have_no_gap_whoever_writes,
                inbox::an_undone_job_leaves_no_gap,
                inbox::a_body_is_stored_once,
                inbox::an_event_is_appended_once,
                inbox::a_stream_is_read_in_pages,
                inbox::what_has_expired_is_passed_over,
                prune::what_is_too_old_goes,
                prune::what_is_too_much_goes,
                prune::a_body_stays_while_somebody_has_it,
                prune::a_clock_set_back_leaves_no_gap,
                prune::a_page_before_the_floor_says_so,
                prune::writers_take_turns_with_it,
                chat::messages_have_no_gap_whoever_writes,
                chat::a_client_message_id_is_taken_once,
                chat::members_stand_where_they_have_read,
                chat_prune::messages_that_are_too_old_go,
                chat_prune::messages_that_are_too_many_go,
                last_seen::who_was_there_at_a_kill_has_gone_at_its_last_sign_of_life,
                last_seen::who_leaves_one_server_is_still_on_the_other,
                last_seen::a_late_write_makes_nobody_seen_earlier,
                friends::people_who_ask_each_other_at_once_are_friends,
                friends::a_circle_has_friends_and_partners_once,
                friends::a_list_of_friends_is_read_in_pages,
                chat_prune::people_write_while_it_goes_on,
                points::a_balance_is_the_sum_of_what_was_done,
                points::a_key_has_one_effect,
                points::a_refusal_is_told_once_and_keeps_no_key,
                points::an_account_holds_what_every_client_can_read,
                points::the_database_keeps_the_ledger,
                nodes::streams_have_no_gap_over_nodes,
                nodes::points_are_consumed_once_over_nodes,
                nodes::messages_have_no_gap_over_nodes,
                nodes::a_status_has_one_version_over_nodes,
                nodes::a_publication_has_one_effect_over_nodes,
                nodes::what_holds_is_the_newest_revision_over_nodes,
                nodes::nodes_prune_beside_each_other,
            );
        }
    };
    (@tests $database:ty: $($room:ident::$test:ident,)*) => {
        $(#[tokio::test]
        async fn $test() {
            let database = <$database as super::Database>::empty();
            super::$room::$test(&database).await;
        })*
    };
}

suite!(sqlite: super::Sqlite);
suite!(postgres: super::Postgres);
