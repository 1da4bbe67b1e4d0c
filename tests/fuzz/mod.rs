//! Hostile bytes through the tap and hyper, compared with another reader of the same bytes.
//!
//! The targets are ordinary functions. Here they run over the corpus, in every test run; libFuzzer runs
//! them over what it makes of the corpus (`libfuzzer/`, see tests/README.md).

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
        run("har", super::imports::har);
    }

    #[test]
    fn flow_files_are_read_the_same_in_any_pieces() {
        run("flows", super::imports::flows);
    }

    #[test]
    fn other_files_are_read_the_same_in_any_pieces() {
        run("imports", super::imports::any);
    }

    #[test]
    fn responses_are_read_as_another_reader_reads_them() {
        run("responses", super::responses::target);
    }
}
