//! Delivery that fails does not fail what was ordered.

use actix_rt::Arbiter;

use crate::fixture::{Server, order, time};

#[actix_rt::test]
async fn an_order_stands_if_its_event_cannot_be_delivered_and_that_is_counted() {
    let settings = [("points.recovery_amount", "1")];
    let server = Server::start(time("2026-11-25T12:00Z"), &settings);
    server.order(order("ann", "k-1", 5)).await.unwrap();
    assert_eq!(server.metrics.points.undelivered.get(), 0);
    // A worker thread that delivers, and dies.
    let (worker, dispatch) = (Arbiter::new(), server.dispatch.clone());
    worker.spawn_fn(move || {
        dispatch.start_worker().expect("a place for it");
        Arbiter::current().stop();
    });
    worker.join().unwrap();
    assert!(!server.dispatch.is_alive());
    let done = server.order(order("ann", "k-2", -2)).await.unwrap();
    assert_eq!(done.balance_after, 3);
    assert_eq!(server.metrics.points.undelivered.get(), 1);
    // It waits for her in the inbox.
    let told = server.told("ann").await;
    assert_eq!((told.len(), &told[1]["current_sp"]), (2, &3.into()));
}
