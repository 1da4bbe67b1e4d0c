//! What is known of a tunnel that was relayed unread: why it was, what was spoken in it, how it ended.

use super::Side;

/// A tunnel whose bytes passed unread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnelled {
    /// Why it was not opened.
    pub why: Unopened,
    /// More of that in words, where there is more to say.
    pub says: Option<String>,
    /// Who spoke first, once anybody has.
    pub first: Option<Side>,
    /// What was spoken, once the first bytes told.
    pub spoken: Option<Spoken>,
    /// When the client said that it sends no more, microseconds since the exchange began.
    pub client_ended: Option<u64>,
    /// The same of the server.
    pub origin_ended: Option<u64>,
}

impl Tunnelled {
    /// A tunnel that begins now.
    #[must_use]
    pub fn new(why: Unopened, says: Option<String>) -> Self {
        Self { why, says, first: None, spoken: None, client_ended: None, origin_ended: None }
    }

    /// Why it was not opened, whole.
    #[must_use]
    pub fn reason(&self) -> String {
        match &self.says {
            Some(says) => format!("{}: {says}", self.why.says()),
            None => self.why.says().to_owned(),
        }
    }

    /// What was spoken in it, in words.
    #[must_use]
    pub fn speech(&self) -> String {
        let what = self.spoken.map_or("nothing so far that tells", Spoken::says);
        match self.first {
            Some(Side::Origin) => format!("{what}; the server spoke first"),
            Some(Side::Client) => format!("{what}; the client spoke first"),
            None => "nobody has said anything".to_owned(),
        }
    }

    /// How its two directions ended, in words; `None` while both go on.
    #[must_use]
    pub fn ending(&self, duration: impl Fn(u64) -> String) -> Option<String> {
        let apart = |first: u64, then: u64| duration(then.saturating_sub(first));
        Some(match (self.client_ended, self.origin_ended) {
            (None, None) => return None,
            (Some(client), None) => {
                format!("the client sends no more since {}, the server may still", duration(client))
            }
            (None, Some(origin)) => {
                format!("the server sends no more since {}, the client may still", duration(origin))
            }
            (Some(client), Some(origin)) if client <= origin => {
                format!(
                    "by the client after {}, by the server {} later",
                    duration(client),
                    apart(client, origin)
                )
            }
            (Some(client), Some(origin)) => {
                format!(
                    "by the server after {}, by the client {} later",
                    duration(origin),
                    apart(origin, client)
                )
            }
        })
    }
}

macro_rules! words {
    ($(#[doc = $doc:literal])+ $type:ident { $($(#[doc = $vdoc:literal])+ $name:ident = $word:literal, $says:literal;)+ }) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[doc = $vdoc])+ $name,)+ }

        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The word used in JSON and captures.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)+ }
            }

            /// Reads [`Self::as_str`].
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)+ _ => None }
            }

            /// As a person is told it.
            #[must_use]
            pub fn says(self) -> &'static str {
                match self { $(Self::$name => $says,)+ }
            }
        }
    };
}

words! {
    /// Why a tunnel was not opened.
    Unopened {
        /// No tunnel is to be.
        Off = "off", "interception is off (--no-intercept)";
        /// Its host is in `intercept.tunnel`.
        Named = "named", "its host is left alone (--tunnel)";
        /// Its host is not in `intercept.only`.
        NotNamed = "not-named", "only other hosts are intercepted (--intercept)";
        /// Its client refused our certificate before.
        Learned = "learned", "learned from this client's refusals";
        /// Neither TLS nor HTTP is spoken in it.
        Protocol = "protocol", "neither TLS nor HTTP is spoken in it";
        /// The server spoke first.
        ServerFirst = "server-first", "the server spoke first";
        /// It asks for what is not served here.
        Offer = "offer", "what is spoken in it is not served here";
    }
}

words! {
    /// A protocol that the first bytes of a tunnel tell.
    Spoken {
        /// TLS.
        Tls = "tls", "TLS";
        /// HTTP/1 without TLS.
        Http1 = "http/1", "HTTP/1 without TLS";
        /// HTTP/2 without TLS.
        Http2 = "http/2", "HTTP/2 without TLS";
        /// The Secure Shell.
        Ssh = "ssh", "SSH";
        /// Mail on its way.
        Smtp = "smtp", "SMTP";
        /// Mail being read.
        Imap = "imap", "IMAP";
        /// Mail being fetched.
        Pop3 = "pop3", "POP3";
        /// File transfer.
        Ftp = "ftp", "FTP";
        /// A database.
        Postgres = "postgres", "PostgreSQL";
        /// A database.
        Mysql = "mysql", "MySQL";
        /// A store of keys.
        Redis = "redis", "Redis";
        /// Messages of things.
        Mqtt = "mqtt", "MQTT";
        /// A remote screen.
        Vnc = "vnc", "VNC";
        /// None that is known here.
        Unknown = "unknown", "a protocol that hopscope does not know";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_round_trip() {
        for why in Unopened::ALL {
            assert_eq!(Unopened::from_word(why.as_str()), Some(*why));
        }
        for spoken in Spoken::ALL {
            assert_eq!(Spoken::from_word(spoken.as_str()), Some(*spoken));
        }
    }

    #[test]
    fn each_half_has_its_end() {
        let mut tunnel = Tunnelled::new(Unopened::Off, None);
        let says = |tunnel: &Tunnelled| tunnel.ending(|micros| format!("{micros} us"));
        assert_eq!(says(&tunnel), None);
        tunnel.client_ended = Some(5);
        assert_eq!(says(&tunnel).unwrap(), "the client sends no more since 5 us, the server may still");
        tunnel.origin_ended = Some(7);
        assert_eq!(says(&tunnel).unwrap(), "by the client after 5 us, by the server 2 us later");
        tunnel.origin_ended = Some(4);
        assert_eq!(says(&tunnel).unwrap(), "by the server after 4 us, by the client 1 us later");
    }

    #[test]
    fn told_whole() {
        let mut tunnel = Tunnelled::new(Unopened::Learned, Some("until noon".to_owned()));
        assert_eq!(tunnel.reason(), "learned from this client's refusals: until noon");
        assert_eq!(tunnel.speech(), "nobody has said anything");
        (tunnel.first, tunnel.spoken) = (Some(Side::Origin), Some(Spoken::Ssh));
        assert_eq!(tunnel.speech(), "SSH; the server spoke first");
    }
}
