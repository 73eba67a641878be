//! What people have, and what they cost.

use otomo::{
    kernel::{identity::Role, ids::CallId},
    people::Person,
    points::{
        order::{Key, Order, Purpose, Transaction},
        rules::{Amount, Change},
    },
};
use uuid::Uuid;

use crate::fixture::{Server, user};

impl Server {
    /// Sets what a minute with an otomo costs.
    pub(crate) async fn costs(&self, otomo: &str, price: u32) {
        let person = Person {
            user: user(otomo),
            role: Role::Otomo,
            name: otomo.to_uppercase(),
            avatar: None,
            price_per_minute: Some(price),
            disabled: false,
        };
        self.people.put(person).await.unwrap();
    }

    /// Somebody gets points.
    pub(crate) async fn grants(&self, to: &str, points: i64) {
        let key = Key::request(&Uuid::new_v4().to_string().parse().unwrap());
        let purpose = Purpose {
            transaction_type: "gift".to_owned(),
            ..Purpose::default()
        };
        let change = Change::Grant(Amount::try_from(points).unwrap());
        let order = Order::new(user(to), key, change, purpose).unwrap();
        self.points.carry_out(order).await.unwrap();
    }

    pub(crate) async fn balance(&self, of: &str) -> i64 {
        self.points.account(&user(of)).await.unwrap().balance
    }

    /// The charges of a call that its caller paid, in order.
    pub(crate) async fn charges(&self, caller: &str, call: CallId) -> Vec<Transaction> {
        let of_call = call.to_string();
        let mut list = self
            .points
            .transactions(&user(caller), None, 1_000)
            .await
            .unwrap();
        list.retain(|it| it.purpose.metadata.get("callId") == Some(&of_call.clone().into()));
        list.reverse();
        list
    }
}
