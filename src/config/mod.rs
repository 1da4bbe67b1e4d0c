//! Settings: the documented default, the user's file, the environment and the flags, laid over each other.

mod settings;

pub use settings::{Capture, Insecure, Intercept, Limits, Origin, Pressure, Reuse, Settings};
