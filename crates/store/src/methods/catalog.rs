//! The catalog: products, policies, entitlements and prices.

use latchkey_licensing::{
    entitlement::Entitlement,
    ids::{EntitlementId, LicenseId, PolicyId, PriceId, ProductId},
    money::Money,
    policy::Policy,
    price::{Price, ProvisionedPrice},
    product::Product,
    time::Timestamp,
};

use super::dispatch::methods;

methods! {
    products {
        read {
            find_product(id: ProductId) -> Option<Product>;
            get_product(id: ProductId) -> Product;
            /// Lists all products, by code.
            list_products() -> Vec<Product>;
            count_products() -> i64;
        }
        write {
            insert_product(product: &Product) -> ();
            /// Changes the name and the key prefix.
            update_product(product: &Product, now: Timestamp) -> ();
            /// Deletes a product. Fails with a conflict if a policy or a license refers to it.
            delete_product(id: ProductId) -> ();
        }
    }

    policies {
        read {
            find_policy(id: PolicyId) -> Option<Policy>;
            get_policy(id: PolicyId) -> Policy;
            /// Lists all policies, by code.
            list_policies() -> Vec<Policy>;
        }
        write {
            insert_policy(policy: &Policy) -> ();
            update_policy(policy: &Policy) -> ();
            /// Deletes a policy. Fails with a conflict if it has licenses.
            delete_policy(id: PolicyId) -> ();
        }
    }

    entitlements {
        read {
            /// Lists all entitlements in the catalog, by code.
            list_all_entitlements() -> Vec<Entitlement>;
            /// Lists the entitlements of a license and of its policy, each once, by id, after `after`.
            list_entitlements(license: LicenseId, policy: PolicyId, after: Option<EntitlementId>, limit: i64) -> Vec<Entitlement>;
            /// The id at position `skipped` in the list of the entitlements of a license and of its policy.
            entitlement_id_at_position(license: LicenseId, policy: PolicyId, skipped: i64) -> Option<EntitlementId>;
        }
        write {
            insert_entitlement(entitlement: &Entitlement) -> ();
            /// Changes the name.
            update_entitlement(entitlement: &Entitlement) -> ();
            /// Deletes an entitlement. Fails with a conflict if a policy or a license grants it.
            delete_entitlement(id: EntitlementId) -> ();
        }
    }

    policy_entitlements {
        read {
            /// Lists a policy's entitlements, by code.
            list_policy_entitlements(policy: PolicyId) -> Vec<Entitlement>;
            /// Lists the entitlements of all policies, by the entitlement's id.
            list_entitlements_of_policies() -> Vec<(PolicyId, Entitlement)>;
        }
        write {
            /// Adds an entitlement to a policy. `false` if the policy already grants it.
            add_policy_entitlement(policy: PolicyId, entitlement: EntitlementId) -> bool;
            /// Removes an entitlement from a policy. `false` if the policy did not grant it.
            remove_policy_entitlement(policy: PolicyId, entitlement: EntitlementId) -> bool;
        }
    }

    prices {
        read {
            /// Lists all prices, in the catalog's order.
            list_prices() -> Vec<Price>;
        }
        write {
            insert_price(price: &Price) -> ();
            update_price(price: &Price) -> ();
            delete_price(id: PriceId) -> ();
            /// Records the provider's price that was made for a price.
            set_price_provisioned(id: PriceId, provisioned: &ProvisionedPrice, now: Timestamp) -> ();
            /// Records the amount of the provider's price that the catalog names.
            set_price_amount(id: PriceId, amount: Money, now: Timestamp) -> ();
        }
    }

    catalog_version {
        read {
            /// A number that increases with each change of the catalog.
            catalog_version() -> i64;
        }
        write {}
    }
}
