//! How much memory this process holds.

use anyhow::Context as _;

/// Returns the resident set in bytes, as the kernel counts it.
pub(crate) fn resident_bytes() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status").context("reading the memory of this process")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix("kB")).context("finding the resident set")?;
    Ok(kibibytes.trim().parse::<u64>().context("reading the resident set")? * 1024)
}
