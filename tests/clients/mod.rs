//! Real clients and origins around the real binary: what they saw, what the capture says, and that both agree.

mod broken;
mod copied;
mod curl;
mod doors;
mod exported;
mod forwarder;
mod http2;
mod http_client;
mod ledger;
mod live;
mod matrix;
mod node;
mod openssl;
mod origins;
mod parents;
mod programs;
mod replay;
mod requests;
mod run;
mod secured;
mod serving;
mod trust;
mod websockets;
