use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    task::Wake,
};

use actix::fut::wrap_future;

use super::*;

/// An actor that notes what happens to it, in order.
#[derive(Clone, Default)]
struct Notes(Rc<RefCell<Vec<String>>>);

impl Notes {
    fn add(&self, note: impl Into<String>) {
        self.0.borrow_mut().push(note.into());
    }

    /// What has happened since the last look. That it looked for signals is noted only where that matters.
    fn take(&self) -> Vec<String> {
        let mut notes = self.0.take();
        notes.retain(|note| note != "signals");
        notes
    }
}

impl Actor for Notes {
    type Context = TaskContext<Self>;

    fn started(&mut self, _: &mut TaskContext<Self>) {
        self.add("started");
    }

    fn stopping(&mut self, _: &mut TaskContext<Self>) -> Running {
        self.add("stopping");
        Running::Stop
    }

    fn stopped(&mut self, _: &mut TaskContext<Self>) {
        self.add("stopped");
    }
}

impl Tasked for Notes {
    fn take_signals(&mut self, _: &mut TaskContext<Self>) {
        self.add("signals");
    }
}

/// What the stream has the actor do.
type Act = Box<dyn FnOnce(&mut Notes, &mut TaskContext<Notes>)>;

impl StreamHandler<Act> for Notes {
    fn handle(&mut self, act: Act, ctx: &mut TaskContext<Self>) {
        act(self, ctx);
    }

    fn finished(&mut self, _: &mut TaskContext<Self>) {
        self.add("finished");
    }
}

/// A stream of what a test puts in; `None` ends it.
#[derive(Clone, Default)]
struct Acts(Rc<RefCell<VecDeque<Option<Act>>>>);

impl Stream for Acts {
    type Item = Act;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Act>> {
        let next = self.0.borrow_mut().pop_front();
        next.map_or(Poll::Pending, Poll::Ready)
    }
}

/// A future that is ready once it is opened.
#[derive(Clone, Default)]
struct Gate {
    open: Rc<Cell<bool>>,
    polls: Rc<Cell<u32>>,
}

impl Gate {
    /// More than this in a turn is a task that spins.
    const PATIENCE: u32 = 100;

    fn open(&self) {
        self.open.set(true);
    }
}

impl Future for Gate {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        self.polls.set(self.polls.get() + 1);
        assert!(self.polls.get() < Self::PATIENCE, "the task spins");
        match self.open.get() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

/// Counts how often the task was woken.
#[derive(Default)]
struct Woken(AtomicU32);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A task whose turns a test takes itself.
struct Turns {
    task: Task<Notes, Acts>,
    acts: Acts,
    notes: Notes,
    woken: Arc<Woken>,
}

impl Turns {
    /// One that has had its first turn.
    fn new() -> Self {
        let (notes, acts) = (Notes::default(), Acts::default());
        let task = Task {
            actor: notes.clone(),
            ctx: TaskContext::default(),
            stream: Some(acts.clone()),
        };
        let mut turns = Self {
            task,
            acts,
            notes,
            woken: Arc::default(),
        };
        assert_eq!(turns.take(), ["started"]);
        turns
    }

    /// The stream has the actor do something.
    fn act(&self, act: impl FnOnce(&mut Notes, &mut TaskContext<Notes>) + 'static) {
        self.acts.0.borrow_mut().push_back(Some(Box::new(act)));
    }

    fn poll(&mut self) -> Poll<()> {
        let waker = Waker::from(Arc::clone(&self.woken));
        Pin::new(&mut self.task).poll(&mut Context::from_waker(&waker))
    }

    /// A turn, which is not the last. Returns what happened.
    fn take(&mut self) -> Vec<String> {
        assert!(self.poll().is_pending(), "it is over");
        self.notes.take()
    }
}

/// Notes that a gate was gone through.
fn through(gate: &Gate, name: &'static str) -> impl ActorFuture<Notes, Output = ()> + use<> {
    wrap_future::<_, Notes>(gate.clone()).map(move |(), notes: &mut Notes, _| notes.add(name))
}

/// Begins to wait for something when it is polled first, and is not ready in that turn.
struct Begins {
    begins: Option<Begun<Notes>>,
    then: Begun<Notes>,
}

impl ActorFuture<Notes> for Begins {
    type Output = ();

    fn poll(
        mut self: Pin<&mut Self>,
        notes: &mut Notes,
        ctx: &mut TaskContext<Notes>,
        task: &mut Context<'_>,
    ) -> Poll<()> {
        match self.begins.take() {
            Some(begins) => {
                ctx.wait(begins);
                Poll::Pending
            }
            None => self.then.as_mut().poll(notes, ctx, task),
        }
    }
}

#[test]
fn what_is_begun_runs_beside_the_stream() {
    let (mut turns, gate) = (Turns::new(), Gate::default());
    let begun = through(&gate, "begun");
    turns.act(move |_, ctx| ctx.spawn(begun));
    turns.act(|notes, _| notes.add("item"));
    assert_eq!(turns.take(), ["item"]);
    gate.open();
    turns.act(|notes, _| notes.add("another"));
    assert_eq!(turns.take(), ["another", "begun"]);
    assert!(turns.task.ctx.begun.is_none(), "its memory is given back");
}

#[test]
fn while_something_is_waited_for_nothing_else_goes_on() {
    let (mut turns, gate) = (Turns::new(), Gate::default());
    let (awaited, other) = (through(&gate, "awaited"), Gate::default());
    let begun = through(&other, "begun");
    other.open();
    turns.act(move |_, ctx| {
        ctx.spawn(begun);
        ctx.wait(awaited);
    });
    turns.act(|notes, _| notes.add("item"));
    assert!(turns.take().is_empty());
    gate.open();
    assert_eq!(turns.take(), ["awaited", "item", "begun"]);
}

#[test]
fn of_two_things_that_are_waited_for_each_is_and_the_task_rests_meanwhile() {
    for first_ready in [0, 1] {
        let (mut turns, gates) = (Turns::new(), [Gate::default(), Gate::default()]);
        let [one, other] = [through(&gates[0], "wait 0"), through(&gates[1], "wait 1")];
        turns.act(move |_, ctx| {
            ctx.wait(one);
            ctx.wait(other);
        });
        turns.act(|notes, _| notes.add("item"));
        assert!(turns.take().is_empty());
        gates[first_ready].open();
        let went_on = turns.take();
        assert!(!went_on.contains(&"item".to_owned()), "{went_on:?}");
        gates[1 - first_ready].open();
        let all = [went_on, turns.take()].concat();
        assert_eq!(all, ["wait 1", "wait 0", "item"]);
    }
}

#[test]
fn what_a_wait_begins_to_wait_for_goes_before_it() {
    let (mut turns, gate) = (Turns::new(), Gate::default());
    let inner = through(&gate, "inner");
    turns.act(move |_, ctx| {
        let outer = wrap_future::<_, Notes>(std::future::ready(()));
        ctx.wait(
            outer.map(|(), notes: &mut Notes, ctx: &mut TaskContext<Notes>| {
                notes.add("outer");
                ctx.wait(inner);
            }),
        );
    });
    turns.act(|notes, _| notes.add("item"));
    assert_eq!(turns.take(), ["outer"]);
    gate.open();
    assert_eq!(turns.take(), ["inner", "item"]);
}

/// Method: the outer one waits for a gate itself, after it has begun to wait for the inner one.
#[test]
fn what_is_begun_by_a_wait_that_is_not_ready_goes_before_it() {
    let (mut turns, outer) = (Turns::new(), Gate::default());
    let (inner, behind) = (Gate::default(), Gate::default());
    let (begins, last) = (through(&inner, "inner"), through(&behind, "behind"));
    behind.open();
    let awaited = Begins {
        begins: Some(Box::pin(begins)),
        then: Box::pin(through(&outer, "outer")),
    };
    turns.act(move |_, ctx| {
        ctx.wait(last);
        ctx.wait(awaited);
    });
    turns.act(|notes, _| notes.add("item"));
    outer.open();
    assert!(turns.take().is_empty(), "the inner one is not ready");
    inner.open();
    assert_eq!(turns.take(), ["inner", "outer", "behind", "item"]);
}

#[test]
fn what_others_begin_to_wait_for_holds_up_the_rest_of_them() {
    let (mut turns, gate) = (Turns::new(), Gate::default());
    let (open, awaited) = (Gate::default(), through(&gate, "awaited"));
    open.open();
    let (one, other) = (through(&open, "one"), through(&open, "other"));
    turns.act(move |_, ctx| {
        ctx.spawn(one.map(|(), _, ctx: &mut TaskContext<Notes>| ctx.wait(awaited)));
        ctx.spawn(other);
    });
    assert_eq!(turns.take(), ["one"]);
    gate.open();
    assert_eq!(turns.take(), ["awaited", "other"]);
}

#[test]
fn what_others_begin_is_polled_in_the_same_turn_and_nothing_twice() {
    let (mut turns, gate) = (Turns::new(), Gate::default());
    let (open, rests) = (Gate::default(), through(&gate, "rests"));
    open.open();
    let (one, begun) = (through(&open, "one"), through(&open, "begun"));
    turns.act(move |_, ctx| {
        ctx.spawn(rests);
        ctx.spawn(one.map(|(), _, ctx: &mut TaskContext<Notes>| ctx.spawn(begun)));
    });
    assert_eq!(turns.take(), ["one", "begun"]);
    assert_eq!(gate.polls.get(), 1);
    gate.open();
    assert_eq!(turns.take(), ["rests"]);
}

#[test]
fn one_that_stops_handles_nothing_more_and_is_told_once() {
    let (mut turns, gate) = (Turns::new(), Gate::default());
    let begun = through(&gate, "begun");
    turns.act(move |_, ctx| {
        ctx.spawn(begun);
        ctx.stop();
    });
    turns.act(|notes, _| notes.add("item"));
    gate.open();
    assert!(turns.poll().is_ready());
    assert_eq!(turns.notes.take(), ["stopping", "stopped"]);
    drop(turns.task);
    assert!(turns.notes.take().is_empty());
}

#[test]
fn one_is_over_when_its_stream_has_ended_and_nothing_else_runs() {
    let (mut turns, gate) = (Turns::new(), Gate::default());
    let begun = through(&gate, "begun");
    turns.act(move |_, ctx| ctx.spawn(begun));
    turns.acts.0.borrow_mut().push_back(None);
    assert_eq!(turns.take(), ["finished"]);
    gate.open();
    assert!(turns.poll().is_ready());
    assert_eq!(turns.notes.take(), ["begun", "stopping", "stopped"]);
}

#[test]
fn one_that_is_dropped_is_told_that_it_stops() {
    let turns = Turns::new();
    drop(turns.task);
    assert_eq!(turns.notes.take(), ["stopping", "stopped"]);
}

#[test]
fn who_is_woken_in_its_own_turn_looks_for_signals_in_the_next() {
    let mut turns = Turns::new();
    turns.act(|notes, ctx| {
        notes.add("item");
        ctx.waker().wake();
    });
    assert!(turns.poll().is_pending());
    let last = turns.notes.0.take().pop();
    assert_eq!(last.as_deref(), Some("item"), "it looked before that");
    assert_eq!(turns.woken.0.load(Ordering::Relaxed), 1);
    assert!(turns.poll().is_pending());
    assert_eq!(turns.notes.0.take(), ["signals"]);
}

#[test]
fn a_stream_that_never_rests_lets_others_have_their_turn() {
    let mut turns = Turns::new();
    for _ in 0..=TURN {
        turns.act(|notes, _| notes.add("item"));
    }
    assert_eq!(turns.take().len(), TURN as usize);
    assert_eq!(turns.woken.0.load(Ordering::Relaxed), 1);
    assert_eq!(turns.take(), ["item"]);
}
