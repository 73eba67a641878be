//! What is done on all nodes that have clients whom it concerns.

use std::{future::Future, pin::Pin, sync::Arc};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::Dispatch;
use crate::{
    backplane::Echo,
    delivery::{
        lines::To,
        messages::Receipt,
        nodes::{Route, Saying, Whom},
    },
};

impl Dispatch {
    /// Does something for some clients on this node, and has other nodes do the same. What is said in a room is done here as it
    /// comes back.
    pub(super) fn everywhere(
        &self,
        to: &To,
        saying: impl FnOnce(Whom) -> Saying,
        json: &Bytes,
        here: impl FnOnce(Option<Arc<Receipt>>),
    ) {
        let nodes = self.nodes();
        match (nodes.route(to), Whom::of(to)) {
            (Route::Both(channel), Some(whom)) => {
                nodes.tell(&channel, saying(whom), json, Echo::Skip);
                here(None);
            }
            (Route::Echo(channel), Some(whom)) => {
                nodes.tell(&channel, saying(whom), json, Echo::Hear);
            }
            (Route::Here, _) | (_, None) => here(None),
        }
    }

    /// The same; resolves to how many it reached on all nodes.
    pub(super) fn everywhere_counted(
        &self,
        to: &To,
        saying: impl FnOnce(Whom) -> Saying,
        json: &Bytes,
        here: impl FnOnce(Option<Arc<Receipt>>),
    ) -> Reached {
        let nodes = self.nodes();
        let (receipt, sum) = Receipt::new();
        let elsewhere = match (nodes.route(to), Whom::of(to)) {
            (Route::Both(channel), Some(whom)) => {
                let elsewhere = nodes.count(&channel, saying(whom), json, false);
                here(Some(receipt));
                Some(elsewhere)
            }
            (Route::Echo(channel), Some(whom)) => {
                drop(receipt);
                let own = self.concerns_here(to);
                Some(nodes.count(&channel, saying(whom), json, own))
            }
            (Route::Here, _) | (_, None) => {
                here(Some(receipt));
                None
            }
        };
        Reached {
            here: sum,
            elsewhere: elsewhere.map(|it| Box::pin(it) as Pin<Box<_>>),
        }
    }
}

/// How many were reached. A type and no `impl Future`, because that would borrow whatever the closures borrow.
pub(super) struct Reached {
    here: oneshot::Receiver<usize>,
    /// Nothing where no others are asked.
    elsewhere: Option<Pin<Box<dyn Future<Output = usize> + Send>>>,
}

impl Reached {
    pub(super) async fn sum(self) -> usize {
        // A receipt always answers when it is dropped; a worker that is gone delivered nothing.
        let here = self.here.await.unwrap_or(0);
        match self.elsewhere {
            Some(elsewhere) => here + elsewhere.await,
            None => here,
        }
    }
}
