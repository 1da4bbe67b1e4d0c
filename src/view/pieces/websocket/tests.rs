//! The examples of RFC 6455 5.7 and RFC 7692 7.2.3, violations one by one, any chunking, random octets.

use super::*;
use flate2::{Compress, Compression, FlushCompress};
use proptest::prelude::*;

const DEFLATE: &str = "Sec-WebSocket-Extensions: permessage-deflate";
const NO_TAKEOVER: &str =
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover";
const LIMIT: usize = 1 << 20;

fn direction(side: Side, extensions: &str, limit: usize) -> Direction {
    let head = format!("HTTP/1.1 101 Switching Protocols\r\n{extensions}\r\n\r\n");
    Direction::new(side, &Head::parse(Bytes::from(head)), limit)
}

fn fed(mut direction: Direction, pieces: &[&[u8]]) -> Vec<Message> {
    let mut out = Vec::new();
    for piece in pieces {
        direction.feed(piece, 7, &mut out);
    }
    direction.end(7, &mut out);
    out
}

fn origin(bytes: &[u8]) -> Vec<Message> {
    fed(direction(Side::Origin, "", LIMIT), &[bytes])
}

fn deflated(bytes: &[u8]) -> Vec<Message> {
    fed(direction(Side::Origin, DEFLATE, LIMIT), &[bytes])
}

fn seen(messages: &[Message]) -> Vec<(MessageForm, String, u64, String)> {
    messages
        .iter()
        .map(|message| {
            let text = String::from_utf8_lossy(&message.payload).into_owned();
            (message.form, text, message.wire, message.says.clone())
        })
        .collect()
}

fn row(form: MessageForm, text: &str, wire: u64, says: &str) -> (MessageForm, String, u64, String) {
    (form, text.to_owned(), wire, says.to_owned())
}

/// An unmasked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(u8::try_from(short).unwrap()),
        middle @ 126..65536 => {
            bytes.push(126);
            bytes.extend_from_slice(&u16::try_from(middle).unwrap().to_be_bytes());
        }
        long => {
            bytes.push(127);
            bytes.extend_from_slice(&(long as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

fn masked(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut bytes = frame(first, payload);
    let from = bytes.len() - payload.len();
    bytes[1] |= 0x80;
    unmask(&mut bytes[from..], mask, 0);
    bytes.splice(from..from, mask);
    bytes
}

/// Compresses as RFC 7692 7.2.1 says: flushed, the tail cut off.
fn deflate(with: &mut Compress, text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 1024);
    with.compress_vec(text, &mut out, FlushCompress::Sync).unwrap();
    assert!(out.ends_with(&[0, 0, 0xff, 0xff]));
    out.truncate(out.len() - 4);
    out
}

#[test]
fn rfc6455_5_7_examples() {
    use MessageForm::{Binary, Ping, Pong, Text};
    let text = origin(b"\x81\x05Hello");
    assert_eq!(seen(&text), [row(Text, "Hello", 7, "")]);
    let client = fed(
        direction(Side::Client, "", LIMIT),
        &[b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"],
    );
    assert_eq!(seen(&client), [row(Text, "Hello", 11, ""), row(Pong, "Hello", 11, "")]);
    let fragmented = origin(b"\x01\x03Hel\x80\x02lo");
    assert_eq!(seen(&fragmented), [row(Text, "Hello", 9, "")]);
    assert!(fragmented[0].flags.has(MessageFlags::FRAGMENTED));
    assert_eq!(seen(&origin(b"\x89\x05Hello")), [row(Ping, "Hello", 7, "")]);
    for (size, head) in [(256, 4), (65536, 10)] {
        let message = origin(&frame(0x82, &vec![b'x'; size])).remove(0);
        assert_eq!((message.form, message.length, message.wire), (Binary, size as u64, size as u64 + head));
        assert_eq!(message.payload.len(), size);
    }
}

#[test]
fn rfc6455_5_4_control_frames_between_fragments() {
    use MessageForm::{Ping, Text};
    let messages = origin(b"\x01\x03Hel\x89\x02hi\x00\x00\x80\x02lo");
    assert_eq!(seen(&messages), [row(Ping, "hi", 4, ""), row(Text, "Hello", 11, "")]);
}

#[test]
fn rfc6455_5_1_masks_where_they_should_not_be_are_said() {
    let client = fed(direction(Side::Client, "", LIMIT), &[b"\x81\x02hi"]);
    let words = "not masked, as a client's frames must be (RFC 6455 5.1)";
    assert_eq!(seen(&client), [row(MessageForm::Text, "hi", 4, words)]);
    let words = "masked, as a server's frames must not be (RFC 6455 5.1)";
    let masked = masked(0x81, b"hi", [1, 2, 3, 4]);
    assert_eq!(seen(&origin(&masked)), [row(MessageForm::Text, "hi", 8, words)]);
}

#[test]
fn rfc6455_what_breaks_the_framing_ends_the_reading() {
    for (bytes, words) in [
        (&b"\x83\x01xrest"[..], "reserved opcode 0x3 (RFC 6455 5.2)"),
        (b"\x8b\x01xrest", "reserved opcode 0xb (RFC 6455 5.2)"),
        (b"\xc1\x01xrest", "RSV1 set, and no extension was agreed for it (RFC 6455 5.2)"),
        (b"\xb1\x01xrest", "RSV2, RSV3 set, and no extension was agreed for it (RFC 6455 5.2)"),
        (b"\x09\x01xrest", "a fragmented control frame (RFC 6455 5.5)"),
        (b"\x89\x7e\x00\x7exrest", "a control frame of 126 octets, over 125 (RFC 6455 5.5)"),
        (b"\x80\x01xrest", "a continuation of no message (RFC 6455 5.4)"),
        (b"\x82\x7f\x80\0\0\0\0\0\0\0xrest", "a length over 2^63 (RFC 6455 5.2)"),
    ] {
        let messages = origin(bytes);
        let head = bytes.len() as u64 - 5;
        assert_eq!(messages[0].says, words);
        assert_eq!((messages[0].form, messages[0].wire), (MessageForm::Broken, head), "{words}");
        let rest = row(MessageForm::Broken, "xrest", 5, "not read: behind what broke the framing");
        assert_eq!(seen(&messages[1..]), [rest], "{words}");
    }
    let messages = origin(b"\x01\x01a\x81\x01b");
    assert_eq!((messages[0].form, &messages[0].payload[..]), (MessageForm::Text, &b"a"[..]));
    assert!(messages[0].flags.has(MessageFlags::UNFINISHED));
    assert_eq!(messages[1].says, "a new message within another (RFC 6455 5.4)");
}

#[test]
fn rfc6455_5_5_1_close_and_what_follows_it() {
    let messages = origin(b"\x88\x05\x03\xe8bye\x81\x01x\x88\x00");
    assert_eq!(messages[0].says, "1000 normal closure: bye");
    assert_eq!(messages[1].says, "after Close (RFC 6455 5.5.1)");
    assert_eq!(messages[2].says, "without a code; after Close (RFC 6455 5.5.1)");
    assert!(origin(b"").is_empty());
}

#[test]
fn rfc6455_8_1_text_that_is_not_utf8_is_said() {
    let words = "not UTF-8, as text must be (RFC 6455 8.1)";
    assert_eq!(origin(b"\x81\x02\xc3\x28")[0].says, words);
    assert_eq!(origin(b"\x81\x01\xc3")[0].says, words);
    assert_eq!(origin(b"\x01\x01\xc3\x80\x01\xa9")[0].says, "");
    assert_eq!(origin(b"\x82\x01\xc3")[0].says, "");
    let cut = fed(direction(Side::Origin, "", 4), &[&frame(0x81, b"abcdefg\xff")]).remove(0);
    assert_eq!((cut.says.as_str(), &cut.payload[..], cut.length), (words, &b"abcd"[..], 8));
    assert!(cut.flags.has(MessageFlags::TRUNCATED));
}

#[test]
fn rfc6455_5_2_a_length_longer_than_it_must_be_is_said() {
    let messages = origin(b"\x81\x7e\x00\x01x");
    let words = "a length written longer than it must be (RFC 6455 5.2)";
    assert_eq!(seen(&messages), [row(MessageForm::Text, "x", 5, words)]);
}

#[test]
fn what_is_cut_is_unfinished() {
    for (bytes, form, words) in [
        (&b"\x81"[..], MessageForm::Broken, "cut within a frame's head"),
        (b"\x81\x05Hel", MessageForm::Text, "cut: 3 of 5 octets of its frame came"),
        (b"\x01\x01H", MessageForm::Text, "its last fragment never came"),
        (b"\x89\x02a", MessageForm::Ping, "cut: 1 of 2 octets of its frame came"),
    ] {
        let messages = origin(bytes);
        assert_eq!((messages.len(), messages[0].form), (1, form));
        assert_eq!(messages[0].says, words);
        assert!(messages[0].flags.has(MessageFlags::UNFINISHED));
        assert_eq!(messages[0].wire, bytes.len() as u64);
    }
}

#[test]
fn rfc7692_7_2_3_examples() {
    let hello = |bytes: &[u8], count: usize| {
        let messages = deflated(bytes);
        assert_eq!(messages.len(), count, "{bytes:02x?}");
        for message in messages {
            assert_eq!((&message.payload[..], message.says.as_str()), (&b"Hello"[..], ""), "{bytes:02x?}");
            assert!(message.flags.has(MessageFlags::COMPRESSED));
        }
    };
    // 7.2.3.1: one block, whole and in two fragments.
    hello(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00", 1);
    hello(b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00", 1);
    // 7.2.3.2: the second with the first one's window.
    hello(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x05\xf2\x00\x11\x00\x00", 2);
    // 7.2.3.3: a block without compression.
    hello(b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", 1);
    // 7.2.3.4: a block with BFINAL set; what follows it still reaches back before it.
    hello(b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00", 1);
    hello(b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00\xc1\x05\xf2\x00\x11\x00\x00", 2);
    // 7.2.3.5: two blocks in one message.
    hello(b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", 1);
    // RFC 7692 6: a message without RSV1 is not compressed.
    let plain = deflated(b"\x81\x05Hello").remove(0);
    assert_eq!((&plain.payload[..], plain.flags), (&b"Hello"[..], MessageFlags::default()));
    // 7.2.3.6: an empty message.
    assert_eq!(deflated(b"\xc1\x01\x00")[0].length, 0);
}

#[test]
fn rfc7692_7_1_1_windows_are_kept_or_not_as_agreed() {
    let text = b"the quick brown fox jumps over the lazy dog, again and again and again".repeat(20);
    for (extensions, takeover) in [(DEFLATE, true), (NO_TAKEOVER, false)] {
        for side in [Side::Client, Side::Origin] {
            let mut with = Compress::new(Compression::default(), false);
            let mut wire = Vec::new();
            for _ in 0..50 {
                let payload = deflate(&mut with, &text);
                wire.extend(match side {
                    Side::Client => masked(0xc1, &payload, [9, 8, 7, 6]),
                    Side::Origin => frame(0xc1, &payload),
                });
                if !takeover {
                    with.reset();
                }
            }
            let messages = fed(direction(side, extensions, LIMIT), &[&wire]);
            assert_eq!(messages.len(), 50);
            assert!(messages.iter().all(|message| message.payload == text && message.says.is_empty()));
        }
    }
}

#[test]
fn rfc7692_7_2_2_messages_longer_than_the_window() {
    let mut state = 1_u32;
    let words: Vec<u8> = (0..300_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            b"abcdefgh"[(state >> 29) as usize]
        })
        .collect();
    let mut with = Compress::new(Compression::default(), false);
    let sizes = [40_000, 300_000, 5, 32_768, 1];
    let mut wire: Vec<u8> =
        sizes.iter().flat_map(|size| frame(0xc2, &deflate(&mut with, &words[..*size]))).collect();
    // Behind a block with BFINAL set (7.2.3.4) the window still reaches back over messages.
    wire.extend(b"\xc2\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00");
    wire.extend(frame(0xc2, &deflate(&mut with, &words[..100])));
    for chunk in [usize::MAX, 1000] {
        let pieces: Vec<&[u8]> = wire.chunks(chunk).collect();
        let messages = fed(direction(Side::Origin, DEFLATE, LIMIT), &pieces);
        for (message, size) in messages.iter().zip(sizes) {
            assert!(message.payload == words[..size], "{size}");
        }
        assert_eq!((&messages[5].payload[..], messages.len()), (&b"Hello"[..], 7));
    }
}

#[test]
fn rfc7692_6_1_rsv1_stands_on_first_frames_only() {
    assert_eq!(deflated(b"\x41\x01\x00\xc0\x00")[1].says, "RSV1 on a continuation (RFC 7692 6.1)");
    assert_eq!(deflated(b"\xc9\x00")[0].says, "RSV1 on a control frame (RFC 7692 6.1)");
}

#[test]
fn damaged_compression_loses_the_context_and_says_so() {
    let hello = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
    let wire = [&b"\xc1\x03\xff\xff\xff"[..], hello].concat();
    let messages = deflated(&wire);
    assert_eq!(messages[0].says, "the compressed data is damaged (RFC 7692 7.2.2)");
    assert!(messages[0].flags.has(MessageFlags::TRUNCATED));
    assert!(messages[1].says.contains("its context was lost"), "{}", messages[1].says);
    assert_eq!(&messages[1].payload[..], &hello[2..]);
    let messages = fed(direction(Side::Origin, NO_TAKEOVER, LIMIT), &[&wire]);
    assert_eq!((&messages[1].payload[..], messages[1].says.as_str()), (&b"Hello"[..], ""));
    let unclear = "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99";
    let message = fed(direction(Side::Origin, unclear, LIMIT), &[hello]).remove(0);
    assert_eq!(message.says, "permessage-deflate has parameters against RFC 7692 7.1");
    assert_eq!(&message.payload[..], &hello[2..]);
}

#[test]
fn a_bomb_is_cut() {
    let mut with = Compress::new(Compression::best(), false);
    let zeros = vec![0; 64 << 20];
    let payload = deflate(&mut with, &zeros);
    let next = deflate(&mut with, b"next");
    let wire = [frame(0xc2, &payload), frame(0xc2, &next)].concat();
    let messages = fed(direction(Side::Origin, DEFLATE, 1000), &[&wire]);
    assert!(messages[0].says.contains("stopped at 32 MiB"), "{}", messages[0].says);
    assert!(messages[0].wire < 100_000 && messages[0].length == 32 << 20);
    assert_eq!(messages[0].payload.len(), 1000);
    assert!(messages[1].says.contains("context was lost"));
    // What is large but no bomb is cut, and the next one inflates.
    let mut with = Compress::new(Compression::best(), false);
    let wire =
        [frame(0xc2, &deflate(&mut with, &zeros[..1 << 20])), frame(0xc2, &deflate(&mut with, b"next"))];
    let messages = fed(direction(Side::Origin, DEFLATE, 1000), &[&wire.concat()]);
    assert_eq!((messages[0].payload.len(), messages[0].length), (1000, 1 << 20));
    assert!(messages[0].flags.has(MessageFlags::TRUNCATED));
    assert_eq!(&messages[1].payload[..], b"next");
}

/// Frames, right and wrong, with octets of anything between.
fn hostile() -> impl Strategy<Value = Vec<u8>> {
    let octets = || prop::collection::vec(any::<u8>(), 0..40);
    let frames = (any::<u8>(), octets(), any::<bool>()).prop_map(|(first, payload, with_mask)| {
        let first = if first < 200 {
            [0x81, 0x01, 0x80, 0x00, 0x89, 0xc1, 0x41, 0x82][usize::from(first % 8)]
        } else {
            first
        };
        if with_mask { masked(first, &payload, [7, 77, 177, 7]) } else { frame(first, &payload) }
    });
    let hello = Just(b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00".to_vec());
    prop::collection::vec(prop_oneof![8 => frames, 2 => hello, 1 => octets()], 0..12)
        .prop_map(|all| all.concat())
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_messages(
        bytes in hostile(), cuts in prop::collection::vec(0usize..400, 0..12), deflate in any::<bool>(), limit in 0usize..60,
    ) {
        let extensions = if deflate { DEFLATE } else { "" };
        let whole = fed(direction(Side::Origin, extensions, limit), &[&bytes]);
        let ones: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(&fed(direction(Side::Origin, extensions, limit), &ones), &whole);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]).collect();
        prop_assert_eq!(&fed(direction(Side::Origin, extensions, limit), &pieces), &whole);
        // Every octet is in one message, none in two, and no payload is over the limit.
        let heads_only = 14.max(125.max(limit));
        prop_assert_eq!(whole.iter().map(|message| message.wire).sum::<u64>(), bytes.len() as u64);
        prop_assert!(whole.iter().all(|message| message.payload.len() <= heads_only));
    }
}
