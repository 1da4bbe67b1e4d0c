//! Parse, run, exit code; nothing else.

fn main() -> std::process::ExitCode {
    hopscope::cli::main(std::env::args_os())
}
