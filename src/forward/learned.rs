//! Hosts that are left alone for a while, because a client would not take our certificate for them.
//!
//! Learned of a program and a host together: of one program, since on one machine all programs have one address,
//! and who trusts us must not lose sight of a host because another does not; of one host, since a program that
//! pins one certificate takes ours for all others. A program is known by its address and the JA4 of its hello,
//! which is the same for every connection that it makes. A request that comes through takes the refusals back, and
//! its program is believed for longer: a check that does not trust us, made with the same library on the same
//! machine, must not take a host out of sight. Many refused hosts push out the oldest doubts, not the newest.

use crate::ca::Recent;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use time::OffsetDateTime;

/// Programs and hosts that are remembered at once.
const REMEMBERED: usize = 4_096;
/// Of those that have come through.
const TRUSTING: usize = 1_024;
/// Silences that weigh as much as a refusal by an alert: who closes the connection behind the handshake may only
/// have looked at the certificate, as probes do, or have connected ahead of need.
const SILENCES: u32 = 3;

/// A program that makes connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Program {
    /// Where it runs.
    pub address: IpAddr,
    /// The fingerprint of its hello.
    pub ja4: String,
}

/// Told when a host is to be left alone; must not block.
pub type OnLesson = Box<dyn Fn(&Lesson) + Send + Sync>;

/// What refusals have taught.
pub struct Learned {
    on: bool,
    /// Refusals that it takes.
    after: u32,
    lasts: Duration,
    known: Mutex<Known>,
    told: OnceLock<OnLesson>,
}

struct Known {
    doubts: HashMap<(Program, String), Doubt>,
    /// Hosts of which nothing is to be learned any more.
    never: HashSet<String>,
    /// Who has come through: its silence is no refusal, browsers connect ahead of need.
    trusting: Recent<(Program, String), ()>,
}

impl Default for Known {
    fn default() -> Self {
        Self { doubts: HashMap::new(), never: HashSet::new(), trusting: Recent::new(TRUSTING) }
    }
}

/// How a certificate was refused.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// In words.
    pub says: &'a str,
    /// Whether nothing was said: the connection was closed behind the handshake.
    pub silent: bool,
}

/// Refusals of one program for one host.
struct Doubt {
    refusals: u32,
    /// In silences.
    weight: u32,
    last: Instant,
    lesson: Option<Lesson>,
}

/// A host that is left alone for a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// The host.
    pub host: String,
    /// The program, as a person knows it: `curl/8.5.0 at 127.0.0.1`.
    pub client: String,
    /// How often it refused our certificate.
    pub refusals: u32,
    /// How it did so last.
    pub how: String,
    /// Until when, microseconds since the epoch.
    pub until: i64,
}

impl Lesson {
    /// What was learned and for how long.
    #[must_use]
    pub fn says(&self) -> String {
        let Self { client, refusals, how, .. } = self;
        format!("{client} refused our certificate {refusals} times, last {how}; until {}", self.end())
    }

    /// The time of day (UTC) at which it ends.
    #[must_use]
    pub fn end(&self) -> String {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.until) * 1_000);
        moment.map_or_else(
            |_| "the end of this run".to_owned(),
            |at| format!("{:02}:{:02}:{:02} UTC", at.hour(), at.minute(), at.second()),
        )
    }
}

impl std::fmt::Debug for Learned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Learned").field("on", &self.on).finish_non_exhaustive()
    }
}

impl Learned {
    /// Learns from so many refusals, for so long; or never.
    #[must_use]
    pub fn new(on: bool, after: u32, lasts: Duration) -> Self {
        Self { on, after, lasts, known: Mutex::default(), told: OnceLock::new() }
    }

    /// Who is told of each lesson; the first that asks.
    pub fn tell(&self, told: OnLesson) {
        // Whoever comes later reads the rows.
        let _ = self.told.set(told);
    }

    /// A program would not take our certificate for a host. The lesson, when that was once too often.
    pub fn refused(&self, program: &Program, authority: &str, name: &str, how: How<'_>) -> Option<Lesson> {
        if !self.on {
            return None;
        }
        let lesson = self.count(program, authority, name, how)?;
        if let Some(told) = self.told.get() {
            told(&lesson);
        }
        Some(lesson)
    }

    fn count(&self, program: &Program, authority: &str, name: &str, how: How<'_>) -> Option<Lesson> {
        let mut known = self.lock();
        let key = (program.clone(), authority.to_owned());
        let host = host_of(authority);
        let trusts = known.trusting.find(&key).is_some();
        if known.never.contains(host) || (how.silent && trusts) {
            return None;
        }
        if known.doubts.len() >= REMEMBERED && !known.doubts.contains_key(&key) {
            known.forget_oldest(self.lasts);
        }
        let doubt = known.doubts.entry(key).or_insert_with(Doubt::new);
        if doubt.last.elapsed() >= self.lasts {
            *doubt = Doubt::new();
        }
        doubt.refusals += 1;
        doubt.weight += if how.silent || trusts { 1 } else { SILENCES };
        doubt.last = Instant::now();
        if doubt.weight < self.after.saturating_mul(SILENCES) {
            return None;
        }
        doubt.lesson = Some(Lesson {
            host: host.to_owned(),
            client: name.to_owned(),
            refusals: doubt.refusals,
            how: how.says.to_owned(),
            until: until(self.lasts),
        });
        doubt.lesson.clone()
    }

    /// A request of this program came through: it takes our certificate for the host.
    pub fn proven(&self, program: &Program, authority: &str) {
        let (mut known, key) = (self.lock(), (program.clone(), authority.to_owned()));
        if !known.doubts.is_empty() {
            known.doubts.remove(&key);
        }
        known.trusting.put(key, ());
    }

    /// Whether a request of this program has come through lately: its silence on another connection says nothing.
    pub fn trusts(&self, program: &Program, authority: &str) -> bool {
        self.lock().trusting.find(&(program.clone(), authority.to_owned())).is_some()
    }

    /// Why a host is to be left alone for this program, if it is.
    #[must_use]
    pub fn lesson(&self, program: &Program, authority: &str) -> Option<Lesson> {
        let known = self.lock();
        if known.doubts.is_empty() {
            return None;
        }
        let doubt = known.doubts.get(&(program.clone(), authority.to_owned()))?;
        doubt.lesson.clone().filter(|_| doubt.last.elapsed() < self.lasts)
    }

    /// All that holds now.
    #[must_use]
    pub fn lessons(&self) -> Vec<Lesson> {
        let known = self.lock();
        let holds = known.doubts.values().filter(|doubt| doubt.last.elapsed() < self.lasts);
        let mut all: Vec<Lesson> = holds.filter_map(|doubt| doubt.lesson.clone()).collect();
        all.sort_by(|one, other| (&one.host, &one.client).cmp(&(&other.host, &other.client)));
        all
    }

    /// Intercepts a host again, and learns nothing of it any more in this run: who asks for it wants to see
    /// what its client says. Whether it was left alone for anybody.
    pub fn forget(&self, host: &str) -> bool {
        let mut known = self.lock();
        known.never.insert(host.to_owned());
        let before = known.doubts.len();
        known.doubts.retain(|(_, authority), _| host_of(authority) != host);
        known.doubts.len() != before
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Makes room: what is over goes, else the doubt that was raised first; a lesson goes last.
    fn forget_oldest(&mut self, lasts: Duration) {
        self.doubts.retain(|_, doubt| doubt.last.elapsed() < lasts);
        if self.doubts.len() < REMEMBERED {
            return;
        }
        let oldest = self.doubts.iter().min_by_key(|(_, doubt)| (doubt.lesson.is_some(), doubt.last));
        if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
            self.doubts.remove(&oldest);
        }
    }
}

impl Doubt {
    fn new() -> Self {
        Self { refusals: 0, weight: 0, last: Instant::now(), lesson: None }
    }
}

/// The host of an authority: its servers, by port, are learned of one by one, and forgotten together.
fn host_of(authority: &str) -> &str {
    let host = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    host.map_or(authority, |(host, _)| host).trim_start_matches('[').trim_end_matches(']')
}

fn until(lasts: Duration) -> i64 {
    let end = SystemTime::now().checked_add(lasts).and_then(|end| end.duration_since(UNIX_EPOCH).ok());
    end.and_then(|since| i64::try_from(since.as_micros()).ok()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn program(ja4: &str) -> Program {
        Program { address: [127, 0, 0, 1].into(), ja4: ja4.to_owned() }
    }

    fn hour() -> Learned {
        Learned::new(true, 2, Duration::from_hours(1))
    }

    fn refuse(learned: &Learned, ja4: &str, host: &str) -> Option<Lesson> {
        let how = How { says: "with the alert unknown_ca", silent: false };
        learned.refused(&program(ja4), host, "curl/8 at 127.0.0.1", how)
    }

    #[test]
    fn the_second_refusal_teaches_and_is_told() {
        let learned = hour();
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        learned.tell(Box::new(move |lesson| heard.lock().unwrap().push(lesson.host.clone())));
        assert_eq!(refuse(&learned, "a", "shop.test"), None);
        assert_eq!(learned.lesson(&program("a"), "shop.test"), None);
        let lesson = refuse(&learned, "a", "shop.test").unwrap();
        assert!(
            lesson.says().starts_with(
                "curl/8 at 127.0.0.1 refused our certificate 2 times, last with the alert unknown_ca; until "
            ),
            "{}",
            lesson.says()
        );
        assert_eq!(learned.lesson(&program("a"), "shop.test").as_ref(), Some(&lesson));
        assert_eq!(learned.lessons(), [lesson]);
        assert_eq!(*told.lock().unwrap(), ["shop.test"]);
        assert_eq!(learned.lesson(&program("b"), "shop.test"), None, "another program at the same address");
        assert_eq!(learned.lesson(&program("a"), "other.test"), None, "another host");
        assert_eq!(learned.lesson(&program("a"), "shop.test:444"), None, "another server there");
        assert_eq!(host_of("[::1]:443"), "::1");
    }

    #[test]
    fn a_request_takes_refusals_back() {
        let learned = hour();
        refuse(&learned, "a", "shop.test");
        learned.proven(&program("a"), "shop.test");
        assert_eq!(refuse(&learned, "a", "shop.test"), None);
    }

    #[test]
    fn the_silence_of_who_has_come_through_is_no_refusal() {
        let learned = hour();
        let silent = How { says: "by closing the connection", silent: true };
        let leaves = |host: &str| learned.refused(&program("a"), host, "a browser", silent);
        assert!(!learned.trusts(&program("a"), "shop.test"));
        learned.proven(&program("a"), "shop.test");
        assert!(learned.trusts(&program("a"), "shop.test") && !learned.trusts(&program("b"), "shop.test"));
        assert_eq!([leaves("shop.test"), leaves("shop.test"), leaves("shop.test")], [None, None, None]);
    }

    #[test]
    fn a_probe_that_looks_like_who_has_come_through_takes_longer_to_be_believed() {
        let learned = hour();
        for _ in 0..3 {
            learned.proven(&program("a"), "shop.test");
            for _ in 1..2 * SILENCES {
                assert_eq!(refuse(&learned, "a", "shop.test"), None);
            }
        }
        assert!(
            refuse(&learned, "a", "shop.test").is_some(),
            "who never comes through again does not trust us"
        );
        learned.proven(&program("a"), "shop.test");
        assert_eq!(learned.lessons(), []);
    }

    #[test]
    fn silence_teaches_more_slowly_than_an_alert() {
        let learned = hour();
        let silent = How { says: "by closing the connection", silent: true };
        let leaves = || learned.refused(&program("a"), "pinned.test", "an app", silent);
        for _ in 1..2 * SILENCES {
            assert_eq!(leaves(), None);
        }
        assert!(leaves().is_some());
    }

    #[test]
    fn what_was_undone_is_not_learned_again() {
        let learned = hour();
        refuse(&learned, "a", "shop.test");
        refuse(&learned, "a", "shop.test");
        assert!(learned.forget("shop.test") && !learned.forget("shop.test"));
        for _ in 0..5 {
            assert_eq!(refuse(&learned, "a", "shop.test"), None);
        }
        assert_eq!(learned.lessons(), []);
    }

    #[test]
    fn it_ends_and_can_be_off() {
        let brief = Learned::new(true, 1, Duration::ZERO);
        assert!(refuse(&brief, "a", "shop.test").is_some());
        assert_eq!(brief.lesson(&program("a"), "shop.test"), None);
        let off = Learned::new(false, 1, Duration::from_hours(1));
        assert_eq!(refuse(&off, "a", "shop.test"), None);
    }

    #[test]
    fn no_more_is_remembered_than_so_many() {
        let learned = hour();
        refuse(&learned, "a", "pinned.test");
        refuse(&learned, "a", "pinned.test");
        for number in 0..REMEMBERED + 10 {
            refuse(&learned, "b", &number.to_string());
        }
        assert_eq!(learned.lock().doubts.len(), REMEMBERED);
        // A flood of names keeps nothing from being learned, and takes no lesson away.
        assert!(learned.lesson(&program("a"), "pinned.test").is_some());
        refuse(&learned, "a", "shop.test");
        assert!(refuse(&learned, "a", "shop.test").is_some());
    }
}
