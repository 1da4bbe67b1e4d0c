//! Connections as rows, there and back; each certificate is kept once.

use super::rows::{Fault, int, nat, side_of};
use super::{dialling, frames, schema};
use crate::exchange::{ClientCertificate, Connection, ConnectionId, Ocsp, OcspStatus, TlsFacts, Verdict};
use rusqlite::{OptionalExtension, Row, params};

const WRITE_CONNECTION: &str =
    "INSERT OR REPLACE INTO connection VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)";

const WRITE_HANDSHAKE: &str = "INSERT OR REPLACE INTO handshake VALUES (?1,?2,?3,?4,?5,?6,?7)";

/// Writes a connection over whatever stood under its number.
pub(super) fn write(db: &rusqlite::Connection, connection: &Connection) -> rusqlite::Result<()> {
    let tls = connection.tls.as_ref();
    let chain = tls.map(|tls| write_chain(db, &tls.chain)).transpose()?;
    let (trusted, reason) = match tls.and_then(|tls| tls.verdict.as_ref()) {
        None => (None, None),
        Some(Verdict::Trusted) => (Some(true), None),
        Some(Verdict::Untrusted(reason)) => (Some(false), Some(reason.as_str())),
    };
    db.prepare_cached(WRITE_CONNECTION)?.execute(params![
        int(connection.id.0),
        connection.side.as_str(),
        connection.opened,
        connection.peer.map(|address| address.to_string()),
        connection.local.map(|address| address.to_string()),
        tls.map(|tls| &tls.version),
        tls.map(|tls| &tls.cipher),
        tls.and_then(|tls| tls.alpn.as_ref()),
        tls.and_then(|tls| tls.sni.as_ref()),
        chain,
        trusted,
        reason,
        frames::json(&connection.frames),
    ])?;
    if let Some(how) = &connection.dialling {
        dialling::write(db, int(connection.id.0), how)?;
    }
    tls.map_or(Ok(()), |tls| write_handshake(db, connection.id, tls))
}

fn write_handshake(db: &rusqlite::Connection, id: ConnectionId, tls: &TlsFacts) -> rusqlite::Result<()> {
    db.prepare_cached(WRITE_HANDSHAKE)?.execute(params![
        int(id.0),
        tls.group,
        tls.resumed,
        tls.took.map(int),
        tls.ocsp.is_some(),
        tls.client_certificate.as_str(),
        tls.hello,
    ])?;
    tls.ocsp.map_or(Ok(()), |ocsp| write_ocsp(db, id, ocsp))
}

fn write_ocsp(db: &rusqlite::Connection, id: ConnectionId, ocsp: Ocsp) -> rusqlite::Result<()> {
    let Ocsp { status, produced, next, revoked } = ocsp;
    db.prepare_cached("INSERT OR REPLACE INTO ocsp VALUES (?1,?2,?3,?4,?5)")?.execute(params![
        int(id.0),
        status.as_str(),
        produced,
        next,
        revoked
    ])?;
    Ok(())
}

/// What is kept of a response that was stapled: of older captures, that there was one.
fn ocsp(db: &rusqlite::Connection, id: i64) -> Result<Ocsp, Fault> {
    let sql = "SELECT status, produced, next, revoked FROM ocsp WHERE connection = ?1";
    let Some(mut statement) = schema::statement(db, sql)? else { return Ok(Ocsp::SILENT) };
    let row = statement
        .query_row([id], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
    let Some((status, produced, next, revoked)) = row.optional()? else { return Ok(Ocsp::SILENT) };
    let status = OcspStatus::from_word(&status).ok_or(Fault::Bad("OCSP status"))?;
    Ok(Ocsp { status, produced, next, revoked })
}

/// Reads a connection; `None` when there is no such row.
pub(super) fn read(db: &rusqlite::Connection, id: ConnectionId) -> Result<Option<Connection>, Fault> {
    let mut statement = db.prepare_cached("SELECT * FROM connection WHERE id = ?1")?;
    let mut rows = statement.query([int(id.0)])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let side: String = row.get(1)?;
    Ok(Some(Connection {
        id,
        side: side_of(&side)?,
        opened: row.get(2)?,
        peer: address(row.get(3)?)?,
        local: address(row.get(4)?)?,
        tls: row.get::<_, Option<String>>(5)?.map(|version| tls(db, row, version)).transpose()?,
        dialling: dialling::read(db, id)?,
        frames: frames::read(row.get(12)?)?,
    }))
}

/// Certificates repeat on every connection to an origin; each is kept once.
fn write_chain(db: &rusqlite::Connection, chain: &[Vec<u8>]) -> rusqlite::Result<Vec<u8>> {
    let mut hashes = Vec::with_capacity(chain.len() * 32);
    for der in chain {
        let hash = blake3::hash(der);
        db.prepare_cached("INSERT OR IGNORE INTO certificate VALUES (?1, ?2)")?
            .execute(params![hash.as_bytes(), der])?;
        hashes.extend_from_slice(hash.as_bytes());
    }
    Ok(hashes)
}

fn tls(db: &rusqlite::Connection, row: &Row<'_>, version: String) -> Result<TlsFacts, Fault> {
    let hashes: Vec<u8> = row.get::<_, Option<_>>(9)?.unwrap_or_default();
    let mut certificate = db.prepare_cached("SELECT der FROM certificate WHERE hash = ?1")?;
    let mut chain = Vec::new();
    for hash in hashes.chunks(32) {
        let der = certificate.query_row([hash], |row| row.get(0)).optional()?;
        chain.push(der.ok_or(Fault::Bad("certificate chain"))?);
    }
    let trusted: Option<bool> = row.get(10)?;
    let facts = TlsFacts {
        version,
        cipher: row.get::<_, Option<_>>(6)?.unwrap_or_default(),
        alpn: row.get(7)?,
        sni: row.get(8)?,
        chain,
        verdict: match trusted {
            None => None,
            Some(true) => Some(Verdict::Trusted),
            Some(false) => Some(Verdict::Untrusted(row.get::<_, Option<_>>(11)?.unwrap_or_default())),
        },
        ..TlsFacts::default()
    };
    handshake(db, row.get(0)?, facts)
}

/// Adds what a capture of format 3 knows of it.
fn handshake(db: &rusqlite::Connection, id: i64, facts: TlsFacts) -> Result<TlsFacts, Fault> {
    let mut statement = db.prepare_cached("SELECT * FROM handshake WHERE connection = ?1")?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(facts) };
    Ok(TlsFacts {
        group: row.get(1)?,
        resumed: row.get(2)?,
        took: row.get::<_, Option<i64>>(3)?.map(nat),
        ocsp: if row.get(4)? { Some(ocsp(db, id)?) } else { None },
        client_certificate: ClientCertificate::from_word(row.get::<_, Option<String>>(5)?.as_deref()),
        hello: row.get(6)?,
        ..facts
    })
}

fn address(text: Option<String>) -> Result<Option<std::net::SocketAddr>, Fault> {
    text.map(|text| text.parse().map_err(|_| Fault::Bad("address"))).transpose()
}
