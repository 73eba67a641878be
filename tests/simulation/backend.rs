//! The app's own server: makes people known, grants points and takes them. It asks until it is answered, each time with the
//! same key.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, time::Duration};

use otomo::{
    kernel::ids::UserId,
    points::{
        PointsFault,
        order::{Key, Order, Purpose, Transaction},
        rules::{Amount, Change},
    },
};
use tokio::time::Instant;

use crate::{invariants::promises::ORDERS_ONCE, node::Node, support::Dice, trace::note};

/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// What came of an order.
type Outcome = Result<Transaction, PointsFault>;

struct Asked {
    user: UserId,
    change: Change,
    /// When it was asked last; nothing before the first time.
    at: Option<Instant>,
}

/// The app's own server.
pub struct Backend {
    dice: Dice,
    users: Vec<UserId>,
    asked: BTreeMap<u64, Asked>,
    answers: Rc<RefCell<Vec<(u64, Outcome)>>>,
    last: u64,
    /// The orders that were carried out, as it was told.
    pub done: BTreeMap<u64, Transaction>,
}

impl Backend {
    pub fn new(users: Vec<UserId>, dice: Dice) -> Self {
        Self {
            dice,
            users,
            asked: BTreeMap::new(),
            answers: Rc::default(),
            last: 0,
            done: BTreeMap::new(),
        }
    }

    /// Whether all that it has asked for is answered.
    pub fn is_quiet(&self) -> bool {
        self.asked.is_empty()
    }

    /// Its turn.
    pub fn act(&mut self, nodes: &[Node], calm: bool) {
        for (number, outcome) in self.answers.take() {
            self.answered(number, outcome);
        }
        if !calm && self.dice.one_in(20) {
            self.order();
        }
        let due = |asked: &Asked| asked.at.is_none_or(|at| at.elapsed() > PATIENCE);
        let due: Vec<u64> = self
            .asked
            .iter()
            .filter(|it| due(it.1))
            .map(|it| *it.0)
            .collect();
        for number in due {
            self.ask(number, nodes);
        }
    }

    /// Gives everybody something to begin with.
    pub fn grant_all(&mut self) {
        for user in self.users.clone() {
            let amount = Amount::try_from(40).expect("an amount");
            self.put(user, Change::Grant(amount));
        }
    }

    fn order(&mut self) {
        let user = self.dice.pick(&self.users).clone();
        let amount = i64::try_from(self.dice.within(1..30)).expect("small");
        let amount = Amount::try_from(amount).expect("an amount");
        let change = match self.dice.flip() {
            true => Change::Grant(amount),
            false => Change::Consume(amount),
        };
        self.put(user, change);
    }

    fn put(&mut self, user: UserId, change: Change) {
        self.last += 1;
        let at = None;
        self.asked.insert(self.last, Asked { user, change, at });
    }

    fn ask(&mut self, number: u64, nodes: &[Node]) {
        let node = self.dice.pick(nodes);
        let Some(house) = node.house() else { return };
        let asked = self.asked.get_mut(&number).expect("it is asked for");
        asked.at = Some(Instant::now());
        let key = format!("order-{number}").parse().expect("a key");
        let purpose = Purpose {
            transaction_type: "simulated".to_owned(),
            ..Purpose::default()
        };
        let order = Order::new(
            asked.user.clone(),
            Key::request(&key),
            asked.change,
            purpose,
        );
        let order = order.expect("an order");
        note!(
            "the backend asks {} for order {number}: {:?} of {}",
            node.name,
            asked.change,
            asked.user
        );
        let answers = Rc::clone(&self.answers);
        node.spawn(async move {
            let outcome = house.shared().points.carry_out(order).await;
            answers.borrow_mut().push((number, outcome));
        });
    }

    fn answered(&mut self, number: u64, outcome: Outcome) {
        match outcome {
            Ok(transaction) => {
                note!(
                    "order {number} is carried out: {}",
                    transaction.balance_after
                );
                self.asked.remove(&number);
                let known = self
                    .done
                    .entry(number)
                    .or_insert_with(|| transaction.clone());
                assert_eq!(*known, transaction, "{ORDERS_ONCE}: {number}");
            }
            Err(PointsFault::Insufficient { .. }) => {
                note!("order {number} is refused");
                self.asked.remove(&number);
            }
            Err(PointsFault::Store(_) | PointsFault::Stopped) => {}
            Err(other) => panic!("no order may be refused so: {other}"),
        }
    }
}
