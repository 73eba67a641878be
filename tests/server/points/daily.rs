//! The points of a new day come by themselves.

use diesel::{RunQueryDsl as _, sql_query};
use otomo::kernel::identity::Role;

use super::{order, points};
use crate::{api::WITH_KEY, support::Process};

/// Goal: the server itself brings them, and after a restart on the same day not again.
/// Method: they are due all day. What the first server did before there was an account is forgotten; the second finds the
/// account, the third has nothing left to do.
#[tokio::test]
async fn a_server_brings_the_points_of_the_day_once() {
    let server = Process::start_with(&[
        WITH_KEY,
        ("points.recovery_amount", "30"),
        ("points.recovery_cap", "100"),
        ("points.recovery_at", "00:00"),
    ])
    .await;
    order(&server, "taro/grant", "k", points(80)).await.ok();
    let forgotten = sql_query("DELETE FROM point_recoveries").execute(&mut server.database());
    forgotten.expect("the schema as it is");
    let server = server.kill_and_restart().await;
    let mut taro = server
        .connecting("taro", Role::User)
        .with_last_seq(1)
        .open()
        .await;
    let told = taro.expect("sp_daily_recovery").await;
    assert_eq!(
        (&told["total_amount"], &told["balance_after"]),
        (&20.into(), &100.into())
    );
    assert_eq!(told["seq"], 2);
    // Room for more, on the same day.
    order(&server, "taro/consume", "spend", points(50))
        .await
        .ok();
    let server = server.kill_and_restart().await;
    let mut taro = server
        .connecting("taro", Role::User)
        .with_last_seq(2)
        .ready()
        .await;
    assert_eq!(taro.expect("sp_update").await["current_sp"], 50);
    let third = order(&server, "taro/grant", "more", points(1)).await.ok();
    assert_eq!(third["balance_after"], 51);
    taro.expect("sp_update").await;
    taro.expect_none("sp_daily_recovery").await;
}
