//! Bad input gets a clear reason and a count in the receipt, and everything else is stored all the same.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{
    Chance, Metrify, OTHER_POINT, POINT, Ran, Receipts, quarter_hour, quarter_hours, said, skipped, sum,
};

/// Ten sound lines and one that is bad: the receipt has to be `sum`, and each of `words` in the reason.
fn check(bad: impl AsRef<[u8]>, expected: &str, words: &[&str]) {
    let mut bytes = quarter_hours(10).into_bytes();
    bytes.extend_from_slice(bad.as_ref());
    let metrify = Metrify::new();
    let receipts = metrify.take_in("bad.ndjson", bytes);
    assert_eq!(receipts.sum(), expected, "{}", receipts.problems());
    says(&receipts, words);
    let stored = receipts.total("stored").to_string();
    assert_eq!(metrify.sql("select count(*) from readings"), stored);
}

fn says(receipts: &Receipts, words: &[&str]) {
    for word in words {
        assert!(receipts.problems().contains(word), "`{word}` is missing in: {}", receipts.problems());
    }
}

#[test]
fn a_truncated_line_loses_itself_alone() {
    let cut = &quarter_hour(POINT, 10, "1.5")[..90];
    check(cut, "11 = 10 stored + 0 duplicates + 0 corrections + 1 rejected", &["line 11", "the end of the line"]);
}

#[test]
fn nul_bytes_lose_their_line_alone() {
    let bad = format!("\0\0\0\0\n{}", quarter_hour(POINT, 11, "1.5"));
    check(bad, "12 = 11 stored + 0 duplicates + 0 corrections + 1 rejected", &["line 11", "\\0"]);
}

#[test]
fn an_interval_that_ends_before_it_begins_is_rejected() {
    let negative = quarter_hour(POINT, 20, "1")
        .replace("period_start", "p")
        .replace("period_end", "period_start")
        .replace("\"p\"", "\"period_end\"");
    check(
        negative,
        "11 = 10 stored + 0 duplicates + 0 corrections + 1 rejected",
        &["line 11", "lies before the start"],
    );
}

#[test]
fn times_that_no_calendar_of_ours_names_are_rejected() {
    let at = |at: &str| {
        format!("{{\"point\":\"{POINT}\",\"quantity\":\"1-0:1.8.0\",\"at\":\"{at}\",\"value\":1,\"unit\":\"kWh\"}}\n")
    };
    let bad = ["9999-12-31T23:45:00Z", "99999-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2025-02-30T00:00:00Z"]
        .map(at)
        .concat();
    check(
        bad,
        "14 = 10 stored + 0 duplicates + 0 corrections + 4 rejected",
        &["9999-12-31T23:45:00Z lies outside", "99999", "2025-02-30"],
    );
}

#[test]
fn values_that_are_no_exact_decimals_are_rejected() {
    let bad: String = ["NaN", "1e400", "\"seven\"", "0.0000000000000001"]
        .into_iter()
        .zip(10..)
        .map(|(value, number)| quarter_hour(POINT, number, value))
        .collect();
    check(
        bad,
        "14 = 10 stored + 0 duplicates + 0 corrections + 4 rejected",
        &["1e400", "seven", "places after the point"],
    );
}

#[test]
fn two_meters_in_one_file_are_two_points() {
    let metrify = Metrify::new();
    let other: String = (0..4).map(|number| quarter_hour(OTHER_POINT, number, "7")).collect();
    let receipts = metrify.take_in("two.ndjson", quarter_hours(10) + &other);
    assert_eq!(receipts.sum(), "14 = 14 stored + 0 duplicates + 0 corrections + 0 rejected");
    let by_point = metrify.sql("select point, count(*), sum(value) from readings group by 1 order by 1");
    assert_eq!(by_point, format!("{POINT},10,15\n{OTHER_POINT},4,28"));
    assert_eq!(
        metrify.sql("select point, status from points order by 1"),
        format!("{POINT},unconfirmed\n{OTHER_POINT},unconfirmed")
    );
}

#[test]
fn the_same_file_twice_is_one_delivery() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(10));
    let again = metrify.take_in("b.ndjson", quarter_hours(10));
    assert_eq!(again.sum(), "10 = 0 stored + 10 duplicates + 0 corrections + 0 rejected");
    assert_eq!(metrify.sql("select count(*) from deliveries"), "1");
}

#[test]
fn a_delivery_that_brings_nothing_new_takes_no_room() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(10) + "nonsense\n");
    // But for the entry that somebody delivered. When SQLite brings its log into the registry's file is its own matter: of the registry it
    // is told how many events it has.
    let is_own = |file: &&str| !["audit/", "registry.sqlite"].iter().any(|other| file.starts_with(other));
    let files = || metrify.files("").lines().filter(is_own).collect::<Vec<_>>().join("\n");
    let events = || metrify.run(&["registry", "rebuild", "-o", "csv"]).stdout;
    let before = (events(), files());
    metrify.take_in("a.ndjson", quarter_hours(10) + "nonsense\n");
    assert_eq!((events(), files()), before);
    assert!(before.0.bytes().any(|byte| byte.is_ascii_digit()), "{}", before.0);
}

#[test]
fn an_empty_file_is_told_and_not_passed_over() {
    let metrify = Metrify::new();
    let receipts = metrify.take_in("empty", "");
    assert_eq!(receipts.sum(), "1 = 0 stored + 0 duplicates + 0 corrections + 1 rejected");
    says(&receipts, &["the file is empty"]);
    says(&metrify.take_in("blank", "\n \n\n"), &["no format that is known"]);
}

#[test]
fn a_file_of_which_nothing_comes_is_told_and_not_passed_over() {
    let metrify = Metrify::new();
    // The head of a table names points, and so much is no content.
    for (name, header) in [
        ("header.csv", "point,quantity,at,value,unit\n"),
        ("smard.csv", "Datum von;Datum bis;Photovoltaik [MWh] Originalauflösungen\n"),
    ] {
        let receipts = metrify.take_in(name, header);
        assert_eq!(receipts.sum(), "1 = 0 stored + 0 duplicates + 0 corrections + 1 rejected", "{name}");
        says(&receipts, &["nothing was found"]);
    }
}

#[test]
fn bytes_without_sense_are_kept_as_a_reject() {
    let metrify = Metrify::new();
    let mut chance = Chance::new(7);
    let noise: Vec<u8> = (0..20_000).map(|_| chance.below(256) as u8).collect();
    says(&metrify.take_in("noise.bin", &noise), &["no format that is known"]);
    says(&metrify.take_in("zeros.bin", vec![0; 5_000]), &["no format that is known"]);
    let kept = metrify.sql("select length(encode(bytes, 'hex')) / 2 from rejects order by 1");
    assert_eq!(kept, "5000\n20000");
}

#[test]
fn text_in_latin_1_is_read_and_utf_16_is_named() {
    let metrify = Metrify::new();
    let table = "point,quantity,at,value,unit,reason\n50120962218,1-0:1.8.0,2025-01-01T00:00:00Z,1,kWh,Zähler\n";
    let latin: Vec<u8> = table.chars().map(|letter| letter as u8).collect();
    metrify.take_in("latin.csv", latin);
    assert_eq!(metrify.sql("select reason from readings"), "Zähler");
    let wide: Vec<u8> = [0xff, 0xfe].into_iter().chain(table.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let receipts = metrify.take_in("wide.csv", wide);
    // Either it is read as what it is, or the reason says what it is.
    assert!(receipts.total("rejected") == 0 || receipts.problems().contains("UTF-16"), "{}", receipts.problems());
}

#[test]
fn every_truncation_of_a_message_of_the_market_adds_up() {
    let metrify = Metrify::new();
    let whole =
        crate::support::mscons::load_curve("D1", "202404020300", &[(0, "220", "1"), (1, "220", "2"), (2, "220", "3")]);
    let cuts: Vec<usize> = (60..whole.len()).step_by(23).collect();
    let paths = cuts.iter().map(|cut| metrify.file(&format!("cut{cut:04}.edi"), &whole[..*cut]));
    let paths: Vec<PathBuf> = paths.collect();
    let receipts = metrify.ingest(&paths.iter().map(PathBuf::as_path).collect::<Vec<_>>());
    for (receipt, cut) in receipts.all().iter().zip(cuts) {
        assert!(receipt["rejected"] != 0 || receipt["findings"] != 0, "cut at {cut}, nothing is missed: {receipt}");
        assert!(
            receipt["rejected"] != 0 || receipt["stored"] != 0 || receipt["duplicates"] != 0,
            "cut at {cut}: {receipt}"
        );
    }
    metrify.take_in("whole.edi", &whole);
    assert_eq!(metrify.sql("select value from readings order by period_start"), "1\n2\n3");
}

#[test]
fn truncated_archives_are_rejected_with_a_reason() {
    let Some(samples) = crate::support::samples() else { return };
    let metrify = Metrify::new();
    for name in ["10minutenwerte_SOLAR_01766_now.zip", "MOSMIX_L_LATEST.kmz"] {
        let whole = fs::read(samples.join("weather-dwd").join(name)).expect("a sample");
        let receipts = metrify.take_in(name, &whole[..whole.len() * 2 / 3]);
        assert!(receipts.total("rejected") > 0, "{}", receipts.sum());
    }
}

/// A zip archive with one member: `pieces` deflated pieces of 65,535 bytes `0` each, so small that it is a bomb.
fn bomb(member: &str, pieces: usize) -> Vec<u8> {
    // One block of the fixed code: the letter `0`, then matches of length 258 at distance 1 (code 285 is 11000101, then
    // five bits of distance 0), then the end. Deflate writes codes from their highest bit, and bytes from their lowest.
    let mut bits: Vec<bool> = Vec::new();
    let code =
        |bits: &mut Vec<bool>, value: u32, length: u32| bits.extend((0..length).rev().map(|bit| value >> bit & 1 == 1));
    bits.extend([true, true, false]);
    code(&mut bits, 0x30 + u32::from(b'0'), 8);
    for _ in 0..pieces * 254 {
        code(&mut bits, 0b1100_0101, 8);
        code(&mut bits, 0, 5);
    }
    code(&mut bits, 0, 7);
    let packed: Vec<u8> =
        bits.chunks(8).map(|byte| byte.iter().enumerate().map(|(place, bit)| u8::from(*bit) << place).sum()).collect();
    let size = 1 + pieces as u64 * 254 * 258;
    archive(member, &packed, u32::try_from(size).expect("a size of 32 bits"))
}

/// A zip archive around deflated bytes. Its checksum is nobody's: a bomb is noticed before.
fn archive(member: &str, packed: &[u8], size: u32) -> Vec<u8> {
    let name = member.as_bytes();
    let mut facts = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    facts.extend_from_slice(&(packed.len() as u32).to_le_bytes());
    facts.extend_from_slice(&size.to_le_bytes());
    facts.extend_from_slice(&(name.len() as u16).to_le_bytes());
    facts.extend_from_slice(&[0, 0]);
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend([facts.as_slice(), name, packed].concat());
    let directory_at = bytes.len() as u32;
    bytes.extend_from_slice(b"PK\x01\x02\x14\x00");
    bytes.extend([facts.as_slice(), &[0; 14], name].concat());
    let directory = bytes.len() as u32 - directory_at;
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    bytes.extend([directory.to_le_bytes(), directory_at.to_le_bytes()].concat());
    bytes.extend_from_slice(&[0, 0]);
    bytes
}

/// More than a process takes that does nothing, and far less than the input would take.
const MEMORY_KB_MAX: u64 = 400 << 10;

/// Takes a file in and tells how much memory the process had at most, in KB.
fn measured(metrify: &Metrify, path: &Path) -> (Receipts, u64) {
    let mut command = metrify.command(&["ingest", "-o", "json"]);
    let child = command.arg(path).spawn().expect("run the program");
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    // What it says may be more than a pipe holds.
    let output = std::thread::spawn(|| child.wait_with_output().expect("what the program said"));
    while !output.is_finished() {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let now = line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok());
        peak = peak.max(now.unwrap_or(0));
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let ran = said(&output.join().expect("what the program said"));
    (Receipts::of(&ran.stdout), peak)
}

/// A delivery of which nothing is understood takes little memory, and its rejects little room: behind ten thousand they are kept together.
#[test]
fn half_a_million_lines_that_mean_nothing_are_rejected_in_bounded_memory() {
    const LINES: usize = 500_000;
    let metrify = Metrify::new();
    let text = "point;quantity;at;value\n".to_owned() + &"a;b;c;d\n".repeat(LINES);
    let file = metrify.file("junk.csv", text);
    let (receipts, peak_kb) = measured(&metrify, &file);
    assert_eq!(receipts.total("rejected"), LINES as u64, "{}", receipts.sum());
    assert!(peak_kb < MEMORY_KB_MAX, "{peak_kb} KB");
    let kept = "select count(*) < 10200, sum(readings), count(distinct reject) = count(*) from rejects";
    assert_eq!(metrify.sql(kept), format!("true,{LINES},true"));
    // The same again is not noted once more, and can be read again as it is.
    let (receipts, peak_kb) = measured(&metrify, &file);
    assert_eq!(receipts.total("rejected"), LINES as u64, "{}", receipts.sum());
    assert!(peak_kb < MEMORY_KB_MAX, "{peak_kb} KB");
    assert_eq!(metrify.sql(kept), format!("true,{LINES},true"));
    let together = "select length(bytes) > 60000, position from rejects where reason like '%kept as one%' limit 1";
    assert!(metrify.sql(together).starts_with("true,line "), "{}", metrify.sql(together));
}

#[test]
fn a_zip_bomb_is_rejected_in_bounded_memory() {
    for member in ["produkt_zehn_min_sd_20200101_20200102_01766.txt", "MOSMIX_L_2025010103_10384.kml"] {
        let metrify = Metrify::new();
        let bytes = bomb(member, 1_600);
        assert!(bytes.len() < 1 << 20, "100 MB in {} bytes", bytes.len());
        let (receipts, peak_kb) = measured(&metrify, &metrify.file("bomb.zip", bytes));
        assert_eq!(receipts.total("stored"), 0);
        assert!(receipts.total("rejected") > 0, "{}", receipts.sum());
        assert!((1..MEMORY_KB_MAX).contains(&peak_kb), "{peak_kb} KB");
    }
}

#[test]
fn a_line_of_50_megabytes_is_rejected_in_bounded_memory() {
    let long = "x".repeat(50 << 20);
    let header = "point,quantity,at,value,unit\n";
    let row = "50120962218,1-0:1.8.0,2025-01-01T00:00:00Z,1,kWh\n";
    for (name, bytes, stored) in [
        ("long.ndjson", format!("{}{{\"point\":\"{long}\"}}\n{}", quarter_hours(3), quarter_hour(POINT, 9, "1")), 4),
        ("long.csv", format!("{header}{long}\n{row}"), 1),
        ("long.txt", long.clone(), 0),
    ] {
        let metrify = Metrify::new();
        let (receipts, peak_kb) = measured(&metrify, &metrify.file(name, bytes));
        assert_eq!(
            (receipts.total("stored"), receipts.total("rejected")),
            (stored, 1),
            "{name}: {}",
            receipts.problems()
        );
        assert!((1..MEMORY_KB_MAX).contains(&peak_kb), "{name}: {peak_kb} KB");
    }
}

#[test]
fn a_folder_with_one_bad_file_gives_all_others() {
    let metrify = Metrify::new();
    metrify.file("in/a.ndjson", quarter_hours(3));
    metrify.file("in/deeper/b.bin", [0xde, 0xad, 0xbe, 0xef]);
    metrify.file("in/z.ndjson", quarter_hour(POINT, 50, "1"));
    let receipts = metrify.ingest(&[&metrify.path("in")]);
    assert_eq!(receipts.sum(), "5 = 4 stored + 0 duplicates + 0 corrections + 1 rejected");
    assert_eq!(metrify.sql("select count(*) from readings"), "4");
}

#[test]
fn a_folder_with_a_link_to_nowhere_gives_all_others() {
    let metrify = Metrify::new();
    metrify.file("in/a.ndjson", quarter_hours(3));
    std::os::unix::fs::symlink("nowhere", metrify.path("in/m")).expect("make a link");
    metrify.file("in/z.ndjson", quarter_hour(POINT, 50, "1"));
    let path = metrify.path("in").display().to_string();
    let ran = metrify.run(&["ingest", &path]);
    assert_ne!(ran.code, Some(0), "{ran:?}");
    assert!(format!("{}{}", ran.stdout, ran.stderr).contains("in/m"), "{ran:?}");
    assert_eq!(metrify.sql("select count(*) from readings"), "4", "{ran:?}");
}

#[test]
fn a_path_that_is_not_there_fails_before_anything_is_taken_in() {
    let metrify = Metrify::new();
    let good = metrify.file("a.ndjson", quarter_hours(3)).display().to_string();
    metrify.run(&["ingest", &good, "/not/there"]).failed_with(&["/not/there", "No such file"]);
    assert_eq!(metrify.sql("select count(*) from readings"), "0");
}

#[test]
fn the_same_file_while_the_first_is_still_running_is_one_delivery() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let path = metrify.path("fleet.ndjson").display().to_string();
    metrify.run(&["simulate", "--meters", "30", "--days", "4", "--seed", "3", "--out", &path]);
    let bytes = fs::read(&path).expect("the simulated fleet");
    let answers: Vec<serde_json::Value> = std::thread::scope(|scope| {
        let post = || server.post("/api/v1/deliveries?source=fleet&again=true", &bytes);
        let running: Vec<_> = (0..3).map(|_| scope.spawn(post)).collect();
        let answers = running.into_iter().map(|thread| thread.join().expect("an answer").body);
        answers.map(|body| serde_json::from_str(&body).expect("a receipt")).collect()
    });
    let total = |name: &str| answers.iter().map(|receipt| receipt[name].as_u64().expect("a count")).sum::<u64>();
    answers.iter().for_each(crate::support::adds_up);
    let said: Vec<String> = answers.iter().map(sum).collect();
    let alone = Metrify::new();
    let once = alone.ingest(&[Path::new(&path)]);
    assert_eq!(total("stored"), once.total("stored"), "{said:?}");
    assert_eq!(total("corrections"), once.total("corrections"), "{said:?}");
    assert_eq!(metrify.sql("select count(*) from deliveries"), "1");
    assert!(metrify.answers("true") == alone.answers("true"), "other answers than from one delivery: {said:?}");
    let history = "select count(*) from readings_history";
    assert_eq!(metrify.sql(history), alone.sql(history), "{said:?}");
}

#[test]
fn a_second_process_on_the_same_data_is_refused_with_the_reason() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(1));
    let held = fs::File::options().write(true).open(metrify.data_dir().join("lock")).expect("the lock");
    held.try_lock().expect("nobody holds it");
    metrify.run(&["sql", "select 1"]).failed_with(&["another process holds it", "hint:"]);
    drop(held);
    assert_eq!(metrify.sql("select count(*) from readings"), "1");
}

#[test]
fn a_data_directory_of_a_newer_version_is_refused_and_left_alone() {
    let metrify = Metrify::new();
    metrify.take_in("a.ndjson", quarter_hours(1));
    let version = metrify.data_dir().join("metrify.version");
    let ours = fs::read(&version).expect("the version");
    fs::write(&version, "7\n").expect("write the version");
    let before = metrify.files("");
    let good = metrify.path("a.ndjson").display().to_string();
    for command in
        [vec!["sql", "select 1"], vec!["ingest", &good], vec!["up", "--listen", "127.0.0.1:0"], vec!["rejects", "list"]]
    {
        metrify.run(&command).failed_with(&["has version 7", "hint: use the program that wrote the directory"]);
    }
    let doctor = metrify.run(&["doctor"]);
    assert!(doctor.code == Some(1) && doctor.stdout.contains("version 7"), "{doctor:?}");
    assert_eq!(metrify.files(""), before);
    fs::write(&version, ours).expect("write the version");
    assert_eq!(metrify.sql("select count(*) from readings"), "1");
}

#[test]
fn what_a_crash_at_the_first_start_left_is_no_obstacle() {
    for name in ["metrify.version", "journal/00000000000000000001.journal"] {
        let metrify = Metrify::new();
        // Made, but not yet written: what a stop between the two leaves.
        let path = metrify.data_dir().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("make the folder");
        fs::write(&path, "").expect("write an empty file");
        let good = metrify.file("a.ndjson", quarter_hours(2));
        let ran = metrify.run(&["ingest", &good.display().to_string()]);
        assert_eq!(ran.code, Some(0), "{name}: {}", ran.stderr);
        assert_eq!(metrify.sql("select count(*) from readings"), "2");
    }
}

#[test]
fn names_that_nobody_knows_are_refused_with_those_that_are_known() {
    let metrify = Metrify::new();
    let good = metrify.file("a.ndjson", quarter_hours(1)).display().to_string();
    metrify.run(&["ingest", &good, "--format", "ndjsn"]).failed_with(&["`ndjsn` is not a format", "ndjson", "mscons"]);
    metrify.run(&["ingest", &good, "--timezone", "Europe/Berln"]).failed_with(&["`Europe/Berln`", "Europe/Berlin"]);
    metrify.run(&["--environment", "prod", "config", "check"]).failed_with(&["`prod`", "production"]);
    for (settings, words) in [
        ("server:\n  lisen: 127.0.0.1:1\n", ["`server.lisen`", "did you mean", "listen"]),
        ("landin:\n  interval_s: 1\n", ["`landin`", "did you mean", "`landing`"]),
        ("landing:\n  interval_s: fast\n", ["settings", "fast", "error:"]),
        ("landing: [\n", ["settings", "wrong.yaml", "error:"]),
    ] {
        let file = metrify.file("wrong.yaml", settings).display().to_string();
        metrify.run(&["--config", &file, "config", "check"]).failed_with(&words);
    }
    let mut command = metrify.command(&["config", "check"]);
    crate::support::ran(command.env("METRIFY_SERVER_LISTN", "x"))
        .failed_with(&["METRIFY_SERVER_LISTN", "`METRIFY_SERVER_LISTEN`"]);
    assert_eq!(metrify.sql("select count(*) from readings"), "0");
}

/// A disk of a size that can be changed; `None` where this machine does not let us mount one.
pub struct Disk {
    folder: tempfile::TempDir,
}

impl Disk {
    pub fn new(size: &str) -> Option<Self> {
        let folder = tempfile::TempDir::new().expect("a folder to mount on");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "none"])
            .arg(folder.path())
            .output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self { folder });
        }
        skipped("no small disk can be mounted here, so none can be full");
        None
    }

    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let status = Command::new("mount").args(["-o", &options]).arg(self.folder.path()).status().expect("run mount");
        assert!(status.success(), "the disk could not be made larger");
    }

    fn ballast(&self) -> PathBuf {
        self.folder.path().join("ballast")
    }

    /// Leaves no byte free.
    pub fn fill(&self) {
        let mut file = fs::File::create(self.ballast()).expect("make the ballast");
        while file.write_all(&[0; 4 << 10]).is_ok() {}
    }

    pub fn relieve(&self) {
        fs::remove_file(self.ballast()).expect("remove the ballast");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.folder.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()), "the disk could not be unmounted");
    }
}

const FULL: &str = "No space left on device";

/// How often it is told that the disk is full; the registry's database has words of its own.
fn told_full(ran: &Ran) -> usize {
    ran.stderr.matches(FULL).count() + ran.stderr.matches("database or disk is full").count()
}

/// A fleet of some 30,000 lines, and what it gives where there is room.
fn fleet(metrify: &Metrify) -> (PathBuf, String) {
    let path = metrify.path("fleet.ndjson");
    metrify.run(&["simulate", "--meters", "20", "--days", "5", "--seed", "5", "--out", &path.display().to_string()]);
    metrify.ingest(&[&path]);
    (path, metrify.answers("true"))
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged_and_recovers() {
    let roomy = Metrify::new();
    let (path, expected) = fleet(&roomy);
    let mut failures = 0;
    // From no room at all to room for the journal but not for the lake.
    for size in ["4k", "48k", "160k", "400k", "600k", "720k", "800k"] {
        let Some(disk) = Disk::new(size) else { return };
        let metrify = Metrify::on(disk.data_dir());
        let small = metrify.file("small.ndjson", quarter_hours(10));
        let first = metrify.run(&["ingest", "-o", "json", &small.display().to_string()]);
        let second = metrify.run(&["ingest", "-o", "json", &path.display().to_string()]);
        for ran in [&first, &second] {
            if ran.code == Some(0) {
                continue;
            }
            failures += 1;
            assert!(ran.code == Some(1) && told_full(ran) > 0, "{ran:?}");
        }
        disk.grow("64m");
        // What a receipt acknowledged is there before anything is sent again.
        let kept: u64 = metrify.sql("select count(*) from readings").parse().expect("a count");
        let acknowledged: u64 = [&first, &second]
            .iter()
            .filter(|ran| !ran.stdout.is_empty())
            .map(|ran| Receipts::of(&ran.stdout).total("stored"))
            .sum();
        assert!(kept >= acknowledged, "{size}: {kept} of {acknowledged}");
        metrify.ingest(&[&small, &path]);
        assert!(metrify.answers(&format!("point <> '{POINT}'")) == expected, "{size}: other answers than with room");
        assert_eq!(metrify.sql(&format!("select count(*) from readings where point = '{POINT}'")), "10", "{size}");
    }
    assert!(failures > 6, "only {failures} commands met a full disk");
}

#[test]
fn a_full_disk_is_told_once_with_what_to_do() {
    // Too small for the lake, for the registry, and for the readings alone.
    for size in ["4k", "160k", "960k"] {
        let Some(disk) = Disk::new(size) else { return };
        let metrify = Metrify::on(disk.data_dir());
        let path = metrify.path("fleet.ndjson");
        metrify.run(&[
            "simulate",
            "--meters",
            "20",
            "--days",
            "5",
            "--seed",
            "5",
            "--out",
            &path.display().to_string(),
        ]);
        let ran = metrify.run(&["ingest", &path.display().to_string()]);
        assert_eq!(ran.code, Some(1), "{size}: {ran:?}");
        assert_eq!(told_full(&ran), 1, "{size}: {}", ran.stderr);
        assert!(ran.stderr.contains("hint: "), "{size}: {}", ran.stderr);
    }
}

#[test]
fn what_is_known_can_be_asked_for_while_the_disk_is_full() {
    let Some(disk) = Disk::new("8m") else { return };
    let metrify = Metrify::on(disk.data_dir());
    let server = metrify.serve();
    metrify.take_in("small.ndjson", quarter_hours(10));
    server.kill();
    disk.fill();
    assert_eq!(metrify.sql("select count(*) from readings"), "10");
}

#[test]
fn a_server_outlives_a_full_disk() {
    let roomy = Metrify::new();
    let (path, expected) = fleet(&roomy);
    let Some(disk) = Disk::new("16m") else { return };
    let metrify = Metrify::on(disk.data_dir());
    let server = metrify.serve();
    metrify.take_in("small.ndjson", quarter_hours(10));
    disk.fill();
    let refused = metrify.run(&["ingest", &path.display().to_string()]);
    refused.failed_with(&[FULL]);
    assert_eq!(metrify.sql("select count(*) from readings"), "10");
    disk.relieve();
    metrify.ingest(&[&path]);
    let others = format!("point <> '{POINT}'");
    assert!(metrify.answers(&others) == expected, "other answers than with room");
    let ended = server.stop();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(metrify.answers(&others) == expected, "other answers after the end");
}

#[test]
fn a_landing_that_fails_leaves_no_files_behind() {
    for free in [24 << 10, 64 << 10, 96 << 10] {
        let Some(disk) = Disk::new("8m") else { return };
        let metrify = Metrify::on(disk.data_dir());
        let server = metrify.serve_with(&[("METRIFY_LANDING_INTERVAL_S", "3600")]);
        let path = metrify.path("fleet.ndjson");
        metrify.run(&[
            "simulate",
            "--meters",
            "20",
            "--days",
            "5",
            "--seed",
            "5",
            "--out",
            &path.display().to_string(),
        ]);
        metrify.ingest(&[&path]);
        server.kill();
        disk.fill();
        fs::File::options()
            .append(true)
            .open(disk.ballast())
            .and_then(|file| {
                let full = file.metadata()?.len();
                file.set_len(full - free)
            })
            .expect("leave some room");
        // The first look cleans up after the server that was killed.
        metrify.run(&["sql", "select 1"]);
        let looks: Vec<usize> = (0..4)
            .map(|_| {
                metrify.run(&["sql", "select 1"]);
                metrify.files("lake").lines().count()
            })
            .collect();
        assert!(looks.iter().all(|files| *files == looks[0]), "{free} bytes free, files in the lake: {looks:?}");
    }
}

#[test]
fn links_in_a_circle_and_pipes_do_not_keep_the_others_out() {
    let metrify = Metrify::new();
    metrify.file("in/a.ndjson", quarter_hours(3));
    std::os::unix::fs::symlink(".", metrify.path("in/round")).expect("make a link");
    let made = Command::new("mkfifo").arg(metrify.path("in/pipe")).status().expect("make a pipe");
    assert!(made.success());
    let ran = metrify.run(&["ingest", &metrify.path("in").display().to_string()]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.stderr.contains("in/pipe") && ran.stderr.contains("no regular file"), "{ran:?}");
    assert_eq!(metrify.sql("select count(*) from readings"), "3", "{ran:?}");
}
