//! What the README shows is what the program prints: its commands are run one after the other, in the folder of the project.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Metrify;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..").canonicalize().expect("the project")
}

/// A command with what follows it.
#[derive(Debug)]
struct Shown {
    command: String,
    output: String,
}

/// The commands of a page that begin with `$ metrify`, `$ printf` or `$ export`, each with the lines below it.
fn shown(page: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    // Whether the line before belongs to a command whose quotes are open.
    let (mut open, mut inside) = (false, false);
    for line in page.lines() {
        let Some(code) = line.strip_prefix("    ") else {
            // A blank line may stand within what is printed.
            inside &= line.is_empty();
            if let Some(last) = found.last_mut().filter(|_| inside) {
                last.output.push('\n');
            }
            continue;
        };
        if open {
            let last = found.last_mut().expect("an open command");
            last.command.push('\n');
            last.command.push_str(code);
            open = is_open(&last.command);
        } else if let Some(command) = code.strip_prefix("$ ") {
            inside = ["metrify", "printf", "export"].iter().any(|program| command.starts_with(program));
            if inside {
                found.push(Shown { command: command.to_owned(), output: String::new() });
                open = is_open(command);
            }
        } else if let Some(last) = found.last_mut().filter(|_| inside) {
            last.output.push_str(code);
            last.output.push('\n');
        }
    }
    found
}

/// Whether a quote is open: what stands in single quotes opens none.
fn is_open(command: &str) -> bool {
    let mut within = None;
    for letter in command.chars().filter(|letter| matches!(letter, '"' | '\'')) {
        within = match within {
            None => Some(letter),
            Some(quote) if quote == letter => None,
            Some(quote) => Some(quote),
        };
    }
    within.is_some()
}

/// Makes a folder like the project's, where commands may leave files.
fn workshop(metrify: &Metrify) -> PathBuf {
    let folder = metrify.path("project");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::os::unix::fs::symlink(root().join("samples"), folder.join("samples")).expect("a link to the samples");
    folder
}

fn run(metrify: &Metrify, folder: &Path, command: &str) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_metrify")).parent().expect("a folder");
    let path = format!("{}:{}", program.display(), std::env::var("PATH").expect("a path"));
    let mut shell = Command::new("bash");
    shell.args(["-c", command]).current_dir(folder).env("PATH", path).env("METRIFY_DATA_DIR", metrify.data_dir());
    let ran = crate::support::ran(&mut shell);
    assert!(ran.code.is_some_and(|code| code != 1), "{command}\n{ran:?}");
    ran.stdout
}

/// The commands of the section on HTTP need a server, and go on from one another.
fn over_http(command: &str) -> bool {
    let begins = ["export ", "metrify_api", "metrify audit"].iter().any(|begins| command.starts_with(begins));
    begins || command.contains("metrify user") || command.contains("| metrify_api")
}

/// Whether a text is what is shown, with something of its own wherever `...` stands.
fn is_shown(printed: &str, shown: &str) -> bool {
    let mut rest = printed;
    let mut pieces = shown.split("...").peekable();
    let mut first = true;
    while let Some(piece) = pieces.next() {
        let found = if first { rest.starts_with(piece).then_some(0) } else { rest.find(piece) };
        let Some(at) = found else { return false };
        if pieces.peek().is_none() {
            return rest[at..].ends_with(piece);
        }
        rest = &rest[at + piece.len()..];
        first = false;
    }
    false
}

#[test]
fn the_journey_over_http_is_what_the_readme_shows() {
    let page = std::fs::read_to_string(root().join("README.md")).expect("the README");
    journey(&shown(&page).into_iter().filter(|shown| over_http(&shown.command)).collect::<Vec<_>>());
}

#[test]
fn what_the_page_on_grants_shows_is_what_is_printed() {
    let page = std::fs::read_to_string(root().join("docs/grants.md")).expect("the page");
    journey(&shown(&page));
}

/// Runs commands in one shell, with a server under way, and compares what each prints.
fn journey(shown: &[Shown]) {
    assert!(shown.len() >= 10, "too few commands were found: {shown:?}");
    let metrify = Metrify::new();
    let folder = workshop(&metrify);
    let server = metrify.serve();
    // One shell for all of them: what one exports, the next one uses.
    let end = "=== end of a command ===";
    let script: Vec<String> = shown.iter().map(|shown| format!("{}\necho '{end}'", shown.command)).collect();
    let script = script.join("\n").replace("localhost:8000", &server.address);
    let printed = run(&metrify, &folder, &script);
    let printed: Vec<&str> = printed.split(end).collect();
    assert_eq!(printed.len(), shown.len() + 1, "{printed:?}");
    for (Shown { command, output }, printed) in shown.iter().zip(printed) {
        let (printed, output) = (printed.trim(), output.trim());
        assert!(is_shown(printed, output), "`{command}` prints\n{printed}\nand the page shows\n{output}");
    }
}

#[test]
fn what_the_readme_shows_is_what_is_printed() {
    let page = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let shown = shown(&page);
    assert!(shown.len() >= 5, "too few commands were found: {shown:?}");
    let metrify = Metrify::new();
    let folder = workshop(&metrify);
    for Shown { command, output } in shown.into_iter().filter(|shown| !over_http(&shown.command)) {
        let printed = run(&metrify, &folder, &command);
        assert_eq!(printed.trim_end(), output.trim_end(), "`{command}` prints something else than the README shows");
    }
}
