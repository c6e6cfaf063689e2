//! Writes `docs/permissions.md` from the access matrix, or checks that it is as the matrix says.

use std::fmt::Write;
use std::fs;

use leadlatch_api::wire::{Line, RULES};
use leadlatch_domain::dropdown::Dropdown;
use leadlatch_domain::matrix::{MATRIX, Needs, PartnerReach, Rule};

const PATH: &str = "docs/permissions.md";

const HEAD: &str = "\
# Permissions

What each action needs of its caller. Generated from `crates/domain/src/matrix.rs` by
`cargo run -p xtask -- permissions`; do not edit it here.

| action | what | Full key | Partner key |
| --- | --- | --- | --- |
";

const DROPDOWNS: &str = "
## Dropdowns

Which action a dropdown needs stands in its path. Where the key may not do it, the answer is `[]` with 200.

| path | action | Full key | Partner key |
| --- | --- | --- | --- |
";

/// Writes the tables or, with `check`, fails when the one checked in is another.
pub(crate) fn run(check: bool) -> Result<(), String> {
    let path = crate::workspace()?.join(PATH);
    let table = table(MATRIX) + &dropdowns() + &requests(RULES);
    if !check {
        return fs::write(&path, table).map_err(|error| format!("{PATH}: {error}"));
    }
    let found = fs::read_to_string(&path).map_err(|error| format!("{PATH}: {error}"))?;
    if found == table {
        return Ok(());
    }
    Err(format!("{PATH} is not what the access matrix says; run: cargo run -p xtask -- permissions"))
}

fn table(rules: &[Rule]) -> String {
    let mut text = HEAD.to_owned();
    for rule in rules {
        writeln!(text, "| `{}` | {} | {} | {} |", rule.action, rule.words, full_key(rule), partner_key(rule))
            .expect("a String takes all that is written");
    }
    text
}

fn dropdowns() -> String {
    let mut text = DROPDOWNS.to_owned();
    for dropdown in Dropdown::ALL {
        let (name, rule) = (dropdown.as_str(), dropdown.rule());
        let partner = if rule.partner == PartnerReach::Never { "`[]`".to_owned() } else { partner_key(&rule) };
        let (action, full) = (rule.action, full_key(&rule));
        writeln!(text, "| `/zapier/dropdowns/{name}` | `{action}` | {full} | {partner} |")
            .expect("a String takes all that is written");
    }
    text
}

/// The requests of existing integrations, whose key and action stand in the body, each with the action that it is.
fn requests(lines: &[Line]) -> String {
    let mut text =
        "\n## Requests of existing integrations\n\n| path | request | action |\n| --- | --- | --- |\n".to_owned();
    for Line { path, request, rule } in lines {
        writeln!(text, "| `{path}` | {request} | `{}` |", rule.action).expect("a String takes all that is written");
    }
    text
}

fn full_key(line: &Rule) -> String {
    match line.needs {
        Needs::AnyKey => "Any live key".to_owned(),
        Needs::Scope(scope) => format!("`{}`", scope.as_str()),
        Needs::Person => "No key: a person who is signed in".to_owned(),
        Needs::Admin => "No key: an admin of the account".to_owned(),
        Needs::Operator => "No key: the operator of the server".to_owned(),
        Needs::Role(role) => format!("No key: the server itself, as `{}`", role.as_str()),
    }
}

fn partner_key(rule: &Rule) -> String {
    let reach = rule.partner.in_words();
    match (rule.partner, rule.needs) {
        (PartnerReach::Never, _) if !rule.open_to_keys() => "No key".to_owned(),
        (PartnerReach::Never, _) => reach.to_owned(),
        (_, Needs::Scope(scope)) => format!("{reach}, with `{}`", scope.as_str()),
        _ => reach.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_its_line() {
        let table = table(MATRIX);
        for rule in MATRIX {
            assert!(table.contains(&format!("| `{}` | {} |", rule.action, rule.words)), "{}", rule.action);
        }
        assert_eq!(table.lines().count(), HEAD.lines().count() + MATRIX.len());
    }

    #[test]
    fn a_dropdown_that_partner_keys_may_not_read_is_empty_to_them() {
        let line = |name: &str| dropdowns().lines().find(|line| line.contains(name)).unwrap().to_owned();
        assert!(line("/users`").ends_with("| `users.read` | Any live key | `[]` |"));
        assert!(line("/partners`").ends_with("| Only the linked record |"));
    }

    #[test]
    fn every_request_of_an_integration_is_an_action_of_the_matrix() {
        let table = table(MATRIX);
        for line in RULES {
            assert!(table.contains(&format!("| `{}` |", line.rule.action)), "{}", line.request);
        }
        assert!(requests(RULES).contains("| `/api/APILead.php` | delete | `leads.delete` |"));
    }

    #[test]
    fn a_line_says_what_each_kind_of_key_needs() {
        let line = |action: &str| table(MATRIX).lines().find(|line| line.contains(action)).unwrap().to_owned();
        assert!(line("`leads.read`").ends_with("| `read_leads` | Own leads alone, with `read_leads` |"));
        assert!(line("`users.read`").ends_with("| Any live key | No access, 403 |"));
        assert!(line("`keys.manage`").ends_with("| No key: an admin of the account | No key |"));
    }
}
