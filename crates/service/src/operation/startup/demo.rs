//! The demo: a catalog, a customer with a license and an active machine, and an admin.

use latchkey_licensing::{
    email::EmailAddress,
    machine::{Fingerprint, MachineFacts},
};

use crate::{
    catalog::{file::CatalogFile, plan::CatalogError},
    error::Internal,
    identity::{accounts::admins::StaffRole, actors::Operator, sign_in::secrets::HostLink},
    licensing::{machines::activate::NewMachine, validation::key_holder::KeyRequest},
    mail::notify::Notify,
    service::Service,
};

/// The demo's catalog file.
const CATALOG: &str = include_str!("../../../../../content/demo/catalog.toml");

/// The policy of the demo's license, by its code.
const POLICY: &str = "chartgpt-lifetime";

/// Sign-in links for the demo.
#[derive(Debug)]
pub struct Demo {
    /// The customer's address and sign-in link.
    pub customer: (EmailAddress, HostLink),
    /// The admin's address and sign-in link.
    pub admin: (EmailAddress, HostLink),
}

impl Service {
    /// Installs the demo's catalog in a database without products. Returns whether it did.
    pub async fn install_demo_catalog(&self) -> Result<bool, Internal> {
        if !self.is_catalog_empty().await? {
            return Ok(false);
        }
        let file: CatalogFile =
            toml::from_str(CATALOG).map_err(|_| Internal::Invariant("the demo's catalog cannot be parsed"))?;
        match self.apply_new_catalog(&file).await {
            Ok(is_installed) => Ok(is_installed),
            // Another process that started at the same time has installed it.
            Err(CatalogError::Changed) => Ok(false),
            Err(CatalogError::Internal(error)) => Err(error),
            Err(_) => Err(Internal::Invariant("the demo's catalog cannot be applied")),
        }
    }

    async fn apply_new_catalog(&self, file: &CatalogFile) -> Result<bool, CatalogError> {
        let admin = self.admin(Operator::Host);
        let plan = admin.plan_catalog(file).await?;
        admin.apply_catalog(file, &plan, &Operator::Host.fresh()).await?;
        Ok(!plan.steps.is_empty())
    }

    /// Installs the demo in a database without accounts and creates sign-in links for its customer and its admin.
    /// `None` if either account does not exist or is banned.
    pub async fn prepare_demo(&self) -> Result<Option<Demo>, Internal> {
        let customer_email = EmailAddress::parse("ada@example.com")
            .map_err(|_| Internal::Invariant("an address of the demo is invalid"))?;
        let admin_email = EmailAddress::parse("admin@example.com")
            .map_err(|_| Internal::Invariant("an address of the demo is invalid"))?;
        let admin = self.admin(Operator::Host);
        if self.store().read().await?.count_accounts().await? == 0 {
            self.install_demo_catalog().await?;
            admin.add_customer(&customer_email, Some("Ada Lovelace".to_owned())).await?;
            let issued = admin.issue_license(&customer_email, POLICY, Notify::Nobody).await;
            let issued = issued.map_err(|_| Internal::Invariant("the demo's license cannot be issued"))?;
            let app = self
                .apps()
                .authenticate(KeyRequest { counts: false, ..KeyRequest::new(issued.key.expose(), None) })
                .await
                .map_err(|_| Internal::Invariant("the demo's license key is rejected"))?;
            let fingerprint =
                Fingerprint::parse("demo-office-pc").ok_or(Internal::Invariant("the demo's fingerprint is invalid"))?;
            let facts = MachineFacts {
                name: Some("Office PC".to_owned()),
                hostname: Some("OFFICE-PC".to_owned()),
                platform: Some("Windows 11".to_owned()),
                cores: Some(8),
                app_version: Some("1.4.2".to_owned()),
                ..MachineFacts::default()
            };
            let metadata = r#"{"appVersion":"1.4.2"}"#.to_owned();
            let machine = NewMachine { fingerprint, facts, metadata, components: Vec::new() };
            app.activate_and_notify(machine, Notify::Nobody)
                .await
                .map_err(|_| Internal::Invariant("the demo's machine cannot be activated"))?;
            admin
                .add_staff_and_notify(&admin_email, StaffRole::Admin, Notify::Nobody, &Operator::Host.fresh())
                .await
                .map_err(|_| Internal::Invariant("the demo's admin cannot be created"))?;
        }
        let (Ok(customer_link), Ok(admin_link)) = (
            admin.sign_in_link(&customer_email, &Operator::Host.fresh()).await,
            admin.sign_in_link(&admin_email, &Operator::Host.fresh()).await,
        ) else {
            return Ok(None);
        };
        Ok(Some(Demo { customer: (customer_email, customer_link), admin: (admin_email, admin_link) }))
    }
}
