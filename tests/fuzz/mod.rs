//! Hostile bytes through the tap and hyper, compared with another reader of the same bytes.
//!
//! The targets are ordinary functions. Here they run over the corpus, in every test run; libFuzzer runs
//! them over what it makes of the corpus (`libfuzzer/`, see tests/README.md).

pub mod filters;
pub mod frames;
pub mod heads;
pub mod imports;
pub mod pieces;
mod reader;
pub mod requests;
pub mod responses;
mod script;

#[cfg(test)]
mod corpus {
    use std::fs;
    use std::path::Path;

    fn run(name: &str, target: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty());
        for file in files {
            let data = fs::read(&file).unwrap();
            // The first byte says into which pieces the rest is cut: all of them are tried.
            for cut in [0, 1, 2, 5, 17, 255] {
                let mut piece = data.clone();
                if let Some(first) = piece.first_mut() {
                    *first = cut;
                }
                target(&piece);
            }
        }
    }

    /// The same, and so many variations of each file; `HOPSCOPE_TEST_VARIATIONS` says how many.
    fn run_varied(name: &str, target: fn(&[u8])) {
        run(name, target);
        let asked = std::env::var("HOPSCOPE_TEST_VARIATIONS").ok().and_then(|asked| asked.parse().ok());
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(name);
        let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        for file in files {
            let data = fs::read(&file).unwrap();
            for seed in 1..=asked.unwrap_or(200_u64) {
                let varied = varied(&data, seed);
                let kept = varied.clone();
                let done = std::panic::catch_unwind(move || target(&varied));
                assert!(
                    done.is_ok(),
                    "{} with seed {seed}: {:?}",
                    file.display(),
                    kept.escape_ascii().to_string()
                );
            }
        }
    }

    /// What has a meaning in one form or another.
    const SIGNS: &[u8] = b"\"'{}[]:,;()|&!~*?\\/.<>=-\r\n \0\xff9";

    /// A file with some of it changed, doubled, or gone: the same for the same seed.
    fn varied(data: &[u8], seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut below = |end: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % end.max(1) as u64).unwrap()
        };
        let mut bytes = data.to_vec();
        for _ in 0..=below(4) {
            let (at, length) = (below(bytes.len()), below(9) + 1);
            let end = (at + length).min(bytes.len());
            match below(6) {
                0 => bytes.truncate(at + 1),
                1 => drop(bytes.drain(at..end)),
                2 => {
                    let part = bytes.get(at..end).unwrap_or_default().to_vec();
                    drop(bytes.splice(at..at, part));
                }
                3 => bytes.insert(at, SIGNS[below(SIGNS.len())]),
                _ => {
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte = u8::try_from(below(256)).unwrap();
                    }
                }
            }
        }
        bytes
    }

    #[test]
    fn requests_are_read_as_another_reader_reads_them() {
        run("requests", super::requests::target);
    }

    #[test]
    fn what_the_inspector_says_lies_within_the_heads() {
        run("heads", super::heads::target);
    }

    #[test]
    fn frames_are_read_as_h2_reads_them() {
        run("frames", super::frames::target);
    }

    #[test]
    fn field_blocks_are_read_as_h2_reads_them() {
        run("blocks", super::frames::blocks);
    }

    #[test]
    fn websockets_are_read_as_another_reader_reads_them() {
        run("websocket", super::pieces::websocket);
    }

    #[test]
    fn bodies_are_split_the_same_in_any_pieces() {
        run("bodies", super::pieces::bodies);
    }

    #[test]
    fn hars_are_read_the_same_in_any_pieces() {
        run_varied("har", super::imports::har);
    }

    #[test]
    fn flow_files_are_read_the_same_in_any_pieces() {
        run_varied("flows", super::imports::flows);
    }

    #[test]
    fn other_files_are_read_the_same_in_any_pieces() {
        run_varied("imports", super::imports::any);
    }

    #[test]
    fn filters_are_always_queries_that_read_back() {
        run_varied("filters", super::filters::target);
    }

    #[test]
    fn responses_are_read_as_another_reader_reads_them() {
        run("responses", super::responses::target);
    }
}
