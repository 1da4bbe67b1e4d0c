//! `hopscope run`: a command, a proxy of its own, and what passed or went round it.

mod around;
mod causes;
mod tally;

use super::args::Run;
use super::door::say;
use super::exit::{Exit, Halt, Outcome};
use super::plan::{Plan, find_command};
use super::session::Session;
use super::signals::{Signal, Signals};
use super::variables;
use super::{env, private, runtime};
use around::Watch;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use tally::Tally;

/// Runs CMD and ends with its code; when hopscope itself fails, with 125.
pub(super) fn run(typed: &Run) -> Outcome {
    attempt(typed).map_err(|halt| match halt.exit {
        Exit::NotFound | Exit::NotExecutable => halt,
        _ => Halt { exit: Exit::RunFailed, ..halt },
    })
}

fn attempt(typed: &Run) -> Outcome {
    let Some((name, arguments)) = typed.command.split_first() else {
        return Err(Halt::new(Exit::Usage, "no command"));
    };
    let plan = inheriting(Plan::private(&typed.proxy)?);
    let program = find_command(name, std::env::var_os("PATH").as_deref())?;
    let tally = Tally::default();
    let counting = tally.clone();
    let mut signals = Signals::listen()?;
    let session = Session::start(&plan, Some(Box::new(move |rows| counting.count(rows))))?;
    let mut command = Command::new(&program);
    command.args(arguments).envs(environment(&plan, &session)?);
    let child = command.spawn().map_err(|error| not_started(&error, name.as_ref()))?;
    let watch = Watch::start(child.id(), &program, session.engine.addresses());
    let status = wait(&mut signals, child)?;
    let around = watch.map(Watch::end).unwrap_or_default();
    let capture = session.engine.capture().map(Path::to_owned);
    let left_alone = session.engine.left_alone();
    session.drain();
    let named = plan.settings.capture.path.is_some();
    for line in tally.summary(&around, &left_alone, capture.as_deref(), named) {
        say(line);
    }
    Ok(exit_of(status))
}

fn lookup(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A proxy that is set already becomes the parent, unless it is a hopscope that runs.
fn inheriting(mut plan: Plan) -> Plan {
    let running = runtime::running(&plan.places).into_iter().flat_map(|notice| notice.addresses);
    let ours: Vec<_> = running.chain(plan.settings.listen.iter().copied()).collect();
    if let Some((parents, words)) = variables::inherited(&lookup, &ours, plan.parent_given) {
        say(words);
        plan.settings.parents = parents.unwrap_or(plan.settings.parents);
    }
    plan
}

/// The variables for CMD; the bundle they name is taken away with the notice.
fn environment(plan: &Plan, session: &Session) -> Result<Vec<(&'static str, String)>, Halt> {
    let bundle = runtime::bundle_path(&plan.places, session.notice.pid);
    private::write(&bundle, &env::bundle(session.authority.pem().as_bytes(), &lookup, &plan.places.runtime))?;
    let address =
        session.notice.address().ok_or_else(|| Halt::new(Exit::Failed, "the proxy has no address"))?;
    Ok(variables::set(address, &bundle.to_string_lossy(), &lookup))
}

fn not_started(error: &std::io::Error, name: &Path) -> Halt {
    let exit = match error.kind() {
        std::io::ErrorKind::NotFound => Exit::NotFound,
        std::io::ErrorKind::PermissionDenied => Exit::NotExecutable,
        _ if error.raw_os_error().is_some() => Exit::NotExecutable,
        _ => Exit::RunFailed,
    };
    Halt::new(exit, format!("{}: cannot be started: {error}", name.display()))
}

/// Waits for CMD. An interrupt reaches it from the terminal as well as us; other signals are passed on.
fn wait(signals: &mut Signals, mut child: Child) -> Result<ExitStatus, Halt> {
    let pid = child.id();
    let ended = signals.while_running(
        move || child.wait(),
        |signal| match signal {
            Signal::Interrupt => {}
            Signal::Terminate => pass_on("TERM", pid),
            Signal::Hangup => pass_on("HUP", pid),
        },
    )?;
    match ended {
        Some(status) => Ok(status?),
        None => Err(Halt::new(Exit::RunFailed, "lost sight of the command")),
    }
}

/// Without unsafe code the way to send a signal is the system's own tool.
fn pass_on(signal: &str, pid: u32) {
    let kill =
        Command::new("kill").args([format!("-{signal}"), pid.to_string()]).stderr(Stdio::null()).status();
    if kill.is_err() {
        say(format!("SIG{signal} could not be passed on to the command: no `kill` on this system"));
    }
}

fn exit_of(status: ExitStatus) -> Exit {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Exit::Command(u8::try_from(128 + signal).unwrap_or(u8::MAX));
    }
    status.code().map_or(Exit::RunFailed, |code| Exit::Command(u8::try_from(code & 0xFF).unwrap_or(u8::MAX)))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_signals_become_ours() {
        let run = |script: &str| Command::new("sh").args(["-c", script]).status().map(exit_of).unwrap();
        assert_eq!(run("exit 7"), Exit::Command(7));
        assert_eq!(run("kill -9 $$"), Exit::Command(137));
    }
}
