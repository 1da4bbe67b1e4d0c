use super::*;
use proptest::prelude::*;

const MAX: usize = 64;

fn handshake(extensions: &str) -> Head {
    let raw = format!("HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Extensions: {extensions}\r\n\r\n");
    Head::parse(Bytes::from(raw))
}

/// All messages of one direction, fed in chunks of that size.
fn split(side: Side, extensions: &str, bytes: &[u8], chunk: usize) -> Vec<Message> {
    let (client, origin) = splitters(&handshake(extensions), MAX);
    let mut splitter = if side == Side::Client { client } else { origin };
    let mut out = Vec::new();
    for part in bytes.chunks(chunk.max(1)) {
        splitter.feed(part, 7, &mut out);
    }
    splitter.end(7, &mut out);
    out
}

/// The messages, whatever the chunking.
#[track_caller]
fn messages(side: Side, extensions: &str, bytes: &[u8]) -> Vec<(MessageForm, String, String)> {
    let whole = split(side, extensions, bytes, usize::MAX);
    for chunk in [1, 2, 3, 5] {
        assert_eq!(split(side, extensions, bytes, chunk), whole, "in chunks of {chunk}");
    }
    whole
        .into_iter()
        .map(|message| (message.form, String::from_utf8_lossy(&message.payload).into_owned(), message.says))
        .collect()
}

fn told(form: MessageForm, payload: &str, says: &str) -> (MessageForm, String, String) {
    (form, payload.to_owned(), says.to_owned())
}

#[test]
fn rfc6455_5_7_examples() {
    use MessageForm as F;
    let hello = told(F::Text, "Hello", "");
    assert_eq!(messages(Side::Origin, "", b"\x81\x05Hello"), [hello.clone()]);
    assert_eq!(messages(Side::Client, "", b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"), [hello.clone()]);
    let fragmented = b"\x01\x03Hel\x89\x02hi\x80\x02lo";
    assert_eq!(messages(Side::Origin, "", fragmented), [told(F::Ping, "hi", ""), hello.clone()]);
    let whole = split(Side::Origin, "", fragmented, 100);
    assert!(whole[1].flags.has(MessageFlags::FRAGMENTED) && whole[1].wire == 9, "{whole:?}");
    assert_eq!(
        messages(Side::Client, "", b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
        [told(F::Pong, "Hello", "")]
    );
    let long = [&b"\x82\x7e\x01\x00"[..], &[7; 256]].concat();
    let whole = split(Side::Origin, "", &long, 100);
    assert_eq!(
        (whole[0].form, whole[0].length, whole[0].payload.len(), whole[0].wire),
        (F::Binary, 256, MAX, 260)
    );
    assert!(whole[0].flags.has(MessageFlags::TRUNCATED));
}

#[test]
fn rfc7692_7_2_3_examples() {
    let hello = told(MessageForm::Text, "Hello", "");
    let once = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
    // With the window kept, a second message refers to the first (7.2.3.2).
    let again = b"\xc1\x05\xf2\x00\x11\x00\x00";
    let fragmented = b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00";
    let stored = b"\xc1\x0b\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00";
    let last_block = b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00";
    let two_blocks = b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00";
    let agreed = "permessage-deflate; client_max_window_bits=10";
    let both = [&once[..], again].concat();
    assert_eq!(messages(Side::Origin, agreed, &both), [hello.clone(), hello.clone()]);
    for one in [&fragmented[..], stored, last_block, two_blocks] {
        assert_eq!(messages(Side::Origin, agreed, one), [hello.clone()], "{one:?}");
    }
    let forgetting = "x-other, Permessage-Deflate; server_no_context_takeover";
    let twice = [&once[..], once].concat();
    assert_eq!(messages(Side::Origin, forgetting, &twice), [hello.clone(), hello.clone()]);
    assert!(split(Side::Origin, agreed, once, 9)[0].flags.has(MessageFlags::COMPRESSED));
}

#[test]
fn rfc6455_5_5_1_a_close_says_why() {
    for (payload, says) in [
        (&b""[..], "no code"),
        (b"\x03\xe8", "1000 normal closure"),
        (b"\x03\xe9bye", "1001 going away: bye"),
        (b"\x0f\xa0", "4000 private"),
        (b"\x03\xee", "1006 a code that is never sent (RFC 6455 7.4.1)"),
        (b"\x03", "a code of one octet, where two are needed (RFC 6455 5.5.1)"),
    ] {
        let frame = [&[0x88, u8::try_from(payload.len()).unwrap()][..], payload].concat();
        assert_eq!(messages(Side::Origin, "", &frame)[0].2, says);
    }
}

#[test]
fn rfc6455_5_1_masks_of_the_wrong_end_are_said() {
    let unmasked = messages(Side::Client, "", b"\x81\x02hi");
    assert_eq!(
        unmasked,
        [told(MessageForm::Text, "hi", "not masked, as a client's frames must be (RFC 6455 5.1)")]
    );
    let masked = messages(Side::Origin, "", b"\x81\x82\x00\x00\x00\x00hi");
    assert_eq!(masked[0].2, "masked, which a server's frames must not be (RFC 6455 5.1)");
    assert_eq!(messages(Side::Origin, "", b"\x81\x01\xff")[0].2, "not UTF-8, as text must be (RFC 6455 8.1)");
}

#[test]
fn rfc6455_5_2_what_breaks_the_rules_ends_the_reading() {
    for (bytes, rule) in [
        (&b"\x91\x00"[..], "a reserved bit is set that no extension defines (RFC 6455 5.2)"),
        (b"\xc1\x00", "a reserved bit is set that no extension defines (RFC 6455 5.2)"),
        (b"\x83\x00", "a frame has a reserved opcode (RFC 6455 5.2)"),
        (b"\x80\x00", "a continuation frame stands without a message before it (RFC 6455 5.4)"),
        (b"\x01\x00\x81\x00", "a message begins before the one before it ended (RFC 6455 5.4)"),
        (b"\x09\x00", "a control frame is fragmented (RFC 6455 5.5)"),
        (b"\x89\x7e\x00\x7e", "a control frame has more than 125 octets (RFC 6455 5.5)"),
        (b"\x82\x7e\x00\x05", "a length is not written in its shortest form (RFC 6455 5.2)"),
        (b"\x82\x7f\x80\0\0\0\0\0\0\0", "a length has its highest bit set (RFC 6455 5.2)"),
    ] {
        let all = [bytes, b"whatever follows"].concat();
        let told = messages(Side::Origin, "", &all);
        let (form, _, says) = told.last().unwrap();
        assert_eq!((*form, says.as_str()), (MessageForm::Broken, rule), "{bytes:?}");
        assert_eq!(
            split(Side::Origin, "", &all, 100).iter().map(|message| message.wire).sum::<u64>(),
            all.len() as u64
        );
    }
}

#[test]
fn what_is_cut_is_marked_and_what_is_not_is_not() {
    assert_eq!(split(Side::Origin, "", b"\x81\x02hi", 9).len(), 1);
    for cut in [&b"\x81"[..], b"\x81\x05Hel", b"\x01\x03Hel"] {
        let told = split(Side::Origin, "", cut, 9);
        assert!(told.len() == 1 && told[0].flags.has(MessageFlags::UNFINISHED), "{told:?}");
    }
}

#[test]
fn a_bomb_is_not_inflated_to_its_end() {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    std::io::Write::write_all(&mut encoder, &[0; 100_000]).unwrap();
    let packed = encoder.finish().unwrap();
    let frame = [&[0xc2, u8::try_from(packed.len()).unwrap()][..], &packed].concat();
    let told = split(Side::Origin, "permessage-deflate", &[&frame[..], b"\xc1\x01\x00"].concat(), 50);
    assert!(told[0].payload.len() == MAX && told[0].flags.has(MessageFlags::TRUNCATED), "{told:?}");
    assert!(told[0].says.contains("not inflated to its end") && told[0].length < 100_000, "{told:?}");
    assert!(told[1].says.contains("could not be inflated"), "{told:?}");
}

proptest! {
    #[test]
    fn any_octets_in_any_chunks_give_the_same(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        chunk in 1_usize..50,
        deflate in any::<bool>(),
        client in any::<bool>(),
    ) {
        let side = if client { Side::Client } else { Side::Origin };
        let extensions = if deflate { "permessage-deflate" } else { "" };
        let whole = split(side, extensions, &bytes, usize::MAX);
        prop_assert_eq!(&split(side, extensions, &bytes, chunk), &whole);
        prop_assert!(whole.iter().all(|message| message.payload.len() <= MAX));
        prop_assert_eq!(whole.iter().map(|message| message.wire).sum::<u64>(), bytes.len() as u64);
    }
}
