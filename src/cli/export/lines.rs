//! JSON lines: an exchange a line, as `show --json` has it, with its bodies and messages.

use super::super::exit::Halt;
use super::super::json;
use super::super::target::Target;
use crate::exchange::Side;
use crate::export::{Json, Outgoing};
use crate::store::Numbered;
use std::io::Write as _;

/// Writes one.
pub(super) fn write(target: &mut Target, outgoing: &Outgoing<'_>) -> Result<(), Halt> {
    let exchange = outgoing.exchange();
    let (client, origin) = (outgoing.connection(Side::Client)?, outgoing.connection(Side::Origin)?);
    let line = json::whole(exchange, client.as_ref(), origin.as_ref()).map_err(anyhow::Error::from)?;
    target.write_all(line.strip_suffix('}').unwrap_or(&line).as_bytes())?;
    target.write_all(b",\"content\":")?;
    let mut out = Json::new(&mut *target);
    out.open()?;
    for (name, side) in [("request", Side::Client), ("response", Side::Origin)] {
        let content = outgoing.measure(side)?;
        let mut octets = outgoing.read(side, &content)?;
        out.key(name)?.open()?;
        if content.text {
            out.key("text")?.long_text(&mut octets)?;
        } else {
            out.key("base64")?.long_base64(&mut octets)?;
        }
        out.key("decoded")?.plain(content.decoded)?;
        if let Some(why) = &content.trouble {
            out.key("trouble")?.text(why)?;
        }
        out.close()?;
    }
    out.close()?;
    target.write_all(b",\"said\":[")?;
    let mut between = "";
    if exchange.summary.messages > 0 {
        outgoing.messages(&mut |number, message| {
            let kept = message.payload.len() as u64;
            let numbered = Numbered { number, message: message.clone(), kept };
            let line = json::message(exchange.summary.id, &numbered)?;
            write!(target, "{between}{line}")?;
            between = ",";
            Ok(())
        })?;
    }
    target.write_all(b"]}\n")?;
    Ok(())
}
