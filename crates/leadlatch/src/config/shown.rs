//! What people are shown of a setting that holds a secret.

/// A database URL for people: a PostgreSQL one loses its password and its options, which may hold one too.
pub(crate) fn without_password(url: &str) -> String {
    if url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let Some((scheme, rest)) = url.split_once("://") else { return "(not shown)".to_owned() };
    // As the driver reads it: what stands before the first @ is who asks, whatever signs the password has in it. Behind it
    // there may still be a password, of whoever did not know that an @ in it has to be written as %40: then nothing is shown.
    let until = |text: &str, signs: &[char]| text.split(signs).next().unwrap_or_default().to_owned();
    match rest.split_once('@') {
        Some((user, place)) if place.contains('@') => format!("{scheme}://{}@(not shown)", until(user, &[':', '?'])),
        Some((user, place)) => format!("{scheme}://{}@{}", until(user, &[':', '?']), until(place, &['?'])),
        None => format!("{scheme}://{}", until(rest, &['?'])),
    }
}

#[cfg(test)]
mod tests {
    use super::without_password;

    #[test]
    fn a_password_is_not_shown() {
        for url in [
            "postgres://ann:secret@db/leads",
            "postgres://ann@db/leads?password=secret",
            "postgres://ann:se?cr:et@db/leads",
        ] {
            assert_eq!(without_password(url), "postgres://ann@db/leads");
        }
        for url in [
            "postgres://ann@db/leads?password=se@cret",
            "postgres://ann:pa@ss@db/leads",
            "postgres://ann:@hunter2@db/leads",
            "postgres://ann:a@b?c@db/leads",
        ] {
            assert_eq!(without_password(url), "postgres://ann@(not shown)");
        }
        assert_eq!(without_password("postgres://db/leads?password=a@b").matches("password").count(), 0);
        assert_eq!(without_password("host=db password=secret"), "(not shown)");
        assert_eq!(without_password("sqlite:x.db"), "sqlite:x.db");
    }
}
