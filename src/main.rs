//! `hallpass`: see `hallpass::cli`.

fn main() -> std::process::ExitCode {
    hallpass::cli::main()
}
