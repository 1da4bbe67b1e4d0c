//! Has the linker put side by side what runs until hopscope listens (`start.ld`, made by tests/bench/start.py).
//!
//! Where a page of the binary is touched the system maps the 64 KiB around it, so that code which lies scattered
//! over 14 MiB takes 8 MiB of an idle process, and 4 so. It is a matter of memory only: where the linker is not one
//! that is known to read the script, everything works without.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=.cargo/build.rs");
    println!("cargo::rerun-if-changed=.cargo/start.ld");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("PROFILE", "release") && has_usual_linker() {
        let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo::rustc-link-arg-bins=-T{root}/.cargo/start.ld");
    }
}

/// Whether neither a setting nor a flag names another linker than the compiler's own choice (GNU ld or lld).
fn has_usual_linker() -> bool {
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    env::var("RUSTC_LINKER").is_err() && !flags.contains("link")
}
