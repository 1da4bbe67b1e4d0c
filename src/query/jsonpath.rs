//! Paths into JSON: `user.roles`, `items[0].price`, `items[*].id`, `["a.b"]`. Where a list stands in the
//! way, each of its members is looked into.

use serde_json::Value;

/// Steps of a path at most.
const MOST_STEPS: usize = 64;
/// Values visited at most; a hostile body must not hold up a search.
const MOST_VISITS: usize = 200_000;

/// A path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    Each,
}

impl Path {
    /// Reads a path; `None` where it is none. The empty path is the whole.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if steps.len() == MOST_STEPS {
                return None;
            }
            let (step, behind) = match rest.strip_prefix('[') {
                Some(inner) => bracket(inner)?,
                None => key(rest)?,
            };
            steps.push(step);
            rest = match behind.strip_prefix('.') {
                Some("") => return None,
                Some(more) => more,
                None if behind.is_empty() || behind.starts_with('[') => behind,
                None => return None,
            };
        }
        Some(Self(steps))
    }

    /// Shows each value that the path leads to, members of lists one by one, until one is wanted; whether one
    /// was.
    pub fn any(&self, value: &Value, wanted: &mut dyn FnMut(&Value) -> bool) -> bool {
        let mut left = MOST_VISITS;
        walk(&self.0, value, &mut left, wanted)
    }
}

fn walk(steps: &[Step], value: &Value, left: &mut usize, wanted: &mut dyn FnMut(&Value) -> bool) -> bool {
    *left = left.saturating_sub(1);
    if *left == 0 {
        return false;
    }
    let members = |left: &mut usize, steps: &[Step], wanted: &mut dyn FnMut(&Value) -> bool| {
        value.as_array().is_some_and(|list| list.iter().any(|member| walk(steps, member, left, wanted)))
    };
    let Some((step, rest)) = steps.split_first() else {
        return if value.is_array() { members(left, steps, wanted) } else { wanted(value) };
    };
    match step {
        Step::Key(key) => match value {
            Value::Object(object) => object.get(key).is_some_and(|value| walk(rest, value, left, wanted)),
            _ => members(left, steps, wanted),
        },
        Step::Index(index) => value.get(*index).is_some_and(|value| walk(rest, value, left, wanted)),
        Step::Each => match value {
            Value::Object(object) => object.values().any(|value| walk(rest, value, left, wanted)),
            _ => members(left, rest, wanted),
        },
    }
}

/// What stands behind an opening bracket, with what is behind the closing one.
fn bracket(inner: &str) -> Option<(Step, &str)> {
    if let Some(quoted) = inner.strip_prefix('"') {
        let (name, behind) = quoted.split_once("\"]")?;
        return Some((Step::Key(name.to_owned()), behind));
    }
    let (step, behind) = inner.split_once(']')?;
    let step = match step {
        "*" | "" => Step::Each,
        index => Step::Index(index.parse().ok()?),
    };
    Some((step, behind))
}

fn key(rest: &str) -> Option<(Step, &str)> {
    let end = rest.find(['.', '[']).unwrap_or(rest.len());
    let (name, behind) = rest.split_at(end);
    (!name.is_empty()).then(|| (Step::Key(name.to_owned()), behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, json: &str) -> Vec<String> {
        let mut found = Vec::new();
        let value = serde_json::from_str(json).unwrap();
        Path::read(path).unwrap().any(&value, &mut |value| {
            found.push(value.to_string());
            false
        });
        found
    }

    #[test]
    fn paths_lead_through_objects_and_lists() {
        let json =
            r#"{"user":{"roles":["admin","dev"]},"items":[{"price":12},{"price":7}],"a.b":{"c":null}}"#;
        assert_eq!(found("user.roles", json), ["\"admin\"", "\"dev\""]);
        assert_eq!(found("items[1].price", json), ["7"]);
        assert_eq!(found("items.price", json), ["12", "7"]);
        assert_eq!(found("items[*].price", json), ["12", "7"]);
        assert_eq!(found("[\"a.b\"].c", json), ["null"]);
        assert_eq!(found("nothing.here", json), [""; 0]);
        assert_eq!(found("", "7"), ["7"]);
        for bad in [".", "a.", "a..b", "a[", "a[x]", "a[0]b"] {
            assert_eq!(Path::read(bad), None, "{bad}");
        }
    }
}
