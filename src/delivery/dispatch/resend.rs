//! Sending durable events again, for a user whose clients have lost some of them.

use std::{future::Future, sync::Arc};

use bytes::Bytes;

use super::Dispatch;
use crate::{
    delivery::{
        inbox::Seq,
        lines::To,
        messages::{Receipt, Resend},
        nodes::Saying,
    },
    kernel::ids::UserId,
};

impl Dispatch {
    /// Sends a user's durable events after a place again, to all of their connections that are open; one that is just being
    /// told what it missed gets that anyway. Clients pass over those that they have, by their `seq`. The place must not lie
    /// before what is kept. Resolves to the number of connections.
    pub fn resend(&self, user: &UserId, after: Seq) -> impl Future<Output = usize> + Send + use<> {
        let to = To::User(user.clone());
        let saying = |_| Saying::Resend {
            user: user.clone(),
            after: after.get(),
        };
        self.everywhere_counted(&to, saying, &Bytes::new(), |receipt| {
            self.resend_here(user, after, receipt);
        })
        .sum()
    }

    /// The same on this node.
    pub(in crate::delivery) fn resend_here(
        &self,
        user: &UserId,
        after: Seq,
        receipt: Option<Arc<Receipt>>,
    ) {
        self.each_worker_of(&To::User(user.clone()), |worker, _| {
            worker.send(Resend {
                user: user.clone(),
                after,
                receipt: receipt.clone(),
            });
        });
    }
}
