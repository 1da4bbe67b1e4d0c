//! Filters as anybody may type them: always a query, faults within the text, printed text that means the same, and
//! judged without a panic whatever the row is.

use hopscope::exchange::{ExchangeId, Flags, Scheme, State, Summary};
use hopscope::query::{self, Truth, Unseen};

/// The present, for `-5m`: microseconds since the epoch.
const NOW: i64 = 1_795_000_000_000_000;

/// A text; the first octet says where the caret is, and what the row is like.
pub fn target(data: &[u8]) {
    let Some((first, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let reading = query::read_at(text, NOW);
    for fault in &reading.faults {
        assert!(text.get(fault.span.clone()).is_some(), "{:?} of {text:?}", fault.span);
        assert!(!fault.what.is_empty());
    }
    let query = reading.query;
    let printed = query.text();
    let again = query::read_at(&printed, NOW);
    assert!(again.faults.is_empty(), "{text:?} is printed as {printed:?}: {:?}", again.faults);
    assert_eq!(again.query, query, "{text:?} is printed as {printed:?}");
    assert!(!query.says().is_empty(), "{text:?}");
    let completion = query::complete(text, usize::from(*first), &Unseen);
    assert!(text.get(completion.span.clone()).is_some(), "{:?} of {text:?}", completion.span);
    let row = row(*first);
    let judged = query.judge(&row);
    assert_eq!(judged, again.query.judge(&row), "{text:?} is printed as {printed:?}");
    // What columns answer, and the rest, are no more than the whole.
    let halves = query.sql();
    if judged.is_yes() {
        assert_ne!(halves.residual.judge(&row), Truth::No, "{text:?}: {}", halves.clause);
    }
    let places = halves.clause.replace("'?'", "").matches('?').count();
    assert_eq!(places, halves.values.len(), "{}", halves.clause);
    let _ = halves.residual.needles();
    for (_, without) in query.without_each() {
        assert!(!judged.is_yes() || without.judge(&row) != Truth::No, "{text:?} without a term finds less");
    }
}

fn row(number: u8) -> Summary {
    let odd = number % 2 == 1;
    Summary {
        id: ExchangeId(u64::from(number)),
        started: NOW - 1_000_000 * i64::from(number),
        client: "127.0.0.1:50000".to_owned(),
        scheme: if odd { Scheme::Https } else { Scheme::Http },
        method: if odd { "POST" } else { "GET" }.to_owned(),
        host: "api.shop.test:8443".to_owned(),
        path: format!("/v1/items/{number}?page=2&q=a%20b"),
        version: "HTTP/1.1".to_owned(),
        status: Some(100 + u16::from(number) * 2),
        state: State::Done,
        request_bytes: u64::from(number),
        response_bytes: 1 << (number % 40),
        messages: 0,
        duration: odd.then_some(1_500_000),
        ttfb: Some(1_000),
        media_type: Some("application/json".to_owned()),
        failure: None,
        flags: Flags(u32::from(number)),
        parent: None,
        note: None,
    }
}
