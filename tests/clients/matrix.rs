//! Origins whose TLS is wrong in one way each, made with openssl: each a 502 with the reason and a cure, and a row
//! with side, phase and kind; and what `--origin-insecure` and `[origin]` of config.toml make of it.

use super::ledger::{failure, has, says};
use super::openssl::{Leaf, Matrix, curl};
use super::programs::{output, text};
use super::serving::Serving;
use crate::support::Sandbox;
use crate::support::origin::Origin;
use serde_json::json;
use std::fs;

/// One origin: how it is wrong, which failure that is, what must be said of it.
struct Wrong<'a> {
    leaf: Leaf<'a>,
    server: &'a [&'a str],
    failure: [&'a str; 3],
    says: &'a [&'a str],
    /// Whether it passes where the settings say so.
    passes: bool,
}

const UNTRUSTED: [&str; 3] = ["origin", "tls", "untrusted"];
const NO_HANDSHAKE: [&str; 3] = ["origin", "tls", "handshake"];
const WEAK: &[&str] = &["rsa:1024"];
const OLD: &[&str] = &["-tls1", "-cipher", "DEFAULT@SECLEVEL=0"];

fn all() -> Vec<Wrong<'static>> {
    let untrusted = |leaf, says| Wrong { leaf, server: &[], failure: UNTRUSTED, says, passes: true };
    let leaf = Leaf::default();
    vec![
        untrusted(
            Leaf { name: "expired", dates: ["20200101000000Z", "20210101000000Z"], ..leaf },
            &["expired on 2021-01-01", "have it renewed", "--origin-insecure=localhost"],
        ),
        untrusted(
            Leaf { name: "early", dates: ["20480101000000Z", "20491231000000Z"], ..leaf },
            &["not valid before 2048-01-01", "clock", "--origin-insecure=localhost"],
        ),
        untrusted(
            Leaf { name: "other", host: "other.example", ..leaf },
            &["not valid for this name: names other.example", "--origin-insecure=localhost"],
        ),
        Wrong {
            leaf: Leaf { name: "sha1", digest: "sha1", ..leaf },
            server: &["-cipher", "DEFAULT@SECLEVEL=0"],
            failure: UNTRUSTED,
            says: &["too weak to be trusted", "ecdsa-with-SHA1", "--origin-insecure=localhost"],
            passes: true,
        },
        Wrong {
            leaf: Leaf { name: "weak", key: WEAK, ..leaf },
            server: &["-cipher", "DEFAULT@SECLEVEL=0"],
            failure: UNTRUSTED,
            says: &["its key is too weak: RSA 1024 bits", "--origin-insecure=localhost"],
            passes: true,
        },
        Wrong {
            leaf: Leaf { name: "weak12", key: WEAK, ..leaf },
            server: &["-tls1_2", "-cipher", "DEFAULT@SECLEVEL=0"],
            failure: UNTRUSTED,
            says: &["its key is too weak: RSA 1024 bits"],
            passes: true,
        },
        Wrong {
            leaf: Leaf { name: "old", ..leaf },
            server: OLD,
            failure: NO_HANDSHAKE,
            says: &["neither TLS 1.2 nor TLS 1.3", "--tunnel localhost"],
            passes: false,
        },
        Wrong {
            leaf: Leaf { name: "asks13", ..leaf },
            server: &["-Verify", "1", "-tls1_3", "-verify_return_error"],
            failure: NO_HANDSHAKE,
            says: &["client certificate", "origin.client_certificates"],
            passes: false,
        },
        Wrong {
            leaf: Leaf { name: "asks12", ..leaf },
            server: &["-Verify", "1", "-tls1_2", "-verify_return_error"],
            failure: NO_HANDSHAKE,
            says: &["client certificate", "origin.client_certificates"],
            passes: false,
        },
    ]
}

#[track_caller]
fn told(proxy: &Serving, url: &str, wrong: [&str; 3], words: &[&str]) {
    let (status, body) = curl(proxy, url);
    let row = proxy.row("the request", |row| row["url"] == url);
    assert_eq!((status, failure(&row)), (502, wrong), "{body} {row}");
    for word in words {
        assert!(says(&row).contains(word), "{word}: {row}");
    }
    assert!(body.contains(says(&row)) && has(&row, "ours"), "{body}");
    assert!(proxy.part(&row, "tls").contains("hopscope offered"), "{}", proxy.part(&row, "tls"));
}

#[test]
fn each_wrong_origin_is_a_502_with_its_reason_and_passes_only_where_it_may() {
    let Some(matrix) = Matrix::new() else { return };
    let strict = Serving::start(&["--origin-ca", text(&matrix.path("ca.pem"))]);
    let lenient =
        Serving::start(&["--origin-ca", text(&matrix.path("ca.pem")), "--origin-insecure=localhost"]);
    for wrong in all() {
        matrix.signed(wrong.leaf);
        let server = matrix.serve(wrong.leaf.name, wrong.server);
        told(&strict, &server.url(), wrong.failure, wrong.says);
        if !wrong.passes {
            told(&lenient, &server.url(), wrong.failure, wrong.says);
            continue;
        }
        let (status, body) = curl(&lenient, &server.url());
        assert_eq!(status, 200, "{}: {body}", wrong.leaf.name);
        let row = lenient.row("the request", |row| row["url"] == server.url());
        assert!(has(&row, "unverified") && row["failure"].is_null(), "{row}");
        assert!(lenient.part(&row, "tls").contains("NOT trusted: "), "{}", wrong.leaf.name);
    }
}

#[test]
fn issuers_that_nobody_knows() {
    let Some(matrix) = Matrix::new() else { return };
    matrix.signed(Leaf::default());
    matrix.self_signed("alone", "localhost");
    let [strict, lenient] = [&[][..], &["--origin-insecure=localhost"]].map(Serving::start);
    for (name, words) in
        [("leaf", "unknown issuer: CN=Matrix CA"), ("alone", "self-signed, and not a trusted root")]
    {
        let server = matrix.serve(name, &[]);
        told(&strict, &server.url(), UNTRUSTED, &[words, "--origin-ca FILE", "--origin-insecure=localhost"]);
        assert_eq!(curl(&lenient, &server.url()).0, 200);
        let row = lenient.row("the request", |row| row["url"] == server.url());
        assert!(lenient.part(&row, "tls").contains(&format!("NOT trusted: {words}")));
    }
}

#[test]
fn what_is_old_but_sound_passes() {
    let Some(matrix) = Matrix::new() else { return };
    matrix.signed(Leaf::default());
    let server = matrix.serve("leaf", &["-tls1_2"]);
    let proxy = Serving::start(&["--origin-ca", text(&matrix.path("ca.pem"))]);
    assert_eq!(curl(&proxy, &server.url()).0, 200);
    let row = proxy.row("the request", |row| row["url"] == server.url());
    let page = proxy.part(&row, "tls");
    assert!(page.contains("version     TLSv1.2") && page.contains("verdict     trusted"), "{page}");
}

#[test]
fn a_resumed_session_keeps_what_the_full_handshake_told() {
    let Some(matrix) = Matrix::new() else { return };
    matrix.signed(Leaf::default());
    matrix.vouched("leaf");
    let proxy = Serving::start(&["--origin-ca", text(&matrix.path("ca.pem"))]);
    for version in ["-tls1_2", "-tls1_3"] {
        let server = matrix.serve("leaf", &["-status_file", "leaf.ocsp", version]);
        assert_eq!((curl(&proxy, &server.url()).0, curl(&proxy, &server.url()).0), (200, 200));
        let rows = proxy.rows("both", 2, |row| row["url"] == server.url());
        let tls = |row| proxy.whole(row)["connections"]["origin"]["tls"].clone();
        let (full, resumed) = (tls(&rows[0]), tls(&rows[1]));
        assert_eq!(
            (&full["resumed"], &resumed["resumed"]),
            (&json!(false), &json!(true)),
            "{version}: {resumed:#}"
        );
        for name in ["version", "cipher", "sni", "trusted", "stapled", "ocsp", "chain"] {
            assert_eq!(full[name], resumed[name], "{version}: {name}");
        }
        assert_eq!((&full["trusted"], &full["stapled"]), (&json!(true), &json!(true)), "{version}");
        assert_eq!(full["ocsp"]["status"], "good", "{version}: {full:#}");
        let told = proxy.part(&rows[1], "tls");
        assert!(told.contains("OCSP        good, made 20"), "{told}");
    }
}

#[test]
fn rfc6960_2_2_an_origin_that_staples_its_own_revocation() {
    let Some(matrix) = Matrix::new() else { return };
    matrix.signed(Leaf::default());
    matrix.revoked("leaf");
    matrix.vouched("leaf");
    let server = matrix.serve("leaf", &["-status_file", "leaf.ocsp"]);
    let ca = matrix.path("ca.pem");
    let strict = Serving::start(&["--origin-ca", text(&ca)]);
    let (status, body) = curl(&strict, &server.url());
    let row = strict.row("the request", |row| row["url"] == server.url());
    assert_eq!((status, failure(&row)), (502, UNTRUSTED), "{body}");
    for word in ["revoked on 20", "as its own OCSP response says", "--origin-insecure=localhost"] {
        assert!(says(&row).contains(word), "{word}: {row}");
    }
    assert!(strict.part(&row, "tls").contains("OCSP        REVOKED, revoked 20"));
    let lenient = Serving::start(&["--origin-ca", text(&ca), "--origin-insecure=localhost"]);
    assert_eq!(curl(&lenient, &server.url()).0, 200);
    assert!(has(&lenient.row("the request", |row| row["url"] == server.url()), "unverified"));
}

#[test]
fn origins_that_do_not_complete_the_handshake() {
    let Some(_) = Matrix::new() else { return };
    for flags in [&[][..], &["--origin-insecure=localhost"]] {
        let proxy = Serving::start(flags);
        for (answer, wrong, words) in [
            (
                "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
                NO_HANDSHAKE,
                &["it does not speak TLS on this port: it answered with plain HTTP", "http://"][..],
            ),
            ("", ["origin", "tls", "closed"], &["the server closed the connection during the TLS handshake"]),
            (
                "\x16\x03\x03\x00\x7a\x02\x00\x00\x76",
                ["origin", "tls", "closed"],
                &["during the TLS handshake"],
            ),
        ] {
            let origin = Origin::start(move |peer, _| {
                peer.awaits();
                peer.send(answer);
            });
            told(&proxy, &format!("https://localhost:{}/", origin.address().port()), wrong, words);
        }
    }
}

/// A proxy with these lines in `[origin]` and `[intercept]`, in the folder of the matrix's files.
fn configured(matrix: &Matrix, origin: &str, intercept: &str) -> Serving {
    let file = matrix.path("hopscope.toml");
    fs::write(&file, format!("[origin]\n{origin}\n[intercept]\n{intercept}\n")).unwrap();
    Serving::start(&["--config", text(&file)])
}

#[test]
fn a_client_certificate_is_given_to_the_host_it_is_for() {
    let Some(matrix) = Matrix::new() else { return };
    matrix.signed(Leaf::default());
    matrix.signed(Leaf { name: "me", host: "me.example", ..Leaf::default() });
    let given = r#"client_certificates = ["*.example=leaf.pem;leaf.key", "local*=me.pem;me.key"]"#;
    let proxy = configured(&matrix, &format!("ca_for = [\"localhost=ca.pem\"]\n{given}"), "");
    for version in ["-tls1_2", "-tls1_3"] {
        let server =
            matrix.serve("leaf", &["-Verify", "1", "-verify_return_error", "-CAfile", "ca.pem", version]);
        let (status, body) = curl(&proxy, &server.url());
        assert_eq!(status, 200, "{version}: {body}");
        assert!(body.contains("DNS:me.example"), "{body}");
        let row = proxy.row("the request", |row| row["url"] == server.url());
        let page = proxy.part(&row, "tls");
        assert!(
            page.contains("client cert the server asked for one, and got")
                && page.contains("verdict     trusted"),
            "{page}"
        );
        assert_eq!(proxy.whole(&row)["connections"]["origin"]["tls"]["client_certificate"], "given");
    }
    // The origin does not know who signed ours.
    matrix.self_signed("stranger", "stranger.example");
    let server =
        matrix.serve("leaf", &["-Verify", "1", "-verify_return_error", "-CAfile", "stranger.pem", "-tls1_3"]);
    told(&proxy, &server.url(), NO_HANDSHAKE, &["did not take the client certificate"]);
    // The roots are for localhost alone.
    let server = matrix.serve("leaf", &[]);
    let (status, body) = curl(&proxy, &server.url().replace("localhost", "127.0.0.1"));
    assert!(status == 502 && body.contains("unknown issuer: CN=Matrix CA"), "{body}");
}

#[test]
fn minimum_versions_of_each_side() {
    let Some(matrix) = Matrix::new() else { return };
    matrix.signed(Leaf::default());
    let server = matrix.serve("leaf", &["-tls1_2"]);
    let proxy = configured(&matrix, "ca = [\"ca.pem\"]\nmin_tls = \"1.3\"", "");
    told(&proxy, &server.url(), NO_HANDSHAKE, &["does not take TLS 1.3", "origin.min_tls"]);
    let proxy = configured(&matrix, "ca = [\"ca.pem\"]", "min_tls = \"1.3\"");
    assert_eq!(curl(&proxy, &server.url()).0, 200);
    let mut command = proxy.sandbox.command("curl");
    command.args([
        "-q",
        "-sS",
        "--max-time",
        "30",
        "-x",
        &proxy.url(),
        "--insecure",
        "--tls-max",
        "1.2",
        &server.url(),
    ]);
    assert_eq!(output(command).status.code(), Some(35));
    let row = proxy.row("the CONNECT", |row| row["method"] == "CONNECT" && !row["failure"].is_null());
    assert_eq!(failure(&row), ["client", "tls", "handshake"], "{row}");
    assert!(says(&row).contains("intercept.min_tls"), "{row}");
}

#[test]
fn files_that_cannot_be_used_are_errors_at_the_start() {
    let Some(matrix) = Matrix::new() else { return };
    matrix.signed(Leaf::default());
    let sandbox = Sandbox::new();
    for (line, says) in [
        ("ca_for = [\"localhost=absent.pem\"]", "origin.ca_for: "),
        ("ca_for = [\"localhost=leaf.key\"]", "holds no PEM certificate"),
        ("client_certificates = [\"localhost=absent.pem\"]", "origin.client_certificates: "),
        ("client_certificates = [\"localhost=leaf.pem\"]", "holds no private key"),
        ("client_certificates = [\"localhost=leaf.pem;ca.key\"]", "not that of the certificate"),
        ("client_certificates = [\"localhost\"]", "HOST=FILE"),
        ("min_tls = \"1.1\"", "not one of"),
    ] {
        let file = matrix.path("hopscope.toml");
        fs::write(&file, format!("[origin]\n{line}\n")).unwrap();
        let ended = sandbox.run(&["serve", "--listen", "127.0.0.1:0", "--config", text(&file)]);
        assert_eq!(ended.code, Some(3), "{line}: {ended:?}");
        assert!(ended.stderr.contains(says), "{line}: {}", ended.stderr);
    }
}
