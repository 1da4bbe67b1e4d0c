//! mitmproxy's flow files, as `mitmdump -w` writes them: HTTP flows with their WebSocket messages. Others (TCP,
//! UDP, DNS) are no exchanges and are counted.

mod flow;
mod tnet;

use super::{Report, Sink, WHOLE};
use std::io::{self, Read};
use tnet::{Next, Tnet};

/// Reads flows until the file ends or breaks.
pub fn read(input: &mut dyn Read, sink: &mut Sink<'_>) -> io::Result<Report> {
    let mut report = Report { by: Some("mitmproxy".to_owned()), ..Report::default() };
    let mut flows = Tnet::new(input);
    loop {
        match flows.next(WHOLE as u64) {
            Ok(Next::End) => return Ok(report),
            Ok(Next::TooLarge) => report.leave_out(format!("it is larger than {} MiB", WHOLE >> 20)),
            Ok(Next::Value(value)) => match flow::exchange(&value) {
                Ok(imported) => {
                    sink(imported)?;
                    report.read += 1;
                }
                Err(why) => report.leave_out(why),
            },
            Err(fault) => {
                report.broken = Some(fault.to_string());
                return Ok(report);
            }
        }
    }
}

#[cfg(test)]
mod tests;
