//! XML and HTML: tags coloured a line at a time, and small documents indented.

use super::laid::Laid;
use super::rows::{Ink, Piece, Row};

/// HTML's elements without an end tag (HTML 13.1.2).
const VOID: &[&[u8]] = &[
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"source",
    b"track", b"wbr",
];

/// HTML's elements whose content is kept as it is.
const VERBATIM: &[&[u8]] = &[b"pre", b"script", b"style", b"textarea"];

/// Bytes of a text that stays on the line of its tags.
const SHORT: usize = 60;

/// Indentation ends here, however deep it goes.
const DEEPEST: usize = 24;

/// A line in its colours. A tag that began in a line before is not known here, and stays plain.
#[must_use]
pub fn pieces(line: &[u8]) -> Vec<Piece> {
    tokens(line).map(|token| Piece::new(ink(token), token)).collect()
}

/// A document indented.
#[must_use]
pub fn laid(bytes: &[u8], html: bool) -> Laid {
    let tokens: Vec<&[u8]> = tokens(bytes).collect();
    let mut writer = Writer { rows: Vec::new(), open: Vec::new(), html };
    let mut at = 0;
    while let Some(token) = tokens.get(at).copied() {
        at += writer.take(token, tokens.get(at + 1..).unwrap_or_default());
    }
    Laid::new(writer.rows, None)
}

struct Writer<'a> {
    rows: Vec<Row>,
    open: Vec<&'a [u8]>,
    html: bool,
}

impl<'a> Writer<'a> {
    /// Lays a token, with what belongs onto its line; returns how many were taken.
    fn take(&mut self, token: &'a [u8], behind: &[&'a [u8]]) -> usize {
        let name = name(token);
        match kind(token) {
            Kind::Text => self.text(token),
            Kind::Aside => self.lines(token),
            Kind::Close => {
                let html = self.html;
                if let Some(place) = self.open.iter().rposition(|open| same(html, open, name)) {
                    self.open.truncate(place);
                }
                self.row(&[token]);
            }
            Kind::Open if self.has_no_end(token, name) => self.row(&[token]),
            Kind::Open => return self.element(token, name, behind),
        }
        1
    }

    fn element(&mut self, token: &'a [u8], name: &'a [u8], behind: &[&'a [u8]]) -> usize {
        let html = self.html;
        let closes = |token: Option<&&[u8]>| {
            token.is_some_and(|token| kind(token) == Kind::Close && same(html, self::name(token), name))
        };
        if closes(behind.first()) {
            self.row(&[token, behind.first().copied().unwrap_or_default()]);
            return 2;
        }
        let text = behind.first().copied().filter(|text| kind(text) == Kind::Text).unwrap_or_default();
        if closes(behind.get(1)) && text.len() <= SHORT && !text.contains(&b'\n') {
            self.row(&[token, text.trim_ascii(), behind.get(1).copied().unwrap_or_default()]);
            return 3;
        }
        self.row(&[token]);
        self.open.push(name);
        if html && VERBATIM.iter().any(|known| same(html, known, name)) {
            let inside = behind.iter().take_while(|token| !closes(Some(token))).copied();
            let inside: Vec<&[u8]> = inside.collect();
            self.lines(&inside.concat());
            return 1 + inside.len();
        }
        1
    }

    fn text(&mut self, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty())
        {
            self.row(&[line]);
        }
    }

    /// Lines as they are, under each other.
    fn lines(&mut self, text: &[u8]) {
        for line in text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end) {
            if !line.is_empty() {
                let line: Vec<u8> =
                    line.iter().map(|byte| if *byte == b'\t' { b' ' } else { *byte }).collect();
                let ink = if kind(text) == Kind::Aside { Ink::Comment } else { Ink::Plain };
                self.push(vec![Piece::new(ink, line)]);
            }
        }
    }

    fn row(&mut self, tokens: &[&[u8]]) {
        let blank = |token: &[u8]| {
            token
                .iter()
                .map(|byte| if byte.is_ascii_whitespace() { b' ' } else { *byte })
                .collect::<Vec<u8>>()
        };
        let pieces =
            tokens.iter().filter(|token| !token.is_empty()).map(|token| Piece::new(ink(token), blank(token)));
        self.push(pieces.collect());
    }

    fn push(&mut self, pieces: Vec<Piece>) {
        let depth = u32::try_from(self.open.len().min(DEEPEST)).unwrap_or(0);
        self.rows.push(Row { depth, pieces, hang: 2, ..Row::default() });
    }

    fn has_no_end(&self, token: &[u8], name: &[u8]) -> bool {
        token.ends_with(b"/>") || (self.html && VOID.iter().any(|known| known.eq_ignore_ascii_case(name)))
    }
}

/// Whether two names are the same: HTML's have no case.
fn same(html: bool, one: &[u8], other: &[u8]) -> bool {
    if html { one.eq_ignore_ascii_case(other) } else { one == other }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Open,
    Close,
    /// Comments, declarations, instructions, CDATA.
    Aside,
}

fn kind(token: &[u8]) -> Kind {
    match token {
        [b'<', b'/', ..] => Kind::Close,
        [b'<', b'!' | b'?', ..] => Kind::Aside,
        [b'<', first, ..] if first.is_ascii_alphabetic() || *first == b'_' => Kind::Open,
        _ => Kind::Text,
    }
}

fn ink(token: &[u8]) -> Ink {
    match kind(token) {
        Kind::Text => Ink::Plain,
        Kind::Open | Kind::Close => Ink::Tag,
        Kind::Aside => Ink::Comment,
    }
}

fn name(token: &[u8]) -> &[u8] {
    let from = usize::from(token.starts_with(b"</")) + 1;
    let rest = token.get(from..).unwrap_or_default();
    let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
    rest.get(..rest.iter().position(ends).unwrap_or(rest.len())).unwrap_or_default()
}

/// Tags and what stands between them; nothing is left out.
fn tokens(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (token, behind) = rest.split_at(length(rest).clamp(1, rest.len()));
        rest = behind;
        Some(token)
    })
}

fn length(rest: &[u8]) -> usize {
    let until = |needle: &[u8]| memchr::memmem::find(rest, needle).map_or(rest.len(), |at| at + needle.len());
    if rest.starts_with(b"<!--") {
        return until(b"-->");
    }
    if rest.starts_with(b"<![CDATA[") {
        return until(b"]]>");
    }
    if kind(rest) == Kind::Text {
        let next = rest.get(1..).and_then(|rest| memchr::memchr(b'<', rest));
        return next.map_or(rest.len(), |at| at + 1);
    }
    let mut quote = None;
    for (at, byte) in rest.iter().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') if kind(rest) == Kind::Open => quote = Some(*byte),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Rows;
    use proptest::prelude::*;

    fn shown(text: &str, html: bool) -> Vec<String> {
        let laid = laid(text.as_bytes(), html);
        std::iter::successors(laid.first(), |spot| laid.next(*spot))
            .map(|spot| {
                let row = laid.row(spot);
                let bytes: Vec<u8> = row.pieces.into_iter().flat_map(|piece| piece.text).collect();
                format!("{}{}", "  ".repeat(row.depth as usize), String::from_utf8_lossy(&bytes))
            })
            .collect()
    }

    #[test]
    fn html_is_indented() {
        let html = "<!doctype html><html><head><title>Error</title><meta charset=utf-8></head><body class=\"a>b\"><h1></h1><p>one <b>two</b> three<br>four</p><pre>  x\n    y</pre></body></html>";
        assert_eq!(
            shown(html, true),
            [
                "<!doctype html>",
                "<html>",
                "  <head>",
                "    <title>Error</title>",
                "    <meta charset=utf-8>",
                "  </head>",
                "  <body class=\"a>b\">",
                "    <h1></h1>",
                "    <p>",
                "      one",
                "      <b>two</b>",
                "      three",
                "      <br>",
                "      four",
                "    </p>",
                "    <pre>",
                "        x",
                "          y",
                "    </pre>",
                "  </body>",
                "</html>",
            ]
        );
    }

    #[test]
    fn xml_that_is_not_well_formed_is_shown_all_the_same() {
        assert_eq!(shown("<a><b x='1'/></c><d>", false), ["<a>", "  <b x='1'/>", "  </c>", "  <d>"]);
        assert_eq!(shown("a < b <!-- <x> --> <", false), ["a", "< b", "<!-- <x> -->", "<"]);
    }

    proptest! {
        #[test]
        fn colours_leave_nothing_out(line in proptest::collection::vec(proptest::sample::select(&b"<>/!-ab\"' ?[]"[..]), 0..60)) {
            let text: Vec<u8> = pieces(&line).into_iter().flat_map(|piece| piece.text).collect();
            prop_assert_eq!(&text, &line);
            let kept = |bytes: &[u8]| bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect::<Vec<u8>>();
            let laid: Vec<u8> = shown(&String::from_utf8(line.clone()).unwrap(), true).concat().into_bytes();
            prop_assert_eq!(kept(&laid), kept(&line));
        }
    }
}
