//! A server of our own, if the program `redis-server` is installed.

use crate::client::Client;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that ends with the value, and its folder.
pub(crate) struct Server {
    pub(crate) address: String,
    process: Child,
    #[cfg_attr(not(test), expect(dead_code, reason = "removed with the server"))]
    folder: tempfile::TempDir,
}

impl Server {
    /// Starts a server whose commits are on disk when they are acknowledged; none where that cannot be.
    pub(crate) fn start() -> Option<Self> {
        Self::start_in(tempfile::tempdir().ok()?)
    }

    fn start_in(folder: tempfile::TempDir) -> Option<Self> {
        // The port was free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port().to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
        command.args(["--appendfsync", "always"]).arg("--dir").arg(folder.path());
        let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()?;
        let server = Self { address: format!("127.0.0.1:{port}"), process, folder };
        let answers = |_: &u32| {
            std::thread::sleep(Duration::from_millis(50));
            let ping = Client::connect(&server.address).and_then(|mut client| client.call(&[b"PING"]));
            ping.is_ok()
        };
        (0..200).find(answers).map(|_| server)
    }

    /// Kills the server without any chance to save, and starts another one on what it left.
    #[cfg(test)]
    pub(crate) fn kill_and_restart(mut self) -> Option<Self> {
        self.process.kill().ok()?;
        self.process.wait().ok()?;
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().ok()?);
        Self::start_in(folder)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill(); // may have ended already
        let _ = self.process.wait();
    }
}
