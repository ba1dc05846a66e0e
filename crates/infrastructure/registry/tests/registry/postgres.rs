//! A PostgreSQL server of the test's own, in a folder that goes with it.

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// Where the packages of the usual systems put the programs of a server.
const PROGRAMS: [&str; 4] =
    ["/usr/lib/postgresql/17/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/15/bin", "/usr/bin"];
/// A role of its own: a superuser would look over every wall.
const ROLE: &str = "metrify";

pub struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    /// The server refuses to run as root.
    as_user: Option<&'static str>,
}

impl Server {
    /// `None`, with a word, where no server is installed.
    pub fn start() -> Option<Self> {
        let Some(programs) = PROGRAMS.iter().map(Path::new).find(|folder| folder.join("initdb").exists()) else {
            let why = "there is no PostgreSQL server here (Debian package postgresql-15)";
            writeln!(std::io::stderr(), "SKIPPED: {why}").expect("standard error");
            return None;
        };
        let folder = TempDir::new().expect("a folder");
        let is_root =
            std::fs::metadata("/proc/self").map(|own| std::os::unix::fs::MetadataExt::uid(&own)).ok() == Some(0);
        let as_user = is_root.then_some("postgres");
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).expect("a folder for all");
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let server = Self { programs: programs.to_owned(), folder, port, as_user };
        let data = server.data();
        server.run("initdb", &["-D", &data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"]);
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off",
            server.folder.path().display()
        );
        let log = server.folder.path().join("log").display().to_string();
        server.run("pg_ctl", &["-D", &data, "-o", &options, "-l", &log, "-w", "start"]);
        server.sql("postgres", &format!("CREATE ROLE {ROLE} LOGIN"));
        Some(server)
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    /// Makes a database of the role's own, which sorts texts as a German dictionary does; tells its address.
    pub fn database(&self, name: &str) -> String {
        let sorted = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-DE'";
        self.sql("postgres", &format!("CREATE DATABASE {name} OWNER {ROLE} {sorted}"));
        format!("postgres://{ROLE}@127.0.0.1:{}/{name}", self.port)
    }

    /// How many rows of a table somebody sees who names this tenant, or none.
    pub fn count(&self, url: &str, tenant: Option<&str>, table: &str) -> u64 {
        let name = tenant.map_or_else(String::new, |tenant| format!("SET metrify.tenant = '{tenant}';"));
        let query = format!("{name} SELECT count(*) FROM {table}");
        let said = self.output("psql", &["-X", "-q", "-t", "-A", "-d", url, "-c", &query]);
        String::from_utf8_lossy(&said.stdout).trim().parse().expect("a count")
    }

    fn sql(&self, database: &str, query: &str) {
        let url = format!("postgres://postgres@127.0.0.1:{}/{database}", self.port);
        self.output("psql", &["-X", "-q", "-d", &url, "-c", query]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        drop(self.output(program, arguments));
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Output {
        let path = self.programs.join(program);
        let mut command = match self.as_user {
            Some(user) => {
                let mut command = Command::new("runuser");
                command.args(["-u", user, "--"]).arg(path);
                command
            }
            None => Command::new(path),
        };
        // Its log is a file: nobody waits for the pipes of a server that stays.
        let said = command.args(arguments).current_dir("/").output().expect("a program of PostgreSQL");
        assert!(said.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&said.stderr));
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.run("pg_ctl", &["-D", &self.data(), "-m", "immediate", "stop"]);
    }
}
