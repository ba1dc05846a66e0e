//! Containers and their members: bytes in, names and contents out.

#![allow(clippy::expect_used, reason = "what a helper of a test expects, the test expects")]

use std::io::Cursor;
use std::ops::ControlFlow;

use expect_test::{Expect, expect};
use metrify_formats::{Container, Head};

/// A line for each member, and those of the containers within it below.
fn members(bytes: &[u8], depth: usize) -> String {
    let Some(container) = Container::recognise(&Head::new(bytes)) else {
        return format!("{}{:?}\n", "  ".repeat(depth), String::from_utf8_lossy(bytes));
    };
    let mut told = String::new();
    assert!(depth < 5, "a container holds itself");
    let read = container.members(Cursor::new(bytes), &mut |name, member| {
        let mut inner = Vec::new();
        member.read_to_end(&mut inner).expect("a member");
        told += &format!("{}{container} `{name}`\n{}", "  ".repeat(depth), members(&inner, depth + 1));
        ControlFlow::Continue(())
    });
    if let Err(reason) = read {
        told += &format!("{}{container}: {reason}\n", "  ".repeat(depth));
    }
    told
}

fn check(mail: &str, expected: &Expect) {
    let told = members(mail.as_bytes(), 0);
    assert_eq!(members(mail.replace('\n', "\r\n").as_bytes(), 0).replace("\\r\\n", "\\n"), told, "with CR LF");
    expected.assert_eq(&told);
}

/// A mail with a text and some parts.
fn mail(boundary: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--{boundary}\n{part}\n")).collect();
    format!(
        "From: a@b.c\nTo: d@e.f\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"{boundary}\"\n\n\
         --{boundary}\nContent-Type: text/plain\n\nsee below\n\n{parts}--{boundary}--\n"
    )
}

fn attached(name: &str, content: &str) -> String {
    format!("Content-Type: text/csv\nContent-Disposition: attachment; filename=\"{name}\"\n\n{content}\n")
}

fn sent_on(mail: &str) -> String {
    format!("Content-Type: message/rfc822\nContent-Disposition: attachment; filename=\"orig.eml\"\n\n{mail}")
}

#[test]
fn a_mail_that_was_sent_on_is_a_mail_of_its_own_and_never_the_one_around_it() {
    let inner = mail("INNER", &[&attached("w.csv", "point;value")]);
    check(
        &mail("OUTER", &[&sent_on(&inner), &attached("v.csv", "a;b")]),
        &expect![[r#"
        mail `orig.eml`
          mail `w.csv`
            "point;value\n"
        mail `v.csv`
          "a;b\n"
    "#]],
    );
    let middle = mail("MIDDLE", &[&attached("u.csv", "c;d"), &sent_on(&inner)]);
    check(
        &mail("OUTER", &[&sent_on(&middle)]),
        &expect![[r#"
        mail `orig.eml`
          mail `u.csv`
            "c;d\n"
          mail `orig.eml`
            mail `w.csv`
              "point;value\n"
    "#]],
    );
}

#[test]
fn a_mail_that_was_sent_on_may_have_one_part_be_encoded_or_end_early() {
    let single =
        "From: a@b.c\nContent-Type: text/csv; name=\"w.csv\"\nContent-Disposition: attachment\n\npoint;value\n";
    check(
        &mail("OUTER", &[&sent_on(single)]),
        &expect![[r#"
        mail `orig.eml`
          mail `w.csv`
            "point;value\n"
    "#]],
    );
    // RFC 2046 forbids it, and programs do it.
    let base64 = "Content-Type: message/rfc822; name=\"orig.eml\"\nContent-Transfer-Encoding: base64\n\n\
                  RnJvbTogYUBiLmMKQ29udGVudC1UeXBlOiB0ZXh0L2NzdjsgbmFtZT0idy5jc3YiCkNvbnRlbnQt\n\
                  RGlzcG9zaXRpb246IGF0dGFjaG1lbnQKCnBvaW50O3ZhbHVlCg==\n";
    check(
        &mail("OUTER", &[base64]),
        &expect![[r#"
        mail `orig.eml`
          mail `w.csv`
            "point;value\n"
    "#]],
    );
    let whole = mail("OUTER", &[&sent_on(single)]);
    let cut = whole.find("--OUTER--").map_or(whole.as_str(), |end| &whole[..end]);
    check(
        cut,
        &expect![[r#"
        mail `orig.eml`
          mail `w.csv`
            "point;value\n\n"
    "#]],
    );
    let inner = mail("INNER", &[&attached("w.csv", "point;value")]);
    let whole = mail("OUTER", &[&sent_on(&inner)]);
    let cut = whole.find("--INNER--").map_or(whole.as_str(), |end| &whole[..end]);
    check(
        cut,
        &expect![[r#"
        mail `orig.eml`
          mail `w.csv`
            "point;value\n\n"
    "#]],
    );
    check(
        &mail("OUTER", &[&sent_on("From: a@b.c\n\nno more\n")]),
        &expect![[r#"
        mail `orig.eml`
          mail: the e-mail has no attachment
    "#]],
    );
}

#[test]
fn an_attachment_is_what_was_attached_whatever_the_mail_says_of_its_letters() {
    let read = |headers: &str, content: &[u8]| {
        let parts = format!("Content-Disposition: attachment; filename=\"u.edi\"\n{headers}\n\n~\n");
        let mail = mail("B", &[&parts]).into_bytes();
        let at = mail.iter().position(|byte| *byte == b'~').expect("its place");
        let mail = [&mail[..at], content, &mail[at + 1..]].concat();
        let mut read = Vec::new();
        let told = Container::Mail.members(Cursor::new(&mail), &mut |_, member| {
            member.read_to_end(&mut read).expect("a member");
            ControlFlow::Continue(())
        });
        told.expect("a mail");
        read.strip_suffix(b"\n").map(<[u8]>::to_vec).unwrap_or(read)
    };
    // In ISO 8859-1.
    let sent = b"NAD+Z09+++M\xfcller'";
    for charset in ["", "; charset=iso-8859-1", "; charset=utf-8", "; charset=windows-1252"] {
        let kind = format!("Content-Type: text/plain{charset}");
        assert_eq!(read(&kind, sent), sent, "{kind}");
        let base64 = read(&format!("{kind}\nContent-Transfer-Encoding: base64"), b"TkFEK1owOSsrK038\nbGxlcic=");
        assert_eq!(base64, sent, "{kind}");
        let quoted = read(&format!("{kind}\nContent-Transfer-Encoding: quoted-printable"), b"NAD+Z09+++M=FC=\nller'");
        assert_eq!(quoted, sent, "{kind}");
    }
}
