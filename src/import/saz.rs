//! Fiddler's archives (`.saz`): a zip of files, of each session the request, the response and what else is known of it.
//!
//! ```text
//! raw/12_c.txt  the request      raw/12_s.txt  the response      raw/12_m.xml  moments, addresses, comment
//! ```
//!
//! The zip is read from its front as a stream, each file within a bound; its directory at the end is not needed.

use super::heads::Place;
use super::moment::micros;
use super::raw;
use super::{Imported, LARGEST, Report, Sink, WHOLE};
use crate::exchange::{Connection, ConnectionId, Exchange, Head, Note, Side, State, Timing};
use bytes::Bytes;
use flate2::bufread::DeflateDecoder;
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{IpAddr, SocketAddr};

/// What tells such a zip from others: the first name in it.
pub const MARK: &[u8] = b"raw/";

/// How a file within a zip begins.
const FILE: &[u8; 4] = b"PK\x03\x04";
/// Octets that one file may unpack to, if only to be read over.
const MOST: u64 = 4 << 30;

/// Reads sessions until the archive ends or breaks.
pub fn read(input: &mut dyn Read, sink: &mut Sink<'_>) -> io::Result<Report> {
    let mut report = Report { by: Some("Fiddler".to_owned()), ..Report::default() };
    let mut archive = BufReader::new(input);
    let (mut open, mut held) = (BTreeMap::<u32, Session>::new(), 0);
    loop {
        let file = match next(&mut archive) {
            Ok(Some(file)) => file,
            Ok(None) => break,
            Err(why) => {
                report.broken = Some(why);
                break;
            }
        };
        let Some((id, part)) = file.session() else { continue };
        let session = open.entry(id).or_default();
        session.cut |= file.cut;
        held += file.bytes.len();
        *session.part(part) = Some(Bytes::from(file.bytes));
        if session.is_whole() {
            let session = open.remove(&id).unwrap_or_default();
            held = held.saturating_sub(session.size());
            put(session, &mut report, sink)?;
        }
        // Sessions whose parts lie far from each other: the oldest goes without what has not come.
        while held > WHOLE
            && let Some((_, session)) = open.pop_first()
        {
            held = held.saturating_sub(session.size());
            put(session, &mut report, sink)?;
        }
    }
    open.into_values().try_for_each(|session| put(session, &mut report, sink))?;
    Ok(report)
}

fn put(session: Session, report: &mut Report, sink: &mut Sink<'_>) -> io::Result<()> {
    let cut = session.cut;
    match exchange(session) {
        Ok(imported) => {
            sink(imported)?;
            report.read += 1;
            report.cut += u64::from(cut);
        }
        Err(why) => report.leave_out(why),
    }
    Ok(())
}

/// What has come of a session.
#[derive(Debug, Default)]
struct Session {
    request: Option<Bytes>,
    response: Option<Bytes>,
    facts: Option<Bytes>,
    cut: bool,
}

impl Session {
    fn part(&mut self, part: Part) -> &mut Option<Bytes> {
        match part {
            Part::Request => &mut self.request,
            Part::Response => &mut self.response,
            Part::Facts => &mut self.facts,
        }
    }

    fn is_whole(&self) -> bool {
        self.request.is_some() && self.response.is_some() && self.facts.is_some()
    }

    fn size(&self) -> usize {
        [&self.request, &self.response, &self.facts].into_iter().flatten().map(Bytes::len).sum()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Request,
    Response,
    Facts,
}

/// A file of the archive.
struct File {
    name: String,
    bytes: Vec<u8>,
    cut: bool,
}

impl File {
    /// The session that it belongs to: `raw/12_c.txt`.
    fn session(&self) -> Option<(u32, Part)> {
        let (id, rest) = self.name.strip_prefix("raw/")?.split_once('_')?;
        let part = match rest {
            "c.txt" => Part::Request,
            "s.txt" => Part::Response,
            "m.xml" => Part::Facts,
            _ => return None,
        };
        Some((id.parse().ok()?, part))
    }
}

/// The next file; `None` behind the last one (APPNOTE.TXT 4.3.6 to 4.3.9).
fn next(archive: &mut impl BufRead) -> Result<Option<File>, String> {
    let head: [u8; 4] = take(archive)?;
    if &head != FILE {
        return if head.starts_with(b"PK") {
            Ok(None)
        } else {
            Err("it is damaged: a file was expected".to_owned())
        };
    }
    let [_, flags, method] = take_numbers(archive)?;
    let _: [u8; 8] = take(archive)?;
    let packed = u32::from_le_bytes(take(archive)?);
    let _: [u8; 4] = take(archive)?;
    let [name, extra] = take_numbers(archive)?;
    let name = String::from_utf8_lossy(&bytes(archive, usize::from(name))?).into_owned();
    bytes(archive, usize::from(extra))?;
    if flags & 1 != 0 {
        return Err("it is locked with a password: save it without one".to_owned());
    }
    // Sizes that stand behind what they are of.
    let behind = flags & 8 != 0;
    let (bytes, cut) = match (method, behind) {
        (_, false) if packed == u32::MAX => return Err(format!("{name} in it is larger than 4 GiB")),
        (0 | 8, false) => {
            let mut limited = archive.take(u64::from(packed));
            let unpacked =
                if method == 0 { kept(&mut limited) } else { kept(DeflateDecoder::new(&mut limited)) };
            // What is beyond the bound is read over as it is packed.
            io::copy(&mut limited, &mut io::sink()).map_err(words)?;
            if limited.limit() > 0 {
                return Err(ended());
            }
            unpacked?
        }
        (8, true) => {
            let mut decoder = DeflateDecoder::new(&mut *archive);
            let unpacked = kept(&mut decoder)?;
            let rest = io::copy(&mut decoder.take(MOST), &mut io::sink()).map_err(words)?;
            if rest == MOST {
                return Err(format!("{name} in it unpacks to more than 4 GiB"));
            }
            let mark: [u8; 4] = take(archive)?;
            let left = if &mark == b"PK\x07\x08" { 12 } else { 8 };
            self::bytes(archive, left)?;
            unpacked
        }
        _ => return Err(format!("{name} in it is packed in a way that is not read (method {method})")),
    };
    Ok(Some(File { name, bytes, cut }))
}

/// As much as is kept of a file; whether there was more.
fn kept(from: impl Read) -> Result<(Vec<u8>, bool), String> {
    let mut bytes = Vec::new();
    from.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(words)?;
    let cut = bytes.len() > LARGEST;
    bytes.truncate(LARGEST);
    Ok((bytes, cut))
}

fn bytes(from: &mut impl Read, count: usize) -> Result<Vec<u8>, String> {
    let mut bytes = vec![0; count];
    from.read_exact(&mut bytes).map_err(words)?;
    Ok(bytes)
}

fn take<const N: usize>(from: &mut impl Read) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes).map_err(words)?;
    Ok(bytes)
}

fn take_numbers<const N: usize>(from: &mut impl Read) -> Result<[u16; N], String> {
    let mut numbers = [0; N];
    for number in &mut numbers {
        *number = u16::from_le_bytes(take(from)?);
    }
    Ok(numbers)
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn words(error: io::Error) -> String {
    if error.kind() == io::ErrorKind::UnexpectedEof { ended() } else { error.to_string() }
}

fn ended() -> String {
    "it ends in the middle: the file was cut off".to_owned()
}

fn exchange(session: Session) -> Result<Imported, String> {
    let request =
        session.request.filter(|bytes| !bytes.is_empty()).ok_or("a session of it has no request")?;
    let (head, _) = raw::split(&request).ok_or("its head has no end: an empty line is missing")?;
    let head = Head::parse(head);
    let (method, target, _) = head.request_line().ok_or("its first line is no request line")?;
    if method == b"CONNECT" {
        return Err("a CONNECT is for a proxy alone".to_owned());
    }
    let place = Place::of(&String::from_utf8_lossy(target))?;
    let mut imported = raw::exchange(place, &request, session.response.as_ref())?;
    if let Some(facts) = &session.facts {
        told(&mut imported, &String::from_utf8_lossy(facts));
    }
    Ok(imported)
}

fn told(imported: &mut Imported, facts: &str) {
    let exchange = &mut imported.exchange;
    exchange.summary.set_note(flag(facts, "ui-comments").and_then(|comment| Note::new(&comment)));
    if let (Some(address), Some(port)) = (flag(facts, "x-clientip"), flag(facts, "x-clientport"))
        && let (Ok(address), Ok(port)) = (address.parse::<IpAddr>(), port.parse())
    {
        exchange.summary.client = SocketAddr::new(address, port).to_string();
    }
    timing(exchange, facts);
    let host = exchange.summary.host.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let port = host.unwrap_or_else(|| exchange.summary.scheme.default_port());
    if let (Some(address), Some(own)) = (flag(facts, "x-hostip"), flag(facts, "x-egressport"))
        && let (Ok(address), Ok(own)) = (address.parse::<IpAddr>(), own.parse::<u16>())
    {
        let id = ConnectionId(u64::from(own));
        exchange.origin_connection = Some((id, attribute(facts, "Reused").as_deref() == Some("true")));
        imported.connections.push(Connection {
            id,
            side: Side::Origin,
            opened: moment(facts, "ServerConnected").unwrap_or(exchange.summary.started),
            peer: Some(SocketAddr::new(address, port)),
            local: None,
            tls: None,
            dialling: None,
            frames: Vec::new(),
        });
    }
}

fn timing(exchange: &mut Exchange, facts: &str) {
    let Some(began) = moment(facts, "ClientBeginRequest") else { return };
    let since = |name| u64::try_from(moment(facts, name)?.checked_sub(began)?).ok();
    exchange.timing = Timing {
        request_head: since("GotRequestHeaders"),
        request_end: since("ClientDoneRequest"),
        request_sent: since("ServerGotRequest"),
        response_head: since("ServerBeginResponse"),
        response_sent: since("ClientBeginResponse"),
        response_end: since("ServerDoneResponse"),
        ..Timing::default()
    };
    exchange.summary.started = began;
    exchange.summary.ttfb = exchange.timing.response_head;
    exchange.summary.duration = exchange.timing.response_end;
    if exchange.summary.status.is_none() {
        exchange.summary.state = State::Aborted;
    }
}

/// A moment of the session's timers; what did not happen is the year 1.
fn moment(facts: &str, name: &str) -> Option<i64> {
    micros(&attribute(facts, name)?).filter(|micros| *micros > 0)
}

fn attribute(facts: &str, name: &str) -> Option<String> {
    let (_, rest) = facts.split_once(&format!(" {name}=\""))?;
    Some(plain(rest.split('"').next()?))
}

/// `<SessionFlag N="x-clientip" V="127.0.0.1" />`.
fn flag(facts: &str, name: &str) -> Option<String> {
    let (_, rest) = facts.split_once(&format!(" N=\"{name}\" V=\""))?;
    Some(plain(rest.split('"').next()?))
}

fn plain(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&apos;", "'");
    text.replace("&#xA;", "\n").replace("&#xD;", "").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    /// A zip as Fiddler writes it, or with the sizes behind.
    fn zip(files: &[(&str, &[u8])], behind: bool) -> Vec<u8> {
        let mut out = Vec::new();
        for (name, bytes) in files {
            let mut coder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
            coder.write_all(bytes).unwrap();
            let packed = coder.finish().unwrap();
            let sizes = [packed.len(), bytes.len()].map(|size| u32::try_from(size).unwrap().to_le_bytes());
            out.extend_from_slice(FILE);
            for number in [20_u16, if behind { 0x808 } else { 0x800 }, 8] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            out.extend_from_slice(&[0; 8]);
            out.extend_from_slice(&if behind { [0; 8] } else { sizes.concat().try_into().unwrap() });
            out.extend_from_slice(&u16::try_from(name.len()).unwrap().to_le_bytes());
            out.extend_from_slice(&2_u16.to_le_bytes());
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"xx");
            out.extend_from_slice(&packed);
            if behind {
                out.extend_from_slice(b"PK\x07\x08\0\0\0\0");
                out.extend_from_slice(&sizes.concat());
            }
        }
        out.extend_from_slice(b"PK\x01\x02 the directory");
        out
    }

    fn read(bytes: &[u8]) -> (Vec<Imported>, Report) {
        let mut all = Vec::new();
        let report = super::read(&mut &bytes[..], &mut |imported| {
            all.push(imported);
            Ok(())
        });
        (all, report.unwrap())
    }

    const ASKED: &[u8] =
        b"POST https://shop.test:8443/a HTTP/1.1\r\nHost: shop.test:8443\r\nContent-Length: 2\r\n\r\nhi";
    const ANSWERED: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
    const FACTS: &[u8] = b"\xef\xbb\xbf<?xml version=\"1.0\"?>\r\n<Session SID=\"2\" BitFlags=\"9\">\r\n  <SessionTimers \
        ClientConnected=\"2025-08-30T11:33:29.356942-07:00\" ClientBeginRequest=\"2025-08-30T11:33:40.0256586-07:00\" \
        GotRequestHeaders=\"2025-08-30T11:33:40.0266588-07:00\" ServerGotRequest=\"2025-08-30T11:33:40.2713745-07:00\" \
        ServerBeginResponse=\"2025-08-30T11:33:41.4264004-07:00\" ServerDoneResponse=\"2025-08-30T11:33:41.5264004-07:00\" \
        ClientBeginResponse=\"0001-01-01T00:00:00\" />\r\n  <PipeInfo CltReuse=\"true\" Reused=\"true\" />\r\n  <SessionFlags>\r\n    \
        <SessionFlag N=\"x-egressport\" V=\"64982\" />\r\n    <SessionFlag N=\"x-clientport\" V=\"64971\" />\r\n    \
        <SessionFlag N=\"x-clientip\" V=\"127.0.0.1\" />\r\n    <SessionFlag N=\"x-hostip\" V=\"192.0.2.49\" />\r\n    \
        <SessionFlag N=\"ui-comments\" V=\"slow &amp; odd #todo\" />\r\n  </SessionFlags>\r\n</Session>";

    #[test]
    fn a_session_is_an_exchange() {
        let files = [
            ("raw/", &b""[..]),
            ("raw/2_c.txt", ASKED),
            ("raw/2_s.txt", ANSWERED),
            ("raw/2_m.xml", FACTS),
            ("_index.htm", b"<html>"),
        ];
        for behind in [false, true] {
            let (all, report) = read(&zip(&files, behind));
            assert_eq!((report.read, report.left_out, report.broken.as_deref()), (1, 0, None));
            let (exchange, summary) = (&all[0].exchange, &all[0].exchange.summary);
            assert_eq!((summary.url().as_str(), summary.status), ("https://shop.test:8443/a", Some(200)));
            assert_eq!(all[0].bodies, [b"hi".to_vec(), b"abcde".to_vec()]);
            assert_eq!((exchange.response_body.length, exchange.response_body.complete), (5, true));
            assert_eq!(summary.started, 1_756_578_820_025_658);
            assert_eq!((summary.ttfb, summary.duration), (Some(1_400_742), Some(1_500_742)));
            assert_eq!((summary.client.as_str(), exchange.timing.response_sent), ("127.0.0.1:64971", None));
            assert_eq!(summary.note, Note::new("slow & odd #todo"));
            assert_eq!(exchange.origin_connection, Some((ConnectionId(64_982), true)));
            assert_eq!(all[0].connections[0].peer.unwrap().to_string(), "192.0.2.49:8443");
        }
    }

    #[test]
    fn parts_come_in_any_order_and_may_be_missing() {
        let tunnel = b"CONNECT h.test:443 HTTP/1.1\r\n\r\n";
        let files = [
            ("raw/3_c.txt", ASKED),
            ("raw/1_c.txt", &tunnel[..]),
            ("raw/1_s.txt", b""),
            ("raw/7_s.txt", ANSWERED),
        ];
        let (all, report) = read(&zip(&files, false));
        assert_eq!((all.len(), report.left_out, report.broken), (1, 2, None));
        assert_eq!((all[0].exchange.summary.status, all[0].exchange.summary.state), (None, State::Aborted));
    }

    #[test]
    fn what_is_locked_or_cut_is_said() {
        let whole = zip(&[("raw/1_c.txt", ASKED), ("raw/1_s.txt", ANSWERED)], false);
        let mut locked = whole.clone();
        locked[6] |= 1;
        assert!(read(&locked).1.broken.unwrap().contains("password"));
        for cut in [3, 20, 40, whole.len() - 30] {
            let (_, report) = read(&whole[..cut]);
            assert!(report.broken.is_some_and(|why| why.contains("cut off")), "{cut}");
        }
        // One that stands without its answer is kept.
        assert_eq!(read(&whole[..whole.len() - 30]).0.len(), 1);
    }

    #[test]
    fn what_unpacks_to_more_than_is_kept_is_cut() {
        let mut large = b"POST http://h/ HTTP/1.1\r\nHost: h\r\n\r\n".to_vec();
        large.resize(LARGEST + 70_000, b'x');
        for behind in [false, true] {
            let (all, report) = read(&zip(&[("raw/1_c.txt", &large), ("raw/2_c.txt", ASKED)], behind));
            assert_eq!((all.len(), report.cut, report.broken), (2, 1, None));
        }
    }
}
