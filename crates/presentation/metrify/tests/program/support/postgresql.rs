//! A real PostgreSQL: what asks for tables that are not its own, or has the registry's.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Where the packages of the usual systems put the programs of a server.
const PROGRAMS: [&str; 3] = ["/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin"];

pub struct PostgreSql {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    /// The server refuses to run as root.
    is_root: bool,
}

impl PostgreSql {
    /// `None` where none is installed.
    pub fn start() -> Option<Self> {
        let programs = PROGRAMS.iter().map(Path::new).find(|folder| folder.join("initdb").exists())?;
        let folder = TempDir::new().expect("a folder");
        let is_root = std::fs::metadata("/proc/self").expect("who this is").uid() == 0;
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).expect("a folder for all");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let server = Self { programs: programs.to_owned(), folder, port, is_root };
        let path = server.folder.path().display().to_string();
        server.run("initdb", &["-D", &server.data(), "-A", "trust", "-U", "postgres", "--no-sync"]);
        let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={path} -c fsync=off");
        server.run("pg_ctl", &["-D", &server.data(), "-o", &options, "-l", &format!("{path}/log"), "-w", "start"]);
        Some(server)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// A database of it, for a user that may do everything.
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The rows of an answer, its values with strokes between them.
    pub fn sql(&self, query: &str) -> String {
        let said = self.psql(query);
        assert!(said.status.success(), "{query}\n{}", String::from_utf8_lossy(&said.stderr));
        String::from_utf8_lossy(&said.stdout).trim().to_owned()
    }

    /// Why it is not done.
    pub fn refused(&self, query: &str) -> String {
        let said = self.psql(query);
        assert!(!said.status.success(), "{query}\n{}", String::from_utf8_lossy(&said.stdout));
        String::from_utf8_lossy(&said.stderr).into_owned()
    }

    fn psql(&self, query: &str) -> Output {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-X", "-q", "-t", "-A", "-d", &self.url(), "-c", query]).output().expect("psql")
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let path = self.programs.join(program);
        let mut command = if self.is_root { Command::new("runuser") } else { Command::new(&path) };
        if self.is_root {
            command.args(["-u", "postgres", "--"]).arg(&path);
        }
        let said = command.args(arguments).current_dir("/").output().expect("a program of PostgreSQL");
        assert!(said.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&said.stderr));
    }
}

impl Drop for PostgreSql {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }
}
