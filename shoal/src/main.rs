//! `shoal`, the one binary for people; what it does is in the library.

fn main() -> std::process::ExitCode {
    shoal::main()
}
