//! What a span of load cost the server and this tool.

use std::time::Duration;

use crate::cli::bench::{
    fault::BenchFault,
    target::{
        Target,
        process::{Cpu, Process},
    },
};

/// CPU that was used: since each process began, or since an earlier look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cost {
    /// Of a server elsewhere nothing is known.
    server: Option<Cpu>,
    tool: Cpu,
}

impl Cost {
    /// Since the processes began.
    pub(crate) fn read(target: &Target) -> Result<Self, BenchFault> {
        Ok(Self {
            server: target.process().map(Process::cpu).transpose()?,
            tool: Process::own().cpu()?,
        })
    }

    /// What was used since `before`.
    pub(crate) fn since(self, before: &Self) -> Self {
        let server = self.server.zip(before.server);
        Self {
            server: server.map(|(now, before)| now.since(before)),
            tool: self.tool.since(before.tool),
        }
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
}

fn micros(cpu: Duration, count: u64) -> f64 {
    cpu.as_secs_f64() * 1e6 / count.max(1) as f64
}
