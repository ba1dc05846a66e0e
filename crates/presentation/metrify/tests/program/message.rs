//! Messages of the market out, as they come in.

use std::path::{Path, PathBuf};

use crate::support::{Metrify, Ran};

const SENDER: &str = "9912345000002";
const RECEIVER: &str = "9912345000010";
const POINT: &str = "41373559241";

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../samples/day").join(name)
}

fn mscons(metrify: &Metrify, out: &Path, arguments: &[&str]) -> Ran {
    let out = out.to_str().expect("a path in UTF-8");
    let parties = ["message", "mscons", "-o", "csv", "--sender", SENDER, "--receiver", RECEIVER, "--out", out];
    metrify.run(&[&parties, arguments].concat())
}

const CURVE: [&str; 8] = ["--application", "13025", "--point", POINT, "--start", "2025-03-30", "--end", "2025-03-31"];

/// All of a curve but when it became known, and by which delivery.
const TOLD: &str = "select point, quantity, kind, period_start, period_end, value, unit, quality, method, reason \
                    from readings order by period_start";

#[test]
fn a_curve_that_is_sent_arrives_as_it_is_known() {
    let metrify = Metrify::new();
    metrify.ingest(&[&sample("mscons-2025-03-31.edi")]);
    let out = metrify.path("curve.edi");
    let ran = mscons(&metrify, &out, &[&CURVE[..], &["--reference", "LG1"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let bytes = std::fs::metadata(&out).expect("a message").len();
    let expected = format!("file,interchange,messages,values,replacing,bytes\n{},LG1,1,92,0,{bytes}\n", out.display());
    assert_eq!(ran.stdout, expected);

    let receiver = Metrify::new();
    let receipts = receiver.ingest(&[&out]);
    assert_eq!((receipts.total("stored"), receipts.total("rejected")), (92, 0));
    assert_eq!(receiver.sql(TOLD), metrify.sql(TOLD));
}

#[test]
fn a_curve_with_a_gap_is_sent_and_told() {
    let metrify = Metrify::new();
    metrify.ingest(&[&sample("mscons-2025-03-31.edi")]);
    let out = metrify.path("two-days.edi");
    let arguments = ["--application", "13025", "--point", POINT, "--start", "2025-03-30", "--end", "2025-04-01"];
    let ran = mscons(&metrify, &out, &arguments);
    assert_eq!(ran.code, Some(1), "{}", ran.stdout);
    assert!(ran.stdout.contains(",1,92,0,"), "{}", ran.stdout);
    let gap = "nothing is known from 2025-03-30T22:00:00Z to 2025-03-31T22:00:00Z";
    assert!(ran.stderr.contains(gap), "{}", ran.stderr);
}

#[test]
fn values_that_are_sent_again_say_why() {
    let metrify = Metrify::new();
    metrify.ingest(&[&sample("mscons-2025-03-31.edi"), &sample("mscons-2025-04-10.edi")]);
    let out = metrify.path("again.edi");
    let ran = mscons(&metrify, &out, &[&CURVE[..], &["--correction", "ZB0"]].concat());
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    assert!(ran.stdout.contains(",1,92,3,"), "{}", ran.stdout);
    let text = std::fs::read_to_string(&out).expect("a message");
    assert_eq!(text.matches("STS+Z34++ZB0'").count(), 3);
    assert_eq!(text.matches("STS+Z40++ZB0'").count(), 3);

    // The receiver knows the first message, and learns what its sender corrected.
    let receiver = Metrify::new();
    receiver.ingest(&[&sample("mscons-2025-03-31.edi")]);
    assert_eq!(receiver.ingest(&[&out]).total("corrections"), 3);
    assert_eq!(receiver.sql(TOLD), metrify.sql(TOLD));
}

#[test]
fn a_server_that_holds_the_data_is_asked() {
    let metrify = Metrify::new();
    metrify.ingest(&[&sample("mscons-2025-03-31.edi")]);
    let [before, after] = ["before.edi", "after.edi"].map(|name| metrify.path(name));
    assert_eq!(mscons(&metrify, &before, &CURVE).code, Some(0));
    let _server = metrify.serve();
    assert_eq!(mscons(&metrify, &after, &CURVE).code, Some(0));
    let values = |path: &Path| {
        let text = std::fs::read_to_string(path).expect("a message");
        let (_, values) = text.split_once("LIN+1'").expect("a line");
        values.split_once("UNT").map(|(values, _)| values.to_owned()).expect("an end")
    };
    assert_eq!(values(&before), values(&after));
}

#[test]
fn what_cannot_be_sent_is_refused_with_its_place() {
    let metrify = Metrify::new();
    metrify.ingest(&[&sample("mscons-2025-03-31.edi")]);
    let out = metrify.path("refused.edi");
    for (arguments, reason) in [
        (["13099", POINT, "2025-03-30", "2025-03-31"], "write `13099`"),
        (["13018", POINT, "2025-03-30", "2025-03-31"], "message 1: 13018 is not about a point of the kind"),
        (["13019", POINT, "2025-03-30", "2025-03-31"], "it has no values for 13019"),
        (["13025", POINT, "2024-03-30", "2024-03-31"], "it has no values for 13025"),
        (["13025", "57685676748", "2025-03-30", "2025-03-31"], "tell about `57685676748`"),
        (["13025", POINT, "soon", "2025-03-31"], "read `soon` as a time"),
    ] {
        let [application, point, start, end] = arguments;
        let arguments = ["--application", application, "--point", point, "--start", start, "--end", end];
        let ran = mscons(&metrify, &out, &arguments);
        assert_eq!(ran.code, Some(1), "{reason}: {}", ran.stdout);
        assert!(ran.stderr.contains(reason), "{reason}: {}", ran.stderr);
        assert!(!out.exists(), "{reason}");
    }
}

#[test]
fn an_interchange_is_answered_and_the_answer_understood() {
    let metrify = Metrify::new();
    let received = sample("mscons-2025-03-31.edi");
    // Two interchanges, the second of which counts its messages wrongly.
    let text = std::fs::read_to_string(&received).expect("a sample");
    let wrong = text.replace("UNZ+1+LG20250331", "UNZ+2+OTHER").replace("+LG20250331++TL", "+OTHER++TL");
    let both = metrify.file("received.edi", format!("{text}{wrong}"));
    let answers = metrify.path("answers");
    let arguments = ["message", "contrl", "-o", "csv", both.to_str().expect("a path"), "--out"];
    let ran = metrify.run(&[&arguments[..], &[answers.to_str().expect("a path")]].concat());
    assert_eq!(ran.code, Some(2), "{}", ran.stderr);
    let rows: Vec<Vec<&str>> = ran.stdout.lines().skip(1).map(|row| row.split(',').collect()).collect();
    let told: Vec<&[&str]> = rows.iter().map(|row| &row[..2]).collect();
    assert_eq!(told, [["LG20250331", "accepted"], ["OTHER", "rejected"]]);

    for row in &rows {
        assert_eq!(metrify.ingest(&[Path::new(row[2])]).total("rejected"), 0);
    }
    let acknowledged = metrify.sql("select answers, outcome from acknowledgements order by answers");
    assert_eq!(acknowledged, "9912345000002/LG20250331,accepted\n9912345000002/OTHER,rejected");

    let nothing = metrify.file("nothing.edi", "no interchange");
    let ran = metrify.run(&["message", "contrl", nothing.to_str().expect("a path"), "--out", "x"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.stderr.contains("it holds no interchange"), "{}", ran.stderr);
}
