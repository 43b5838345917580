//! That no server outlives the tests that started it.

#![cfg(feature = "servers")]

use std::io::{BufRead as _, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use testkit::servers::{Postgres, or_not_run};

const VARIABLE: &str = "TESTKIT_START_AND_WAIT";
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
#[ignore = "the process that is killed; started by the test below"]
fn start_a_server_and_wait() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    let server = Postgres::shared().unwrap();
    println!("\nstarted {} {}", server.port(), server.folder().display());
    std::thread::sleep(PATIENCE * 10);
}

#[test]
fn a_server_ends_with_the_tests_that_were_killed() {
    if or_not_run(Postgres::shared()).is_none() {
        return;
    }
    let mut tests = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "start_a_server_and_wait", "--ignored", "--nocapture"])
        .env(VARIABLE, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(tests.stdout.take().unwrap()).lines().map_while(Result::ok);
    let started = lines.filter_map(|line| line.strip_prefix("started ").map(str::to_owned)).next().unwrap();
    let (port, folder) = started.split_once(' ').unwrap();
    let port: u16 = port.parse().unwrap();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_ok(), "it runs while the tests do");

    tests.kill().unwrap();
    tests.wait().unwrap();
    let deadline = Instant::now() + PATIENCE;
    while TcpStream::connect(("127.0.0.1", port)).is_ok() || Path::new(folder).exists() {
        assert!(Instant::now() < deadline, "the server on port {port} or its folder {folder} is still there");
        std::thread::sleep(Duration::from_millis(20));
    }
}
