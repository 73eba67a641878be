//! One node: the real house on a store, a clock and a backplane of the simulation. It runs in a set of tasks of its own;
//! with that everything it is goes away at once, as at `kill -9`.

use std::{
    cell::{Cell, RefCell},
    future::{Future, pending, poll_fn},
    path::{Path, PathBuf},
    pin::pin,
    rc::Rc,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
    time::Duration,
};

use otomo::{
    app::house::{Ground, House},
    backplane::{Backplane, Link},
    cluster::{self, JoinFault, Membership},
    kernel::{
        config::{Config, DatabaseConfig, DatabaseUrl},
        ids::NodeId,
        metrics::Metrics,
        time::{Clock, Timestamp},
        token::Verifier,
    },
    people::last_seen,
    session::env::Env,
    store::{Fates, Handle, StoreError},
};
use tokio::{
    task::{AbortHandle, LocalSet, spawn_local},
    time::sleep,
};

use crate::{redis::Redis, sky::Sky, support::Dice, trace::note};

/// How long whoever starts nodes waits before the next try.
const AGAIN: Duration = Duration::from_millis(300);

/// What all nodes of a world have in common.
pub struct Site {
    pub config: Arc<Config>,
    pub verifier: Arc<Verifier>,
    pub database: PathBuf,
    pub redis: Redis,
    pub sky: Sky,
}

/// A node, up or down.
pub struct Node {
    pub number: usize,
    pub name: NodeId,
    /// Its own clock, which goes on while it is down.
    pub clock: Clock,
    site: Rc<Site>,
    dice: Arc<Mutex<Dice>>,
    life: Option<Life>,
}

/// From a start to the death.
struct Life {
    tasks: Rc<LocalSet>,
    runs: AbortHandle,
    ice: Rc<Ice>,
    /// What it serves, once it does.
    served: Rc<RefCell<Option<Served>>>,
    /// Whether it was asked to drain, and whether it has ended by itself after that.
    asked_to_end: Cell<bool>,
    ended: Rc<Cell<bool>>,
}

/// Whether nothing of a node runs, as when its process is stopped, though time goes on.
#[derive(Default)]
struct Ice {
    frozen: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

struct Served {
    house: Rc<House>,
    env: Rc<Env>,
}

/// Why a node does not start.
#[derive(Debug, thiserror::Error)]
enum StartFault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Join(#[from] JoinFault),
}

impl Node {
    pub fn new(number: usize, site: &Rc<Site>, clock: Clock, dice: Dice) -> Self {
        Self {
            number,
            name: format!("n{number}").parse().expect("a name"),
            clock,
            site: Rc::clone(site),
            dice: Arc::new(Mutex::new(dice)),
            life: None,
        }
    }

    pub fn is_up(&self) -> bool {
        self.life.is_some()
    }

    /// Whether it serves.
    pub fn serves(&self) -> bool {
        self.env().is_some()
    }

    /// Whether a balancer sends clients to it.
    pub fn is_ready(&self) -> bool {
        let drains = |it: Rc<House>| it.shared().gate.drain().has_begun();
        self.house().is_some_and(|it| !drains(it))
    }

    /// Whether it hears the other nodes, if it serves.
    pub fn hears_others(&self) -> bool {
        let link = |it: Rc<House>| it.shared().dispatch.backplane().link();
        self.house().is_none_or(|it| link(it) == Link::Up)
    }

    /// What its sessions work with, once it serves.
    pub fn env(&self) -> Option<Rc<Env>> {
        let served = self.life.as_ref()?.served.borrow();
        served.as_ref().map(|it| Rc::clone(&it.env))
    }

    /// Its rooms, once it serves.
    pub fn house(&self) -> Option<Rc<House>> {
        let served = self.life.as_ref()?.served.borrow();
        served.as_ref().map(|it| Rc::clone(&it.house))
    }

    /// Runs something as a part of it.
    pub fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        if let Some(life) = &self.life {
            life.tasks.spawn_local(work);
        }
    }

    /// Starts it, again and again until it can.
    pub fn start(&mut self) {
        note!("{} starts", self.name);
        let (tasks, served) = (Rc::new(LocalSet::new()), Rc::default());
        let ended = Rc::<Cell<bool>>::default();
        let start = self.serve(Rc::clone(&served), Rc::clone(&ended));
        tasks.spawn_local(start);
        let (all, ice) = (Rc::clone(&tasks), Rc::<Ice>::default());
        let thaws = Rc::clone(&ice);
        let runs = spawn_local(async move {
            let mut running = pin!(all.run_until(pending::<()>()));
            poll_fn(|task| {
                thaws.waker.replace(Some(task.waker().clone()));
                match thaws.frozen.get() {
                    true => Poll::Pending,
                    false => running.as_mut().poll(task),
                }
            })
            .await;
        });
        self.life = Some(Life {
            tasks,
            runs: runs.abort_handle(),
            ice,
            served,
            asked_to_end: Cell::new(false),
            ended,
        });
    }

    /// Its clock is set by so many milliseconds, forward or back.
    pub fn jump(&self, millis: i64) {
        let now = self.clock.now().millis();
        self.clock.set(Timestamp::from_millis(now + millis));
    }

    /// Nothing of it runs any more, until it thaws.
    pub fn freeze(&self) {
        if let Some(life) = &self.life {
            note!("{} is frozen", self.name);
            life.ice.frozen.set(true);
        }
    }

    pub fn thaw(&self) {
        if let Some(life) = &self.life {
            note!("{} thaws", self.name);
            life.ice.frozen.set(false);
            let waker = life.ice.waker.take();
            waker.into_iter().for_each(Waker::wake);
        }
    }

    /// It is gone, with everything it knew. Its store, its clock and its name are there when it comes again.
    pub fn kill(&mut self) {
        if let Some(life) = self.life.take() {
            note!("{} is killed", self.name);
            life.runs.abort();
            life.served.take();
        }
    }

    /// Somebody asks it to drain, as with `SIGTERM`: once everybody is sent away it ends.
    pub fn drain(&self) {
        if let (Some(house), Some(life)) = (self.house(), &self.life) {
            note!("{} is to drain", self.name);
            life.asked_to_end.set(true);
            house.shared().gate.drain().ask();
        }
    }

    /// Whether it was asked to drain, and is still there.
    pub fn is_to_end(&self) -> bool {
        self.life.as_ref().is_some_and(|it| it.asked_to_end.get())
    }

    /// Takes away what has ended by itself. Returns whether it has, just now.
    pub fn bury(&mut self) -> bool {
        let Some(life) = self.life.take_if(|life| life.ended.get()) else {
            return false;
        };
        note!("{} has drained, and ended", self.name);
        life.runs.abort();
        life.served.take();
        true
    }

    fn serve(
        &self,
        served: Rc<RefCell<Option<Served>>>,
        ended: Rc<Cell<bool>>,
    ) -> impl Future<Output = ()> + use<> {
        let (number, name) = (self.number, self.name.clone());
        let (site, clock, dice) = (
            Rc::clone(&self.site),
            self.clock.clone(),
            Arc::clone(&self.dice),
        );
        async move {
            let sky = site.sky.clone();
            let fates: Fates = Arc::new(move |work| {
                sky.fate(
                    number,
                    work,
                    &mut dice.lock().expect("nobody panics with them"),
                )
            });
            let house = loop {
                match build(&site, number, &name, &clock, &fates).await {
                    Ok(house) => break Rc::new(house),
                    Err(fault) => note!("{name} does not start: {fault}"),
                }
                sleep(AGAIN).await;
            };
            note!("{name} serves");
            let env = house.worker();
            let house_kept = Rc::clone(&house);
            served.replace(Some(Served { house, env }));
            tokio::select! {
                biased;
                () = house_kept.drained() => {}
                died = house_kept.keep() => panic!("no part of a server dies by itself: {died}"),
            }
            house_kept.close().await;
            ended.set(true);
        }
    }
}

async fn build(
    site: &Site,
    number: usize,
    name: &NodeId,
    clock: &Clock,
    fates: &Fates,
) -> Result<House, StartFault> {
    let config = Arc::clone(&site.config);
    let metrics = Arc::new(Metrics::default());
    let database = at(&site.database, &config.database);
    let (store, commits) = Handle::stepped(
        &database,
        clock.clone(),
        Arc::clone(&metrics),
        Arc::clone(fates),
    )?;
    spawn_local(commits);
    let settings = cluster::Settings {
        shared: true,
        linked: true,
        ..cluster::Settings::new(name.clone(), &config, vec![last_seen::settle])
    };
    let membership = Membership::join(&store, settings, &metrics).await?;
    let (backplane, lives) = Backplane::over(
        site.redis.dial(number),
        config.redis.probe_interval,
        name.clone(),
        Arc::clone(&metrics),
    );
    spawn_local(lives);
    let ground = Ground {
        verifier: Arc::clone(&site.verifier),
        clock: clock.clone(),
        config,
        metrics,
        store,
        membership,
        backplane,
    };
    Ok(House::build(ground).await?)
}

/// The settings of a database in another place.
pub fn at(place: &Path, settings: &DatabaseConfig) -> DatabaseConfig {
    DatabaseConfig {
        url: DatabaseUrl::Sqlite(place.to_owned()),
        ..settings.clone()
    }
}
