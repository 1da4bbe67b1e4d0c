//! Time for one call, the best of ten rounds: what others do on this machine only adds.

use std::hint::black_box;
use std::time::Instant;

/// Microseconds a call.
pub fn micros<T>(calls: u32, mut call: impl FnMut() -> T) -> f64 {
    let round = |_| {
        let begin = Instant::now();
        for _ in 0..calls {
            black_box(call());
        }
        begin.elapsed()
    };
    let best = (0..10).map(round).min().unwrap_or_default();
    best.as_secs_f64() * 1e6 / f64::from(calls)
}
