//! A PostgreSQL server of our own, in a folder that goes away with it.

use std::fs::File;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a server may take to begin and to end.
const MOST: Duration = Duration::from_secs(60);

/// A server that only this process uses, through a socket in its folder.
pub(crate) struct Server {
    programs: PathBuf,
    folder: TempDir,
    /// Whose processes it has, as PostgreSQL refuses to run as root.
    user: Option<(u32, u32)>,
    child: Option<Child>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let programs = programs();
        let folder = tempfile::tempdir().unwrap();
        let user = user();
        if let Some((user, group)) = user {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let mut server = Self { programs, folder, user, child: None };
        let made = server.command("initdb", &["--no-sync", "-A", "trust", "-U", "semid", "-E", "UTF8", "--locale=C"]);
        success("initdb", &{ made }.arg("-D").arg(server.data()).output().unwrap());
        server.restart();
        server
    }

    /// The URL of a database.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://semid@{}/{database}", self.folder.path().to_str().unwrap().replace('/', "%2F"))
    }

    /// The URL of a schema of a database that is there from the beginning.
    pub(crate) fn schema(&self, name: &str) -> String {
        format!("{}?schema={name}", self.url("postgres"))
    }

    pub(crate) fn client(&self) -> postgres::Client {
        postgres::Client::connect(&self.url("postgres"), postgres::NoTls).unwrap()
    }

    /// Kills it as a crash does: all of its processes end, and nothing is written any more.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Starts it, after a kill or an orderly end.
    pub(crate) fn restart(&mut self) {
        let start = Instant::now();
        loop {
            let log = File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
            let mut command = self.command("postgres", &["-c", "listen_addresses=", "-c", "shared_buffers=32MB"]);
            command.args(["-c", "log_min_duration_statement=0"]);
            command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
            let mut child = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
            while child.try_wait().unwrap().is_none() {
                if postgres::Client::connect(&self.url("postgres"), postgres::NoTls).is_ok() {
                    self.child = Some(child);
                    return;
                }
                assert!(start.elapsed() < MOST, "the server does not begin: {}", self.log());
                std::thread::sleep(Duration::from_millis(20));
            }
            // Processes of a server that was killed may take a moment to end, and it does not begin beside them.
            assert!(start.elapsed() < MOST, "the server has ended: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Ends it in an orderly way, with the connections that it has.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let stop = self.command("pg_ctl", &["stop", "-m", "fast", "-w"]).arg("-D").arg(self.data()).output();
            if stop.is_err() || !stop.unwrap().status.success() {
                child.kill().unwrap();
            }
            child.wait().unwrap();
        }
    }

    /// What it has logged, every statement among it.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.args(args).current_dir(self.folder.path()).env("LC_ALL", "C").env_remove("PGDATA");
        if let Some((user, group)) = self.user {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The folder of PostgreSQL's programs: `SEMID_POSTGRES`, that of the newest Debian package, or that of `pg_config`.
fn programs() -> PathBuf {
    if let Some(folder) = std::env::var_os("SEMID_POSTGRES") {
        return folder.into();
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = versions.map(|version| version.path().join("bin")).filter(|path| path.join("initdb").exists()).max();
    let configured = || {
        let said = Command::new("pg_config").arg("--bindir").output().ok()?;
        Some(Path::new(String::from_utf8(said.stdout).ok()?.trim()).to_path_buf())
    };
    newest
        .or_else(configured)
        .expect("PostgreSQL is needed: install postgresql, or name its programs by SEMID_POSTGRES")
}

/// The user `postgres`, where this process is root.
fn user() -> Option<(u32, u32)> {
    let id = |args: &[&str]| {
        let said = Command::new("id").args(args).output().expect("the program id");
        String::from_utf8(said.stdout).unwrap().trim().parse::<u32>().ok()
    };
    (id(&["-u"]) == Some(0)).then(|| {
        let found = id(&["-u", "postgres"]).zip(id(&["-g", "postgres"]));
        found.expect("PostgreSQL does not run as root: make a user `postgres`, or run as another user")
    })
}

fn success(program: &str, output: &Output) {
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
}
