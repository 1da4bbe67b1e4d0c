//! SQL over a whole capture: all of its segments as one set of tables, packed ones as if they were not.
//!
//! Each table is a view in `temp` over that of every segment, and stands before them by its name; the views of
//! `views.sql` are made anew over these. Nothing can be written. Functions beside `SQLite`'s own, all of them
//! plain ones of what they are given: `header(head, name)`, `headers_json(head)`, `body_text(body, head)`.

use super::error::StoreError;
use super::packed::{self, Unpacking};
use super::schema;
use super::segment::{self, Name};
use crate::exchange::Head;
use crate::view;
use bytes::Bytes;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, fallible_iterator::FallibleIterator as _};
use std::io::Read as _;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Tables of which each segment has a part.
const PARTS: [&str; 8] = ["exchange", "payload", "interim", "attempt", "gap", "message", "tunnel", "note"];
/// Tables of connections, each by its number there.
const OF_CONNECTIONS: [(&str, &str); 4] =
    [("connection", "id"), ("handshake", "connection"), ("dialling", "connection"), ("ocsp", "connection")];
/// What a packed payload has in one column, by the columns that it stands for.
const PACKED: [(&str, &str, usize); 6] = [
    ("request_received", "packed_heads", 4),
    ("request_sent", "packed_heads", 4),
    ("response_received", "packed_heads", 4),
    ("response_sent", "packed_heads", 4),
    ("request_body", "packed_bodies", 2),
    ("response_body", "packed_bodies", 2),
];
/// Databases that `SQLite` takes beside the first one, unless it was built to take more.
const ATTACHED: usize = 10;
/// The same for ours, by `.cargo/config.toml`.
const OURS: &str = "MAX_ATTACHED=";
/// Octets that [`body_text`] undoes codings to.
const MOST: u64 = 16 << 20;

/// A capture open to SQL.
#[derive(Debug)]
pub struct Sql {
    db: Connection,
    left_out: Option<LeftOut>,
}

/// What SQL does not see of a capture: its oldest segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// How many segments.
    pub segments: u64,
    /// Exchanges with a lower number than this are in them.
    pub below: u64,
    /// How many are seen.
    pub seen: u64,
}

/// A value in an answer.
pub type Cell<'a> = ValueRef<'a>;

/// Told of each row of an answer: the names of its columns, and its values; whether to go on.
pub type EachRow<'e> = dyn FnMut(&[String], &[Cell<'_>]) -> bool + 'e;

impl Sql {
    /// Opens a capture, also while it is recorded: as it is now, segments that come later are not seen.
    pub fn open(capture: &Path) -> Result<Self, StoreError> {
        Self::open_with(capture, usize::MAX)
    }

    /// The same with so many segments beside the newest, if `SQLite` takes them.
    pub(super) fn open_with(capture: &Path, most: usize) -> Result<Self, StoreError> {
        let capture = std::path::absolute(capture).map_err(StoreError::io("resolve", capture))?;
        // A reader's own checks and words.
        drop(super::Reader::open(&capture)?);
        let sql = || StoreError::sql("read", &capture);
        let mut names = segment::list(&capture).map_err(StoreError::io("read", &capture))?;
        let db = loop {
            let Some(newest) = names.pop() else { return Err(StoreError::Absent(capture)) };
            if let Some(db) = segment::connect(&capture, newest)? {
                break db;
            }
        };
        let most = attachable(&db).map_err(sql())?.min(most);
        let schemas = attach(&db, &capture, &names, most);
        teach(&db, &schemas).map_err(sql())?;
        if schema::has_segments(&db).map_err(sql())? {
            unite(&db, &schemas).map_err(sql())?;
        }
        let left_out = left_out(&db, &names, most).map_err(sql())?;
        db.pragma_update(None, "query_only", true).map_err(sql())?;
        Ok(Self { db, left_out })
    }

    /// Segments beyond what `SQLite` takes at once.
    #[must_use]
    pub fn left_out(&self) -> Option<LeftOut> {
        self.left_out
    }

    /// Runs statements, one after the other. The error is in `SQLite`'s words.
    pub fn run(&self, text: &str, each: &mut EachRow<'_>) -> Result<(), String> {
        self.rows(text, each).map_err(|error| match error {
            rusqlite::Error::SqlInputError { msg, .. } => msg,
            other => other.to_string(),
        })
    }

    fn rows(&self, text: &str, each: &mut EachRow<'_>) -> rusqlite::Result<()> {
        let mut batch = Batch::new(&self.db, text);
        while let Some(mut statement) = batch.next()? {
            let columns: Vec<String> = statement.column_names().map(str::to_owned).collect();
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let cells: Vec<Cell<'_>> =
                    (0..columns.len()).map(|at| row.get_ref(at)).collect::<Result<_, _>>()?;
                if !each(&columns, &cells) {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// How many databases may be attached: `SQLite` tells how it was built.
fn attachable(db: &Connection) -> rusqlite::Result<usize> {
    let mut statement = db.prepare("SELECT compile_options FROM pragma_compile_options")?;
    let mut options = statement.query_map([], |row| row.get::<_, String>(0))?;
    let told = options.find_map(|option| option.ok()?.strip_prefix(OURS)?.parse().ok());
    Ok(told.unwrap_or(ATTACHED))
}

/// Attaches so many, the newest first; the names of all, newest first.
fn attach(db: &Connection, capture: &Path, names: &[Name], most: usize) -> Vec<String> {
    let mut schemas = vec!["main".to_owned()];
    for name in names.iter().rev().take(most) {
        let schema = format!("s{}", name.number);
        let file = name.file(capture);
        let file = file.to_string_lossy();
        // What retention removes at this moment is not there.
        if db.execute(&format!("ATTACH ?1 AS {schema}"), [file.as_ref()]).is_ok() {
            schemas.push(schema);
        }
    }
    schemas
}

/// What of the segments before the newest is not attached.
fn left_out(db: &Connection, names: &[Name], most: usize) -> rusqlite::Result<Option<LeftOut>> {
    let Some(segments) = names.len().checked_sub(most).filter(|segments| *segments > 0) else {
        return Ok(None);
    };
    let Some(oldest) = names.get(segments) else { return Ok(None) };
    let sql = "SELECT exchange FROM main.segment WHERE number = ?1";
    let below = db.query_row(sql, [oldest.number], |row| row.get(0)).map(super::rows::nat)?;
    Ok(Some(LeftOut { segments: segments as u64, below, seen: most as u64 + 1 }))
}

fn unite(db: &Connection, schemas: &[String]) -> rusqlite::Result<()> {
    // What stands before the tables of an older newest segment; its place is taken here.
    db.execute_batch("DROP VIEW IF EXISTS temp.message")?;
    for table in PARTS {
        // What an older newest segment lacks stands in `temp`, empty.
        if !schema::has(db, "main", table)? {
            continue;
        }
        let columns = columns(db, table)?;
        let part = |schema: &String| match table {
            "message" => messages(db, schema),
            _ => Ok(format!("SELECT {columns} FROM {schema}.{table}")),
        };
        let with = schemas.iter().filter(|schema| schema::has(db, schema, table).unwrap_or(false));
        let parts: Vec<String> = with.map(part).collect::<rusqlite::Result<_>>()?;
        db.execute_batch(&format!("CREATE TEMP VIEW {table} AS {}", parts.join(" UNION ALL ")))?;
    }
    for (table, key) in OF_CONNECTIONS {
        if schema::has(db, "main", table)? {
            connections(db, schemas, (table, key))?;
        }
    }
    let parts: Vec<String> =
        schemas.iter().map(|schema| format!("SELECT * FROM {schema}.certificate")).collect();
    db.execute_batch(&format!("CREATE TEMP VIEW certificate AS {}", parts.join(" UNION ")))?;
    db.execute_batch(&schema::VIEWS.replace("CREATE VIEW", "CREATE TEMP VIEW"))
}

/// A connection that lasts is copied on into later segments: what the newest says of it holds. Which those are is
/// looked up once; a segment tells from which number on its connections are its own.
fn connections(db: &Connection, schemas: &[String], (table, key): (&str, &str)) -> rusqlite::Result<()> {
    db.execute_batch(&format!("CREATE TEMP TABLE copied_{table}(id INTEGER PRIMARY KEY, place INTEGER)"))?;
    let mut parts = Vec::new();
    for (place, schema) in schemas.iter().enumerate() {
        if !schema::has(db, schema, table)? {
            continue;
        }
        db.execute_batch(&format!(
            "INSERT OR IGNORE INTO temp.copied_{table} SELECT {key}, {place} FROM {schema}.{table}
             WHERE {key} < (SELECT connection FROM {schema}.segment ORDER BY number DESC LIMIT 1)"
        ))?;
        parts.push(format!(
            "SELECT * FROM {schema}.{table} WHERE {key} NOT IN (SELECT id FROM temp.copied_{table} WHERE place <> {place})"
        ));
    }
    db.execute_batch(&format!("CREATE TEMP VIEW {table} AS {}", parts.join(" UNION ALL ")))
}

/// A segment's messages; one of format 3 has no runs.
fn messages(db: &Connection, schema: &str) -> rusqlite::Result<String> {
    let sql = "SELECT count(*) FROM pragma_table_info('message', ?1) WHERE name = 'run'";
    let run =
        if db.query_row(sql, [schema], |row| row.get::<_, i64>(0))? == 1 { "run" } else { "NULL AS run" };
    Ok(format!("SELECT id, at, side, form, flags, wire, length, says, payload, {run} FROM {schema}.message"))
}

/// The columns of a table, packed ones unpacked.
fn columns(db: &Connection, table: &str) -> rusqlite::Result<String> {
    let mut statement = db.prepare("SELECT name FROM pragma_table_info(?1, 'main')")?;
    let names: Vec<String> = statement.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let plain = |name: &String| {
        let packed = PACKED.iter().position(|(column, ..)| column == name).filter(|_| table == "payload");
        let Some((_, column, of)) = packed.and_then(|at| PACKED.get(at)) else { return name.clone() };
        let first = PACKED.iter().position(|(_, other, _)| other == column).unwrap_or_default();
        let number = packed.unwrap_or_default() - first;
        format!(
            "CASE WHEN {column} IS NULL THEN {name} ELSE part(unpacked({column}), {number}, {of}) END AS {name}"
        )
    };
    Ok(names.iter().map(plain).collect::<Vec<_>>().join(", "))
}

fn teach(db: &Connection, schemas: &[String]) -> rusqlite::Result<()> {
    let mut unpacking = Unpacking::default();
    for schema in schemas {
        unpacking.add(db, schema)?;
    }
    let unpacking = Mutex::new(unpacking);
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    db.create_scalar_function("unpacked", 1, flags, move |call| {
        let Some(packed) = octets(call, 0) else { return Ok(None) };
        let mut unpacking = unpacking.lock().unwrap_or_else(PoisonError::into_inner);
        unpacking
            .unpack(packed)
            .map(Some)
            .map_err(|error| rusqlite::Error::UserFunctionError(Box::new(error)))
    })?;
    db.create_scalar_function("part", 3, flags, |call| {
        let number = usize::try_from(call.get::<i64>(1)?).unwrap_or(usize::MAX);
        let parts = octets(call, 0).and_then(|joined| match call.get::<i64>(2) {
            Ok(4) => packed::split::<4>(joined).map(Vec::from),
            _ => packed::split::<2>(joined).map(Vec::from),
        });
        Ok(parts.and_then(|parts| parts.get(number).copied().flatten().map(<[u8]>::to_vec)))
    })?;
    db.create_scalar_function("header", 2, flags, |call| {
        let name: String = call.get(1)?;
        Ok(head(call, 0).and_then(|head| head.value(&name).map(text)))
    })?;
    db.create_scalar_function("headers_json", 1, flags, |call| {
        Ok(head(call, 0).map(|head| {
            let fields: Vec<[String; 2]> =
                head.fields().map(|field| [text(field.name), text(field.value)]).collect();
            serde_json::to_string(&fields).unwrap_or_default()
        }))
    })?;
    db.create_scalar_function("body_text", 2, flags, |call| Ok(body_text(call)))
}

/// A body with its codings undone, as text; as it is where they cannot be.
fn body_text(call: &Context<'_>) -> Option<String> {
    let body = octets(call, 0)?;
    let codings = head(call, 1).map(|head| view::codings(&head)).unwrap_or_default();
    let mut bytes = Vec::new();
    match view::decoded(Box::new(std::io::Cursor::new(body.to_vec())), &codings) {
        // What is damaged is shown as far as it could be decoded.
        Ok(decoded) => _ = decoded.take(MOST).read_to_end(&mut bytes),
        Err(_) => bytes.extend_from_slice(body),
    }
    Some(text(&bytes))
}

fn head(call: &Context<'_>, at: usize) -> Option<Head> {
    octets(call, at).map(|head| Head::parse(Bytes::copy_from_slice(head)))
}

fn octets<'c>(call: &'c Context<'_>, at: usize) -> Option<&'c [u8]> {
    call.get_raw(at).as_bytes_or_null().ok().flatten()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
