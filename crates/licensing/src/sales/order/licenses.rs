//! The licenses of an order: what payments allow and what an admin decided apply together.

use crate::{
    ids::{LicenseId, OrderId},
    license::Standing,
    order::decide::Allowed,
    time::Timestamp,
};

/// A license of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderedLicense {
    /// The order.
    pub order: OrderId,
    /// The number of the line.
    pub line: u32,
    /// Its number within the line, from 1.
    pub unit: u32,
    /// The license.
    pub license: LicenseId,
    /// The decision of an admin, which payments do not change.
    pub decision: Standing,
    /// What the payments allow.
    pub payments: Standing,
}

impl Standing {
    /// The standing of a license to which both apply: the stricter one, or the earlier of two that are equally strict.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Revoked(a), Self::Revoked(b)) => Self::Revoked(a.min(b)),
            (Self::Revoked(at), _) | (_, Self::Revoked(at)) => Self::Revoked(at),
            (Self::Suspended(a), Self::Suspended(b)) => Self::Suspended(a.min(b)),
            (Self::Suspended(at), Self::Good) | (Self::Good, Self::Suspended(at)) => Self::Suspended(at),
            (Self::Good, Self::Good) => Self::Good,
        }
    }
}

impl Allowed {
    /// The standing of a license that was `before` at `now`. It keeps its instant if nothing changes.
    pub fn standing(self, before: Standing, now: Timestamp) -> Standing {
        match (self, before) {
            (Self::Yes, _) => Standing::Good,
            (Self::Suspended, Standing::Suspended(at)) => Standing::Suspended(at),
            (Self::Suspended, _) => Standing::Suspended(now),
            (Self::Revoked, Standing::Revoked(at)) => Standing::Revoked(at),
            (Self::Revoked, _) => Standing::Revoked(now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stricter_standing_applies() {
        let at = Timestamp::from_unix_micros;
        let all = [Standing::Good, Standing::Suspended(at(1)), Standing::Suspended(at(2)), Standing::Revoked(at(3))];
        for a in all {
            for b in all {
                assert_eq!(a.and(b), b.and(a));
                let is_good = a == Standing::Good && b == Standing::Good;
                assert_eq!(a.and(b) == Standing::Good, is_good);
            }
        }
        assert_eq!(Standing::Suspended(at(2)).and(Standing::Suspended(at(1))), Standing::Suspended(at(1)));
        assert_eq!(Standing::Suspended(at(1)).and(Standing::Revoked(at(3))), Standing::Revoked(at(3)));
    }
}
