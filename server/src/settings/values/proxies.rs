//! The reverse proxies whose `X-Forwarded-For` is believed.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Which proxies are trusted: a number of them, or those with these addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedProxies {
    /// Requests pass this many proxies, from any address.
    Count(usize),
    /// Requests from these networks have passed proxies, and those from others have not.
    Networks(Vec<Network>),
}

impl Default for TrustedProxies {
    fn default() -> Self {
        Self::Count(0)
    }
}

impl TrustedProxies {
    /// Whether the addresses of peers are those of clients.
    pub fn is_none(&self) -> bool {
        match self {
            Self::Count(count) => *count == 0,
            Self::Networks(networks) => networks.is_empty(),
        }
    }

    /// Whether this is the address of a trusted proxy.
    pub fn contain(&self, address: IpAddr) -> bool {
        match self {
            Self::Count(count) => *count > 0,
            Self::Networks(networks) => networks.iter().any(|network| network.contains(address)),
        }
    }
}

/// A network, such as `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    length: u32,
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        match (self.base, address.to_canonical()) {
            (IpAddr::V4(base), IpAddr::V4(address)) => {
                (base.to_bits() ^ address.to_bits()).leading_zeros() >= self.length
            }
            (IpAddr::V6(base), IpAddr::V6(address)) => {
                (base.to_bits() ^ address.to_bits()).leading_zeros() >= self.length
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (base, length) = match text.split_once('/') {
            Some((base, length)) => (base, Some(length.parse::<u32>().map_err(|_| ())?)),
            None => (text, None),
        };
        let base: IpAddr = base.parse().map_err(|_| ())?;
        let longest = if base.is_ipv4() { u32::BITS } else { u128::BITS };
        let length = length.unwrap_or(longest);
        (length <= longest).then_some(Self { base, length }).ok_or(())
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.length)
    }
}

impl<'de> Deserialize<'de> for TrustedProxies {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Given {
            Count(usize),
            Text(String),
            List(Vec<String>),
        }
        let words: Vec<String> = match Given::deserialize(deserializer)? {
            Given::Count(count) => return Ok(Self::Count(count)),
            Given::Text(text) => match text.trim().parse() {
                Ok(count) => return Ok(Self::Count(count)),
                Err(_) => text.split(',').map(|word| word.trim().to_owned()).collect(),
            },
            Given::List(words) => words,
        };
        let read = |word: &String| {
            word.parse().map_err(|()| {
                serde::de::Error::custom(format!(
                    "`{word}` is not a network: set server.trusted_proxies to a number of proxies, or to their networks, such as \
                     10.0.0.0/8"
                ))
            })
        };
        words.iter().map(read).collect::<Result<_, _>>().map(Self::Networks)
    }
}

impl Serialize for TrustedProxies {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Count(count) => serializer.serialize_u64(u64::try_from(*count).unwrap_or(u64::MAX)),
            Self::Networks(networks) => {
                let all: Vec<String> = networks.iter().map(ToString::to_string).collect();
                serializer.serialize_str(&all.join(","))
            }
        }
    }
}

/// The address in an entry of `X-Forwarded-For`, which some proxies write with a port.
pub(crate) fn forwarded_address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let address = entry.parse::<IpAddr>().ok();
    let with_port = || entry.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    let in_brackets = || entry.strip_prefix('[')?.strip_suffix(']')?.parse::<std::net::Ipv6Addr>().ok().map(IpAddr::V6);
    address.or_else(with_port).or_else(in_brackets).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses() {
        for (network, address, is_inside) in [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("0.0.0.0/0", "203.0.113.9", true),
            ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("::1", "::1", true),
        ] {
            let network: Network = network.parse().expect("a network");
            assert_eq!(network.contains(address.parse().expect("an address")), is_inside, "{address} in {network}");
        }
        for text in ["", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "2001:db8::/129", "proxy.example.com", "10.0.0.0/-1"] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
