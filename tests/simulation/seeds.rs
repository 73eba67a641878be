//! Many seeds on all cores, each in a runtime of its own; and one of them again.

use std::{
    collections::BTreeMap,
    env,
    num::NonZeroUsize,
    panic::{self, AssertUnwindSafe, catch_unwind},
    path::Path,
    sync::{
        Mutex, Once,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use otomo::{kernel::draw, store::migrations::migrate};
use tempfile::TempDir;
use tokio::{runtime::Builder, task::LocalSet};

use crate::{invariants::promises::TIME_GOES_ON, trace, world};

/// How many seeds make a run.
const SEEDS: u64 = 1_000;

/// How much of the machine's time a world takes at the very most. One takes less than a second.
const SPINS: Duration = Duration::from_secs(120);

/// What a seed came to: the sum and the length of its trace.
pub type Course = (u64, u64);

/// A seed that failed.
struct Failure {
    seed: u64,
    why: String,
    last: Vec<String>,
}

/// Runs what the environment asks for: one seed, aloud, or many.
pub fn run() {
    if let Some(seed) = asked("OTOMO_SIMULATION_SEED") {
        let place = Place::new();
        match course(seed, &place, true) {
            Ok((sum, lines)) => println!("seed {seed}: {lines} lines, sum {sum:016x}"),
            Err(failure) => panic!("seed {seed}: {}", failure.why),
        }
        return;
    }
    let first = asked("OTOMO_SIMULATION_FIRST").unwrap_or(0);
    run_all(first, asked("OTOMO_SIMULATION_SEEDS").unwrap_or(SEEDS));
}

/// One seed, without a word.
pub fn quietly(seed: u64) -> Course {
    let place = Place::new();
    course(seed, &place, false).unwrap_or_else(|failure| failure.tell())
}

fn run_all(first: u64, seeds: u64) {
    let began = Instant::now();
    // One is enough to begin with; whoever wants to see more of them says so.
    let most = asked("OTOMO_SIMULATION_FAILURES").unwrap_or(1) as usize;
    let next = AtomicU64::new(first);
    let failures = Mutex::new(BTreeMap::new());
    let lines = AtomicU64::new(0);
    let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let place = Place::new();
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    let enough = failures.lock().expect("sound").len() >= most;
                    if seed >= first + seeds || enough {
                        return;
                    }
                    match within(SPINS, seed, || course(seed, &place, false)) {
                        Ok((_, of_seed)) => drop(lines.fetch_add(of_seed, Ordering::Relaxed)),
                        Err(failure) => {
                            println!("seed {seed} fails: {}", failure.why);
                            failures.lock().expect("sound").insert(seed, failure);
                        }
                    }
                }
            });
        }
    });
    let took = began.elapsed();
    if let Some((seed, failure)) = failures.into_inner().expect("sound").pop_first() {
        println!("{} seeds held before it, in {took:?}", seed - first);
        failure.tell();
    }
    println!(
        "{seeds} seeds from {first}: {} steps in {took:?}",
        lines.into_inner()
    );
}

/// Runs a seed. Simulated time stands still while something has work to do, so a task that always has some stops the world:
/// then this process ends, and says in which.
fn within<T>(limit: Duration, seed: u64, run: impl FnOnce() -> T) -> T {
    let (over, ends) = mpsc::channel::<()>();
    let watch = thread::spawn(move || {
        if ends.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
            println!("seed {seed} {TIME_GOES_ON}: something spins");
            std::process::exit(101);
        }
    });
    let ran = run();
    drop(over);
    watch.join().expect("it only waits");
    ran
}

impl Failure {
    fn tell(&self) -> ! {
        println!("the last steps of seed {}:", self.seed);
        self.last.iter().for_each(|line| println!("  {line}"));
        panic!(
            "seed {}: {}\n\nagain, with all its steps:\n  OTOMO_SIMULATION_SEED={} cargo test --test simulation whatever_fails -- --nocapture\n",
            self.seed, self.why, self.seed
        );
    }
}

fn asked(variable: &str) -> Option<u64> {
    let asked = env::var(variable).ok();
    asked.map(|number| number.parse().expect("a number"))
}

/// Where databases are: in memory, if the system has a place for that; and one that has its tables.
pub struct Place {
    folder: TempDir,
}

impl Place {
    pub fn new() -> Self {
        let memory = Path::new("/dev/shm");
        let folder = match memory.is_dir() {
            true => tempfile::tempdir_in(memory),
            false => tempfile::tempdir(),
        };
        let folder = folder.expect("there is room");
        let template = folder.path().join("template.db");
        let url = format!("sqlite://{}", template.display());
        migrate(&url.parse().expect("a URL")).expect("the migrations run");
        Self { folder }
    }

    /// A database for one seed.
    fn database(&self) -> TempDir {
        let folder = tempfile::tempdir_in(self.folder.path()).expect("there is room");
        let template = self.folder.path().join("template.db");
        std::fs::copy(template, folder.path().join("otomo.db")).expect("it is copied");
        folder
    }
}

fn course(seed: u64, place: &Place, loud: bool) -> Result<Course, Failure> {
    listen_to_panics();
    let folder = place.database();
    let run = || {
        let runtime = Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build();
        let runtime = runtime.expect("a runtime");
        draw::seed_thread(seed);
        runtime.block_on(async {
            trace::begin(loud);
            let database = folder.path().join("otomo.db");
            LocalSet::new().run_until(world::run(seed, &database)).await;
        });
    };
    let ended = catch_unwind(AssertUnwindSafe(run));
    let panics = trace::take_panics();
    match ended {
        Ok(()) if panics.is_empty() => Ok(trace::sum()),
        _ => Err(Failure {
            seed,
            why: panics.join("\n"),
            last: trace::last(),
        }),
    }
}

/// What panics in a world is noted, and not printed, wherever it was caught.
fn listen_to_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !trace::panicked(panic.to_string()) {
                before(panic);
            }
        }));
    });
}
