//! What shells and man read: completions and manual pages, tried with the real programs.

use crate::support::Sandbox;
use std::process::Command;

/// Every command that completions and pages must know.
const COMMANDS: [&str; 7] = ["serve", "run", "ls", "show", "diff", "completions", "man"];

/// Whether a program is here; says so when it is not.
fn has(program: &str) -> bool {
    let here = Command::new(program).arg("--version").output().is_ok();
    if !here {
        eprintln!("skipped: {program} is not installed (apt-get install {program})");
    }
    here
}

#[test]
fn each_shell_gets_a_script_that_knows_every_command() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let ran = sandbox.run(&["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{shell}");
        for command in COMMANDS {
            assert!(ran.stdout.contains(command), "{shell} does not know {command}");
        }
    }
    assert_eq!(sandbox.run(&["completions", "tcsh"]).code, Some(2));
}

/// What bash offers for words of which the last one is being typed.
fn offered(sandbox: &Sandbox, words: &[&str]) -> Vec<String> {
    let binary = env!("CARGO_BIN_EXE_hopscope");
    let (last, before) = (words.last().unwrap(), words[words.len() - 2]);
    let script = format!(
        "source <('{binary}' completions bash)
         COMP_WORDS=({}); COMP_CWORD={}
         _hopscope hopscope '{last}' '{before}'
         printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1
    );
    let output = sandbox.command("bash").args(["--norc", "-c", &script]).output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn bash_completes_commands_flags_and_values() {
    if !has("bash") {
        return;
    }
    let sandbox = Sandbox::new();
    assert_eq!(offered(&sandbox, &["hopscope", "di"]), ["diff"]);
    assert_eq!(offered(&sandbox, &["hopscope", "diff", "--me"]), ["--message"]);
    assert_eq!(offered(&sandbox, &["hopscope", "diff", "--message", "re"]), ["request", "response"]);
    assert_eq!(offered(&sandbox, &["hopscope", "completions", "z"]), ["zsh"]);
}

#[test]
fn zsh_and_fish_can_read_their_scripts() {
    let sandbox = Sandbox::new();
    for shell in ["zsh", "fish"] {
        if !has(shell) {
            continue;
        }
        let file = sandbox.path(shell);
        std::fs::write(&file, sandbox.run(&["completions", shell]).stdout).unwrap();
        let output = sandbox.command(shell).arg("-n").arg(&file).output().unwrap();
        assert!(output.status.success(), "{shell}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn man_pages_are_written_and_render_without_a_warning() {
    let sandbox = Sandbox::new();
    let folder = sandbox.path("man/man1");
    let ran = sandbox.run(&["man", "--dir", folder.to_str().unwrap()]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{}", ran.stderr);
    let main = std::fs::read_to_string(folder.join("hopscope.1")).unwrap();
    assert_eq!(sandbox.run(&["man"]).stdout, main);
    for command in COMMANDS {
        assert!(main.contains(&format!("hopscope\\-{command}(1)")), "{command}: {main}");
        assert!(folder.join(format!("hopscope-{command}.1")).exists(), "{command}");
    }
    if !has("groff") {
        return;
    }
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let arguments = ["-man", "-Tutf8", "-Kutf8", "-ww", "-z"];
        let output = sandbox.command("groff").args(arguments).arg(&path).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{}: {said}", path.display());
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let sandbox = Sandbox::new();
    let file = sandbox.path("file");
    std::fs::write(&file, "").unwrap();
    let ran = sandbox.run(&["man", "--dir", file.to_str().unwrap()]);
    assert_eq!(ran.code, Some(5));
    assert!(ran.stderr.contains("name a folder that you may write to"), "{}", ran.stderr);
}
