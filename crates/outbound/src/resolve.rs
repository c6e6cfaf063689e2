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
    judged(found, target.is_https(), allowed)
}

fn judged(found: Vec<SocketAddr>, encrypted: bool, allowed: &[IpNet]) -> Result<Vec<SocketAddr>, Failed> {
    if found.is_empty() {
        return Err(Failed::NoAddress);
    }
    if found.len() > MOST {
        return Err(Failed::NotAllowed);
    }
    found.iter().try_for_each(|place| judge(place.ip(), encrypted, allowed))?;
    Ok(found)
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
    use std::net::SocketAddr;

    use super::{Failed, MOST, addresses, judged};
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
        // Some machines do not know it with a dot; none may call it.
        assert!(found("https://localhost./", &[]).await.is_err());
    }

    /// One address that is near is enough, wherever it stands among those of a name.
    #[test]
    fn a_name_with_a_near_address_among_public_ones_is_refused() {
        let places = |addresses: &[&str]| -> Vec<SocketAddr> {
            addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 443)).collect()
        };
        let mixed = [
            &["1.1.1.1", "10.0.0.1"][..],
            &["10.0.0.1", "1.1.1.1"],
            &["2606:4700::1111", "1.1.1.1", "::1"],
            &["1.1.1.1", "::ffff:169.254.169.254", "8.8.8.8"],
        ];
        for addresses in mixed {
            assert_eq!(judged(places(addresses), true, &[]), Err(Failed::NotAllowed), "{addresses:?}");
        }
        let public = places(&["1.1.1.1", "2606:4700::1111"]);
        assert_eq!(judged(public.clone(), true, &[]), Ok(public));
        let with_allowed = places(&["1.1.1.1", "10.0.0.1"]);
        assert!(judged(with_allowed.clone(), true, &["10.0.0.1/32".parse().unwrap()]).is_ok());
        assert_eq!(judged(with_allowed, true, &["10.0.0.2/32".parse().unwrap()]), Err(Failed::NotAllowed));
        assert_eq!(judged(vec!["1.1.1.1:443".parse().unwrap(); MOST + 1], true, &[]), Err(Failed::NotAllowed));
        assert_eq!(judged(Vec::new(), true, &[]), Err(Failed::NoAddress));
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
