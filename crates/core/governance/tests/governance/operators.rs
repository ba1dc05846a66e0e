//! An operator's own policies: what they can do, and what is told of those that cannot be taken.

use expect_test::{Expect, expect};
use metrify_governance::Policies;

use crate::{decide, describe, shipped};

fn check(own: &str, who: &str, what: &str, expected: &Expect) {
    let policies = shipped().with(own).expect(own);
    expected.assert_eq(&describe(&decide(&policies, who, what)));
}

fn refused(policies: &Policies, own: &str, expected: &Expect) {
    expected.assert_eq(&policies.with(own).expect_err(own).to_string());
}

#[test]
fn one_that_permits_gives_a_role_more() {
    let own = r#"
        @id("viewers.export") @reason("our viewers take files home")
        permit (principal in Role::"viewer", action == Action::"export", resource in Area::"measurement");"#;
    let who = "viewer default metering_operator -";
    check(
        own,
        who,
        "export default readings for metering",
        &expect![[r#"
        allowed
          viewers.export: our viewers take files home
          msbg.60.1: a metering operator prepares and passes on what it measured (MsbG 60(1))
    "#]],
    );
    check(
        own,
        who,
        "export default readings for supply_billing",
        &expect![[r#"
        denied
          the law lists this purpose for no party of its tenant (MsbG 49(1), 66 to 69)
    "#]],
    );
    check(
        own,
        who,
        "export default meters for metering",
        &expect![[r#"
        denied
          no policy allows it to this role
    "#]],
    );
}

#[test]
fn one_that_permits_everything_opens_neither_another_tenant_nor_what_the_law_closes_nor_tenants() {
    let own = "permit (principal, action, resource);";
    check(
        own,
        "viewer default metering_operator -",
        "read stadtwerk readings for metering",
        &expect![[r#"
        denied
          tenant: what belongs to a tenant is for its own people only
    "#]],
    );
    check(
        own,
        "viewer default metering_operator -",
        "read default readings",
        &expect![[r#"
        denied
          msbg.50.1: personal data of metering are used for a purpose, and none was named (MsbG 50(1))
    "#]],
    );
    check(
        own,
        "viewer default - -",
        "administer default tenants",
        &expect![[r#"
        denied
          tenants: tenants are made and changed by an admin of the house's own tenant, `default`
    "#]],
    );
    check(
        own,
        "viewer default - -",
        "administer default keys",
        &expect![[r#"
        allowed
          own.1: a policy of the operator's own, which gives no reason
          msbg.not_personal: it tells nothing of the people whose energy is metered
    "#]],
    );
}

#[test]
fn one_that_forbids_holds_against_an_admin() {
    let own = r#"
        @id("celebrities") @reason("nobody looks at these")
        forbid (principal, action, resource)
        when { resource has subject && resource.subject == "10315" }
        unless { principal == Principal::"user:bob" || context.purpose == Purpose::"customer_information" };"#;
    let who = "admin default metering_operator -";
    check(
        own,
        who,
        "read default readings 10315 for metering",
        &expect![[r#"
        denied
          celebrities: nobody looks at these
    "#]],
    );
    check(
        own,
        who,
        "read default readings 10316 for metering",
        &expect![[r#"
        allowed
          role.admin: an admin may do everything in its tenant
          msbg.60.1: a metering operator prepares and passes on what it measured (MsbG 60(1))
    "#]],
    );
    check(
        own,
        who,
        "read default readings 10315 for customer_information",
        &expect![[r#"
        allowed
          role.admin: an admin may do everything in its tenant
          msbg.53: a metering operator tells the users of a connection their own consumption (MsbG 53, 61)
    "#]],
    );
}

#[test]
fn those_without_an_id_are_numbered_on() {
    let first = "permit (principal, action, resource); @id(\"named\") forbid (principal, action, resource);";
    let both = shipped().with(first).and_then(|policies| policies.with("forbid (principal, action, resource);"));
    let decision = decide(&both.expect("both texts"), "admin default - -", "read default system");
    expect![[r#"
        denied
          named: a policy of the operator's own, which gives no reason
          own.3: a policy of the operator's own, which gives no reason
    "#]]
    .assert_eq(&describe(&decision));
}

#[test]
fn one_that_cannot_be_evaluated_denies_and_is_told() {
    let own = "forbid (principal, action, resource) when { 9223372036854775807 + 1 == 0 };";
    check(
        own,
        "admin default - -",
        "read default system",
        &expect![[r#"
        denied
          own.1: the policy cannot be evaluated: integer overflow while attempting to add the values `9223372036854775807` and `1`
    "#]],
    );
    let own = "permit (principal, action, resource) when { 9223372036854775807 + 1 == 0 };";
    check(
        own,
        "admin default - -",
        "read default system",
        &expect![[r#"
        denied
          own.1: the policy cannot be evaluated: integer overflow while attempting to add the values `9223372036854775807` and `1`
    "#]],
    );
}

#[test]
fn what_does_not_parse_is_told_with_its_place() {
    refused(
        &shipped(),
        "permit (principal, action, resource);\npermit (principal, action resource);",
        &expect!["parse policies at line 2, column 27: unexpected token `resource`"],
    );
    refused(
        &shipped(),
        "permit (principal, action",
        &expect!["parse policies at line 1, column 26: unexpected end of input"],
    );
    refused(
        &shipped(),
        "permit (who, action, resource);",
        &expect!["parse policies at line 1, column 9: found an invalid variable in the policy scope: who"],
    );
    refused(
        &shipped(),
        "permit (principal == ?principal, action, resource);",
        &expect!["policy at line 1, column 1 is a template: write out what its slot stands for"],
    );
}

#[test]
fn what_the_schema_does_not_know_is_told_with_its_place() {
    let shipped = shipped();
    refused(
        &shipped,
        "\n  permit (principal in Role::\"amdin\", action, resource);",
        &expect![[
            r#"policy `own.1` at line 2, column 24: entity `Role::"amdin"` is of an enumerated entity type, but `"amdin"` is not declared as a valid eid (valid entity eids: "admin", "analyst", "operator", "viewer", "api")"#
        ]],
    );
    refused(
        &shipped,
        "permit (principal, action == Action::\"reads\", resource);",
        &expect![[
            r#"policy `own.1` at line 1, column 30: unrecognized action `Action::"reads"` (did you mean `Action::"read"`?)"#
        ]],
    );
    refused(
        &shipped,
        "permit (principal, action, resource) when { resource.tenent == \"x\" };",
        &expect![
            "policy `own.1` at line 1, column 45: attribute `tenent` on entity type `Resource` not found (did you mean `tenant`?)"
        ],
    );
    refused(
        &shipped,
        "permit (principal, action, resource) when { resource.subject == \"x\" };",
        &expect![
            "policy `own.1` at line 1, column 45: unable to guarantee safety of access to optional attribute `subject` on entity type `Resource` (try testing for the attribute's presence with `e has subject && ..`)"
        ],
    );
    refused(
        &shipped,
        "permit (principal, action, resource) when { resource.personal == 1 };",
        &expect![
            "policy `own.1` at line 1, column 45: the types Bool and Long are not compatible (for policy `own.1`, both operands to a `==` expression must have compatible types. Types must be exactly equal to be compatible)"
        ],
    );
    refused(
        &shipped,
        "permit (principal in Kind::\"readings\", action, resource);",
        &expect![
            "policy `own.1` at line 1, column 1: policy is impossible: the policy expression evaluates to false for all valid requests"
        ],
    );
}

#[test]
fn one_that_never_applies_is_not_taken() {
    let own =
        r#"@id("never") forbid (principal, action == Action::"read", resource) when { action == Action::"query" };"#;
    refused(
        &shipped(),
        own,
        &expect![
            "policy `never` at line 1, column 1: policy is impossible: the policy expression evaluates to false for all valid requests"
        ],
    );
}

#[test]
fn an_id_that_is_taken_is_not_taken_again() {
    let shipped = shipped();
    for id in ["role.admin", "tenant", "msbg.66.1.3", "purpose.granted"] {
        let own = format!("permit (principal, action, resource);\n@id(\"{id}\") permit (principal, action, resource);");
        let error = shipped.with(&own).expect_err(id).to_string();
        let expected =
            format!("policy `{id}` at line 2, column 1: its id is taken; a policy that is there cannot be replaced");
        assert_eq!(error, expected);
    }
    let twice = "@id(\"x\") permit (principal, action, resource);\n@id(\"x\") forbid (principal, action, resource);";
    refused(
        &shipped,
        twice,
        &expect!["policy `x` at line 2, column 1: its id is taken; a policy that is there cannot be replaced"],
    );
    let numbered = "permit (principal, action, resource);\n@id(\"own.1\") forbid (principal, action, resource);";
    refused(
        &shipped,
        numbered,
        &expect!["policy `own.1` at line 2, column 1: its id is taken; a policy that is there cannot be replaced"],
    );
    let once = shipped.with("@id(\"x\") permit (principal, action, resource);").expect("one");
    refused(
        &once,
        "@id(\"x\") forbid (principal, action, resource);",
        &expect!["policy `x` at line 1, column 1: its id is taken; a policy that is there cannot be replaced"],
    );
}

#[test]
fn there_is_a_limit_to_their_size_and_number() {
    refused(&shipped(), &" ".repeat(256 * 1024 + 1), &expect!["policies of 262145 bytes: at most 262144 are taken"]);
    let many = "permit (principal, action, resource);".repeat(150);
    let once = shipped().with(&many).expect("150 policies");
    refused(&once, &many, &expect!["300 policies of the operator: at most 200 are taken"]);
}

#[test]
fn nesting_is_bounded_and_ends_nothing() {
    let shipped = shipped();
    let with = |condition: &str| shipped.with(&format!("permit (principal, action, resource) when {{ {condition} }};"));
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("(1 +", ")")] {
        for times in [33, 10_000] {
            let own = format!("{}true{}", open.repeat(times), close.repeat(times));
            let error = with(&own).expect_err("too deep").to_string();
            assert!(error.contains("brackets deeper than 32"), "{error}");
        }
    }
    // What nests without brackets: the longest that is let through to the parser.
    for (first, more, last) in [
        ("context", ".a", ""),
        ("1", "+1", " == 1"),
        ("true", "||true", ""),
        ("true", "&&true", ""),
        ("", "if true then true else ", "true"),
        ("", "if ", "true"),
        ("", "!", "true"),
        ("", "-", "1 == 1"),
        ("context has a", ".a", ""),
    ] {
        let own = format!("{first}{}{last}", more.repeat(4000 / more.len()));
        if let Ok(policies) = with(&own) {
            assert!(!decide(&policies, "viewer default - -", "read stadtwerk system").allowed);
        }
        assert!(with(&own.repeat(10)).is_err());
    }
    // Brackets and semicolons in strings and comments are none.
    let own = format!("\"{}\\\"\" != \"\" // {}\n", "(;".repeat(100), "(".repeat(100));
    with(&own).expect("a string and a comment");
    with(&format!("true // {}\n", "long ".repeat(10_000))).expect("a long comment");
}

#[test]
fn no_text_adds_nothing() {
    let policies = shipped().with("// nothing yet\n").expect("no policies");
    let (who, what) = ("viewer default - -", "read default system");
    assert_eq!(decide(&policies, who, what), decide(&shipped(), who, what));
}
