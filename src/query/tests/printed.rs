//! What is printed reads back as the same tree.

use super::super::parse::parse;
use super::super::tree::Node;
use super::samples::any_node;
use proptest::prelude::*;

#[test]
fn the_canonical_text() {
    for (typed, printed) in [
        ("", ""),
        ("cart and not 404", "cart -404"),
        ("a | b || c or d", "a or b or c or d"),
        ("(a b) or (c and (d e))", "a b or c d e"),
        ("a (b or c)", "a (b or c)"),
        ("not (a b)", "-(a b)"),
        ("not not a", "a"),
        ("STATUS-code:404,4xx", "status:404,4xx"),
        ("status:(404 or 500)", "status:404,500"),
        ("status!=404", "-status:404"),
        ("status:>=400", "status>=400"),
        ("larger-than:10k", "size>=10k"),
        ("size>10240", "size>10240"),
        ("time:0.3s..2000ms", "time:300ms..2s"),
        ("start:-60m", "start:-1h.."),
        ("host:\"a b\",/x/", "host:\"a b\" or host~/x/"),
        ("path:/v1/ url:/a?b=1", "path:/v1/ url:/a?b=1"),
        ("/a\\/b/c", "text~/a\\/b/c"),
        ("#7..9", "id:7..9"),
        ("has-response-header:etag", "res.header.etag:*"),
        ("cookie-name:sid", "cookie.sid:* or set-cookie.sid:*"),
        ("hostname*=x httpVersion=HTTP/1.1 bodySize>1k", "host:x version=HTTP/1.1 size>1k"),
        ("domain:*.cdn.test mime-type:image/*", "domain:*.cdn.test type:image/*"),
        ("is:open", "is:running"),
        ("~u /api & ~c 500 | ~e", "url~/\\/api/ status:500 or is:error"),
        ("~q ~m post | ~tcp", "is:unanswered method~/post/"),
        ("~tcp", "-text:*"),
        ("cart ~s", "url~/cart/ -is:unanswered"),
        ("~u get(Info|Routers)", "url~/get/ url~/Info|Routers/"),
        ("host:( x hos?=( y )", r"host:x,y or host~/\Ahos(?s:.)=\(\z/"),
        ("url:f(a,b)*", "url:f(a,b)*"),
        (
            "url:/f(*/ path:((a)*) -host:B)*",
            r"url~/\A\/f\((?s:.)*\/\z/ path~/\A\(a\)(?s:.)*\z/ -host~/\AB\)(?s:.)*\z/",
        ),
        ("json.\"[\\\"a b\\\"].c\":1", "json.\"[\\\"a b\\\"].c\":1"),
    ] {
        let (node, faults) = parse(typed);
        assert_eq!((node.to_string().as_str(), faults.as_slice()), (printed, &[][..]), "{typed}");
        assert_eq!(parse(printed), (node, Vec::new()), "{typed}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn what_is_printed_reads_back(node in any_node()) {
        let text = node.to_string();
        let (read, faults) = parse(&text);
        prop_assert_eq!(&faults, &[], "{}", text);
        prop_assert_eq!(read, node, "{}", text);
    }

    #[test]
    fn whatever_is_typed_prints_as_what_it_means(text in super::total::typed()) {
        let (node, _) = parse(&text);
        prop_assert_eq!(parse(&node.to_string()), (node.clone(), Vec::new()), "{}", node);
        prop_assert!(node != Node::And(Vec::new()));
    }
}
