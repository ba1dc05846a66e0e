//! What deliveries are packed in is opened, and each member is a delivery with its own receipt.

use std::io::{Cursor, Write};
use std::process::Stdio;

use crate::support::{Metrify, Receipts, quarter_hour, quarter_hours};

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut packer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
    packer.write_all(bytes).expect("memory");
    packer.finish().expect("memory")
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
}

pub fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        packer.start_file(*name, zip::write::SimpleFileOptions::default()).expect("memory");
        packer.write_all(bytes).expect("memory");
    }
    packer.finish().expect("memory").into_inner()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut packer = tar::Builder::new(Vec::new());
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        packer.append_data(&mut header, name, *bytes).expect("memory");
    }
    packer.into_inner().expect("memory")
}

/// An e-mail with a text and two attachments, one as text and one in base64.
fn mail(text: &str, packed: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |group: &[u8], place: usize| {
        let bits =
            group.iter().enumerate().fold(0_u32, |bits, (index, byte)| bits | u32::from(*byte) << (16 - 8 * index));
        if place > group.len() { '=' } else { char::from(DIGITS[(bits >> (18 - 6 * place) & 63) as usize]) }
    };
    let base64: String = packed.chunks(3).flat_map(|group| (0..4).map(move |place| digit(group, place))).collect();
    format!(
        "From: ann@example.org\r\nTo: bob@example.org\r\nSubject: Lastgang\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello.\r\n\
         --b\r\nContent-Type: text/plain; name=\"a.ndjson\"\r\nContent-Disposition: attachment; filename=\"a.ndjson\"\r\n\r\n\
         {text}\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"b.gz\"\r\n\r\n{base64}\r\n--b--\r\n"
    )
    .into_bytes()
}

/// `format source: account` of every receipt, without the folder.
fn told(metrify: &Metrify, receipts: &Receipts) -> String {
    let folder = metrify.path("").display().to_string();
    let line = |receipt: &serde_json::Value| {
        let source = receipt["source"].as_str().expect("a source").replace(&folder, "");
        format!("{} {source}: {}", receipt["format"].as_str().expect("a format"), crate::support::sum(receipt))
    };
    receipts.all().iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn each_member_has_a_receipt_of_its_own_whatever_it_is_packed_in() {
    let (one, two) = (quarter_hours(4), quarter_hour(crate::support::OTHER_POINT, 0, "2"));
    let (one, two) = (one.as_bytes(), two.as_bytes());
    let metrify = Metrify::new();
    let new = "ndjson {}: 4 = 4 stored + 0 duplicates + 0 corrections + 0 rejected";
    assert_eq!(told(&metrify, &metrify.take_in("one.gz", gzip(one))), new.replace("{}", "one.gz"));
    // The same bytes are the same delivery, however they come.
    let known = |name: &str, count: u32| {
        format!("ndjson {name}: {count} = 0 stored + {count} duplicates + 0 corrections + 0 rejected")
    };
    for (name, packed) in [
        ("x1", gzip(one)),
        ("x2", zstd(one)),
        ("x3", bzip2(one)),
        ("x4", [gzip(&one[..100]), gzip(&one[100..])].concat()),
    ] {
        assert_eq!(told(&metrify, &metrify.take_in(name, packed)), known(name, 4));
    }
    let both: &[(&str, &[u8])] = &[("in/one", one), ("two", two)];
    let first = metrify.take_in("archive", zip(both));
    let two_is_new = "ndjson archive/two: 1 = 1 stored + 0 duplicates + 0 corrections + 0 rejected";
    assert_eq!(told(&metrify, &first), [known("archive/in/one", 4), two_is_new.to_owned()].join("\n"));
    for (name, packed) in [("y1", tar(both)), ("y2", gzip(&tar(both))), ("y3", zip(&[("deep.tgz", &gzip(&tar(both)))]))]
    {
        let inner = if name == "y3" { "y3/deep.tgz" } else { name };
        let expected = [known(&format!("{inner}/in/one"), 4), known(&format!("{inner}/two"), 1)].join("\n");
        assert_eq!(told(&metrify, &metrify.take_in(name, packed)), expected);
    }
    let sent = metrify.take_in("mail", mail(&quarter_hours(4), &gzip(two)));
    assert_eq!(told(&metrify, &sent), [known("mail/a.ndjson", 4), known("mail/b.gz", 1)].join("\n"));
    assert_eq!(metrify.sql("select count(*), sum(value) from readings"), "5,8");
}

#[test]
fn what_is_packed_badly_is_told_and_everything_else_is_read() {
    let metrify = Metrify::new();
    let one = quarter_hours(40);
    let torn = &gzip(one.as_bytes())[..60];
    let receipts = metrify.take_in("mixed.zip", zip(&[("a.gz", torn), ("b", one.as_bytes()), ("c", b"")]));
    assert_eq!(receipts.sum(), "42 = 40 stored + 0 duplicates + 0 corrections + 2 rejected");
    assert!(receipts.problems().contains("cannot be unpacked to its end"), "{}", receipts.problems());
    assert!(receipts.problems().contains("the file is empty"), "{}", receipts.problems());
    for (name, packed, reason) in [
        ("empty.zip", zip(&[]), "there is nothing in it"),
        ("torn.tar", tar(&[("b", one.as_bytes())])[..2_000].to_vec(), "cannot be unpacked to its end"),
        ("deep", gzip(&gzip(&gzip(&gzip(one.as_bytes())))), "lies in more than 3 others"),
        ("letter", b"From: a@example.org\r\nSubject: x\r\n\r\nHello\r\n".to_vec(), "no attachment"),
        ("bomb.zst", zstd(&vec![b'\n'; 64 << 20]), "unpacks to more than"),
    ] {
        let receipts = metrify.take_in(name, packed);
        assert_eq!(receipts.total("rejected"), 1, "{name}: {}", receipts.problems());
        assert!(receipts.problems().contains(reason), "{name}: {}", receipts.problems());
    }
    // Read again it is told as before, and no part of what was cut is read.
    let told = || {
        let rejects = metrify.sql("select source, position, reason, state from rejects order by 1, 2, 3");
        [rejects, metrify.sql("select count(*) from readings")]
    };
    let before = told();
    let ran = metrify.run(&["deliveries", "replay", "-o", "csv"]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(told(), before);
}

#[test]
fn what_came_in_part_is_another_delivery_than_the_same_bytes_whole() {
    let metrify = Metrify::new();
    let packed = gzip(quarter_hours(40).as_bytes());
    // All of its content is there, and its checksum is not.
    let cut = metrify.take_in("cut.gz", &packed[..packed.len() - 4]);
    assert_eq!((cut.total("stored"), cut.total("rejected")), (0, 1));
    assert_eq!(metrify.take_in("whole.gz", &packed).total("stored"), 40);
    // Sent once more it is told as before.
    assert_eq!(metrify.take_in("cut.gz", &packed[..packed.len() - 4]).total("rejected"), 1);
    let ran = metrify.run(&["deliveries", "replay", "-o", "csv"]);
    assert_eq!(ran.code, Some(2), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(metrify.sql("select count(*) from readings"), "40");
    assert_eq!(metrify.sql("select received, stored, rejected from deliveries order by stored"), "1,0,1\n40,40,0");
    assert_eq!(metrify.sql("select count(*), min(state) from rejects"), "1,open");
}

/// A bomb within a bomb is measured by the delivery that was sent, not by what each depth makes of it.
#[test]
fn a_nested_bomb_fills_no_disk() {
    let metrify = Metrify::new();
    // A hundred members of four MiB, each a few kilobytes of gzip that are alike: the archive packs very well itself.
    let inner = gzip(&vec![b'\n'; 4 << 20]);
    let names: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), inner.as_slice())).collect();
    let bomb = zstd(&tar(&members));
    let receipts = metrify.take_in("bomb.tar.zst", &bomb);
    let opened = 100 - receipts.problems().matches("the delivery unpacks to more than").count();
    assert!(opened * (4 << 20) < (bomb.len() * 1_100).max(16 << 20), "{opened} of {} bytes", bomb.len());
    assert!((1..50).contains(&opened), "{opened} of {} bytes", bomb.len());
}

#[test]
fn a_server_opens_what_it_is_sent_as_the_command_does_alone() {
    let (one, two) = (quarter_hours(4), quarter_hour(crate::support::OTHER_POINT, 0, "2"));
    let archive = zip(&[("one", one.as_bytes()), ("two", two.as_bytes()), ("three", b"nonsense")]);
    let (alone, served) = (Metrify::new(), Metrify::new());
    let server = served.serve();
    assert_eq!(told(&served, &served.take_in("a.zip", &archive)), told(&alone, &alone.take_in("a.zip", &archive)),);
    let answer = server.post("/api/v1/deliveries?source=a.zip", &archive);
    let body: serde_json::Value = serde_json::from_str(&answer.body).expect("a receipt");
    crate::support::adds_up(&body);
    assert_eq!((answer.status, body["members"].as_array().map(Vec::len)), (207, Some(3)), "{body}");
}

#[test]
fn standard_input_is_a_delivery() {
    let metrify = Metrify::new();
    let mut command = metrify.command(&["ingest", "-o", "json", "-"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("run the program");
    child.stdin.take().expect("a pipe").write_all(&gzip(quarter_hours(4).as_bytes())).expect("it reads");
    let ran = crate::support::said(&child.wait_with_output().expect("what the program said"));
    let receipts = Receipts::of(&ran.stdout);
    assert_eq!(
        told(&metrify, &receipts),
        "ndjson standard input: 4 = 4 stored + 0 duplicates + 0 corrections + 0 rejected"
    );
}

/// Nothing of what lies in an archive without compression is mistaken for the archive.
#[test]
fn an_archive_of_stored_members_is_opened_like_any_other() {
    let stored = |members: &[(&str, &[u8])]| {
        let mut packer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
        for (name, bytes) in members {
            packer.start_file(*name, options).expect("memory");
            packer.write_all(bytes).expect("memory");
        }
        packer.finish().expect("memory").into_inner()
    };
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../samples");
    for sample in [
        "day/readings.ndjson",
        "day/meter.sml",
        "formats/dsmr.txt",
        "formats/dlms-mbus.bin",
        "formats/load_profile.xlsx",
    ] {
        let bytes = std::fs::read(folder.join(sample)).expect("a sample of the repository");
        let (alone, packed) = (Metrify::new(), Metrify::new());
        let expected = alone.take_in("alone", &bytes);
        let received = packed.take_in("packed", stored(&[("a", &bytes), ("b", &bytes)]));
        let counts = |receipts: &Receipts, name: &str| receipts.total(name);
        assert_eq!(counts(&received, "received"), 2 * counts(&expected, "received"), "{sample}");
        assert_eq!(counts(&received, "stored"), counts(&expected, "stored"), "{sample}");
        assert_eq!(counts(&received, "rejected"), 2 * counts(&expected, "rejected"), "{sample}");
    }
}
