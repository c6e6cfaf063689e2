//! Which digits are one telephone number: the rules of the world's numbering plans.
//!
//! The plans come with the `phonenumber` crate. Its own parser is not used: it refuses what a plan does not know, reads
//! foreign numbers by the trunk prefix of the account's country, and strips a trunk prefix twice where a number goes on
//! with the same digit.

use phonenumber::Metadata;
use phonenumber::metadata::DATABASE;

use crate::account::Country;

/// The longest calling code of a country.
const CODE_MAX: usize = 3;
/// Fewer digits after a calling code are no number: the digits are then taken as they stand.
const NATIONAL_MIN: usize = 4;

/// `+`, calling code and national number, whatever way the digits were dialled; digits that no plan can place stay as
/// they are, with `+` if they were international.
///
/// `digits` are ASCII digits; `international` says that a `+` stood before them.
pub(super) fn normal_form(digits: &str, international: bool, home: &Country) -> String {
    let Some(plan) = DATABASE.by_id(home.id().as_ref()) else { return digits.to_owned() };
    if let Some(abroad) = dialled_abroad(digits, international, plan) {
        return from_abroad(abroad).unwrap_or_else(|| format!("+{abroad}"));
    }
    if let Some(number) = missing_plus(digits, plan) {
        return number;
    }
    if digits.len() < NATIONAL_MIN {
        return digits.to_owned();
    }
    let national = strip_trunk(digits, plan).unwrap_or_else(|| digits.to_owned());
    format!("+{}{national}", plan.country_code())
}

/// The digits after `+`, after `00`, which travellers use anywhere, or after the home country's prefix for calls abroad.
/// Some prefixes name a carrier and look like `00` and half a calling code: what gives a known number is taken then.
fn dialled_abroad<'a>(digits: &'a str, international: bool, plan: &Metadata) -> Option<&'a str> {
    if international {
        return Some(digits.trim_start_matches("00"));
    }
    let zeros = digits.strip_prefix("00");
    let prefix = plan.international_prefix().and_then(|prefix| prefix.find(digits)).filter(|found| found.start() == 0);
    let home =
        prefix.map(|found| &digits[found.end()..]).filter(|rest| rest.len() >= NATIONAL_MIN && !rest.starts_with('0'));
    zeros.filter(|rest| is_known(rest)).or(home).or(zeros)
}

/// Whether some plan knows the digits as a calling code and a number of that country.
fn is_known(digits: &str) -> bool {
    split_code(digits).is_some_and(|(plan, national)| plan.descriptors().general().is_match(national))
}

/// The normal form of digits that begin with a calling code.
fn from_abroad(digits: &str) -> Option<String> {
    let (plan, national) = split_code(digits)?;
    let known = plan.descriptors().general().is_match(national);
    let stripped = if known { None } else { strip_trunk(national, plan) };
    Some(format!("+{}{}", plan.country_code(), stripped.as_deref().unwrap_or(national)))
}

/// The calling code that the digits begin with, as the plan of its main country, and the digits after it.
fn split_code(digits: &str) -> Option<(&'static Metadata, &str)> {
    (1..=CODE_MAX).find_map(|len| {
        let (code, national) = digits.split_at_checked(len)?;
        let plans = DATABASE.by_code(&code.parse::<u16>().ok()?)?;
        let main = plans.iter().find(|plan| plan.is_main_country_for_code()).or(plans.first())?;
        Some((*main, national))
    })
}

/// Reads `44 20 7946 0000` as `+44 20 7946 0000`, if only that makes it a number of the home country.
fn missing_plus(digits: &str, plan: &Metadata) -> Option<String> {
    let general = plan.descriptors().general();
    let national = digits.strip_prefix(&plan.country_code().to_string())?;
    (!general.is_match(digits) && general.is_match(national)).then(|| format!("+{digits}"))
}

/// The national number without the prefix that is dialled within its country alone, if it has one and is none without.
fn strip_trunk(digits: &str, plan: &Metadata) -> Option<String> {
    let general = plan.descriptors().general();
    let by_rule = strip_by_rule(digits, plan);
    if let Some(national) = by_rule.as_ref().filter(|national| general.is_match(national)) {
        return Some(national.clone());
    }
    // Rules that look for a carrier's code take digits of the number for one where there is none.
    let bare = plan.national_prefix().and_then(|prefix| digits.strip_prefix(prefix));
    if let Some(national) = bare.filter(|national| general.is_match(national)) {
        return Some(national.to_owned());
    }
    by_rule.or_else(|| bare.map(str::to_owned)).filter(|_| !general.is_match(digits))
}

/// The same by the plan's own pattern, which may drop a carrier's code or add an area code.
fn strip_by_rule(digits: &str, plan: &Metadata) -> Option<String> {
    let prefix = plan.national_prefix_for_parsing()?;
    let found = prefix.captures(digits)?;
    let whole = found.get(0).filter(|whole| whole.start() == 0)?;
    let kept = found.get(found.len() - 1).filter(|_| found.len() > 1);
    match (plan.national_prefix_transform_rule(), kept) {
        (Some(rule), Some(_)) => Some(prefix.replace(digits, rule).into_owned()),
        _ => Some(digits[whole.end()..].to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use phonenumber::metadata::DATABASE;
    use proptest::prelude::*;

    use super::normal_form;
    use crate::account::Country;
    use crate::contact::phone_twin;

    fn in_country(code: &str, text: &str) -> String {
        phone_twin(text, &Country::parse(code).unwrap())
    }

    #[test]
    fn numbers_are_read_in_the_accounts_country() {
        for (country, spellings, twin) in [
            ("GB", ["07700 900123", "+44 7700 900123", "0044 (0)7700 900123"], "+447700900123"),
            ("US", ["(202) 555-0123", "1-202-555-0123", "+1 202 555 0123"], "+12025550123"),
            ("US", ["011 44 20 7946 0000", "+44 20 7946 0000", "0044 20 7946 0000"], "+442079460000"),
            ("IT", ["06 1234 5678", "+39 06 1234 5678", "0039 06 1234 5678"], "+390612345678"),
            ("GB", ["+39 06 1234 5678", "0039 06 1234 5678", "00390612345678"], "+390612345678"),
            ("DE", ["030 123456", "+49 30 123456", "0049 (0)30 123456"], "+4930123456"),
            ("RU", ["8 800 555 35 35", "+7 800 555-35-35", "8 10 7 800 555 35 35"], "+78005553535"),
            ("AU", ["0491 570 156", "+61 491 570 156", "+61 (0)491 570 156"], "+61491570156"),
            ("AU", ["0011 44 20 7946 0000", "0044 20 7946 0000", "+442079460000"], "+442079460000"),
            ("HU", ["06 1 234 5678", "+36 1 234 5678", "0036 (06) 1 234 5678"], "+3612345678"),
            ("AR", ["011 15 2345 6789", "+54 9 11 2345 6789", "0054 9 11 2345 6789"], "+5491123456789"),
            ("BS", ["322 1234", "1 242 322 1234", "+1 242 322 1234"], "+12423221234"),
            ("SM", ["886377", "0549 886377", "+378 0549 886377"], "+3780549886377"),
            ("IE", ["087 123 4567", "+353 87 123 4567", "00353 87 1234567"], "+353871234567"),
        ] {
            for text in spellings {
                assert_eq!(in_country(country, text), twin, "{text} in {country}");
            }
        }
    }

    #[test]
    fn unknown_to_the_plan_still_has_one_twin() {
        for text in ["020 0000 0000", "+44 20 0000 0000", "0044 (0)20 0000 0000", "+44 020 0000 0000"] {
            assert_eq!(in_country("GB", text), "+442000000000", "{text}");
        }
        assert_eq!(in_country("GB", "+999 123 456"), "+999123456");
        assert_eq!(in_country("GB", "00999 123 456"), "+999123456");
        assert_eq!(in_country("GB", "999"), "999");
    }

    /// Every plan's own example, dialled from within and from abroad.
    #[test]
    fn the_examples_of_all_countries_agree() {
        let mut wrong = Vec::new();
        for plan in DATABASE.iter() {
            let Ok(country) = Country::parse(plan.id()) else { continue };
            let kinds = [plan.descriptors().fixed_line(), plan.descriptors().mobile()];
            for example in kinds.into_iter().flatten().filter_map(|kind| kind.example()) {
                let twin = format!("+{}{example}", plan.country_code());
                let within = format!("{}{example}", plan.national_prefix().unwrap_or_default());
                for text in [&within, &twin, &format!("00{}{example}", plan.country_code())] {
                    let found = phone_twin(text, &country);
                    if found != twin {
                        wrong.push(format!("{}: {text} gives {found}", plan.id()));
                    }
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }

    proptest! {
        #[test]
        fn no_digits_make_it_panic(digits in "[0-9]{0,18}", plus: bool, place in 0_usize..240) {
            let ids: Vec<_> = DATABASE.iter().filter_map(|plan| Country::parse(plan.id()).ok()).collect();
            let home = &ids[place % ids.len()];
            let twin = normal_form(&digits, plus, home);
            // `+`, a calling code, and the area code that some plans add to a local number: San Marino's has 4 digits.
            prop_assert!(twin.len() <= digits.len() + 1 + super::CODE_MAX + 4);
        }
    }
}
