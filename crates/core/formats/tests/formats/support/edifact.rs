//! Interchanges as another program reads them: pydifact, a Python library, which runs beside the tests.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

/// A segment's tag and its elements, each with its components.
pub struct Segment(Vec<Vec<String>>);

impl Segment {
    /// A component; element 0 is the tag.
    pub fn component(&self, element: usize, component: usize) -> Option<&str> {
        self.0.get(element)?.get(component).map(String::as_str)
    }

    pub fn tag(&self) -> &str {
        self.component(0, 0).unwrap_or_default()
    }
}

struct Reader {
    /// Kept, so that it ends with the tests.
    _process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// `None`, with a visible line, where the Makefile did not name a Python that has the library.
static READER: LazyLock<Option<Mutex<Reader>>> = LazyLock::new(|| {
    let Some(python) = std::env::var_os("LAKE_READERS_PYTHON").filter(|python| std::path::Path::new(python).exists())
    else {
        super::skipped("no Python with pydifact (`make test` brings one), so nobody else reads what is written");
        return None;
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/formats/support/edifact.py");
    let mut process =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python");
    let (questions, answers) = (process.stdin.take().expect("a pipe"), process.stdout.take().expect("a pipe"));
    Some(Mutex::new(Reader { _process: process, questions, answers: BufReader::new(answers) }))
});

/// The segments that the other program finds, whose counts and references have to hold; `None` where it is not there.
pub fn others_read(bytes: &[u8]) -> Option<Vec<Segment>> {
    let mut reader = READER.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
    let question: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    writeln!(reader.questions, "{question}").expect("the other program listens");
    let mut answer = String::new();
    reader.answers.read_line(&mut answer).expect("the other program answers");
    assert!(!answer.is_empty(), "the other program does not understand {}", String::from_utf8_lossy(bytes));
    let told = answer.trim().as_bytes().chunks(2).map(|pair| {
        let digits = std::str::from_utf8(pair).expect("digits");
        char::from(u8::from_str_radix(digits, 16).expect("digits"))
    });
    let told: String = told.collect();
    let parts = |text: &str, mark: char| text.split(mark).map(str::to_owned).collect::<Vec<_>>();
    let element = |text: &String| parts(text, '\x1c');
    let segments = parts(&told, '\x1e');
    let segments: Vec<Segment> =
        segments.iter().map(|segment| Segment(parts(segment, '\x1d').iter().map(element).collect())).collect();
    check_envelope(&segments);
    Some(segments)
}

/// UNT counts the segments of its message and repeats its reference, UNZ counts the messages and repeats that of UNB.
fn check_envelope(segments: &[Segment]) {
    let (mut messages, mut inside, mut reference) = (0_usize, 0_usize, String::new());
    for segment in segments {
        inside += 1;
        let text = |element: usize| segment.component(element, 0).unwrap_or_default();
        match segment.tag() {
            "UNH" => {
                (inside, messages) = (1, messages + 1);
                reference = text(1).to_owned();
            }
            "UNT" => assert_eq!((text(1), text(2)), (inside.to_string().as_str(), reference.as_str())),
            "UNZ" => {
                let begun = segments.iter().find(|segment| segment.tag() == "UNB");
                let begun = begun.and_then(|begun| begun.component(5, 0)).unwrap_or_default();
                assert_eq!((text(1), text(2)), (messages.to_string().as_str(), begun));
            }
            _ => {}
        }
    }
    assert!(segments.iter().any(|segment| segment.tag() == "UNZ"), "the interchange does not end");
}
