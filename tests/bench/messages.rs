//! The messages that benchmarks pass on: a browser's request and an answer of 1 KiB.

/// A browser's request head.
pub const REQUEST: &[u8] = b"GET http://example.org/a/b/c?d=e&f=g HTTP/1.1\r\nHost: example.org\r\n\
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n\
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n\
Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
Referer: http://example.org/\r\nDNT: 1\r\nConnection: keep-alive\r\n\
Cookie: session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes\r\n\
Upgrade-Insecure-Requests: 1\r\nSec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\n\
Sec-Fetch-Site: same-origin\r\nPriority: u=0, i\r\n\r\n";

/// An ordinary answer's head, with a body of 1 KiB.
pub const RESPONSE: &[u8] =
    b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Tue, 24 Nov 2026 16:00:00 GMT\r\n\
Content-Type: text/html; charset=utf-8\r\nContent-Length: 1024\r\n\
Last-Modified: Tue, 24 Nov 2026 15:00:00 GMT\r\nConnection: keep-alive\r\nETag: \"65600000-400\"\r\n\
Cache-Control: max-age=3600\r\nVary: Accept-Encoding\r\nSet-Cookie: a=b; Path=/; HttpOnly\r\n\
Accept-Ranges: bytes\r\n\r\n";
