//! One message, one task in the lane of its call.

use actix::prelude::*;
use tokio::sync::oneshot;

use super::CallCoordinator;
use crate::{
    calls::{
        fault::CallsFault,
        messages::{Arrived, Asked, Asker, ClientCommand, Drain, Left, Order, Stop},
        rules::{
            command::{Ask, Command, Decline, Happening},
            request::Request,
        },
        task::{Origin, Payload, Task, Work},
    },
    kernel::ids::CallId,
    protocol::{error_code::ErrorCode, fault::Fault},
};

impl Handler<Asked> for CallCoordinator {
    type Result = ();

    fn handle(&mut self, Asked { asker, command }: Asked, _: &mut Context<Self>) {
        let (call, work) = self.work(&asker, command);
        let task = Task::new(call, work, Origin::Client(asker));
        match self.lanes.ask(call, task) {
            Ok(()) => self.run(call),
            Err(task) => {
                if let Some(asker) = task.asker() {
                    let message = "too much is waiting for this call; try again in a moment";
                    let fault = Fault::new(ErrorCode::Unavailable, message);
                    self.speaker.fail(asker, call, fault);
                }
            }
        }
    }
}

impl Handler<Arrived> for CallCoordinator {
    type Result = ();

    fn handle(&mut self, Arrived { call, device, at }: Arrived, _: &mut Context<Self>) {
        let task = Task::event(call, Happening::Arrived(device));
        let origin = Origin::Arrival(at);
        self.happened(Task { origin, ..task });
    }
}

impl Handler<Left> for CallCoordinator {
    type Result = ();

    fn handle(&mut self, Left { call, device }: Left, ctx: &mut Context<Self>) {
        // One that is back on another thread, or another node, may have been heard of before its leaving was.
        self.ask_for(call, device, ctx);
    }
}

impl Handler<Order> for CallCoordinator {
    type Result = ResponseFuture<Result<(), CallsFault>>;

    fn handle(&mut self, order: Order, _: &mut Context<Self>) -> Self::Result {
        let (answer, answered) = oneshot::channel();
        let task = Task::event(order.call, order.happening);
        self.happened(Task {
            origin: Origin::Order(answer),
            ..task
        });
        Box::pin(async { answered.await.unwrap_or(Err(CallsFault::Stopped)) })
    }
}

impl Handler<Drain> for CallCoordinator {
    type Result = ();

    fn handle(&mut self, _: Drain, _: &mut Context<Self>) {
        self.draining = true;
    }
}

impl Handler<Stop> for CallCoordinator {
    type Result = ResponseFuture<()>;

    fn handle(&mut self, _: Stop, _: &mut Context<Self>) -> ResponseFuture<()> {
        let (done, stopped) = oneshot::channel();
        // Behind all that came before: what is noted here is the last of it.
        self.results
            .push(std::future::ready(()), |(), coordinator, _| {
                coordinator.note_spoken();
                let noted = std::future::ready(());
                coordinator.results.push(noted, |(), _, ctx| {
                    let _ = done.send(());
                    ctx.stop();
                });
            });
        // Dropped unsent it has stopped too.
        Box::pin(async { stopped.await.unwrap_or_default() })
    }
}

impl CallCoordinator {
    /// The call that a command concerns, and what is to be done there.
    fn work(&self, asker: &Asker, command: ClientCommand) -> (CallId, Work) {
        let device = asker.device();
        let (call, ask) = match command {
            ClientCommand::Request { to, call } => {
                let wait = self.request_rate.take(&device.user);
                let request = Request {
                    id: call,
                    caller: device,
                    otomo: to,
                };
                return (call, Work::Open(request, wait));
            }
            ClientCommand::Offer(call, offer) => {
                return (call, Work::Signal(device, Payload::Offer(offer)));
            }
            ClientCommand::Answer(call, answer) => {
                return (call, Work::Signal(device, Payload::Answer(answer)));
            }
            ClientCommand::Ice(call, candidate) => {
                return (call, Work::Signal(device, Payload::Candidate(candidate)));
            }
            ClientCommand::Ringing(call) => (call, Ask::Ringing),
            ClientCommand::Accept(call) => (call, Ask::Accept),
            ClientCommand::Reject(call, reason) => {
                let decline = reason.map_or(Decline::ManualDecline, Decline::from);
                (call, Ask::Reject(decline))
            }
            ClientCommand::Cancel(call) => (call, Ask::Cancel),
            ClientCommand::Connected(call) => (call, Ask::Connected),
            ClientCommand::End(call) => (call, Ask::End),
        };
        (call, Work::Command(Command::Asked(device, ask)))
    }
}
