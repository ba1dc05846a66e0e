use proptest::prelude::*;

use super::{End, Event, Then, Xml};

/// Elements named `x` are forgotten; the problem that each `p` makes shows what is kept.
fn read(xml: &[u8], piece: usize) -> Vec<String> {
    let (mut reader, mut said) = (Xml::default(), Vec::new());
    for bytes in xml.chunks(piece) {
        reader.push(bytes, |node, event| {
            let (name, parent) = (node.path.name(), node.path.parent());
            said.push(match event {
                Event::Start(attributes) => format!("<{name} a={}", attributes.get("a")),
                Event::End(Some(text)) if name == "p" => {
                    let problem = node.problem(node.path.to_string(), text.read().into_owned(), 0);
                    let [prelude, bytes] =
                        [&problem.prelude, &problem.bytes].map(|bytes| String::from_utf8_lossy(bytes));
                    format!("{}: {prelude} + {bytes}", problem.position)
                }
                Event::End(text) => {
                    let text = text.map_or("-".to_owned(), |text| text.read().into_owned());
                    format!("{parent}/{name}> {text}")
                }
                Event::Broken { reason, bytes } => format!("{reason} ({} bytes)", bytes.len()),
            });
            if name == "x" { Then::Forget } else { Then::Keep }
        });
    }
    let (rest, node, end) = reader.finish();
    match end {
        End::Whole => {}
        End::Nothing => said.push(format!("nothing, {} bytes", rest.len())),
        End::CutOff(text) => {
            said.push(format!("cut off in {}: {}, {} bytes", node.path.name(), text.read(), rest.len()));
        }
    }
    said
}

fn check(xml: &str, expected: &[&str]) {
    for piece in [1, 2, 7, xml.len()] {
        assert_eq!(read(xml.as_bytes(), piece), expected, "pieces of {piece}");
    }
}

#[test]
fn elements_begin_with_their_attributes_and_end_with_their_text() {
    check(
        "<?xml version='1.0'?><n:r b='1' n:a = \"&lt;>\"><s/> <t> 1 &amp; 2<!-- > --><![CDATA[ & <3]]>\n</t>4</n:r >",
        &["<r a=<>", "<s a=", "r/s> ", "<t a=", "r/t> 1 & 2 & <3", "/r> -"],
    );
    check("<a>&unknown; 1</a>", &["<a a=", "/a> &unknown; 1"]);
}

#[test]
fn a_problem_has_what_its_element_is_within_but_not_what_was_forgotten() {
    check(
        "<n:r a='1'>\n <k>2</k>\n <x>3</x>\n <s> <x/><p>4</p></s> </n:r>",
        &[
            "<r a=1",
            "<k a=",
            "r/k> 2",
            "<x a=",
            "r/x> 3",
            "<s a=",
            "<x a=",
            "s/x> ",
            "<p a=",
            "s/p: <n:r a='1'><k>2</k><s> + <p>4</p></s></n:r>",
            "r/s> -",
            "/r> -",
        ],
    );
}

#[test]
fn what_is_not_well_formed_is_told_and_the_rest_is_read() {
    check(
        "<a></b><c><d>1</c>2</a>",
        &[
            "<a a=",
            "an end tag closes nothing that is open (4 bytes)",
            "<c a=",
            "<d a=",
            "the element `d` does not end before its parent does (3 bytes)",
            "a/c> -",
            "/a> -",
        ],
    );
    check("<a>1</", &["<a a=", "cut off in a: 1, 2 bytes"]);
    check("<!-- -->", &["nothing, 0 bytes"]);
    check("<>", &["a tag has no name that can be one (2 bytes)", "nothing, 0 bytes"]);
}

#[test]
fn depth_and_text_are_bounded() {
    let deep = [&b"<a>".repeat(1_000)[..], &b"</a>".repeat(1_000)].concat();
    let said = read(&deep, deep.len());
    assert_eq!(said.len(), 2 * super::DEPTH_MAX + 1);
    assert!(said.iter().any(|said| said.starts_with("elements lie within each other")));
    let long = [b"<r><p>", &b"1".repeat(3 << 20)[..], b"</p><p>2</p></r>"].concat();
    let said = read(&long, 1_000);
    assert_eq!(said.last().map(String::as_str), Some("/r> -"));
    assert!(said.iter().all(|said| said.len() <= crate::limits::REJECT_BYTES_MAX + 1_000));
}

proptest! {
    #[test]
    fn any_tags_are_read_the_same_in_any_pieces(
        tags in proptest::collection::vec(
            prop::sample::select(vec!["<a>", "</a>", "<p>", "</p>", "<x b='>'>", "</x>", "<a/>", "1", " ", "&lt;", "<!-- -->", "<"]),
            0..60,
        ),
        piece in 1_usize..20,
    ) {
        let xml = tags.concat();
        prop_assert_eq!(read(xml.as_bytes(), piece), read(xml.as_bytes(), xml.len().max(1)));
    }
}
