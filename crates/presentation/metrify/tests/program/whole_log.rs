//! A log that was taken away is told from one that has yet to begin, whoever's it is and whatever was noted since.

use serde_json::Value;

use crate::support::api::Client;
use crate::support::{Metrify, quarter_hours};

fn remove(metrify: &Metrify, tenant: &str) {
    std::fs::remove_dir_all(metrify.data_dir().join("audit").join(tenant)).expect("the folder of a log");
}

#[test]
fn a_log_that_is_gone_is_told_and_stays_so_once_another_was_begun() {
    let metrify = Metrify::new();
    // The first that is ever done: no entry is missing.
    let ran = metrify.run(&["audit", "verify"]);
    assert!(ran.code == Some(0) && ran.stdout.contains(" entries of the tenant default, "), "{ran:?}");
    metrify.take_in("a.ndjson", quarter_hours(4));
    assert_eq!(metrify.run(&["audit", "verify"]).code, Some(0));
    remove(&metrify, "default");
    for again in 0..3 {
        let ran = metrify.run(&["audit", "verify"]);
        assert_eq!(ran.code, Some(1), "{again}: {ran:?}");
        for word in ["BROKEN at byte 0 of 000000000001.ndjson, line 1", "what was noted first is missing", "default"] {
            assert!(ran.stdout.contains(word), "{again}: `{word}` is missing in {ran:?}");
        }
    }
    let server = metrify.serve();
    let ann = Client::of(&metrify, &server, "admin");
    let (_, said) = ann.get("/api/v1/audit/verify");
    assert_eq!((&said["whole"], &said["entries"], &said["tenant"]), (&false.into(), &0.into(), &"default".into()));
}

#[test]
fn the_log_of_each_tenant_is_looked_at_by_its_own_and_by_who_runs_the_house() {
    let metrify = Metrify::new();
    let server = metrify.serve();
    let ours = Client::of(&metrify, &server, "admin");
    let theirs = Client::of_new_tenant(&metrify, &server, "stadtwerk");
    let verify = |client: &Client<'_>, whose: &str| client.get(&format!("/api/v1/audit/verify{whose}"));
    let whole = |(status, said): (u16, Value)| (status, said["tenant"].clone(), said["whole"].clone());
    assert_eq!(whole(verify(&theirs, "")), (200, "stadtwerk".into(), true.into()));
    assert_eq!(whole(verify(&ours, "?tenant=stadtwerk")), (200, "stadtwerk".into(), true.into()));
    assert_eq!((verify(&theirs, "?tenant=default").0, verify(&ours, "?tenant=none").0), (404, 404));
    assert_eq!(verify(&ours, "?tenant=No%20name").0, 400);
    // Whose log it is finds there who looked at it.
    let (_, entries) = theirs.get("/api/v1/audit?resource=audit&action=read");
    let by: Vec<&str> = entries["results"]
        .as_array()
        .expect("entries")
        .iter()
        .filter_map(|entry| entry["principal"].as_str())
        .collect();
    assert!(by.contains(&format!("key:{}", ours.key.split('_').nth(1).expect("an id")).as_str()), "{by:?}");
    assert_eq!(server.stop().code, Some(0));
    remove(&metrify, "stadtwerk");
    assert_eq!(metrify.run(&["audit", "verify"]).code, Some(0));
    for _ in 0..2 {
        let ran = metrify.run(&["audit", "verify", "--tenant", "stadtwerk"]);
        assert!(ran.code == Some(1) && ran.stdout.contains("of the tenant stadtwerk"), "{ran:?}");
    }
    metrify.run(&["audit", "verify", "--tenant", "none"]).failed_with(&["find the tenant `none`"]);
}
