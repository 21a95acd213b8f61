//! The buckets that requests take tokens from.

use std::net::IpAddr;

use latchkey_licensing::email::EmailAddress;
use sha2::{Digest, Sha256};

/// The IP address of a client, which the HTTP server determines, behind trusted proxies if there are any.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress(pub IpAddr);

impl ClientAddress {
    /// The bucket of the client's network for one purpose.
    pub(crate) fn bucket(self, purpose: &str) -> String {
        Network::from(self.0).name(purpose)
    }
}

/// A bucket of the activation API. Keys and machines are stored as the first halves of hashes, because their buckets
/// are kept longer than anyone needs to know which they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ApiBucket {
    /// Requests with one license key.
    Key(u128),
    /// Heartbeats of one machine under one license key.
    Heartbeat { key: u128, machine: u128 },
    /// Requests from one network without a known key.
    Network(Network),
}

/// One IPv4 address or one IPv6 /64, which is the usual size of a household's network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Network {
    V4(u32),
    V6(u64),
}

impl From<IpAddr> for Network {
    fn from(ip: IpAddr) -> Self {
        match ip.to_canonical() {
            IpAddr::V4(ip) => Self::V4(ip.to_bits()),
            IpAddr::V6(ip) => Self::V6(u64::try_from(ip.to_bits() >> 64).unwrap_or_default()),
        }
    }
}

impl Network {
    fn name(self, purpose: &str) -> String {
        match self {
            Self::V4(bits) => format!("{purpose}:network:{}", std::net::Ipv4Addr::from_bits(bits)),
            Self::V6(bits) => {
                let segment = |shift: u32| (bits >> shift) & 0xffff;
                let (a, b, c, d) = (segment(48), segment(32), segment(16), segment(0));
                format!("{purpose}:network:{a:x}:{b:x}:{c:x}:{d:x}::/64")
            }
        }
    }
}

impl ApiBucket {
    /// The bucket of a key, by the keyed hash under which it is found.
    pub(crate) fn of_key(lookup: &[u8; 32]) -> Self {
        Self::Key(half(lookup))
    }

    /// The bucket of a machine's heartbeats.
    pub(crate) fn of_heartbeat(lookup: &[u8; 32], machine: &str) -> Self {
        let machine: [u8; 32] = Sha256::digest(machine.as_bytes()).into();
        Self::Heartbeat { key: half(lookup), machine: half(&machine) }
    }

    /// The bucket's name in the database.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Key(key) => format!("api:key:{key:032x}"),
            Self::Heartbeat { key, machine } => format!("api:beat:{key:032x}:{machine:032x}"),
            Self::Network(network) => network.name("api"),
        }
    }
}

fn half(hash: &[u8; 32]) -> u128 {
    hash.first_chunk().map_or(0, |half| u128::from_be_bytes(*half))
}

/// The bucket of an e-mail address, named by the address's hash.
pub(crate) fn address_bucket(purpose: &str, email: &EmailAddress) -> String {
    let hash: [u8; 32] = Sha256::digest(email.as_str().as_bytes()).into();
    format!("{purpose}:address:{:032x}", half(&hash))
}

/// The bucket of an e-mail address in one network.
pub(crate) fn address_in_network_bucket(purpose: &str, email: &EmailAddress, ip: IpAddr) -> String {
    Network::from(ip).name(&address_bucket(purpose, email))
}

/// The bucket of a browser that has signed in to an address before.
pub(crate) fn browser_bucket(purpose: &str, name: [u8; 16]) -> String {
    format!("{purpose}:browser:{:032x}", u128::from_be_bytes(name))
}

/// The bucket of a network.
pub(crate) fn network_bucket(purpose: &str, ip: IpAddr) -> String {
    Network::from(ip).name(purpose)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_is_one_bucket() {
        let bucket = |ip: &str| network_bucket("login", ip.parse().expect("valid"));
        assert_eq!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:2:ffff::9"));
        assert_eq!(bucket("2001:db8:1:2::1"), "login:network:2001:db8:1:2::/64");
        assert_ne!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"));
        assert_eq!(bucket("::ffff:192.0.2.1"), bucket("192.0.2.1"));
        assert_eq!(bucket("192.0.2.1"), "login:network:192.0.2.1");
        assert_ne!(bucket("192.0.2.1"), bucket("192.0.2.2"));
    }
}
