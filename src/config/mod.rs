//! Settings: the documented default, the user's file, the environment and the flags, laid over each other.
//!
//! `config.toml` at the top of the repository is the default and its documentation; the table in
//! `keys` is the only list of settings.

mod bindings;
mod error;
mod keys;
mod load;
pub mod networks;
mod parents;
mod places;
mod raw;
mod settings;
mod units;

pub use bindings::{Binding, Written};
pub use error::{ConfigError, From, nearest};
pub use keys::{KEYS, Key};
pub use load::{Effective, Sources, default_text, load};
pub use parents::{Except, Parent, ParentKind, Parents};
pub use places::Places;
pub use settings::{
    Capture, ClientCertificate, HostAddress, HostRoots, Http2, Insecure, Intercept, Limits, MinTls, Origin,
    Pressure, Replay, Reuse, Screen, Settings, Standing,
};
