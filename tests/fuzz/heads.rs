//! Any two heads through the header inspector: parts, findings and verdicts lie within what they are about.

use bytes::Bytes;
use hopscope::exchange::{Head, Scheme};
use hopscope::inspect::{Content, View, inspect, masked, parse, parse_asked, verdicts};

/// Bytes of all words about one exchange: every step repeats a few lines at most, and steps are bounded.
const MOST_WORDS: usize = 4 << 20;

/// Panics when a span lies outside of its line or words have no bound. A request stands before the first empty
/// line, a response behind it.
pub fn target(data: &[u8]) {
    let Some((options, bytes)) = data.split_first() else { return };
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").map_or(bytes.len(), |at| at + 4);
    let (request, response) = bytes.split_at(end);
    let head = |bytes: &[u8]| Head::parse(Bytes::copy_from_slice(bytes));
    let (request, response) = (head(request), head(response));
    let heads = [Some(&request), (options & 1 != 0).then_some(&response), Some(&response), None];
    let scheme = if options & 2 == 0 { Scheme::Https } else { Scheme::Http };
    let arrived = (options & 4 == 0).then_some(1_795_435_200);
    let content = Content {
        length: 3,
        complete: options & 16 == 0,
        decoded: options & 128 != 0,
        beginning: bytes,
        trailers: bytes,
    };
    let bodies = [Some(content); 2].map(|content| content.filter(|_| options & 32 == 0));
    let view = View {
        heads,
        scheme: Some(scheme),
        host: Some("h.test"),
        arrived,
        trailers: options & 8 != 0,
        listed: options & 64 != 0,
        partial: options & 128 != 0,
        bodies,
    };
    for found in inspect(&view) {
        let line = heads[found.message as usize].and_then(|head| head.line(found.line)).unwrap_or_default();
        assert!(found.span.start <= found.span.end && found.span.end <= line.len(), "{found:?}");
    }
    let words: usize =
        verdicts(&view).told().iter().flat_map(|told| told.steps).map(|step| step.says.len()).sum();
    assert!(words < MOST_WORDS, "{words} bytes of words");
    for field in request.fields() {
        let parsed = parse_asked(field.name, field.value);
        assert!(parsed.parts.iter().all(|part| part.span.end <= field.value.len()), "{parsed:?}");
    }
    for field in request.fields().chain(response.fields()) {
        let parsed = parse(field.name, field.value);
        assert!(parsed.parts.iter().all(|part| part.span.end <= field.value.len()), "{parsed:?}");
        assert!(masked(field.name, field.value).len() <= field.value.len() + 16 * (1 + field.value.len()));
    }
}
