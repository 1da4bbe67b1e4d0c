//! Status codes in words: the reason that the registry gives and what it means for a person.

/// The registered reason phrase and its meaning (RFC 9110 15 and the RFCs named by IANA's registry);
/// an unknown code has its class's meaning and no phrase (RFC 9110 15).
#[must_use]
pub fn of(status: u16) -> (&'static str, &'static str) {
    match KNOWN.binary_search_by_key(&status, |(code, ..)| *code) {
        Ok(at) => KNOWN.get(at).map_or(("", ""), |(_, phrase, meaning)| (*phrase, *meaning)),
        Err(_) => ("", class(status)),
    }
}

fn class(status: u16) -> &'static str {
    match status {
        100..=199 => "interim: the final response is still to come",
        200..=299 => "it worked",
        300..=399 => "the client must do something more",
        400..=499 => "the client's request was at fault",
        500..=599 => "the server failed",
        _ => "outside the five classes that HTTP knows",
    }
}

/// In rising order.
const KNOWN: &[(u16, &str, &str)] = &[
    (100, "Continue", "the client may send its body"),
    (101, "Switching Protocols", "from here on the connection speaks another protocol"),
    (102, "Processing", "the server is still at work"),
    (103, "Early Hints", "hints to prepare with; the response is still to come"),
    (200, "OK", "it worked"),
    (201, "Created", "something new was made; Location says where"),
    (202, "Accepted", "taken in, to be done later"),
    (203, "Non-Authoritative Information", "it worked, and a proxy changed the content"),
    (204, "No Content", "it worked, and there is nothing to show"),
    (205, "Reset Content", "it worked; the form is to be cleared"),
    (206, "Partial Content", "the part that was asked for"),
    (207, "Multi-Status", "several results, in the body"),
    (208, "Already Reported", "told before in this response"),
    (226, "IM Used", "the difference to what the client had"),
    (300, "Multiple Choices", "several forms to choose from"),
    (301, "Moved Permanently", "it lives elsewhere now, for good; POST may become GET"),
    (302, "Found", "it is elsewhere for now; POST may become GET"),
    (303, "See Other", "the result is to be fetched elsewhere, with GET"),
    (304, "Not Modified", "the client's copy is good"),
    (305, "Use Proxy", "obsolete; clients ignore it"),
    (307, "Temporary Redirect", "it is elsewhere for now; same method there"),
    (308, "Permanent Redirect", "it lives elsewhere now, for good; same method there"),
    (400, "Bad Request", "the server did not understand the request"),
    (401, "Unauthorized", "who asks must log in; WWW-Authenticate says how"),
    (402, "Payment Required", "the server wants to be paid, or a quota is used up"),
    (403, "Forbidden", "who asks may not, logged in or not"),
    (404, "Not Found", "there is nothing at this path"),
    (405, "Method Not Allowed", "not with this method; Allow lists which"),
    (406, "Not Acceptable", "no form that the client's Accept fields take"),
    (407, "Proxy Authentication Required", "the proxy wants a user and password"),
    (408, "Request Timeout", "the client took too long to send its request"),
    (409, "Conflict", "it clashes with the state of what is there"),
    (410, "Gone", "it was there and will not come back"),
    (411, "Length Required", "the server wants a Content-Length"),
    (412, "Precondition Failed", "a condition in the request (If-...) did not hold"),
    (413, "Content Too Large", "the body is larger than the server takes"),
    (414, "URI Too Long", "the URL is longer than the server takes"),
    (415, "Unsupported Media Type", "the server does not take this Content-Type or coding"),
    (416, "Range Not Satisfiable", "the range asked for is not there"),
    (417, "Expectation Failed", "the server will not do what Expect asks"),
    (418, "I'm a teapot", "a joke, or a polite refusal"),
    (421, "Misdirected Request", "this server does not answer for this host"),
    (422, "Unprocessable Content", "understood, but the content makes no sense to it"),
    (423, "Locked", "somebody holds a lock on it"),
    (424, "Failed Dependency", "something it depended on failed"),
    (425, "Too Early", "the server will not risk early data; ask again"),
    (426, "Upgrade Required", "the server wants another protocol; Upgrade says which"),
    (428, "Precondition Required", "the server wants a condition (If-Match) with it"),
    (429, "Too Many Requests", "slow down; Retry-After may say for how long"),
    (431, "Request Header Fields Too Large", "the head is larger than the server takes"),
    (451, "Unavailable For Legal Reasons", "withheld for legal reasons"),
    (500, "Internal Server Error", "the server failed at it"),
    (501, "Not Implemented", "the server cannot do this method"),
    (502, "Bad Gateway", "whoever was asked behind it gave no usable answer"),
    (503, "Service Unavailable", "overloaded or down for now; Retry-After may say how long"),
    (504, "Gateway Timeout", "whoever was asked behind it did not answer in time"),
    (505, "HTTP Version Not Supported", "the server does not speak this version of HTTP"),
    (506, "Variant Also Negotiates", "the server's negotiation goes in a circle"),
    (507, "Insufficient Storage", "the server has no room for it"),
    (508, "Loop Detected", "the request came back to where it had been"),
    (511, "Network Authentication Required", "log in to this network first"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_codes_are_in_order_and_told_in_a_few_words() {
        assert!(KNOWN.is_sorted_by(|a, b| a.0 < b.0));
        for (code, phrase, meaning) in KNOWN {
            assert!(!phrase.is_empty() && (5..=60).contains(&meaning.len()), "{code}");
        }
        assert_eq!(of(304), ("Not Modified", "the client's copy is good"));
    }

    #[test]
    fn unknown_codes_mean_what_their_class_does() {
        for (code, says) in
            [(199, "interim"), (299, "worked"), (399, "more"), (499, "client"), (599, "server")]
        {
            assert!(of(code).1.contains(says) && of(code).0.is_empty());
        }
        assert!(of(777).1.contains("outside"));
    }
}
