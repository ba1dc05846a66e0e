//! The table of an act: for every role and purpose.

use std::fmt::Write;

use expect_test::{Expect, expect};
use metrify_governance::{Explained, Party, Purpose, Role, Whom};

use crate::{act, describe, shipped};

fn table(lines: &[Explained]) -> String {
    let mut text = String::new();
    for Explained { roles, purposes, decision } in lines {
        let roles: Vec<_> = roles.iter().map(|role| role.name()).collect();
        let names = purposes.iter().map(|purpose| purpose.map_or("-", Purpose::name));
        let purposes =
            if purposes.len() > 3 { format!("{} purposes", names.len()) } else { names.collect::<Vec<_>>().join(",") };
        write!(text, "{} | {purposes}: {}", roles.join(","), describe(decision)).expect("text");
    }
    text
}

fn check(parties: &[Party], what: &str, expected: &Expect) {
    expected.assert_eq(&table(&shipped().explain(Whom { parties, ..Whom::default() }, &act(what))));
}

#[test]
fn what_needs_no_purpose_is_one_line_for_each_role() {
    check(
        &[],
        "read default weather_stations",
        &expect![[r#"
        admin | 22 purposes: allowed
          role.admin: an admin may do everything in its tenant
          msbg.not_personal: it tells nothing of the people whose energy is metered
        analyst | 22 purposes: allowed
          role.analyst.master_data: an analyst reads, queries and exports master data
          msbg.not_personal: it tells nothing of the people whose energy is metered
        operator | 22 purposes: allowed
          role.operator.master_data: an operator delivers, mends, registers, reads, queries and exports master data
          msbg.not_personal: it tells nothing of the people whose energy is metered
        viewer | 22 purposes: allowed
          role.viewer.master_data: a viewer reads master data
          msbg.not_personal: it tells nothing of the people whose energy is metered
        api | 22 purposes: allowed
          role.api.master_data: a program delivers and reads master data
          msbg.not_personal: it tells nothing of the people whose energy is metered
    "#]],
    );
}

#[test]
fn a_use_of_what_is_personal_has_lines_for_lawful_and_other_purposes() {
    check(
        &[Party::MeteringOperator],
        "export default readings",
        &expect![[r#"
        admin | metering,-: allowed
          role.admin: an admin may do everything in its tenant
          msbg.60.1: a metering operator prepares and passes on what it measured (MsbG 60(1))
        admin | customer_information: allowed
          role.admin: an admin may do everything in its tenant
          msbg.53: a metering operator tells the users of a connection their own consumption (MsbG 53, 61)
        admin,analyst,operator | 19 purposes: denied
          the law lists this purpose for no party of its tenant (MsbG 49(1), 66 to 69)
        analyst | metering,-: allowed
          role.analyst: an analyst reads, queries and exports what is measured
          msbg.60.1: a metering operator prepares and passes on what it measured (MsbG 60(1))
        analyst | customer_information: allowed
          role.analyst: an analyst reads, queries and exports what is measured
          msbg.53: a metering operator tells the users of a connection their own consumption (MsbG 53, 61)
        operator | metering,-: allowed
          role.operator: an operator delivers, mends, registers, reads, queries and exports what is measured
          msbg.60.1: a metering operator prepares and passes on what it measured (MsbG 60(1))
        operator | customer_information: allowed
          role.operator: an operator delivers, mends, registers, reads, queries and exports what is measured
          msbg.53: a metering operator tells the users of a connection their own consumption (MsbG 53, 61)
        viewer,api | metering,customer_information,-: denied
          no policy allows it to this role
        viewer,api | 19 purposes: denied
          no policy allows it to this role
          the law lists this purpose for no party of its tenant (MsbG 49(1), 66 to 69)
    "#]],
    );
}

#[test]
fn nobody_but_an_admin_of_the_house_administers_tenants() {
    check(
        &[],
        "administer default tenants",
        &expect![[r#"
        admin | 22 purposes: allowed
          role.admin: an admin may do everything in its tenant
          msbg.not_personal: it tells nothing of the people whose energy is metered
        analyst,operator,viewer,api | 22 purposes: denied
          tenants: tenants are made and changed by an admin of the house's own tenant, `default`
    "#]],
    );
    check(
        &[],
        "administer stadtwerk tenants",
        &expect![[r#"
        admin,analyst,operator,viewer,api | 22 purposes: denied
          tenants: tenants are made and changed by an admin of the house's own tenant, `default`
    "#]],
    );
}

#[test]
fn a_use_by_consent_is_explained_by_the_grant_that_covers_it() {
    let whom = Whom { parties: &[Party::Consented], principal: Some("user:ann"), given: None, grant: Some("5e55") };
    let consent = |whom| {
        let lines = shipped().explain(whom, &act("read default readings 50120962218")).into_iter();
        let lines = lines.filter(|line| line.purposes.iter().flatten().any(|purpose| purpose.rests_on_consent()));
        table(&lines.filter(|line| line.roles.contains(&Role::Viewer)).collect::<Vec<_>>())
    };
    expect![[r#"
        viewer | consent,-: allowed
          role.viewer: a viewer reads what is measured
          msbg.49.2.9: the user of the connection consented, by grant 5e55 (MsbG 49(2) no. 9, GDPR 7)
    "#]]
    .assert_eq(&consent(whom));
    expect![[r#"
        admin,analyst,operator,viewer,api | consent,-: denied
          consent.granted: no grant of the user of the connection covers this point for who asks, at this time (GDPR 6(1)(a), 7(3))
    "#]]
    .assert_eq(&consent(Whom { grant: None, ..whom }));
}

#[test]
fn every_role_and_purpose_stands_in_exactly_one_line() {
    for what in ["read default readings", "deliver default readings", "administer default users"] {
        let lines = shipped().explain(Whom { parties: &Party::ALL, ..Whom::default() }, &act(what));
        for role in Role::ALL {
            for purpose in Purpose::all().map(Some).chain([None]) {
                let has = |line: &&Explained| line.roles.contains(&role) && line.purposes.contains(&purpose);
                assert_eq!(lines.iter().filter(has).count(), 1, "{what}: {role}, {purpose:?}");
            }
        }
    }
}
