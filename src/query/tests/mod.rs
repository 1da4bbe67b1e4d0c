//! Tests of the whole language: what filters mean, that every text is one, that what is printed reads back,
//! that words mean what they meant before there were fields, that another reader of the tree agrees, and
//! that mitmproxy does.

mod language;
mod naive;
mod printed;
mod samples;
mod total;
mod typing;
mod words;
