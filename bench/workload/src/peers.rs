//! What the engine is compared with, each a program of its own: DuckDB, which says who is a member at
//! the end, and a tuned Flink job over the same events on the same cores.
//!
//! Both come from PyPI into a cache folder, the first time they are asked for.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::measure::{Members, Run};

const DUCKDB: &str = "duckdb==2.0.0";
const ORACLE: &str = include_str!("../duckdb/members.py");
const FLINK: &str = "apache-flink-libraries==2.3.0";
const FLINK_JOB: &str = include_str!("../../flink/Seg2.java");
/// What Flink's collections need to see of the JDK.
const OPENED: [&str; 4] =
    ["--add-opens", "java.base/java.util=ALL-UNNAMED", "--add-opens", "java.base/java.lang=ALL-UNNAMED"];
/// The job's memory, and a garbage collector for throughput.
const JVM: [&str; 3] = ["-Xms6g", "-Xmx6g", "-XX:+UseParallelGC"];
/// After how many events the job's clock moves, and how long it collects output, in milliseconds.
const WATERMARK_EVERY: &str = "1000";
const BUFFER_TIMEOUT_MS: &str = "100";

/// Where programs, libraries and written events are kept.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    folder: PathBuf,
    python: String,
}

impl Cache {
    pub(crate) fn open(folder: &Path, python: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        let folder = folder.canonicalize().context("looking for the cache folder")?;
        Ok(Self { folder, python: python.to_owned() })
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Returns a Python that has DuckDB.
    fn python_with_duckdb(&self) -> anyhow::Result<PathBuf> {
        let python = self.path("venv/bin/python");
        let has_it = python.exists() && Command::new(&python).args(["-c", "import duckdb"]).output()?.status.success();
        if !has_it {
            eprintln!("installing {DUCKDB} …");
            succeed(Command::new(&self.python).args(["-m", "venv", "--clear"]).arg(self.path("venv")))?;
            succeed(Command::new(&python).args(["-m", "pip", "install", "--quiet", DUCKDB]))?;
        }
        Ok(python)
    }

    /// Returns the class path of Flink and of the compiled job.
    fn flink(&self) -> anyhow::Result<String> {
        let (wheel, classes) = (self.path("flink"), self.path("flink-job"));
        if !wheel.join("pyflink/lib").is_dir() {
            eprintln!("downloading {FLINK} …");
            let download = self.path("flink-download");
            let pip = ["-m", "pip", "download", "--quiet", "--no-deps", "--disable-pip-version-check", FLINK, "--dest"];
            succeed(Command::new(&self.python).args(pip).arg(&download))?;
            let unpack = "import sys, glob, zipfile; zipfile.ZipFile(glob.glob(sys.argv[1] + '/*.whl')[0]).extractall(sys.argv[2])";
            succeed(Command::new(&self.python).args(["-c", unpack]).args([&download, &wheel]))?;
        }
        let libraries = format!("{}/*", wheel.join("pyflink/lib").display());
        std::fs::create_dir_all(&classes).context("making a folder for the job")?;
        std::fs::write(classes.join("Seg2.java"), FLINK_JOB).context("writing the job")?;
        let source = classes.join("Seg2.java");
        succeed(Command::new("javac").args(["-nowarn", "-cp", &libraries, "-d"]).arg(&classes).arg(source))?;
        Ok(format!("{libraries}:{}", classes.display()))
    }

    /// Asks DuckDB who is a member of each rule at the end.
    pub(crate) fn members(&self, events: &Path, rules: &Path) -> anyhow::Result<Vec<Members>> {
        let script = self.path("members.py");
        std::fs::write(&script, ORACLE).context("writing the questions to DuckDB")?;
        let mut asked = Command::new(self.python_with_duckdb()?);
        let answer = succeed(asked.arg(script).args([events, rules]).arg(self.path("duckdb-spill")))?;
        serde_json::from_str(answer.trim()).context("reading DuckDB's answer")
    }

    /// Runs the Flink job; returns its events per second on all cores, and how many members each rule has.
    pub(crate) fn flink_run(&self, run: Run, events: &Path, rules: &Path) -> anyhow::Result<(f64, Vec<u64>)> {
        let (class_path, counts) = (self.flink()?, self.path("flink-counts.json"));
        let mut job = Command::new("java");
        job.args(JVM).args(OPENED).args(["-cp", &class_path, "Seg2"]).args([events, rules]);
        job.args([&run.cores.to_string(), "mem", "keyby", WATERMARK_EVERY]).arg(&counts);
        let told = succeed(job.args([BUFFER_TIMEOUT_MS, &run.events.to_string()]))?;
        let rate = told.split_once("=> ").and_then(|(_, rest)| rest.split_whitespace().next()?.parse().ok());
        let rate = rate.with_context(|| format!("finding the rate in what Flink told: {told}"))?;
        let counts = std::fs::read_to_string(counts).context("reading Flink's members")?;
        Ok((rate, serde_json::from_str(&counts).context("reading Flink's members")?))
    }
}

/// Runs a program to its end and returns what it printed.
fn succeed(command: &mut Command) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("starting {program}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let end: Vec<&str> = said.lines().rev().take(20).collect();
        bail!("{program} ended with {}:\n{}", output.status, end.into_iter().rev().collect::<Vec<_>>().join("\n"));
    }
    String::from_utf8(output.stdout).context("reading what was printed")
}
