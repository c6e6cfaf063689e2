//! A real, throw-away PostgreSQL cluster, one for each test process.
//!
//! A small shell supervisor makes the cluster, starts it and then blocks on a pipe whose other end only the test
//! process holds. However that process ends, by SIGKILL too, the kernel closes the pipe, and the supervisor stops the
//! server and removes its folder. As one script does all of it in order, there is no moment at which a killed test
//! leaves a server behind.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Deref;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Where the PostgreSQL programs are, when not in one of the usual places.
pub const BIN_VARIABLE: &str = "LEADLATCH_TEST_PG_BIN";

/// How many free ports the supervisor may try: between our finding one and the server's binding it, another process
/// can take it.
const PORTS: usize = 5;

/// Run as `sh -c SUPERVISOR supervisor FOLDER BIN OPTIONS PORT..`; says `ready PORT`, or what went wrong, on its output.
///
/// PIPE is ignored beside the signals that are meant for the tests: when they are killed while the server starts, there
/// is nobody to say `ready` to, and the supervisor has to live on to clean up.
const SUPERVISOR: &str = r#"
trap '' HUP INT TERM PIPE
folder=$1 bin=$2 more=$3
shift 3
leave() { "$bin/pg_ctl" -D "$data" -m immediate -w stop >/dev/null 2>&1; cd / && rm -rf "$folder"; }
fail() { cat "$folder/log"; leave; exit 1; }
data=$folder/data log=$folder/log
"$bin/initdb" --no-sync --auth=trust --encoding=UTF8 --locale=C.UTF-8 -U postgres -D "$data" >"$log" 2>&1 || fail
taken=
for port in "$@"; do
  options="-p $port -k $folder -c listen_addresses=127.0.0.1 -c max_connections=200 $more"
  if "$bin/pg_ctl" -D "$data" -l "$log" -w -o "$options" start >/dev/null 2>&1; then taken=$port; break; fi
done
test -n "$taken" || fail
echo "ready $taken"
exec >/dev/null
while read -r _; do :; done
leave
"#;

/// Faster, and safe from everything but a crash of the machine; with a log ahead that does not grow to its usual gigabyte.
const WITHOUT_SYNC: &str = "-c fsync=off -c full_page_writes=off -c min_wal_size=32MB -c max_wal_size=96MB";

/// A running cluster. It ends when it is dropped, and with the process in any case.
#[derive(Debug)]
pub struct TestPostgres {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    databases: AtomicU32,
    /// Holds the pipe whose closing ends the cluster.
    supervisor: Child,
}

/// The cluster of this test process, started by the first who asks. It does not sync to disk.
///
/// # Panics
///
/// When PostgreSQL is not installed or does not start.
pub fn server() -> &'static TestPostgres {
    static SERVER: OnceLock<TestPostgres> = OnceLock::new();
    SERVER.get_or_init(|| TestPostgres::start(false))
}

impl TestPostgres {
    /// A cluster of the caller's own, for a test that is about the server itself; others share [`server`].
    ///
    /// `durable` keeps every sync to disk, as an operator's server does.
    ///
    /// # Panics
    ///
    /// When PostgreSQL is not installed or does not start.
    pub fn start(durable: bool) -> Self {
        let bin = find_bin();
        let (folder, user) = make_folder().unwrap_or_else(|error| panic!("no folder for PostgreSQL: {error}"));
        let ports = free_ports().unwrap_or_else(|error| panic!("no free port for PostgreSQL: {error}"));
        let options = if durable { "" } else { WITHOUT_SYNC };
        let mut supervisor = supervise(&folder, user, &bin, options, &ports);
        let output = supervisor.stdout.take().expect("its output was asked for as a pipe");
        match read_port(output) {
            Ok(port) => Self { bin, folder, port, databases: AtomicU32::new(0), supervisor },
            Err(said) => {
                let ended = supervisor.wait();
                panic!("PostgreSQL does not start ({ended:?}):\n{said}");
            }
        }
    }

    /// Makes an empty database that nobody else uses.
    ///
    /// # Panics
    ///
    /// When the server refuses to make it.
    pub fn fresh_database(&self) -> FreshDatabase {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        let statement = format!("CREATE DATABASE {name}");
        let made = psql(&self.bin, &self.url_of("postgres"), &statement)
            .unwrap_or_else(|error| panic!("psql in {} does not run: {error}", self.bin.display()));
        assert!(made.status.success(), "{statement}: {}", String::from_utf8_lossy(&made.stderr));
        FreshDatabase { bin: self.bin.clone(), server: self.url_of("postgres"), url: self.url_of(&name), name }
    }

    /// The URL of a database by its name, whether it is there or not; `postgres` always is.
    pub fn url_of(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// The folder with the cluster's files, gone after the process.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder with the programs of its version, `psql` among them.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }
}

/// A database of one test, by its URL; it goes when this is dropped, as a hundred of them take more disk than a checking
/// machine may have.
#[derive(Debug)]
pub struct FreshDatabase {
    bin: PathBuf,
    server: String,
    url: String,
    name: String,
}

impl Deref for FreshDatabase {
    type Target = str;

    fn deref(&self) -> &str {
        &self.url
    }
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        // A test may leave connections behind. Where the server is gone already, so is the database.
        let _ = psql(&self.bin, &self.server, &format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

impl Drop for TestPostgres {
    fn drop(&mut self) {
        // Waiting closes our end of the pipe first. What could go wrong with it, a test cannot mend.
        let _ = self.supervisor.wait();
    }
}

/// Starts the supervisor, which from here on owns the folder.
fn supervise(folder: &Path, user: Option<User>, bin: &Path, options: &str, ports: &[u16]) -> Child {
    let mut command = clean_command(Path::new("sh"));
    command
        .args(["-c", SUPERVISOR, "supervisor"])
        .args([folder, bin])
        .arg(options)
        .args(ports.iter().map(u16::to_string))
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        // Out of the group that Ctrl-C reaches, so that it is there to clean up after the tests.
        .process_group(0);
    if let Some(User { uid, gid }) = user {
        command.uid(uid).gid(gid);
    }
    command.spawn().unwrap_or_else(|error| panic!("sh does not run: {error}"))
}

/// The one line `ready PORT`; or else all that was said instead.
fn read_port(output: impl Read) -> Result<u16, String> {
    let mut output = BufReader::new(output);
    let mut said = String::new();
    output.read_line(&mut said).map_err(|error| error.to_string())?;
    if let Some(port) = said.strip_prefix("ready ").and_then(|port| port.trim_end().parse().ok()) {
        return Ok(port);
    }
    output.read_to_string(&mut said).map_err(|error| error.to_string())?;
    Err(said)
}

/// Runs a statement on a database.
fn psql(bin: &Path, url: &str, statement: &str) -> io::Result<Output> {
    let mut command = clean_command(&bin.join("psql"));
    command.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement]).stdin(Stdio::null()).output()
}

/// A command that no `PG...` variable of the developer's shell can bend.
fn clean_command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C");
    if let Some(path) = env::var_os("PATH") {
        command.env("PATH", path);
    }
    command
}

/// The folder with `initdb` and the others: the variable, the newest of Debian's folders, the search path.
fn find_bin() -> PathBuf {
    if let Some(bin) = env::var_os(BIN_VARIABLE) {
        let bin = PathBuf::from(bin);
        assert!(bin.join("initdb").is_file(), "{BIN_VARIABLE} is {}, which has no initdb", bin.display());
        return bin;
    }
    debian_bin()
        .or_else(|| env::split_paths(&env::var_os("PATH")?).find(|folder| folder.join("initdb").is_file()))
        .unwrap_or_else(|| {
            panic!("the tests need PostgreSQL: apt-get install postgresql, or set {BIN_VARIABLE} to its bin folder")
        })
}

fn debian_bin() -> Option<PathBuf> {
    fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .max_by_key(|(version, _)| *version)
        .map(|(_, bin)| bin)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct User {
    uid: u32,
    gid: u32,
}

/// A new folder and, when we are root, the user that owns it and is to run the server: PostgreSQL refuses root.
fn make_folder() -> io::Result<(PathBuf, Option<User>)> {
    let root = tempfile::tempfile()?.metadata()?.uid() == 0;
    let builder = {
        let mut builder = tempfile::Builder::new();
        builder.prefix("leadlatch-pg-");
        builder
    };
    if !root {
        return Ok((builder.tempdir()?.keep(), None));
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let user = find_user(&users, "postgres").or_else(|| find_user(&users, "nobody"));
    let user = user.ok_or_else(|| io::Error::other("neither postgres nor nobody is a user here"))?;
    // Not root's own TMPDIR, which another user may not be able to enter.
    let folder = builder.tempdir_in("/tmp")?;
    chown(folder.path(), Some(user.uid), Some(user.gid))?;
    Ok((folder.keep(), Some(user)))
}

fn find_user(passwd: &str, name: &str) -> Option<User> {
    let line = passwd.lines().find(|line| line.split(':').next() == Some(name))?;
    let mut numbers = line.split(':').skip(2);
    Some(User { uid: numbers.next()?.parse().ok()?, gid: numbers.next()?.parse().ok()? })
}

/// Ports that were free a moment ago; all different, as they are held together.
fn free_ports() -> io::Result<Vec<u16>> {
    let held = (0..PORTS).map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).collect::<io::Result<Vec<_>>>()?;
    held.iter().map(|listener| Ok(listener.local_addr()?.port())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_whole_name() {
        let passwd = "postgres2:x:7:8::/:/bin/sh\npostgres:x:101:104:admin,,,:/var/lib/postgresql:/bin/bash\n";
        assert_eq!(find_user(passwd, "postgres"), Some(User { uid: 101, gid: 104 }));
        assert_eq!(find_user(passwd, "nobody"), None);
    }

    #[test]
    fn a_supervisor_whose_tests_are_killed_while_it_starts_cleans_up_too() {
        let (folder, user) = make_folder().unwrap();
        let mut supervisor = supervise(&folder, user, &find_bin(), WITHOUT_SYNC, &free_ports().unwrap());
        // What the kernel does for a process that is killed: nobody writes any more, and nobody reads.
        drop((supervisor.stdin.take(), supervisor.stdout.take()));
        assert!(supervisor.wait().unwrap().success());
        assert!(!folder.exists(), "{} was left behind", folder.display());
    }

    #[test]
    fn a_server_that_cannot_start_says_why_and_leaves_nothing() {
        let (folder, user) = make_folder().unwrap();
        let mut supervisor = supervise(&folder, user, &find_bin(), "-c no_such_setting=1", &free_ports().unwrap());
        let said = read_port(supervisor.stdout.take().unwrap()).unwrap_err();
        assert!(said.contains("no_such_setting"), "{said}");
        assert!(!supervisor.wait().unwrap().success());
        assert!(!folder.exists(), "{} was left behind", folder.display());
    }

    #[test]
    fn a_port_that_another_has_taken_is_passed_over() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (folder, user) = make_folder().unwrap();
        let ports = [vec![taken.local_addr().unwrap().port()], free_ports().unwrap()].concat();
        let mut supervisor = supervise(&folder, user, &find_bin(), WITHOUT_SYNC, &ports);
        assert_eq!(read_port(supervisor.stdout.take().unwrap()), Ok(ports[1]));
        assert!(supervisor.wait().unwrap().success());
    }

    #[test]
    fn what_the_supervisor_says_instead_of_ready_is_kept() {
        assert_eq!(read_port("ready 5433\n".as_bytes()), Ok(5433));
        assert_eq!(read_port("no\nspace\n".as_bytes()), Err("no\nspace\n".to_owned()));
    }
}
