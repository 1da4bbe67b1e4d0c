//! Parse, run, exit code; nothing else.
use std::sync::Arc;
fn main() {
    let mut settings = hopscope::config::Settings::default();
    settings.listen = vec!["127.0.0.1:18080".parse().unwrap()];
    settings.ca_dir = "/tmp/hsca".into();
    settings.origin.ca = std::env::args().skip(1).map(Into::into).collect();
    let settings = Arc::new(settings);
    let authority = Arc::new(hopscope::ca::Authority::load_or_create(&settings.ca_dir).unwrap());
    let i = Arc::new(hopscope::ca::Interceptor::new(authority));
    let store =
        hopscope::store::Store::open(std::path::Path::new("/tmp/hscap.hop"), &settings.capture, 2).unwrap();
    let rec = hopscope::recorder::Recorder::new(
        store.inbox(),
        store.next_exchange(),
        store.next_connection(),
        &settings.capture,
    );
    let (tls, _) = hopscope::upstream::OriginTls::new(&settings.origin).unwrap();
    let r = hopscope::listener::start(&settings, &rec, Some(&i), &Arc::new(tls)).unwrap();
    eprintln!("{:?}", r.addresses());
    std::thread::park();
}
