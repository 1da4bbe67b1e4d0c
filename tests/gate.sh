#!/usr/bin/env bash
# What must hold beside the tests: format, lints, documentation; and, where installed, nextest and cargo-deny.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }

# A toolchain without one of these can still run the tests; ours has them all.
component() {
    if cargo "$1" --version > /dev/null 2>&1; then
        return 0
    fi
    if command -v rustup > /dev/null && rustup component add "$2" > /dev/null 2>&1; then
        return 0
    fi
    say "skipped: $2 is not installed"
    return 1
}

if component fmt rustfmt; then
    say "cargo fmt --check"
    cargo fmt --check
fi
if component clippy clippy; then
    say "cargo clippy --all-targets -- -D warnings"
    cargo clippy --all-targets -- -D warnings
fi
say "cargo doc, warnings denied"
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

if cargo deny --version > /dev/null 2>&1; then
    say "cargo deny check"
    cargo deny --config .config/deny.toml check
else
    say "skipped: cargo-deny is not installed (licences are checked by tests/house)"
fi
if cargo nextest --version > /dev/null 2>&1; then
    say "cargo nextest run"
    cargo nextest run
else
    say "skipped: cargo-nextest is not installed"
fi
