//! Nodes that were away for longer than their lease.

use otomo::protocol::close_code::CloseCode;

use crate::{
    fixture::{Fixture, Node},
    postgres::Postgres,
    waiting::eventually,
};

fn fixture() -> Fixture {
    Fixture::on(Postgres::shared().database())
}

async fn until_settled(by: &[&Node], name: &str) {
    eventually("somebody settles what it left", async || {
        let row = by[0].row(name).await;
        row.is_some_and(|it| it.row.lease_until.is_none())
    })
    .await;
}

#[actix_rt::test]
async fn what_a_dead_node_left_is_settled_by_one_of_the_others_once() {
    let fixture = fixture();
    let living = [
        fixture.node("n1").await,
        fixture.node("n2").await,
        fixture.node("n3").await,
    ];
    let dead = ["n4", "n5"];
    for name in dead {
        fixture.node(name).await.dies().await;
    }
    let by: Vec<&Node> = living.iter().collect();
    for name in dead {
        until_settled(&by, name).await;
    }
    // Each of them has another look at who there is.
    for node in &living {
        let seen = node.row(node.membership.node().as_str()).await.unwrap();
        let own = node.membership.node().to_string();
        eventually("it renews", async || {
            node.row(&own).await.unwrap().row.alive_at > seen.row.alive_at
        })
        .await;
    }
    for name in dead {
        assert_eq!(living[0].settled(name).await, 1, "{name}");
        let row = living[0].row(name).await.unwrap().row;
        assert_eq!(row.lease_until, None);
    }
    let settled: u64 = living.iter().map(|it| it.metrics.nodes.settled.get()).sum();
    assert_eq!(settled, 2);
}

#[actix_rt::test]
async fn a_node_that_wakes_after_its_lease_does_nothing_until_it_has_joined_again() {
    let fixture = fixture();
    let other = fixture.node("other").await;
    let mut frozen = fixture.node("frozen").await;
    let epoch = frozen.membership.epoch();
    let client = frozen.connect("taro");
    frozen.writes().await.unwrap();
    frozen.freeze();
    until_settled(&[&other], "frozen").await;

    // It wakes: whatever has its turn first finds that it may do nothing.
    let written = other.settled("frozen").await;
    assert!(!frozen.membership.is_current());
    assert!(!frozen.dispatch.is_current());
    let refused = frozen.writes().await.unwrap_err();
    assert!(refused.is_fenced(), "{refused}");
    assert_eq!(other.settled("frozen").await, written, "nothing is stored");

    frozen.wake();
    eventually("its connections are closed", async || {
        frozen.closed(&client) == Some(CloseCode::Drain)
    })
    .await;
    eventually("it has joined again", async || {
        frozen.membership.is_current()
    })
    .await;
    assert!(frozen.membership.epoch() > epoch);
    assert_eq!(frozen.metrics.nodes.expired.get(), 1);
    frozen.writes().await.unwrap();
}

#[actix_rt::test]
async fn what_is_on_its_way_when_the_node_is_taken_for_dead_is_not_stored() {
    let fixture = fixture();
    let other = fixture.node("other").await;
    let mut frozen = fixture.node("frozen").await;
    frozen.freeze();
    until_settled(&[&other], "frozen").await;
    let written = other.settled("frozen").await;
    // Many at once share a transaction; none of them may stay, nor may one alone.
    let several: Vec<_> = (0..20).map(|_| frozen.writes()).collect();
    for refused in futures_util::future::join_all(several).await {
        assert!(refused.unwrap_err().is_fenced());
    }
    assert_eq!(other.settled("frozen").await, written);
}

#[actix_rt::test]
async fn a_frozen_node_settles_its_own_affairs_if_it_is_alone() {
    let fixture = fixture();
    let mut frozen = fixture.node("frozen").await;
    frozen.freeze();
    eventually("its lease is over", async || {
        !frozen.membership.is_current()
    })
    .await;
    assert_eq!(frozen.settled("frozen").await, 0);
    frozen.wake();
    eventually("it has joined again", async || {
        frozen.membership.is_current()
    })
    .await;
    assert_eq!(frozen.settled("frozen").await, 1);
}
