//! What each field and operator means, on one exchange that holds something for each.

use super::super::{Facts, Matcher, Truth, help, read_at};
use super::samples::{NOW, behind, failed, summary};

fn meant(text: &str) -> Option<bool> {
    let reading = read_at(text, NOW);
    assert_eq!(reading.faults, [], "{text}");
    let truth = Matcher::new(&reading.query).judge(&Facts::of(&summary()), &behind());
    (truth != Truth::Unknown).then_some(truth.is_yes())
}

#[test]
fn filters_that_mean_it() {
    for text in [
        "status:404",
        "status:4xx",
        "status:400..499",
        "status>=400",
        "status:404,410",
        "status:..404",
        "status=404",
        "method:post",
        "method:get,post",
        "-method:options host:api",
        "host:api",
        "host:API",
        "domain:shop.test",
        "domain:test",
        "host:*.shop.test",
        "host=api.shop.test",
        "size>10k",
        "size:14.2k",
        "req.size>1MB",
        "req.size:2M",
        "time>1s",
        "wait:500ms..2s",
        "time:1940ms",
        "start:-2h",
        "start:10:34",
        "start:10:30..10:45",
        "start:2026-11-23",
        "start<-30m",
        "start>10:33",
        "start>=10:34",
        "start:..2026-11-23",
        "type:json",
        "type:application/*",
        "req.type:text/plain",
        "header.cache-control:*",
        "-req.header.cache-control:*",
        "res.header.cache-control:no-store",
        "header.x-id:abc",
        "header.x-id=AbC",
        "header.age>10",
        "header:\"x-id: abc\"",
        "set-cookie.sid:*",
        "cookie.sid=abc123",
        "cookie.b>1",
        "-cookie.nope:*",
        "param.page>10",
        "param.page:12",
        "param.note:\"add to\"",
        "param.page:5..15",
        "url~/cart\\?page=\\d+/",
        "path:/v1/*",
        "path=/v1/Cart",
        "path^=/v1",
        "path$=cart",
        "path*=cart",
        "-path:page",
        "url:page=12",
        "body:\"out of stock\"",
        "req.body:qty",
        "-res.body:qty",
        "res.body~/out.*stock/",
        "json.user.roles:admin",
        "json.user.id:10",
        "-json.user.id:1",
        "json.items[0].price>10",
        "json.items.price:12.5",
        "res.json.says:out",
        "-req.json.says:out",
        "ws:price",
        "res.ws:*",
        "-req.ws:*",
        "hop.removed:keep-alive",
        "hop.added:via",
        "-hop.changed:*",
        "hop:via",
        "finding:cookie-no-secure",
        "finding:cookie",
        "severity>=warn",
        "-severity:error",
        "severity:info,warn",
        "is:ws",
        "is:marked",
        "is:done",
        "-is:error",
        "is:secure",
        "from:origin",
        "scheme:https",
        "version:http/1",
        "client:127.0.0.1",
        "port:443",
        "server:api.shop.test:443",
        "#18313",
        "#18300..18320",
        "id:18313",
        "id>1",
        "(host:api or host:auth) time>300ms -is:replay",
        "cart|nothing",
        "/cart|basket/",
        "-/CART/c",
        "text~/Cart/c",
        "note!=x",
        "tag:cart",
        "-tag:7",
        "note:noon",
        "~comment Slow ~marker ^cart$",
        "is:noted",
        "\"since noon\"",
        "cart & 404",
        "nothing || cart",
        "is:error or status:404",
        "~u cart & ~c 404 | ~e",
        "~m post ~d api",
        "~hq X-Id & ~bs stock",
        "~s !~q",
        "~ts nothing | ~tq plain",
        "~all",
        "!~tcp",
        "~src 127.0.0.1 ~dst :443",
        "~websocket ~marked",
        "(~s)",
        "(~c 404 | ~e)",
        "~b price",
        "~u \"v1/c\"",
        "status-code:404 scheme:https larger-than:1k has-response-header:age",
    ] {
        let text = text.replace("cart|nothing", "cart | nothing");
        assert_eq!(meant(&text), Some(true), "{text}");
        assert_eq!(meant(&format!("-({text})")), Some(false), "{text}");
    }
}

#[test]
fn filters_that_do_not() {
    for text in [
        "status:5xx",
        "status<404",
        "host=shop.test",
        "domain:hop.test",
        "host:shop.*",
        "time<1s",
        "start:-5m",
        "start:11:00..12:00",
        "start:2026-11-22",
        "path:/v1",
        "method=put",
        "type=json",
        "header.x-id=abc",
        "cookie.sid=abc",
        "param.page:120",
        "res.header.x-id:*",
        "json.user.roles:root",
        "json.user.id>10",
        "is:pending",
        "is:asset",
        "from:hopscope",
        "path~/^cart/",
        "ws:nothing",
        "text:nothing",
        "error:*",
        "hop.added:keep-alive",
        "finding:other",
        "severity>warn",
        "~e",
        "~c 200",
        "~replays",
        "~d test$ & ~bq stock",
    ] {
        let expected = matches!(text, "path:/v1");
        assert_eq!(meant(text), Some(expected), "{text}");
    }
}

#[test]
fn one_that_failed() {
    for text in [
        "is:error",
        "is:failed",
        "is:unanswered",
        "error:refused",
        "error=timed-out",
        "error:connect",
        "from:us",
        "port:8443",
        "host:cdn.shop.test",
        "host=cdn.shop.test",
        "server=cdn.shop.test:8443",
        "domain:shop.test",
        "-status:*",
        "-time:*",
        "~e & ~q",
        "-type:*",
    ] {
        let reading = read_at(text, NOW);
        assert_eq!(reading.faults, [], "{text}");
        assert!(reading.query.matches(&failed()), "{text}");
    }
}

#[test]
fn the_help_tells_every_field_and_its_examples_are_understood() {
    let help = help();
    let examples = help.lines().filter_map(|line| line.trim_start().strip_prefix("as in "));
    let mut told = 0;
    for example in examples.flat_map(super::super::help::split).filter(|example| !example.is_empty()) {
        let reading = read_at(example, NOW);
        assert_eq!(reading.faults, [], "{example}");
        assert!(!reading.query.is_words(), "{example} is no field");
        told += 1;
    }
    assert!(told > 50, "{told}");
}

#[test]
fn sentences() {
    for (text, says) in [
        ("", "all requests"),
        (
            "domain:example.org is:error or domain:example.org time>1s",
            "requests that (went to example.org and failed) or (went to example.org and took over 1 s)",
        ),
        (
            "domain:example.org (is:error or time>1s)",
            "requests to example.org that (failed or took over 1 s)",
        ),
        ("method:post host:api status:5xx", "POST requests to a host with “api” that got 5xx"),
        ("-image 404", "requests that do not contain “image” and contain “404”"),
        ("-(a b)", "requests that do not contain “a” or do not contain “b”"),
        (
            "res.header.cache-control:no-store",
            "requests that have a header cache-control in the answer with “no-store”",
        ),
        ("size>100k status:404,410", "requests that have a body over 100 kB and got 404 or 410"),
        ("start:-5m", "requests that began in the last 5m"),
        ("~tcp", "nothing: hopscope records no such thing"),
    ] {
        assert_eq!(read_at(text, NOW).query.says(), says, "{text}");
    }
}
