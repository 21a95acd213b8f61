//! The network that a person acts from.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

/// The network of an IP address, an IPv4 /24 or an IPv6 /48, which does not identify a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CoarseNetwork(IpAddr);

impl From<IpAddr> for CoarseNetwork {
    fn from(ip: IpAddr) -> Self {
        Self(match ip.to_canonical() {
            IpAddr::V4(ip) => {
                let [a, b, c, _] = ip.octets();
                IpAddr::V4(Ipv4Addr::new(a, b, c, 0))
            }
            IpAddr::V6(ip) => {
                let [a, b, c, ..] = ip.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
            }
        })
    }
}

impl fmt::Display for CoarseNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = if self.0.is_ipv4() { 24 } else { 48 };
        write!(f, "{}/{bits}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_part_is_dropped() {
        let network = |ip: &str| CoarseNetwork::from(ip.parse::<IpAddr>().expect("valid")).to_string();
        assert_eq!(network("192.0.2.17"), "192.0.2.0/24");
        assert_eq!(network("::ffff:192.0.2.17"), "192.0.2.0/24");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1::/48");
    }
}
