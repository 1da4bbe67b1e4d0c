//! A capture as other programs see it.

mod questions;
