//! The demo: an empty database filled with a catalog, a customer, a license, an active machine and an
//! admin.

use latchkey_licensing::{
    email::EmailAddress,
    machine::{Fingerprint, MachineFacts},
};

use crate::{
    actors::Operator,
    catalog::{file::CatalogFile, plan::CatalogError},
    error::Internal,
    machines::activate::NewMachine,
    service::Service,
    sign_in::secrets::HostLink,
    validation::key_holder::KeyRequest,
};

/// What the demo sells.
const CATALOG: &str = include_str!("../../../../content/demo/catalog.toml");

/// The policy of the demo's license.
const POLICY: &str = "chartgpt-lifetime";

/// Who can sign in to the demo.
#[derive(Debug)]
pub struct Demo {
    /// The customer's address and link.
    pub customer: (EmailAddress, HostLink),
    /// The admin's address and link.
    pub admin: (EmailAddress, HostLink),
}

impl Service {
    /// Gives a database without products those of the demo. Returns whether it did.
    pub async fn install_demo_catalog(&self) -> Result<bool, Internal> {
        if !self.is_catalog_empty().await? {
            return Ok(false);
        }
        let file: CatalogFile =
            toml::from_str(CATALOG).map_err(|_| Internal::Broken("the demo's catalog cannot be read"))?;
        match self.apply_new_catalog(&file).await {
            Ok(is_installed) => Ok(is_installed),
            // Another process that started at the same moment was faster.
            Err(CatalogError::Changed) => Ok(false),
            Err(CatalogError::Internal(error)) => Err(error),
            Err(_) => Err(Internal::Broken("the demo's catalog cannot be applied")),
        }
    }

    async fn apply_new_catalog(&self, file: &CatalogFile) -> Result<bool, CatalogError> {
        let admin = self.admin(Operator::Host);
        let plan = admin.plan_catalog(file).await?;
        admin.apply_catalog(file, &plan).await?;
        Ok(!plan.steps.is_empty())
    }

    /// Fills an empty database with the demo. On one that has accounts it adds nothing; either way
    /// it makes a sign-in link for each of the demo's two people who exists.
    pub async fn prepare_demo(&self) -> Result<Option<Demo>, Internal> {
        let ada = EmailAddress::parse("ada@example.com").map_err(|_| Internal::Broken("the demo's address is none"))?;
        let boss =
            EmailAddress::parse("admin@example.com").map_err(|_| Internal::Broken("the demo's address is none"))?;
        let admin = self.admin(Operator::Host);
        if self.store().read().await?.count_accounts().await? == 0 {
            self.install_demo_catalog().await?;
            admin.add_customer(&ada, Some("Ada Lovelace".to_owned())).await?;
            let issued = admin.issue_license(&ada, POLICY).await;
            let issued = issued.map_err(|_| Internal::Broken("the demo's license cannot be issued"))?;
            let app = self
                .apps()
                .authenticate(KeyRequest { counts: false, ..KeyRequest::new(issued.key.expose(), None) })
                .await
                .map_err(|_| Internal::Broken("the demo's key opens nothing"))?;
            let fingerprint =
                Fingerprint::parse("demo-office-pc").ok_or(Internal::Broken("the demo's machine is none"))?;
            let facts = MachineFacts {
                name: Some("Office PC".to_owned()),
                hostname: Some("OFFICE-PC".to_owned()),
                platform: Some("Windows 11".to_owned()),
                cores: Some(8),
                app_version: Some("1.4.2".to_owned()),
            };
            let machine = NewMachine { fingerprint, facts, metadata: r#"{"appVersion":"1.4.2"}"#.to_owned() };
            app.activate_machine(machine)
                .await
                .map_err(|_| Internal::Broken("the demo's machine does not activate"))?;
            admin.add_admin(&boss).await.map_err(|_| Internal::Broken("the demo's admin cannot be made"))?;
        }
        let (Ok(customer), Ok(boss_link)) = (admin.sign_in_link(&ada).await, admin.sign_in_link(&boss).await) else {
            return Ok(None);
        };
        Ok(Some(Demo { customer: (ada, customer), admin: (boss, boss_link) }))
    }
}
