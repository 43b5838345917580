//! The same program as `shoal`, built along with these tests, so that they never run a stale one.

fn main() -> std::process::ExitCode {
    shoal::main()
}
