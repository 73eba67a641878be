//! What a span of load cost the server and this tool.

use std::time::{Duration, Instant};

use crate::cli::bench::{
    crowd::Crowd,
    fault::BenchFault,
    target::{
        Target,
        process::{Cpu, Process},
    },
};

/// The part of its core beyond which the thread of all clients is what everything waits for; what is left goes to waking up.
const LIMIT: f64 = 0.8;

/// How long a server has nothing to do before it is idle.
const IDLE: Duration = Duration::from_millis(200);

/// The CPU that it may use then: the least that the kernel counts.
const IDLE_CPU: Duration = Duration::from_millis(10);

/// How long to wait for a server to be idle. One that never is has housekeeping to do, which then counts with the load: reports
/// say so.
const RESTLESS: Duration = Duration::from_secs(10);

/// CPU that was used: since each process began, or since an earlier look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// When it was looked at.
    at: Instant,
    /// How long that was after the earlier look.
    took: Duration,
    /// Of a server elsewhere nothing is known.
    server: Option<Cpu>,
    tool: Cpu,
    /// Of that, the thread in which all clients are.
    thread: Cpu,
    /// Whether the server was waited for in vain to be idle, if it was waited for.
    never_idle: Option<bool>,
}

impl Cost {
    /// Since the processes began.
    pub(crate) fn read(target: &Target) -> Result<Self, BenchFault> {
        Ok(Self {
            at: Instant::now(),
            took: Duration::ZERO,
            server: target.process().map(Process::cpu).transpose()?,
            tool: Process::own().cpu()?,
            thread: Process::this_thread_cpu()?,
            never_idle: None,
        })
    }

    /// The same once the server is idle: what it still has to do belongs to what came before. Clients listen meanwhile.
    pub(crate) fn read_idle(target: &Target, crowd: &mut Crowd) -> Result<Self, BenchFault> {
        let first = Self::read(target)?;
        Self::until_idle(first, || {
            crowd.listen(IDLE)?;
            Self::read(target)
        })
    }

    /// Looks again and again until the server has done next to nothing between two looks, or never does.
    fn until_idle(
        first: Self,
        mut look: impl FnMut() -> Result<Self, BenchFault>,
    ) -> Result<Self, BenchFault> {
        let mut last = first;
        loop {
            let now = look()?;
            let used = now.since(&last).server.map(|cpu| cpu.user + cpu.system);
            let is_idle = used.is_none_or(|used| used <= IDLE_CPU);
            if is_idle || now.since(&first).took > RESTLESS {
                let never_idle = Some(!is_idle);
                return Ok(Self { never_idle, ..now });
            }
            last = now;
        }
    }

    /// What was used since `before`.
    pub(crate) fn since(self, before: &Self) -> Self {
        let server = self.server.zip(before.server);
        Self {
            at: self.at,
            took: self.at.saturating_duration_since(before.at),
            server: server.map(|(now, before)| now.since(before)),
            tool: self.tool.since(before.tool),
            thread: self.thread.since(before.thread),
            never_idle: match (self.never_idle, before.never_idle) {
                (Some(after), Some(before)) => Some(after || before),
                (one, other) => one.or(other),
            },
        }
    }

    /// The same with what the server has used in another span: longer, until it was done.
    pub(crate) fn with_server_of(self, longer: &Self) -> Self {
        Self {
            server: longer.server,
            never_idle: longer.never_idle,
            ..self
        }
    }

    /// Whether what the server always does is in it, since it was never idle; none where nobody waited for that.
    pub(crate) fn never_idle(&self) -> Option<bool> {
        self.never_idle
    }

    /// The server's own code, in microseconds for each of so many.
    pub(crate) fn server_user_micros(&self, count: u64) -> Option<f64> {
        self.server.map(|cpu| micros(cpu.user, count))
    }

    /// The kernel's work for the server, in microseconds for each of so many.
    pub(crate) fn server_system_micros(&self, count: u64) -> Option<f64> {
        self.server.map(|cpu| micros(cpu.system, count))
    }

    /// All that the tool used, in microseconds for each of so many.
    pub(crate) fn tool_micros(&self, count: u64) -> f64 {
        micros(self.tool.user + self.tool.system, count)
    }

    /// The part of a core's time that the thread of all clients used, from 0 to 1. A backend's threads can use other cores.
    pub(crate) fn tool_share(&self) -> f64 {
        let used = self.thread.user + self.thread.system;
        used.as_secs_f64() / self.took.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    /// Whether the tool was busy for so much of the time that figures per second may be its own.
    pub(crate) fn tool_is_the_limit(&self) -> bool {
        self.tool_share() > LIMIT
    }
}

fn micros(cpu: Duration, count: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / count.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the processes have used after so long, in milliseconds.
    fn cost(began: Instant, millis: u64, server: u64, tool: u64) -> Cost {
        let cpu = |millis| Cpu {
            user: Duration::from_millis(millis),
            system: Duration::ZERO,
        };
        Cost {
            at: began + Duration::from_millis(millis),
            took: Duration::ZERO,
            server: Some(cpu(server)),
            tool: cpu(tool),
            thread: cpu(tool),
            never_idle: None,
        }
    }

    /// The last of looks every 200 ms, between each of which the server has used so many milliseconds.
    fn until_idle(used: impl Fn(u64) -> u64) -> Cost {
        let began = Instant::now();
        let (mut looks, mut sum) = (0, 0);
        let look = || {
            looks += 1;
            sum += used(looks);
            Ok(cost(began, looks * 200, sum, 0))
        };
        Cost::until_idle(cost(began, 0, 0, 0), look).unwrap()
    }

    #[test]
    fn a_server_is_idle_when_it_does_next_to_nothing_between_two_looks() {
        let idle = until_idle(|look| if look < 3 { 100 } else { 10 });
        assert_eq!(
            (idle.never_idle(), idle.server),
            (Some(false), cost(idle.at, 0, 210, 0).server)
        );
    }

    #[test]
    fn a_server_that_is_never_idle_is_said_to_be_so() {
        let busy = until_idle(|_| 20);
        assert_eq!(busy.never_idle(), Some(true));
        let load = cost(busy.at, 1_000, 0, 0).since(&until_idle(|_| 0));
        assert_eq!(load.never_idle(), Some(false));
        assert_eq!(load.with_server_of(&busy).never_idle(), Some(true));
    }

    #[test]
    fn a_tool_that_is_busy_nearly_all_the_time_is_the_limit() {
        let began = Instant::now();
        let before = cost(began, 1_000, 0, 500);
        for (used, share, limit) in [(790, 0.79, false), (810, 0.81, true)] {
            let spent = cost(began, 2_000, 0, 500 + used).since(&before);
            assert!((spent.tool_share() - share).abs() < 1e-9, "{spent:?}");
            assert_eq!(spent.tool_is_the_limit(), limit, "{spent:?}");
        }
    }

    #[test]
    fn what_the_threads_of_a_backend_use_is_not_the_limit() {
        let began = Instant::now();
        let before = cost(began, 0, 0, 0);
        let mut after = cost(began, 1_000, 0, 300);
        after.tool.user += Duration::from_secs(2);
        let spent = after.since(&before);
        assert!(!spent.tool_is_the_limit());
        assert_eq!(spent.tool_micros(1_000), 2_300.0);
    }

    #[test]
    fn what_a_server_does_after_the_load_is_of_the_load_and_the_time_is_not() {
        let began = Instant::now();
        let before = cost(began, 0, 0, 0);
        let load = cost(began, 1_000, 400, 900).since(&before);
        let until_idle = cost(began, 3_000, 700, 950).since(&before);
        let spent = load.with_server_of(&until_idle);
        assert_eq!(spent.server_user_micros(1_000), Some(700.0));
        assert_eq!(spent.tool_micros(1_000), 900.0);
        assert!((spent.tool_share() - 0.9).abs() < 1e-9);
    }
}
