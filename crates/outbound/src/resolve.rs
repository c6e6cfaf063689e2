//! A name to its addresses, all of which must be ones that are called.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use leadlatch_domain::hook::Target;
use leadlatch_domain::hook::address::{is_allowed, is_public};

use crate::Failed;

/// Addresses of one name that are looked at; a name with more of them is not called.
const MOST: usize = 32;

/// The addresses of a target. One of them that is not called is enough to refuse them all: which of them a connection
/// would go to is not for a name's owner to choose.
pub(crate) async fn addresses(target: &Target, allowed: &[IpNet]) -> Result<Vec<SocketAddr>, Failed> {
    let found: Vec<SocketAddr> = if let Some(address) = target.address() {
        vec![SocketAddr::new(address, target.port())]
    } else {
        let named = tokio::net::lookup_host((target.host(), target.port())).await;
        named.map_err(|_| Failed::NoAddress)?.take(MOST + 1).collect()
    };
    if found.is_empty() {
        return Err(Failed::NoAddress);
    }
    let judged: Result<(), Failed> = found.iter().try_for_each(|place| judge(place.ip(), target.is_https(), allowed));
    if found.len() > MOST { Err(Failed::NotAllowed) } else { judged.map(|()| found) }
}

fn judge(address: IpAddr, encrypted: bool, allowed: &[IpNet]) -> Result<(), Failed> {
    match (is_allowed(allowed, address), is_public(address)) {
        (true, _) => Ok(()),
        (false, false) => Err(Failed::NotAllowed),
        (false, true) if encrypted => Ok(()),
        (false, true) => Err(Failed::NotEncrypted),
    }
}

#[cfg(test)]
mod tests {
    use super::{Failed, addresses};
    use leadlatch_domain::hook::Target;

    async fn found(url: &str, allowed: &[&str]) -> Result<usize, Failed> {
        let allowed: Vec<_> = allowed.iter().map(|range| range.parse().unwrap()).collect();
        addresses(&Target::parse(url).unwrap(), &allowed).await.map(|found| found.len())
    }

    #[tokio::test]
    async fn what_is_near_is_refused_in_every_spelling_and_by_name() {
        for url in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[fd00:ec2::254]/",
            "https://localhost/",
            "https://LOCALHOST:8443/",
            "https://[64:ff9b::a9fe:a9fe]/",
            "https://0/",
            "https://10.0.0.1./",
        ] {
            assert_eq!(found(url, &[]).await, Err(Failed::NotAllowed), "{url}");
        }
    }

    #[tokio::test]
    async fn plain_http_goes_to_allowed_ranges_alone() {
        assert_eq!(found("http://1.1.1.1/", &["10.0.0.0/8"]).await, Err(Failed::NotEncrypted));
        assert_eq!(found("https://1.1.1.1/", &[]).await, Ok(1));
        assert_eq!(found("http://127.0.0.1:8080/", &["127.0.0.0/8"]).await, Ok(1));
        assert_eq!(found("http://[::ffff:127.0.0.1]:8080/", &["127.0.0.0/8"]).await, Ok(1));
        assert_eq!(found("https://nowhere.invalid/", &[]).await, Err(Failed::NoAddress));
    }
}
