//! The Huffman code of strings (RFC 7541 5.2 and B), both ways.
//!
//! The code is canonical: within a length codes count up in the order of symbols, so the lengths tell
//! all. Decoding goes by half octets through an automaton that is made when this is compiled.

use super::Flaw;
use bytes::{BufMut, BytesMut};

/// The symbol that must never be coded; its first bits are the padding (RFC 7541 5.2).
const EOS: usize = 256;
/// Bits of the longest code.
const LONGEST: u8 = 30;

/// Bits of each symbol's code, EOS last (RFC 7541 B).
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6,
    6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7,
    8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7,
    15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24,
    23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23,
    23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26,
    26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20,
    21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27,
    27, 27, 26, 30,
];

const CODES: [u32; 257] = codes();

const fn codes() -> [u32; 257] {
    let mut codes = [0; 257];
    let (mut code, mut length) = (0, 1);
    while length <= LONGEST {
        let mut symbol = 0;
        while symbol < 257 {
            if LENGTHS[symbol] == length {
                codes[symbol] = code;
                code += 1;
            }
            symbol += 1;
        }
        code <<= 1;
        length += 1;
    }
    codes
}

/// The code as a tree: below 256 another node, else 256 plus the symbol.
const TREE: [[u16; 2]; 256] = tree();

#[expect(clippy::cast_possible_truncation, reason = "there are 256 nodes and 257 symbols")]
const fn tree() -> [[u16; 2]; 256] {
    let mut tree = [[0_u16; 2]; 256];
    let mut nodes = 1;
    let mut symbol = 0;
    while symbol < 257 {
        let mut node = 0;
        let mut bit = LENGTHS[symbol];
        while bit > 1 {
            bit -= 1;
            let branch = (CODES[symbol] >> bit) as usize & 1;
            if tree[node][branch] == 0 {
                tree[node][branch] = nodes;
                nodes += 1;
            }
            node = tree[node][branch] as usize;
        }
        tree[node][CODES[symbol] as usize & 1] = 256 + symbol as u16;
        symbol += 1;
    }
    tree
}

/// What half an octet does in one state. The shortest code has five bits: it ends at most one symbol.
#[derive(Clone, Copy)]
struct Move {
    node: u8,
    symbol: u8,
    found: Found,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    Nothing,
    Symbol,
    Eos,
}

static MOVES: [[Move; 16]; 256] = moves();

#[expect(clippy::cast_possible_truncation, reason = "nodes and symbols below EOS fit into an octet")]
const fn moves() -> [[Move; 16]; 256] {
    let mut moves = [[Move { node: 0, symbol: 0, found: Found::Nothing }; 16]; 256];
    let mut from = 0;
    while from < 256 {
        let mut half = 0;
        while half < 16 {
            let (mut node, mut bit) = (from, 4);
            while bit > 0 {
                bit -= 1;
                let next = TREE[node][(half >> bit) & 1] as usize;
                if next == 256 + EOS {
                    moves[from][half].found = Found::Eos;
                    break;
                }
                node = if next < 256 { next } else { 0 };
                if next >= 256 {
                    moves[from][half].found = Found::Symbol;
                    moves[from][half].symbol = (next - 256) as u8;
                }
            }
            moves[from][half].node = node as u8;
            half += 1;
        }
        from += 1;
    }
    moves
}

/// Nodes at which a string may end: up to seven bits of EOS behind its last symbol (RFC 7541 5.2).
static ENDS: [bool; 256] = ends();

const fn ends() -> [bool; 256] {
    let mut ends = [false; 256];
    let (mut node, mut depth) = (0, 0);
    while depth < 8 {
        ends[node] = true;
        node = TREE[node][1] as usize;
        depth += 1;
    }
    ends
}

/// Decodes a string behind what is in `into`.
pub(super) fn decode(from: &[u8], into: &mut BytesMut) -> Result<(), Flaw> {
    into.reserve(from.len() * 8 / 5);
    let mut node = 0;
    for octet in from {
        for half in [octet >> 4, octet & 0xf] {
            let step = MOVES[usize::from(node)][usize::from(half)];
            match step.found {
                Found::Nothing => {}
                Found::Symbol => into.put_u8(step.symbol),
                Found::Eos => return Err(Flaw::Huffman),
            }
            node = step.node;
        }
    }
    if ENDS[usize::from(node)] { Ok(()) } else { Err(Flaw::Huffman) }
}

/// Octets that a string takes when it is coded.
pub(super) fn coded_length(text: &[u8]) -> usize {
    text.iter().map(|octet| usize::from(LENGTHS[usize::from(*octet)])).sum::<usize>().div_ceil(8)
}

/// Codes a string behind what is in `into`.
pub(super) fn encode(text: &[u8], into: &mut BytesMut) {
    let (mut bits, mut held) = (0_u64, 0_u32);
    for octet in text {
        let symbol = usize::from(*octet);
        let length = u32::from(LENGTHS[symbol]);
        bits = bits << length | u64::from(CODES[symbol]);
        held += length;
        while held >= 8 {
            held -= 8;
            into.put_u8((bits >> held).to_le_bytes()[0]);
        }
    }
    if held > 0 {
        let padding = 8 - held;
        into.put_u8((bits << padding | ((1 << padding) - 1)).to_le_bytes()[0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(from: &[u8]) -> Result<Vec<u8>, Flaw> {
        let mut into = BytesMut::new();
        decode(from, &mut into).map(|()| into.to_vec())
    }

    #[test]
    fn rfc7541_b_the_code_is_canonical() {
        assert_eq!((CODES[usize::from(b'0')], CODES[usize::from(b'!')], CODES[255]), (0, 0x3f8, 0x3ff_ffee));
        assert_eq!(CODES[EOS], 0x3fff_ffff);
    }

    #[test]
    fn rfc7541_5_2_every_octet_survives() {
        let all: Vec<u8> = (0..=255).chain((0..=255).rev()).collect();
        let mut coded = BytesMut::new();
        encode(&all, &mut coded);
        assert_eq!(coded.len(), coded_length(&all));
        assert_eq!(decoded(&coded).unwrap(), all);
    }

    #[test]
    fn rfc7541_5_2_padding_is_the_beginning_of_eos_and_shorter_than_an_octet() {
        // '0' is 00000: the three bits behind it must be ones.
        assert_eq!(decoded(&[0b0000_0111]), Ok(b"0".to_vec()));
        assert_eq!(decoded(&[0b0000_0110]), Err(Flaw::Huffman));
        assert_eq!(decoded(&[0b0000_0111, 0xff]), Err(Flaw::Huffman));
        assert_eq!(decoded(&[0xff]), Err(Flaw::Huffman));
    }

    #[test]
    fn rfc7541_5_2_eos_is_an_error() {
        assert_eq!(decoded(&[0xff, 0xff, 0xff, 0xff]), Err(Flaw::Huffman));
        assert_eq!(decoded(&[0xff, 0xff, 0xff, 0xfc, 0x07]), Err(Flaw::Huffman));
    }
}
