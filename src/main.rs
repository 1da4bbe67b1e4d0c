//! Parse, run, exit code; nothing else.

/// An exchange is some sixty small blocks that live for a millisecond, made on one thread and freed on
/// another, the store's: what this allocator is best at.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    hopscope::cli::main(std::env::args_os())
}
