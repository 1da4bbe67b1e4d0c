//! Vendors' own fields as traffic has them, and the families whose prefix tells whose they are.

use crate::inspect::field::Spec::Vendor;
use crate::inspect::field::{Field, Group, word};
use crate::inspect::value;

const IN: Group = Group::Vendor;

/// Fields whose names begin alike and come from one maker.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// How their names begin.
    pub prefix: &'static str,
    /// Who makes them.
    pub vendor: &'static str,
    /// What they are about.
    pub means: &'static str,
}

const fn family(prefix: &'static str, vendor: &'static str, means: &'static str) -> Family {
    Family { prefix, vendor, means }
}

/// Longer prefixes stand before shorter ones that they begin with.
pub static FAMILIES: &[Family] = &[
    family("X-Amz-Meta-", "Amazon S3", "Data that the owner of the object attached to it."),
    family("X-Amz-Cf-", "Amazon CloudFront", "What the CDN notes about this request."),
    family("X-Amz-", "Amazon Web Services", "Parameters and notes of Amazon's services."),
    family("X-Amzn-", "Amazon Web Services", "Parameters and notes of Amazon's services."),
    family("CF-", "Cloudflare", "What Cloudflare notes about the request or the response."),
    family("X-Goog-Meta-", "Google Cloud Storage", "Data that the owner of the object attached to it."),
    family("X-Goog-", "Google Cloud", "Parameters and notes of Google's services."),
    family("X-Google-", "Google", "Notes of Google's servers."),
    family("X-AppEngine-", "Google App Engine", "What App Engine tells the application about a request."),
    family("X-Firebase-", "Google Firebase", "Parameters of Firebase's clients."),
    family("X-Ms-Meta-", "Microsoft Azure", "Data that the owner of the blob attached to it."),
    family("X-Ms-", "Microsoft Azure", "Parameters and notes of Microsoft's services."),
    family("X-MSEdge-", "Microsoft", "Notes of Microsoft's edge servers."),
    family("X-Azure-", "Microsoft Azure", "What Azure Front Door notes about the request."),
    family("X-AspNet", "Microsoft ASP.NET", "The version of the framework that made the page."),
    family("X-SharePoint", "Microsoft SharePoint", "Notes of a SharePoint server."),
    family("X-GitHub-", "GitHub", "Notes of GitHub's interface."),
    family(
        "X-RateLimit-",
        "a custom of many interfaces",
        "How many requests are allowed, are left, and when that begins anew.",
    ),
    family(
        "X-Rate-Limit-",
        "a custom of many interfaces",
        "How many requests are allowed, are left, and when that begins anew.",
    ),
    family("Akamai-", "Akamai", "What Akamai notes about the request."),
    family("X-Akamai-", "Akamai", "What Akamai notes about the request."),
    family("Fastly-", "Fastly", "What Fastly notes about the request."),
    family("X-Fastly-", "Fastly", "What Fastly notes about the request."),
    family("X-Vercel-", "Vercel", "What Vercel notes about the request."),
    family("X-NF-", "Netlify", "What Netlify notes about the request."),
    family("Fly-", "Fly.io", "What Fly.io notes about the request."),
    family("X-Envoy-", "Envoy", "What the Envoy proxy notes, or is told to do."),
    family("X-Shopify-", "Shopify", "Notes of Shopify's shops and interface."),
    family("X-Slack-", "Slack", "Notes of Slack's interface."),
    family("X-LI-", "LinkedIn", "Notes of LinkedIn's servers."),
    family("X-FB-", "Meta", "Notes of Facebook's servers."),
    family("X-Twitter-", "X (Twitter)", "Parameters of Twitter's clients."),
    family("X-Gitlab-", "GitLab", "Notes of GitLab's interface and webhooks."),
    family("X-Oss-", "Alibaba Cloud", "Parameters and notes of Alibaba's object storage."),
    family("X-Cos-", "Tencent Cloud", "Parameters and notes of Tencent's object storage."),
    family("X-Bz-", "Backblaze", "Parameters and notes of Backblaze's storage."),
    family("X-Object-", "OpenStack", "Notes of OpenStack's object storage."),
    family("X-Container-", "OpenStack", "Notes of OpenStack's object storage."),
    family("X-WP-", "WordPress", "Notes of WordPress's interface."),
    family("X-Drupal-", "Drupal", "Notes of a Drupal site."),
    family("X-Magento-", "Magento", "Notes of a Magento shop."),
    family("X-Newrelic-", "New Relic", "Notes of New Relic's monitoring."),
    family("X-Datadog-", "Datadog", "The trace that this request belongs to."),
    family("X-B3-", "Zipkin", "The trace that this request belongs to."),
    family("Ot-Tracer-", "OpenTracing", "The trace that this request belongs to."),
    family("Bugsnag-", "Bugsnag", "About an error report."),
    family("X-Stainless-", "Stainless", "What a generated client library says about itself."),
    family("OpenAI-", "OpenAI", "Parameters and notes of OpenAI's interface."),
    family("Anthropic-", "Anthropic", "Parameters and notes of Anthropic's interface."),
    family("X-Sentry-", "Sentry", "Parameters of Sentry's clients."),
    family("X-Intercom-", "Intercom", "Notes of Intercom's interface."),
    family("X-Kong-", "Kong", "What the Kong gateway notes about the request."),
    family("X-Litespeed-", "LiteSpeed", "Notes of the LiteSpeed server."),
    family("X-Varnish-", "Varnish", "Notes of a Varnish cache."),
    family("X-PyPI-", "PyPI", "About a file of the Python package index."),
    family("Section-IO-", "Section", "What the Section CDN notes about the request."),
    family("X-Krux-", "Krux", "Notes of an advertising service."),
    family("DDD-", "Microsoft MSN", "Notes of MSN's feeds."),
    family("Sec-CH-", "Client hints", "A hint about the client that the table does not know."),
    family("Grpc-", "gRPC", "A field reserved for gRPC."),
];

pub(super) static VENDORS: &[Field] = &[
    IN.response("X-Powered-By", Vendor("PHP"), "Which framework made the page; attackers like to know it.")
        .read(value::products),
    IN.response(
        "X-AspNet-Version",
        Vendor("Microsoft ASP.NET"),
        "The version of ASP.NET; attackers like to know it.",
    ),
    IN.response(
        "X-AspNetMvc-Version",
        Vendor("Microsoft ASP.NET"),
        "The version of ASP.NET MVC; attackers like to know it.",
    ),
    IN.response("X-Generator", Vendor("Drupal"), "Which program made the page."),
    IN.response(
        "X-Served-By",
        Vendor("Fastly"),
        "Which cache servers answered, the nearest to the origin first.",
    )
    .list()
    .read(value::tokens),
    IN.response(
        "X-Timer",
        Vendor("Fastly"),
        "When the request began, and how long it took, in milliseconds.",
    )
    .list()
    .read(value::tokens_loose),
    IN.response("X-Backend", Vendor("custom"), "Which server behind the proxy answered."),
    IN.response("X-Backend-Server", Vendor("custom"), "Which server behind the proxy answered."),
    IN.response("X-Request-Backend", Vendor("custom"), "Which server behind the proxy was asked."),
    IN.response("X-Server", Vendor("custom"), "Which server answered."),
    IN.response("X-ServedByHost", Vendor("custom"), "Which server answered."),
    IN.response("X-Edge-Location", Vendor("CDNs"), "Where the CDN's server stands."),
    IN.response("X-Edge-Backend", Vendor("Slack"), "Which server behind the edge answered."),
    IN.response("X-Datacenter", Vendor("custom"), "Which data centre answered."),
    IN.response("X-Age", Vendor("custom"), "How old the response is, by a cache of the site's own.")
        .read(value::seconds),
    IN.response("X-Via", Vendor("ChinaCache"), "The servers of a CDN that the response came through."),
    IN.response("X-CC-Via", Vendor("ChinaCache"), "The servers of a CDN that the response came through."),
    IN.response("X-HW", Vendor("Highwinds"), "The servers of the CDN that the response came through."),
    IN.response("X-CDN", Vendor("custom"), "Which CDN delivered the response."),
    IN.response("X-CDN-Backend", Vendor("custom"), "Which server the CDN asked."),
    IN.response("X-Pull", Vendor("KeyCDN"), "Which zone of the CDN delivered the response."),
    IN.response("X-Debug", Vendor("custom"), "Notes for the developers of the site."),
    IN.response(
        "X-Clacks-Overhead",
        Vendor("a custom in memory of Terry Pratchett"),
        "GNU Terry Pratchett: a name that is kept travelling.",
    ),
    IN.response("X-Hacker", Vendor("WordPress.com"), "An invitation to apply for a job."),
    IN.response("X-Recruiting", Vendor("custom"), "An invitation to apply for a job."),
    IN.response(
        "X-Page-Speed",
        Vendor("Google PageSpeed"),
        "The version of the module that optimised the page.",
    ),
    IN.response(
        "X-Mod-Pagespeed",
        Vendor("Google PageSpeed"),
        "The version of the module that optimised the page.",
    ),
    IN.response("X-Version", Vendor("custom"), "The version of the application."),
    IN.response("X-App-Cache", Vendor("custom"), "What the application's cache did.").read(value::words),
    IN.response("X-Error", Vendor("custom"), "What went wrong, in words."),
    IN.response(
        "X-Application-Context",
        Vendor("Spring Boot"),
        "The name and port of the application; attackers like to know it.",
    ),
    IN.response("X-Pingback", Vendor("WordPress"), "Where to tell that one links to this page.")
        .read(value::uri),
    IN.response("X-Redirect-By", Vendor("WordPress"), "Which part of the site redirected."),
    IN.request(
        "X-Wap-Profile",
        Vendor("Open Mobile Alliance"),
        "Where the abilities of the device are described.",
    )
    .read(value::word_or_string),
    IN.response("X-UA-Profile", Vendor("custom"), "The kind of device that the site thinks it serves."),
    IN.request("X-User-Agent", Vendor("gRPC-Web"), "Which client library asks.").read(value::products),
    IN.response("X-Do-ESI", Vendor("Varnish"), "The proxy should put parts of the page together."),
    IN.response("X-ESI", Vendor("Varnish"), "The proxy should put parts of the page together."),
    IN.response("X-Restarts", Vendor("Varnish"), "How often the cache began anew with this request.")
        .read(value::number),
    IN.response("X-PX", Vendor("Limelight"), "What the CDN's servers did."),
    IN.response("X-TID", Vendor("custom"), "The id of this transaction.").read(value::id),
    IN.response("X-Trace-Id", Vendor("custom"), "The trace that this request belongs to.").read(value::id),
    IN.response("X-Transaction-Id", Vendor("custom"), "The id of this transaction.").read(value::id),
    IN.response("X-ActivityId", Vendor("Microsoft"), "The id of this activity in Microsoft's logs.")
        .read(value::id),
    IN.response("X-EventId", Vendor("Microsoft"), "The id of this event in Microsoft's logs.")
        .read(value::id),
    IN.response("X-ResizerVersion", Vendor("Microsoft"), "The version of the image service."),
    IN.response("X-Source-Length", Vendor("Microsoft"), "How large the image was before it was resized.")
        .read(value::octets),
    IN.response("X-Cache-Status-BL", Vendor("custom"), "What a cache of the site did.").read(value::words),
    IN.response(
        "UserAgentReductionOptOut",
        Vendor("Chromium"),
        "Asked for the long User-Agent in a trial of Chrome's.",
    ),
    IN.response("X-GitHub-Media-Type", Vendor("GitHub"), "Which form of the answer was chosen.")
        .read(value::settings_loose),
    IN.response("X-GitHub-Request-Id", Vendor("GitHub"), "The id of this request, for GitHub's support.")
        .read(value::id),
    IN.both(
        "X-GitHub-Api-Version",
        Vendor("GitHub"),
        "The version of GitHub's interface that is meant, by its date.",
    ),
    IN.response(
        "X-GitHub-Api-Version-Selected",
        Vendor("GitHub"),
        "The version of GitHub's interface that answered.",
    ),
    IN.request("X-GitHub-Event", Vendor("GitHub"), "Which event a webhook tells of.").read(value::token),
    IN.request("X-GitHub-Delivery", Vendor("GitHub"), "The id of this delivery of a webhook.")
        .read(value::id),
    IN.response(
        "X-GitHub-SSO",
        Vendor("GitHub"),
        "Whether the organisation wants a single sign-on, and where.",
    )
    .read(value::settings_loose),
    IN.response("X-GitHub-OTP", Vendor("GitHub"), "A second factor is needed.").read(value::settings_loose),
    IN.response(
        "GitHub-Authentication-Token-Expiration",
        Vendor("GitHub"),
        "When the token that was used expires.",
    ),
    IN.response("X-OAuth-Scopes", Vendor("GitHub"), "What the token that was used allows.")
        .list()
        .read(value::tokens_loose),
    IN.response("X-Accepted-OAuth-Scopes", Vendor("GitHub"), "What a token must allow for this request.")
        .list()
        .read(value::tokens_loose),
    IN.response(
        "X-Accepted-GitHub-Permissions",
        Vendor("GitHub"),
        "Which permissions an app must have for this request.",
    )
    .read(value::settings_loose),
    IN.response("X-OAuth-Client-Id", Vendor("GitHub"), "Which application the token belongs to.")
        .read(value::id),
    IN.response("X-RateLimit-Limit", Vendor("GitHub"), "How many requests are allowed in the window.")
        .read(value::settings_loose),
    IN.response("X-RateLimit-Remaining", Vendor("GitHub"), "How many requests are left in the window.")
        .read(value::settings_loose),
    IN.response("X-RateLimit-Used", Vendor("GitHub"), "How many requests were made in the window.")
        .read(value::number),
    IN.response(
        "X-RateLimit-Reset",
        Vendor("GitHub"),
        "When the window begins anew: seconds since 1970, or from now.",
    )
    .read(value::reset),
    IN.response("X-RateLimit-Resource", Vendor("GitHub"), "Which quota this request counted against."),
    IN.response("X-Amz-Cf-Id", Vendor("Amazon CloudFront"), "The id of this request in the CDN.")
        .read(value::id),
    IN.response("X-Amz-Cf-Pop", Vendor("Amazon CloudFront"), "Which of the CDN's places answered."),
    IN.response("X-Amz-Request-Id", Vendor("Amazon S3"), "The id of this request, for Amazon's support.")
        .read(value::id),
    IN.response("X-Amz-Id-2", Vendor("Amazon S3"), "A second id of this request, for Amazon's support.")
        .read(value::id),
    IN.response("X-Amz-Version-Id", Vendor("Amazon S3"), "Which version of the object this is.")
        .read(value::id),
    IN.both(
        "X-Amz-Server-Side-Encryption",
        Vendor("Amazon S3"),
        "How the object is encrypted where it lies.",
    )
    .read(value::text),
    IN.both("X-Amz-Storage-Class", Vendor("Amazon S3"), "In which kind of storage the object lies.")
        .read(value::text),
    IN.both("X-Amz-Acl", Vendor("Amazon S3"), "Who may read the object.").read(value::text),
    IN.response("X-Amz-Bucket-Region", Vendor("Amazon S3"), "In which region the bucket lies."),
    IN.request(
        "X-Amz-Content-Sha256",
        Vendor("Amazon Web Services"),
        "The digest of the body that the signature covers.",
    ),
    IN.request("X-Amz-Date", Vendor("Amazon Web Services"), "When the request was signed."),
    IN.request("X-Amz-Target", Vendor("Amazon Web Services"), "Which operation is asked for."),
    IN.request("X-Amz-User-Agent", Vendor("Amazon Web Services"), "Which client library asks.")
        .read(value::products),
    IN.response(
        "X-Amzn-RequestId",
        Vendor("Amazon Web Services"),
        "The id of this request, for Amazon's support.",
    )
    .read(value::id),
    IN.response("X-Amzn-ErrorType", Vendor("Amazon Web Services"), "Which error this is."),
    IN.response(
        "CF-Ray",
        Vendor("Cloudflare"),
        "Cloudflare's id of this request, and the data centre behind the hyphen.",
    ),
    IN.response("CF-Cache-Status", Vendor("Cloudflare"), "What Cloudflare's cache did.")
        .read(value::token)
        .words(&[
            word("HIT", "the cache had the answer"),
            word("MISS", "the cache did not have it: the origin was asked"),
            word("DYNAMIC", "not the kind of thing that Cloudflare caches by itself"),
            word("EXPIRED", "the stored answer was stale: the origin was asked"),
            word("STALE", "a stale answer was used, the origin did not answer"),
            word("BYPASS", "the origin forbade caching"),
            word("REVALIDATED", "the origin confirmed the stored answer"),
            word("UPDATING", "a stale answer was used while a new one is fetched"),
        ]),
    IN.request("CF-Connecting-IP", Vendor("Cloudflare"), "The client's address, as Cloudflare saw it.")
        .read(value::address),
    IN.request("CF-IPCountry", Vendor("Cloudflare"), "The country that the client's address belongs to.")
        .read(value::token),
    IN.request("CF-Visitor", Vendor("Cloudflare"), "The scheme that the client used.").read(value::json),
    IN.request("CF-Worker", Vendor("Cloudflare"), "Which Worker sent this request."),
    IN.response("CF-Request-Id", Vendor("Cloudflare"), "An id of this request that Cloudflare gave up.")
        .read(value::id),
    IN.response("CF-Bgj", Vendor("Cloudflare"), "What Cloudflare did to the image."),
    IN.response("CF-Polished", Vendor("Cloudflare"), "How Cloudflare made the image smaller.")
        .read(value::settings_loose),
    IN.response(
        "CF-Mitigated",
        Vendor("Cloudflare"),
        "Cloudflare answered with a challenge instead of the page.",
    )
    .read(value::token),
    IN.response("X-Akamai-Transformed", Vendor("Akamai"), "How Akamai changed the page."),
    IN.response("Akamai-GRN", Vendor("Akamai"), "Akamai's id of this request.").read(value::id),
    IN.response("Akamai-Cache-Status", Vendor("Akamai"), "What Akamai's cache did.").read(value::words),
    IN.response("Akamai-Request-Id", Vendor("Akamai"), "Akamai's id of this request.").read(value::id),
    IN.response("X-Azure-Ref", Vendor("Microsoft Azure"), "Azure Front Door's id of this request.")
        .read(value::id),
    IN.response("X-MSEdge-Ref", Vendor("Microsoft"), "The id of this request at Microsoft's edge.")
        .read(value::id),
    IN.response("X-Ms-Request-Id", Vendor("Microsoft Azure"), "The id of this request, for Azure's support.")
        .read(value::id),
    IN.both("X-Ms-Client-Request-Id", Vendor("Microsoft Azure"), "The client's own id of this request.")
        .read(value::id),
    IN.both("X-Ms-Version", Vendor("Microsoft Azure"), "The version of the storage interface, by its date."),
    IN.both("X-Ms-Blob-Type", Vendor("Microsoft Azure"), "The kind of blob.").read(value::token),
    IN.response(
        "X-Ms-Lease-Status",
        Vendor("Microsoft Azure"),
        "Whether somebody holds a lease on the blob.",
    )
    .read(value::token),
    IN.request("X-Ms-Date", Vendor("Microsoft Azure"), "When the request was made, for its signature.")
        .read(value::date),
    IN.response("Fastly-Debug-Digest", Vendor("Fastly"), "The digest that Fastly keeps the response under.")
        .read(value::id),
    IN.response("Fastly-Restarts", Vendor("Fastly"), "How often the cache began anew with this request.")
        .read(value::number),
    IN.response(
        "X-Envoy-Upstream-Service-Time",
        Vendor("Envoy"),
        "How many milliseconds the server behind Envoy took.",
    )
    .read(value::number),
    IN.response("X-Vercel-Id", Vendor("Vercel"), "The place and the id of this request.").read(value::id),
    IN.response("X-Vercel-Cache", Vendor("Vercel"), "What Vercel's cache did.").read(value::token),
    IN.response("X-NF-Request-Id", Vendor("Netlify"), "Netlify's id of this request.").read(value::id),
    IN.response("X-Nextjs-Cache", Vendor("Next.js"), "What Next.js's cache did.").read(value::token),
    IN.response(
        "Function-Execution-Id",
        Vendor("Google Cloud Functions"),
        "The id of this run of the function.",
    )
    .read(value::id),
    IN.response("X-Goog-Hash", Vendor("Google Cloud Storage"), "Digests of the object.")
        .list()
        .read(value::digests),
    IN.response("X-Goog-Generation", Vendor("Google Cloud Storage"), "Which version of the object this is.")
        .read(value::number),
    IN.response(
        "X-Goog-Stored-Content-Length",
        Vendor("Google Cloud Storage"),
        "How large the object is where it lies.",
    )
    .read(value::octets),
    IN.response("X-GUploader-UploadID", Vendor("Google Cloud Storage"), "The id of this transfer.")
        .read(value::id),
    IN.response("X-Shopify-Stage", Vendor("Shopify"), "Which stage of Shopify's servers answered."),
    IN.both("X-Stripe-Version", Vendor("Stripe"), "The version of Stripe's interface."),
    IN.both("Stripe-Version", Vendor("Stripe"), "The version of Stripe's interface, by its date."),
    IN.request(
        "Anthropic-Version",
        Vendor("Anthropic"),
        "The version of Anthropic's interface, by its date.",
    ),
    IN.request("OpenAI-Organization", Vendor("OpenAI"), "Which organisation pays for the request."),
    IN.response(
        "Status",
        Vendor("CGI"),
        "The status once more, as a script gave it to its server; it means nothing to clients.",
    ),
    IN.request("X-Do-Not-Track", Vendor("custom"), "The user does not want to be tracked.").read(value::yes),
    IN.request("X-Mailer", Vendor("mail"), "Which program wrote a mail; it means nothing in HTTP."),
    IN.response("Server-Id", Vendor("custom"), "Which server answered."),
    IN.response("Host-Header", Vendor("WordPress hosting"), "Which hosting company serves the site."),
    IN.response("X-Proxy-Cache-Info", Vendor("SiteGround"), "What the hosting company's cache did."),
    IN.response("X-Turbo-Charged-By", Vendor("LiteSpeed"), "The server that answered."),
    IN.response("X-Cacheable-By", Vendor("custom"), "Who may cache the response."),
    IN.response(
        "X-Litespeed-Tag",
        Vendor("LiteSpeed"),
        "Tags by which the response can be dropped from the cache.",
    ),
];
