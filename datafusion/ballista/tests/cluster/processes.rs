//! A scheduler and two executors, as processes of this machine.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const EXECUTORS: usize = 2;

pub(crate) struct Processes {
    scheduler: u16,
    children: Vec<Child>,
    folders: Vec<TempDir>,
}

impl Processes {
    /// Starts all of them, and waits until they listen.
    pub(crate) fn start() -> Self {
        let ports = free_ports(1 + 2 * EXECUTORS);
        let mut this = Self { scheduler: ports[0], children: Vec::new(), folders: Vec::new() };
        this.run(&["scheduler", &ports[0].to_string()]);
        for own in ports[1..].chunks(2) {
            let folder = tempfile::tempdir().unwrap();
            let ports = [ports[0], own[0], own[1]].map(|port| port.to_string());
            this.run(&["executor", &ports[0], &ports[1], &ports[2], folder.path().to_str().unwrap()]);
            this.folders.push(folder);
        }
        ports.into_iter().for_each(wait_for);
        this
    }

    fn run(&mut self, arguments: &[&str]) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_semid-ballista"));
        self.children.push(command.args(arguments).stdin(Stdio::null()).spawn().unwrap());
    }

    pub(crate) fn url(&self) -> String {
        format!("df://localhost:{}", self.scheduler)
    }

    /// Returns how many files with parts of results every executor has written.
    pub(crate) fn parts(&self) -> Vec<usize> {
        self.folders.iter().map(|folder| files(folder.path())).collect()
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.children {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Ports that nobody uses now.
fn free_ports(wanted: usize) -> Vec<u16> {
    let listeners: Vec<_> = (0..wanted).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

fn wait_for(port: u16) {
    let start = Instant::now();
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
        assert!(start.elapsed() < Duration::from_secs(120), "nobody listens at port {port}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
}
