//! `hopscope man`: the manual pages, made from the same table as the help.

use super::args::{Man, Typed};
use super::door::say;
use super::exit::{Exit, Halt, Outcome};
use clap::CommandFactory as _;
use std::io::Write as _;
use std::path::Path;

/// Runs the command. The pages are ours, every byte of them, and go out as they are.
pub(super) fn run(typed: &Man) -> Outcome {
    let pages = pages()?;
    let Some(folder) = &typed.dir else {
        if let Some((_, page)) = pages.first() {
            std::io::stdout().lock().write_all(page)?;
        }
        return Ok(Exit::Ok);
    };
    let cannot = |path: &Path, error: &std::io::Error| {
        Halt::new(Exit::Failed, format!("{}: {error}; name a folder that you may write to", path.display()))
    };
    std::fs::create_dir_all(folder).map_err(|error| cannot(folder, &error))?;
    for (name, page) in &pages {
        let path = folder.join(name);
        std::fs::write(&path, page).map_err(|error| cannot(&path, &error))?;
    }
    say(format!("{} pages in {}", pages.len(), folder.display()));
    Ok(Exit::Ok)
}

/// File names and pages, the main one first.
fn pages() -> Result<Vec<(String, Vec<u8>)>, Halt> {
    let mut top = Typed::command();
    top.build();
    let mut pages = Vec::new();
    let mut open = vec![top];
    while let Some(command) = open.pop() {
        let inner: Vec<_> = command.get_subcommands().filter(|inner| !inner.is_hide_set()).cloned().collect();
        open.extend(inner.into_iter().rev());
        let man = clap_mangen::Man::new(command);
        let mut page = Vec::new();
        man.render(&mut page)?;
        pages.push((man.get_filename(), tables_kept(&String::from_utf8_lossy(&page)).into_bytes()));
    }
    Ok(pages)
}

/// Examples in columns keep their lines: a run of text in which blanks align something is not filled.
fn tables_kept(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    let is_text = |line: &str| !line.is_empty() && !line.starts_with(['.', '\'']);
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let mut run = vec![line];
        while is_text(line) && lines.peek().is_some_and(|next| is_text(next)) {
            run.extend(lines.next());
        }
        let aligned = is_text(line) && run.iter().any(|line| line.contains("   "));
        let (before, behind) = if aligned { (".nf\n", ".fi\n") } else { ("", "") };
        out.push_str(before);
        for line in run {
            out.push_str(line);
            out.push('\n');
        }
        out.push_str(behind);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_with_its_synopsis() {
        let pages = pages().unwrap();
        let names: Vec<_> = pages.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names[0], "hopscope.1");
        for name in ["hopscope-serve.1", "hopscope-diff.1", "hopscope-ca-export.1", "hopscope-man.1"] {
            assert!(names.contains(&name), "{names:?}");
        }
        for (name, page) in &pages {
            let text = String::from_utf8_lossy(page);
            assert!(text.contains(".SH SYNOPSIS") && text.contains(".SH NAME"), "{name}");
        }
    }

    #[test]
    fn columns_stay_columns() {
        assert_eq!(tables_kept(".SH X\na\nb\n\nc\n"), ".SH X\na\nb\n\nc\n");
        assert_eq!(tables_kept(".PP\na   1\nb\n.PP\nc\n"), ".PP\n.nf\na   1\nb\n.fi\n.PP\nc\n");
    }
}
