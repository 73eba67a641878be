//! A database that is away for longer than a lease.

use crate::{
    fixture::{Fixture, LEASE},
    postgres::Postgres,
    waiting::eventually,
};

#[actix_rt::test]
async fn nodes_wait_for_a_database_that_is_away_and_nobody_is_taken_for_dead_after_it() {
    let server = Postgres::own();
    let fixture = Fixture::on(server.database());
    let nodes = [fixture.node("n1").await, fixture.node("n2").await];
    let epochs = nodes.each_ref().map(|it| it.membership.epoch());
    let client = nodes[0].connect("taro");
    server.stop();
    let away = std::time::Instant::now();
    eventually("it is away for two leases", async || {
        let refused = nodes[0].writes().await.unwrap_err();
        assert!(!refused.is_fenced(), "{refused}");
        assert!(nodes.iter().all(|it| it.membership.is_current()));
        away.elapsed() > LEASE * 2
    })
    .await;
    server.start();
    for node in &nodes {
        eventually("it writes", async || node.writes().await.is_ok()).await;
        let own = node.membership.node().to_string();
        let now = node.store.now();
        eventually("it renews", async || {
            node.row(&own).await.unwrap().row.alive_at > now
        })
        .await;
    }
    assert_eq!(nodes.each_ref().map(|it| it.membership.epoch()), epochs);
    for node in &nodes {
        assert_eq!(node.metrics.nodes.settled.get(), 0);
        assert_eq!(node.metrics.nodes.expired.get(), 0);
    }
    assert_eq!(nodes[0].closed(&client), None, "nobody was sent away");
}
