//! `hopscope ca`: the interception authority's file and certificate, never its key.

use super::args::{Ca, CaFlags, Format, ProxyFlags};
use super::door::{Out, say};
use super::exit::{Exit, Halt, Outcome};
use super::plan;
use crate::ca::Authority;

/// Runs the command.
pub(super) fn run(typed: &Ca) -> Outcome {
    let mut out = Out::stdout();
    match typed {
        Ca::Path(flags) => out.line(load(flags)?.path().display().to_string())?,
        Ca::Show(flags) => {
            for line in lines(&load(flags)?) {
                out.line(line)?;
            }
        }
        Ca::Export { format: Format::P12, .. } => {
            return Err(Halt::new(Exit::Usage, "--format p12: not yet; pem and der are there"));
        }
        Ca::Export { flags, format } => {
            let authority = load(flags)?;
            match format {
                Format::Der => out.bytes(authority.der())?,
                Format::Pem | Format::P12 => out.bytes(authority.pem().as_bytes())?,
            }
        }
    }
    out.flush()?;
    Ok(Exit::Ok)
}

/// Loads it, or makes it: who asks for its certificate wants to install it.
fn load(flags: &CaFlags) -> Result<Authority, Halt> {
    let proxy = ProxyFlags { ca_dir: flags.ca_dir.clone(), ..ProxyFlags::default() };
    let settings = plan::effective(&super::places()?, &flags.config, &proxy)?.settings;
    let authority =
        Authority::load_or_create(&settings.ca_dir).map_err(|error| Halt::new(Exit::Unavailable, error))?;
    if authority.created() {
        say(format!("made a new authority in {}", settings.ca_dir.display()));
    }
    authority.warning().into_iter().for_each(say);
    Ok(authority)
}

fn lines(authority: &Authority) -> Vec<String> {
    vec![
        format!("certificate  {}", authority.path().display()),
        format!("SHA-256      {}", authority.fingerprint()),
        format!("expires      {}", authority.expires().date()),
        "trust it     curl --cacert FILE; hopscope run and hopscope env do it for what they start".to_owned(),
    ]
}
