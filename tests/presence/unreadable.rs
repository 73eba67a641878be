//! An otomo of whom not everything can be read, after a hand in the database: all others are as they always are.

use otomo::{delivery::leave::Leave, presence::rules::Status};

use crate::{
    fixture::{Fixture, SOON, graces},
    waiting::eventually,
};

/// The fault: one such row failed every sweep, so that nobody's leases were renewed, and nobody who had left was gone.
#[actix_rt::test]
async fn who_cannot_be_read_keeps_nobody_else_online() {
    let fixture = Fixture::new();
    let server = fixture.server(graces().leave(SOON).settings()).await;
    server.connect("hana", "phone").await;
    let aiko = server.connect("aiko", "phone").await;
    // Her break is over, and has to be ended with each sweep.
    fixture
        .database
        .meddle("UPDATE otomo SET version = -3, chosen_until = 1 WHERE user_id = 'hana'");
    server.disconnect(&aiko, Leave::Broken).await;
    eventually("aiko is gone", async || {
        server.published("aiko").status == Status::Offline
    })
    .await;
}
