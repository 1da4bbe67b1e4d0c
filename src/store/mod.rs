//! STUB until merge.
use crate::exchange::*;
#[derive(Debug)]
pub struct Inbox;
#[derive(Debug)]
pub struct StoreError;
impl Inbox {
    pub fn push(&self, _s: usize, _e: Event) {}
    pub fn try_reserve(&self, _b: usize) -> bool {
        true
    }
    pub fn poll_reserve(&self, _cx: &mut std::task::Context<'_>, _b: usize) -> std::task::Poll<()> {
        std::task::Poll::Ready(())
    }
    pub fn release(&self, _b: usize) {}
    pub fn body_block(&self, _id: ExchangeId, _s: Side, _b: Vec<u8>) {}
    pub fn body_end(
        &self,
        _id: ExchangeId,
        _s: Side,
        _d: Box<dyn FnOnce(Result<[u8; 32], StoreError>) + Send>,
    ) {
    }
    pub fn lost_body(&self, _id: ExchangeId, _s: Side) {}
}
