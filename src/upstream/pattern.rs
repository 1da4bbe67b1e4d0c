//! Patterns over host names, as `--tunnel`, `--only` and `--origin-insecure` take them.

/// Whether a pattern names a host: case does not matter, `*` stands for any run of characters,
/// dots included, everything else for itself.
#[must_use]
pub fn names(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_lowercase(), host.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = host.strip_prefix(first) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    // The leftmost place for each part leaves the most for those after it.
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, host, expected) in [
            ("example.org", "Example.ORG", true),
            ("example.org", "a.example.org", false),
            ("*.example.org", "a.b.example.org", true),
            ("*.example.org", "example.org", false),
            ("*", "anything", true),
            ("", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("*a*", "bab", true),
            ("127.*", "127.0.0.1", true),
            ("**", "x", true),
        ] {
            assert_eq!(names(pattern, host), expected, "{pattern} {host}");
        }
    }
}
