//! Names of other tools that say field, operator and value at once: `larger-than:10k`,
//! `has-response-header:etag`.

use super::fault::Fault;
use super::fields::{Field, Name};
use super::op::Op;
use super::tree::{Node, Side, Test, Want};
use super::want::{Raw, RawForm, want};

/// What such a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Special {
    /// Octets of the answer's body, at least.
    LargerThan,
    /// A field by this name is there.
    HasHeader(Side),
    /// A cookie by this name was sent or set.
    Cookie,
    /// A cookie by this name was set.
    SetCookie,
}

/// Every such name, with its meaning and a word of help.
pub(super) const SPECIALS: &[(&str, Special, &str)] = &[
    ("larger-than", Special::LargerThan, "size>=, as in DevTools"),
    ("has-response-header", Special::HasHeader(Side::Response), "res.header.NAME:*, as in DevTools"),
    ("has-request-header", Special::HasHeader(Side::Request), "req.header.NAME:*"),
    ("cookie-name", Special::Cookie, "cookie.NAME:* or set-cookie.NAME:*, as in DevTools"),
    ("set-cookie-name", Special::SetCookie, "set-cookie.NAME:*, as in DevTools"),
];

/// The meaning of a name.
pub(super) fn find(name: &str) -> Option<Special> {
    SPECIALS.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name)).map(|(_, special, _)| *special)
}

impl Special {
    /// The field that it is about.
    pub(super) fn field(self) -> &'static Field {
        match self {
            Self::LargerThan => Name::Size.field(),
            Self::HasHeader(_) => Name::Header.field(),
            Self::Cookie => Name::Cookie.field(),
            Self::SetCookie => Name::SetCookie.field(),
        }
    }

    /// What it means with a value.
    pub(super) fn node(self, raw: &Raw) -> Result<Node, Fault> {
        let there = |name, side| {
            let part = raw.text.clone();
            Node::Test(Test { name, side, part, wants: vec![Want::Any] })
        };
        Ok(match self {
            Self::LargerThan => {
                let plain = Raw { form: RawForm::Bare, ..raw.clone() };
                let wants = vec![want(Name::Size.field(), Op::Least, &plain)?];
                Node::Test(Test { name: Name::Size, side: None, part: String::new(), wants })
            }
            Self::HasHeader(side) => there(Name::Header, Some(side)),
            Self::Cookie => Node::or([there(Name::Cookie, None), there(Name::SetCookie, None)]),
            Self::SetCookie => there(Name::SetCookie, None),
        })
    }
}
