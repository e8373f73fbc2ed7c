//! The stack that is measured: a `sagebell local` process of its own.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use sagebell_api_types::query::JobsQuery;
use sagebell_client::client::Client;
use sagebell_monitor::ports::JobFilter;
use url::Url;

/// Ticks of CPU time in a second, as the kernel counts them for programs: proc_pid_stat(5), and
/// `USER_HZ` in include/asm-generic/param.h of Linux.
const TICKS: u64 = 100;

/// A running stack, killed when dropped.
pub(crate) struct Stack {
    process: Child,
    pub(crate) client: Client,
    _folder: tempfile::TempDir,
}

impl Drop for Stack {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Stack {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let port = free_port();
        let process = Command::new(sagebell())
            .args(["local", "--listen", &format!("127.0.0.1:{port}"), "--store"])
            .arg(folder.path().join("burst.db"))
            .env("RUST_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .expect("the sagebell binary beside this one: cargo build --profile fast -p sagebell");
        let base = Url::parse(&format!("http://127.0.0.1:{port}")).expect("an address");
        let client = Client::new(base).expect("an HTTP client");
        let stack = Self { process, client, _folder: folder };
        stack.wait_until_up().await;
        stack
    }

    async fn wait_until_up(&self) {
        let one = JobsQuery { filter: JobFilter::default(), cursor: None, limit: Some(1) };
        for _ in 0..200 {
            if self.client.list_jobs(&one).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("sagebell local did not start");
    }

    /// Memory in MiB: that it holds (`VmRSS:`), or the most that it held (`VmHWM:`). Linux only.
    pub(crate) fn memory(&self, field: &str) -> Option<u64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix(field))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1_024)
    }

    /// The CPU time that it took so far. Linux only.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        let stat = self.proc("stat")?;
        // After the name, which is in brackets: state, parent, …, and as 12th and 13th the ticks
        // in user mode and in the kernel.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks = fields.split_whitespace().skip(11).take(2);
        let ticks: u64 = ticks.map(|ticks| ticks.parse().unwrap_or(0)).sum();
        Some(Duration::from_millis(ticks * 1_000 / TICKS))
    }

    fn proc(&self, file: &str) -> Option<String> {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.process.id())).ok()
    }
}

/// The binary that cargo put beside this one.
fn sagebell() -> PathBuf {
    let beside = std::env::current_exe().expect("the path of this binary");
    beside.with_file_name("sagebell")
}

fn free_port() -> u16 {
    let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    socket.local_addr().expect("its address").port()
}
