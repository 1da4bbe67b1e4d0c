//! Properties of HPACK: what is encoded is decoded, whatever the tables do; and no octets panic.

use super::{Decoder, Encoder};
use crate::hop::Bounds;
use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;

const BOUNDS: Bounds = Bounds { fields: 1000, head: 1 << 20 };

fn field() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let name = prop_oneof![
        Just(b"cookie".to_vec()),
        Just(b"authorization".to_vec()),
        Just(b":path".to_vec()),
        Just(b"x-never".to_vec()),
        "[a-d-]{0,6}".prop_map(String::into_bytes),
        vec(any::<u8>(), 0..12),
    ];
    let value = prop_oneof!["[a-c]{0,3}".prop_map(String::into_bytes), vec(any::<u8>(), 0..600)];
    (name, value)
}

#[derive(Clone, Debug)]
enum Act {
    Block(Vec<(Vec<u8>, Vec<u8>)>),
    Limit(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => vec(field(), 0..12).prop_map(Act::Block),
        1 => prop_oneof![Just(0_usize), 0..200_usize, 0..10_000_usize].prop_map(Act::Limit),
    ]
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded_in_order_with_its_marks(acts in vec(act(), 1..20)) {
        let never = [Bytes::from_static(b"x-never")];
        let (mut encoder, mut decoder) = (Encoder::default(), Decoder::default());
        for act in acts {
            let fields = match act {
                Act::Limit(size) => {
                    encoder.limit(size);
                    decoder.allow(size);
                    continue;
                }
                Act::Block(fields) => fields,
            };
            let mut block = BytesMut::new();
            encoder.encode(fields.iter().map(|(name, value)| (&name[..], &value[..])), &never, &mut block);
            let section = decoder.decode(&block.freeze(), &BOUNDS).unwrap();
            prop_assert!(!section.too_large);
            prop_assert_eq!(section.fields.len(), fields.len());
            for (got, (name, value)) in section.fields.iter().zip(&fields) {
                prop_assert_eq!((&got.name[..], &got.value[..]), (&name[..], &value[..]));
                let secret = name == b"authorization" || name == b"x-never"
                    || name == b"cookie" && value.len() < 20;
                prop_assert_eq!(got.never_indexed, secret);
            }
        }
    }

    #[test]
    fn no_octets_panic_or_grow(blocks in vec(vec(any::<u8>(), 0..300), 1..8)) {
        let mut decoder = Decoder::default();
        let bounds = Bounds { fields: 10, head: 1000 };
        for block in blocks {
            let Ok(section) = decoder.decode(&Bytes::from(block), &bounds) else { break };
            prop_assert!(section.fields.len() <= 10);
        }
    }
}
