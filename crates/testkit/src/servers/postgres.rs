//! A Postgres server for a test binary, and an empty database for each of its tests.

use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::supervised::{Program, RunAs, Supervised, as_user};
use super::{NotAvailable, free_ports};

const NAME: &str = "Postgres";
/// Names the folder of the server's programs, when it is none of the usual ones.
const PROGRAMS_VARIABLE: &str = "SHOAL_POSTGRES_BIN";
/// Where Debian's packages put the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// A loaded machine takes seconds for what is done in one.
const START_TIMEOUT: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(10);

static SHARED: OnceLock<Result<Postgres, NotAvailable>> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(1);

/// How a server differs from the usual one of a test binary.
#[derive(Clone, Copy, Debug, Default)]
pub struct PostgresSettings<'a> {
    /// Lines for `postgresql.conf`.
    pub configuration: &'a str,
    /// The whole of `pg_hba.conf`: who may connect, and how.
    pub access: Option<&'a str>,
    /// Files in the server's folder, by name; readable by the server alone.
    pub files: &'a [(&'a str, &'a [u8])],
}

/// A running server on this machine. Its superuser is `postgres`, without a password.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
    run_as: RunAs,
    /// `None` while it is stopped.
    server: Option<Supervised>,
}

impl Postgres {
    /// Returns the server that the tests of this process share; the first call starts it.
    pub fn shared() -> Result<&'static Self, NotAvailable> {
        SHARED.get_or_init(|| Self::start(&PostgresSettings::default())).as_ref().map_err(NotAvailable::clone)
    }

    /// Starts a server of the caller's own.
    pub fn start(settings: &PostgresSettings<'_>) -> Result<Self, NotAvailable> {
        let programs = programs()?;
        Self::try_start(programs, settings).map_err(|error| unavailable(format!("starting it: {error}")))
    }

    fn try_start(programs: PathBuf, settings: &PostgresSettings<'_>) -> io::Result<Self> {
        let run_as = run_as()?;
        let folder = tempfile::Builder::new().prefix("shoal-postgres-").tempdir()?.keep();
        if let Some((user, group)) = run_as {
            chown(&folder, Some(user), Some(group))?;
        }
        let [port] = free_ports()?;
        let mut postgres = Self { programs, folder, port, run_as, server: None };
        let prepared = postgres.prepare(settings).and_then(|()| postgres.resume());
        if prepared.is_err() && postgres.server.is_none() {
            let _ = std::fs::remove_dir_all(&postgres.folder);
        }
        prepared.map(|()| postgres)
    }

    fn prepare(&self, settings: &PostgresSettings<'_>) -> io::Result<()> {
        let cluster = self.cluster();
        self.run(
            "initdb",
            &["--no-sync", "--no-instructions", "-A", "trust", "-U", "postgres", "-E", "UTF8"]
                .map(str::to_owned)
                .into_iter()
                .chain(["--no-locale".to_owned(), "-D".to_owned(), text(&cluster)])
                .collect::<Vec<_>>(),
        )?;
        let configuration =
            format!("{DEFAULTS}\nunix_socket_directories = '{}'\n{}\n", text(&self.folder), settings.configuration);
        append(&cluster.join("postgresql.conf"), configuration.as_bytes())?;
        if let Some(access) = settings.access {
            std::fs::write(cluster.join("pg_hba.conf"), access)?;
        }
        for (name, content) in settings.files {
            let file = cluster.join(name);
            std::fs::write(&file, content)?;
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?;
            if let Some((user, group)) = self.run_as {
                chown(&file, Some(user), Some(group))?;
            }
        }
        Ok(())
    }

    /// Returns the port it listens on, on this machine alone.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the folder of everything it keeps.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes an empty database and returns its URL.
    ///
    /// # Panics
    ///
    /// When the server does not make it.
    pub fn database(&self) -> String {
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let made = self.run("createdb", &self.reaching([&name]));
        assert!(made.is_ok(), "making the database {name}: {made:?}");
        self.url(&name)
    }

    /// Makes a copy of a database to which nobody is connected, and returns its URL.
    ///
    /// # Panics
    ///
    /// When the server does not make it.
    pub fn copy(&self, url: &str) -> String {
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        let original = url.rsplit('/').next().unwrap_or_default();
        let made = self.run("createdb", &self.reaching(["--template", original, &name]));
        assert!(made.is_ok(), "copying the database {original}: {made:?}");
        self.url(&name)
    }

    /// Returns the URL of a database.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs a statement in a database, as its superuser.
    pub fn execute(&self, url: &str, statement: &str) -> io::Result<()> {
        self.run("psql", &[url, "-q", "-v", "ON_ERROR_STOP=1", "-c", statement].map(str::to_owned))
    }

    /// Stops it as an administrator would who is in a hurry: connections break, nothing committed is lost.
    pub fn stop(&mut self) -> io::Result<()> {
        self.server.take().map_or(Ok(()), Supervised::stop_keeping_its_folder)
    }

    /// Starts it again after [`Postgres::stop`], on the same port.
    pub fn resume(&mut self) -> io::Result<()> {
        let cluster = self.cluster();
        let arguments = ["-D".to_owned(), text(&cluster), "-p".to_owned(), self.port.to_string()];
        let command = self.programs.join("postgres");
        let program = Program {
            command: &command,
            arguments: &arguments,
            folder: &self.folder,
            signal: "INT",
            run_as: self.run_as,
        };
        let before = self.log().len();
        let server = program.start()?;
        let deadline = Instant::now() + START_TIMEOUT;
        while !accepts(&cluster) {
            let ended = self.log().get(before..).is_some_and(|log| ENDED.iter().any(|end| log.contains(end)));
            if ended || Instant::now() > deadline {
                return Err(io::Error::other(format!("it does not accept connections:\n{}", self.log())));
            }
            sleep(POLL_INTERVAL);
        }
        self.server = Some(server);
        Ok(())
    }

    fn cluster(&self) -> PathBuf {
        self.folder.join("cluster")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn reaching<const N: usize>(&self, more: [&str; N]) -> Vec<String> {
        let port = self.port.to_string();
        let folder = text(&self.folder);
        let common = ["-h", folder.as_str(), "-p", port.as_str(), "-U", "postgres"];
        common.into_iter().chain(more).map(str::to_owned).collect()
    }

    fn run(&self, program: &str, arguments: &[String]) -> io::Result<()> {
        let output = as_user(self.programs.join(program).as_os_str(), self.run_as)
            .args(arguments)
            .current_dir(&self.folder)
            .output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(io::Error::other(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())))
    }
}

/// What the log of a server says that ended, also because it could not start.
const ENDED: [&str; 2] = ["database system is shut down", "contains errors"];

/// For tests: nothing survives the machine, everything survives the process.
const DEFAULTS: &str = "
listen_addresses = '127.0.0.1'
max_connections = 200
shared_buffers = 64MB
fsync = off
full_page_writes = off
";

/// Returns whether the server has written that it accepts connections.
fn accepts(cluster: &Path) -> bool {
    let status = std::fs::read_to_string(cluster.join("postmaster.pid")).unwrap_or_default();
    status.lines().nth(7).is_some_and(|line| line.trim() == "ready")
}

/// Returns the folder of the server's programs: the one that is named, the newest of Debian's, the
/// one that `make servers` filled, the PATH's.
fn programs() -> Result<PathBuf, NotAvailable> {
    if let Some(named) = std::env::var_os(PROGRAMS_VARIABLE).filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        return has_programs(&named)
            .then_some(named)
            .ok_or_else(|| unavailable(format!("{PROGRAMS_VARIABLE} names no folder with initdb and postgres")));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders = debian_versions().into_iter().chain(fetched()).chain(std::env::split_paths(&path));
    folders.find(|folder| has_programs(folder)).ok_or_else(|| {
        unavailable("no initdb, postgres, createdb and psql were found; `make servers` installs them".to_owned())
    })
}

fn has_programs(folder: &Path) -> bool {
    ["initdb", "postgres", "createdb", "psql"].iter().all(|program| folder.join(program).is_file())
}

fn debian_versions() -> Vec<PathBuf> {
    let Ok(versions) = std::fs::read_dir(DEBIAN) else { return Vec::new() };
    let mut versions: Vec<(u32, PathBuf)> = versions
        .filter_map(Result::ok)
        .filter_map(|version| Some((version.file_name().to_str()?.parse().ok()?, version.path().join("bin"))))
        .collect();
    versions.sort_unstable();
    versions.into_iter().rev().map(|(_, programs)| programs).collect()
}

/// Returns where `scripts/servers` puts what Debian's packages do not bring.
fn fetched() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").filter(|cache| !cache.is_empty()).map(PathBuf::from);
    let cache = cache.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")))?;
    Some(cache.join("shoal/postgres/bin"))
}

/// Postgres refuses to run as root: then it runs as `postgres`, or as `nobody`.
fn run_as() -> io::Result<RunAs> {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = std::fs::read_to_string("/etc/passwd")?;
    let ids = ["postgres", "nobody"].into_iter().find_map(|name| ids_of(&users, name));
    ids.map(Some)
        .ok_or_else(|| io::Error::other("it does not run as root, and there is neither a user postgres nor nobody"))
}

fn ids_of(users: &str, name: &str) -> Option<(u32, u32)> {
    let fields: Vec<&str> = users.lines().find(|line| line.split(':').next() == Some(name))?.split(':').collect();
    Some((fields.get(2)?.parse().ok()?, fields.get(3)?.parse().ok()?))
}

fn append(file: &Path, content: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    std::fs::OpenOptions::new().append(true).open(file)?.write_all(content)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn unavailable(reason: String) -> NotAvailable {
    NotAvailable { server: NAME, reason }
}
