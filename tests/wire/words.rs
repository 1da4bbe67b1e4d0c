//! What a test shows: bytes as lines, differences, and a recorded exchange in words.

use hopscope::exchange::{Body, Edit, Exchange, Head, Side};

/// Two texts of bytes side by side: common lines once, others marked with what was wanted and what came.
pub fn difference(wanted: &[u8], came: &[u8]) -> String {
    let (wanted, came) = (lines(wanted), lines(came));
    let more = |lines: &[String]| lines.iter().map(|line| format!("  + {line}")).collect::<Vec<_>>();
    let mut marked = Vec::new();
    let mut at = 0;
    for line in &wanted {
        match came[at..].iter().position(|other| other == line) {
            None => marked.push(format!("  - {line}")),
            Some(before) => {
                marked.extend(more(&came[at..at + before]));
                marked.push(format!("    {line}"));
                at += before + 1;
            }
        }
    }
    marked.extend(more(&came[at..]));
    marked.join("\n")
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let mut lines: Vec<String> =
        bytes.split_inclusive(|byte| *byte == b'\n').map(|line| line.escape_ascii().to_string()).collect();
    for line in &mut lines {
        if line.len() > 400 {
            *line = format!("{} … ({} characters)", line.get(..200).unwrap_or_default(), line.len());
        }
    }
    lines
}

/// `done 200`, or `failed 502, origin connect refused: …`, with marks in brackets.
pub fn exchange(exchange: &Exchange) -> String {
    let summary = &exchange.summary;
    let status = summary.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
    let failure = summary.failure.as_ref().map(|failure| {
        let side = match failure.side {
            Side::Client => "client",
            Side::Origin => "origin",
        };
        format!(", {side} {} {}: {}", failure.phase.as_str(), failure.kind.as_str(), failure.says)
    });
    let marks: Vec<&str> = summary.flags.words().collect();
    let marks = if marks.is_empty() { String::new() } else { format!(" [{}]", marks.join(" ")) };
    format!("{} {status}{}{marks}", summary.state.as_str(), failure.unwrap_or_default())
}

/// `request 5, response 3 cut`; `response 3 without Host (9110 6.5.1)` where trailers were withheld.
pub fn bodies(exchange: &Exchange) -> String {
    let body = |body: &Body| {
        let cut = if body.complete { "" } else { " cut" };
        let withheld = body.trailer_lines().filter_map(|(line, cause)| {
            let name = line.split(|byte| *byte == b':').next().unwrap_or(line);
            Some(format!(" without {} ({})", name.escape_ascii(), cause?.clause().trim_start_matches("RFC ")))
        });
        format!("{}{cut}{}", body.length, withheld.collect::<String>())
    };
    format!("request {}, response {}", body(&exchange.request_body), body(&exchange.response_body))
}

/// `removed Connection (9110 7.6.1) · added Via (9110 7.6.3)`; the start line is called `start line`.
pub fn edits(edits: &[Edit], before: Option<&Head>, after: Option<&Head>) -> String {
    let words: Vec<String> = edits
        .iter()
        .map(|edit| {
            let (verb, number, head) = match (edit.before, edit.after) {
                (Some(line), None) => ("removed", line, before),
                (None, Some(line)) => ("added", line, after),
                (_, line) => ("changed", line.unwrap_or_default(), after),
            };
            let name = match number {
                0 => "start line".to_owned(),
                line => head
                    .and_then(|head| head.fields().nth(usize::from(line) - 1))
                    .map_or_else(|| format!("line {line}"), |field| field.name.escape_ascii().to_string()),
            };
            format!("{verb} {name} ({})", edit.cause.clause().trim_start_matches("RFC "))
        })
        .collect();
    if words.is_empty() { "nothing".to_owned() } else { words.join(" · ") }
}
