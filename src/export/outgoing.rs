//! An exchange on its way out of a capture: secrets covered where that is asked for, bodies with their codings
//! undone, read where they lie and never held.

use super::redact::Veil;
use crate::exchange::{Connection, ConnectionId, Exchange, ExchangeId, Message, Side};
use crate::view;
use std::io::{self, Read};

/// Codings are undone up to this size: what unpacks to more stands as it was received.
pub const UNPACKED: u64 = 256 << 20;

/// Where an exchange's bodies, messages and connections are kept.
pub trait Kept {
    /// The kept bytes of a body, as received.
    fn body(&self, exchange: &Exchange, side: Side) -> io::Result<Box<dyn Read + '_>>;
    /// Calls with each message of an exchange, payloads whole, in their order.
    fn messages(
        &self,
        id: ExchangeId,
        each: &mut dyn FnMut(u64, Message) -> io::Result<()>,
    ) -> io::Result<()>;
    /// A connection.
    fn connection(&self, id: ConnectionId) -> io::Result<Option<Connection>>;
}

/// An exchange as others get to see it.
pub struct Outgoing<'a> {
    original: &'a Exchange,
    covered: Option<Exchange>,
    kept: &'a dyn Kept,
    veil: Option<&'a Veil>,
}

/// What a body comes to when it is read for others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    /// Octets.
    pub length: u64,
    /// Whether they are UTF-8.
    pub text: bool,
    /// Whether codings were undone.
    pub decoded: bool,
    /// Whether secrets were covered in it.
    pub covered: bool,
    /// Why codings were not undone though there are some, or that its file is gone.
    pub trouble: Option<String>,
}

impl<'a> Outgoing<'a> {
    /// With a veil, secrets are covered everywhere.
    #[must_use]
    pub fn new(exchange: &'a Exchange, kept: &'a dyn Kept, veil: Option<&'a Veil>) -> Self {
        Self { original: exchange, covered: veil.map(|veil| veil.exchange(exchange)), kept, veil }
    }

    /// The exchange, to be written down.
    #[must_use]
    pub fn exchange(&self) -> &Exchange {
        self.covered.as_ref().unwrap_or(self.original)
    }

    /// Whether secrets are covered.
    #[must_use]
    pub fn is_covered(&self) -> bool {
        self.veil.is_some()
    }

    /// Reads through a body to learn what it is.
    pub fn measure(&self, side: Side) -> io::Result<Content> {
        match self.look_through(side) {
            // The rest of the exchange is there nonetheless.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Ok(Content { text: true, trouble: Some(error.to_string()), ..Content::default() })
            }
            other => other,
        }
    }

    fn look_through(&self, side: Side) -> io::Result<Content> {
        let coded = !view::codings_of(self.original, side).is_empty();
        let trouble = if coded {
            match self.scan(side, true) {
                Ok(content) if content.length > UNPACKED => {
                    Some(format!("it unpacks to more than {} MiB", UNPACKED >> 20))
                }
                Ok(content) => return Ok(content),
                Err(error) => Some(error.to_string()),
            }
        } else {
            None
        };
        Ok(Content { trouble, ..self.scan(side, false)? })
    }

    /// The octets that [`Outgoing::measure`] has measured.
    pub fn read(&self, side: Side, content: &Content) -> io::Result<Box<dyn Read + '_>> {
        if content.length == 0 {
            return Ok(Box::new(io::empty()));
        }
        let body = self.body(side, content.decoded)?;
        // A body that still arrives may have grown meanwhile.
        Ok(match self.veil {
            Some(veil) => Box::new(veil.body(body).take(content.length)),
            None => Box::new(body.take(content.length)),
        })
    }

    /// The octets as received where they are not what [`Outgoing::read`] gives, and hold no secret that was
    /// covered there.
    pub fn raw(&self, side: Side, content: &Content) -> io::Result<Option<Box<dyn Read + '_>>> {
        if content.decoded && !content.covered { self.body(side, false).map(Some) } else { Ok(None) }
    }

    /// The octets as received, whatever is covered elsewhere: for what must run.
    pub fn received(&self, side: Side) -> io::Result<Box<dyn Read + '_>> {
        self.body(side, false)
    }

    /// Each message, in order.
    pub fn messages(&self, each: &mut dyn FnMut(u64, &Message) -> io::Result<()>) -> io::Result<()> {
        self.kept.messages(self.original.summary.id, &mut |number, message| match self.veil {
            Some(veil) => each(number, &veil.message(&message)),
            None => each(number, &message),
        })
    }

    /// The connection on one side.
    pub fn connection(&self, side: Side) -> io::Result<Option<Connection>> {
        let id = match side {
            Side::Client => Some(self.original.client_connection),
            Side::Origin => self.original.origin_connection.map(|(id, _)| id),
        };
        id.map_or(Ok(None), |id| self.kept.connection(id))
    }

    fn body(&self, side: Side, decoded: bool) -> io::Result<Box<dyn Read + '_>> {
        let body = self.kept.body(self.original, side)?;
        if !decoded {
            return Ok(body);
        }
        view::decoded(body, &view::codings_of(self.original, side)).map_err(io::Error::other)
    }

    fn scan(&self, side: Side, decoded: bool) -> io::Result<Content> {
        let body = self.body(side, decoded)?;
        let mut scan = Scan::default();
        let most = if decoded { UNPACKED + 1 } else { u64::MAX };
        let covered = match self.veil {
            None => scan.all(body.take(most)).map(|()| false)?,
            Some(veil) => {
                let mut body = veil.body(body.take(most));
                scan.all(&mut body)?;
                body.touched()
            }
        };
        Ok(Content { length: scan.length, text: scan.is_text(), decoded, covered, trouble: None })
    }
}

/// Counts octets, and tells whether they are UTF-8.
#[derive(Default)]
struct Scan {
    length: u64,
    broken: bool,
    /// The beginning of a character whose end has not come.
    open: Vec<u8>,
}

impl Scan {
    fn all(&mut self, mut body: impl Read) -> io::Result<()> {
        let mut piece = vec![0; 64 << 10];
        loop {
            match body.read(&mut piece) {
                Ok(0) => return Ok(()),
                Ok(read) => self.piece(piece.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn piece(&mut self, piece: &[u8]) {
        self.length += piece.len() as u64;
        if self.broken {
            return;
        }
        let joined;
        let bytes = if self.open.is_empty() {
            piece
        } else {
            joined = [&std::mem::take(&mut self.open)[..], piece].concat();
            &joined
        };
        if let Err(error) = std::str::from_utf8(bytes) {
            self.broken = error.error_len().is_some();
            self.open = bytes.get(error.valid_up_to()..).unwrap_or_default().to_vec();
        }
    }

    fn is_text(&self) -> bool {
        !self.broken && self.open.is_empty()
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::exchange::BodyPlace;
    use crate::export::redact::Secrets;
    use crate::export::request::tests::exchange;
    use std::io::Write as _;

    /// An exchange that holds its own bodies, and these messages.
    #[derive(Default)]
    pub struct InHand(pub Vec<Message>);

    impl Kept for InHand {
        fn body(&self, exchange: &Exchange, side: Side) -> io::Result<Box<dyn Read + '_>> {
            Ok(match &exchange.body(side).place {
                BodyPlace::Inline(bytes) => Box::new(io::Cursor::new(bytes.clone())),
                _ => Box::new(io::empty()),
            })
        }

        fn messages(
            &self,
            _: ExchangeId,
            each: &mut dyn FnMut(u64, Message) -> io::Result<()>,
        ) -> io::Result<()> {
            (0..).zip(&self.0).try_for_each(|(number, message)| each(number, message.clone()))
        }

        fn connection(&self, _: ConnectionId) -> io::Result<Option<Connection>> {
            Ok(None)
        }
    }

    fn posted(fields: &str, body: &[u8]) -> Exchange {
        let head = format!("POST /x HTTP/1.1\r\n{fields}\r\n");
        let mut exchange = exchange(head.as_bytes(), "h.test", body);
        exchange.request_body.place = BodyPlace::Inline(body.to_vec());
        exchange
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        coder.write_all(bytes).unwrap();
        coder.finish().unwrap()
    }

    fn read(exchange: &Exchange, veil: Option<&Veil>) -> (Content, String, bool) {
        let kept = InHand::default();
        let outgoing = Outgoing::new(exchange, &kept, veil);
        let content = outgoing.measure(Side::Client).unwrap();
        let mut bytes = Vec::new();
        outgoing.read(Side::Client, &content).unwrap().read_to_end(&mut bytes).unwrap();
        let raw = outgoing.raw(Side::Client, &content).unwrap().is_some();
        (content, String::from_utf8_lossy(&bytes).into_owned(), raw)
    }

    #[test]
    fn codings_are_undone_where_they_can_be() {
        let (content, text, raw) = read(&posted("Content-Encoding: gzip\r\n", &gzip(b"hello")), None);
        assert_eq!((content.text, content.decoded, text.as_str(), raw), (true, true, "hello", true));
        let (content, text, raw) = read(&posted("Content-Encoding: gzip\r\n", b"no gzip"), None);
        assert!(!content.decoded && content.trouble.is_some() && text == "no gzip" && !raw);
        let (content, ..) = read(&posted("", b"\xff\xfe"), None);
        assert_eq!((content.text, content.length), (false, 2));
    }

    #[test]
    fn a_coded_body_that_held_a_secret_is_not_given_as_received() {
        let body = gzip(br#"{"token":"abcdef123456"}"#);
        let exchange = posted("Content-Encoding: gzip\r\n", &body);
        let mut secrets = Secrets::default();
        secrets.exchange(&exchange);
        let veil = Veil::new(secrets, [0; 32]).unwrap();
        let (content, text, raw) = read(&exchange, Some(&veil));
        assert!(content.covered && !raw && text.starts_with("{\"token\":\"hidden-"), "{text}");
    }

    #[test]
    fn characters_may_be_cut_between_pieces() {
        for (bytes, text) in [("ä€😀".as_bytes(), true), (b"a\xc3", false), (b"\xc3a", false)] {
            let mut scan = Scan::default();
            for byte in bytes {
                scan.piece(&[*byte]);
            }
            assert_eq!(scan.is_text(), text);
        }
    }
}
