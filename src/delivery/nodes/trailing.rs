//! Those who missed a hint: a node compares how far its clients have come with how far the streams of their users reach in
//! the store, every so often, and at once after a gap.

use std::{convert::Infallible, time::Duration};

use tokio::time::sleep;

use crate::{
    backplane::Link,
    delivery::{dispatch::Dispatch, inbox::heads},
    kernel::{ids::UserId, logging::chain},
    store::{Handle, StoreError},
};

/// Between two looks while other nodes are heard: what a hint that was lost unnoticed costs at most.
const EVERY: Duration = Duration::from_secs(10);

/// The same while they are not.
const EVERY_WHILE_DOWN: Duration = Duration::from_secs(1);

/// Users who are looked for at a time. One query for them takes about a millisecond.
const USERS_AT_ONCE: usize = 500;

impl Dispatch {
    pub(super) async fn wake_trailing(&self, store: &Handle) -> Infallible {
        let Some(mut link) = self.backplane().watch() else {
            return std::future::pending().await;
        };
        let mut gaps = self.gaps();
        loop {
            let every = match *link.borrow_and_update() {
                Link::Down => EVERY_WHILE_DOWN,
                Link::Up | Link::Alone => EVERY,
            };
            tokio::select! {
                biased;
                () = sleep(every) => {}
                Ok(()) = gaps.changed() => {}
                // It went down: looks come faster from now on.
                Ok(()) = link.changed() => continue,
            }
            if let Err(fault) = self.look_for_trailing(store).await {
                log::warn!("streams were not compared cause={}", chain(&fault));
            }
        }
    }

    async fn look_for_trailing(&self, store: &Handle) -> Result<(), StoreError> {
        let users = self.roster().user_ids();
        for some in users.chunks(USERS_AT_ONCE) {
            let some: Vec<UserId> = some.to_vec();
            let heads = store.read(move |conn| heads::of(conn, &some)).await?;
            for (user, head) in heads {
                self.reaches(&user, head);
            }
        }
        Ok(())
    }
}
