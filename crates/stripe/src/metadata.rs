//! Keys of the metadata that this program attaches to objects at Stripe.

/// On everything that follows from a checkout: the id of the order.
pub const ORDER: &str = "latchkey_order";

/// On a price: its code in the catalog.
pub const PRICE: &str = "latchkey_price";

/// On a product: its code in the catalog.
pub const PRODUCT: &str = "latchkey_product";

/// On everything that `latchkey stripe provision` made: the portal that it was made for. Objects without it are never
/// changed.
pub const OWNER: &str = "latchkey";
