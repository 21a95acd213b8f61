//! Fills a database quickly: many rows per transaction, through the store's own inserts, so that the data is
//! what the server itself would have written.

use std::{
    path::PathBuf,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, ensure};
use clap::Args;
use latchkey_licensing::{
    account::{Account, Role},
    component::ComponentTerms,
    email::EmailAddress,
    ids::{PolicyId, ProductId},
    license::{KeyHint, License},
    machine::{Fingerprint, Machine, MachineFacts},
    policy::{
        DEFAULT_FILE_TTL, DEFAULT_HEARTBEAT_WINDOW, ExpiryBasis, ExpiryStrategy, HeartbeatCull, HeartbeatResurrection,
        KeyScheme, MatchingStrategy, OverageStrategy, Policy, RenewalBasis, SwapAllowance,
    },
    process::ProcessTerms,
    product::Product,
    time::Timestamp,
};
use latchkey_service::{Vault, vault::plain_hash};
use latchkey_store::{NewSession, Store, StoredKey, Tx};
use serde_json::json;
use sqlx::{Connection, Executor, PgConnection};
use tokio::task::JoinSet;

use crate::population::{LICENSES_EACH, Population};

/// The number of licenses per transaction.
pub(crate) const BATCH: u64 = 9_999;

/// Every license has room for the machines that a run activates.
const ROOM: u32 = 1_000_000;

/// The number of concurrent transactions on PostgreSQL.
const POSTGRES_WRITERS: u64 = 4;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The database, migrated by a server: `sqlite://PATH` or `postgres://…`
    #[arg(long)]
    database: String,
    /// The file with the instance's master secret
    #[arg(long)]
    secret: PathBuf,
    /// The number of licenses
    #[arg(long)]
    licenses: u64,
    /// The number of machines per license
    #[arg(long, default_value_t = 2)]
    machines_each: u32,
    /// Where to write the description of the data for the other commands
    #[arg(long)]
    out: PathBuf,
}

/// Creates the data and prints how long it took.
pub(crate) async fn run(options: Options) -> Result<()> {
    let began = Instant::now();
    ensure!(options.licenses > 0 && options.machines_each > 0, "there must be at least one license and one machine");
    let secret = std::fs::read_to_string(&options.secret)
        .with_context(|| format!("cannot read {}", options.secret.display()))?;
    let vault = Vault::new(&from_hex(secret.trim()).context("the master secret must be 64 hex digits")?);
    let population =
        Population { licenses: options.licenses, machines_each: options.machines_each, made_at: now()?.unix_micros() };
    let is_sqlite = options.database.starts_with("sqlite:");
    // SQLite allows one writer at a time: others would only wait and finally time out.
    let count = if is_sqlite { 1 } else { POSTGRES_WRITERS };
    let store = Store::open(&options.database, u32::try_from(count)? + 1).await?;
    let policy = insert_policy(&store, &population).await?;
    let seed = std::sync::Arc::new(Seed { store, vault, population, policy });

    let mut writers = JoinSet::new();
    for writer in 0..count {
        let seed = seed.clone();
        writers.spawn(async move { seed.insert_every(writer, count).await });
    }
    while let Some(written) = writers.join_next().await {
        written??;
    }
    seed.insert_sessions().await?;
    crate::past::insert(&seed).await?;
    seed.store.close().await;
    if !is_sqlite {
        // A database that has been in use for some time has statistics, but a new one does not.
        let mut connection = PgConnection::connect(&options.database).await?;
        connection.execute("VACUUM (ANALYZE)").await?;
        connection.execute("CHECKPOINT").await?;
        connection.close().await?;
    }
    std::fs::write(&options.out, serde_json::to_string(&population)?)?;
    println!("{}", json!({ "licenses": population.licenses, "seconds": began.elapsed().as_secs_f64() }));
    Ok(())
}

#[derive(Debug)]
pub(crate) struct Seed {
    pub(crate) store: Store,
    pub(crate) vault: Vault,
    pub(crate) population: Population,
    pub(crate) policy: Policy,
}

impl Seed {
    /// Inserts this writer's batches.
    async fn insert_every(&self, writer: u64, writers: u64) -> Result<()> {
        let mut first = writer * BATCH;
        while first < self.population.licenses {
            let mut tx = self.store.write().await?;
            for number in first..(first + BATCH).min(self.population.licenses) {
                self.insert_resident(&mut tx, number).await?;
            }
            tx.commit().await?;
            first += writers * BATCH;
        }
        Ok(())
    }

    async fn insert_resident(&self, tx: &mut Tx, number: u64) -> Result<()> {
        let resident = self.population.resident(number)?;
        let account = Account {
            id: resident.account,
            email: EmailAddress::parse(&resident.email()).ok().context("an e-mail address is invalid")?,
            name: Some(format!("Customer {}", resident.owner_number())),
            role: Role::Customer,
            disabled_at: None,
            created_at: resident.made_at,
        };
        if number.is_multiple_of(LICENSES_EACH) {
            ensure!(tx.insert_account(&account).await?, "the database holds a population already");
        }
        let hint = KeyHint { prefix: resident.key.prefix(), tail: resident.key.tail() };
        let license = License {
            max_machines: Some(ROOM),
            ..License::issue(resident.license, resident.account, &self.policy, hint, resident.made_at)
        };
        let ciphertext =
            self.vault.seal_key(license.id, &resident.key, resident.nonce).context("a key cannot be encrypted")?;
        let lookup = self.vault.key_lookup(resident.key.expose());
        let key = StoredKey { ciphertext: &ciphertext, lookup: &lookup, signed_by: None };
        tx.insert_license(&license, key).await?;
        for at in 0..self.population.machines_each {
            let fingerprint = resident.fingerprint(at);
            let machine = Machine {
                id: resident.machine(at)?,
                license: license.id,
                slot: at + 1,
                fingerprint: Fingerprint::parse(&fingerprint).context("a fingerprint is invalid")?,
                facts: MachineFacts {
                    name: Some(format!("PC {}", at + 1)),
                    hostname: Some(format!("PC-{number}-{at}")),
                    platform: Some("Windows 11".to_owned()),
                    cores: Some(8),
                    app_version: Some("1.4.2".to_owned()),
                    ..MachineFacts::default()
                },
                metadata: r#"{"appVersion":"1.4.2"}"#.to_owned(),
                last_heartbeat_at: None,
                is_resurrected: false,
                last_check_out_at: None,
                last_seen_at: resident.made_at,
                created_at: resident.made_at,
                updated_at: resident.made_at,
            };
            tx.insert_machine(&machine, &plain_hash(fingerprint.as_bytes())).await?;
        }
        Ok(())
    }

    async fn insert_sessions(&self) -> Result<()> {
        let now = now()?;
        let mut tx = self.store.write().await?;
        for nth in 0..self.population.viewers() {
            let resident = self.population.resident(self.population.viewer(nth))?;
            let session = NewSession {
                id: resident.session()?,
                token_hash: plain_hash(&resident.session_token()?),
                account: resident.account,
                agent: "Chrome on Windows",
                network: "127.0.0.0/24",
                now,
                expires_at: now.plus(Duration::from_hours(24)),
                second_factor_at: None,
                may_enroll_until: None,
            };
            tx.insert_session(&session).await?;
        }
        self.insert_admin(&mut tx, now).await?;
        Ok(tx.commit().await?)
    }
}

impl Seed {
    /// An admin whose session has a second factor.
    async fn insert_admin(&self, tx: &mut Tx, now: Timestamp) -> Result<()> {
        let (id, session) = self.population.admin()?;
        let account = Account {
            id,
            email: EmailAddress::parse("admin@bench.example").ok().context("an e-mail address is invalid")?,
            name: None,
            role: Role::Admin,
            disabled_at: None,
            created_at: now,
        };
        ensure!(tx.insert_account(&account).await?, "the database holds a population already");
        tx.insert_session(&NewSession {
            id: session,
            token_hash: plain_hash(&Population::admin_token()?),
            account: id,
            agent: "Chrome on Windows",
            network: "127.0.0.0/24",
            now,
            expires_at: now.plus(Duration::from_hours(12)),
            second_factor_at: Some(now),
            may_enroll_until: None,
        })
        .await?;
        Ok(())
    }
}

/// The policy that all licenses are under, with the terms of the default one, and its product.
async fn insert_policy(store: &Store, population: &Population) -> Result<Policy> {
    let made_at = Timestamp::from_unix_micros(population.made_at);
    let product = Product {
        id: ProductId::new(made_at, [1; 10]),
        code: "bench".to_owned(),
        name: "Bench".to_owned(),
        key_prefix: Population::prefix()?,
        created_at: made_at,
    };
    let policy = Policy {
        id: PolicyId::new(made_at, [2; 10]),
        product: product.id,
        code: "bench-lifetime".to_owned(),
        name: "Lifetime license".to_owned(),
        duration: None,
        expiry_basis: ExpiryBasis::FromCreation,
        renewal_basis: RenewalBasis::FromExpiry,
        max_machines: Some(2),
        max_cores: None,
        max_uses: None,
        processes: ProcessTerms::default(),
        components: ComponentTerms::default(),
        is_floating: true,
        is_strict: true,
        expiry_strategy: ExpiryStrategy::MaintainAccess,
        overage_strategy: OverageStrategy::NoOverage,
        machine_matching: MatchingStrategy::Any,
        requires_heartbeat: false,
        heartbeat_window: DEFAULT_HEARTBEAT_WINDOW,
        cull: HeartbeatCull::KeepDead,
        resurrection: HeartbeatResurrection::AlwaysRevive,
        check_in_interval: None,
        key_scheme: KeyScheme::Random,
        file_ttl: DEFAULT_FILE_TTL,
        swap_allowance: Some(SwapAllowance { count: 6, window: Duration::from_hours(30 * 24) }),
        customer_replaces_key: true,
        customer_frees_machines: true,
        customer_renames_machines: true,
        customer_downloads_files: true,
        customer_sees_history: true,
        created_at: made_at,
        updated_at: made_at,
    };
    let mut tx = store.write().await?;
    tx.insert_product(&product).await?;
    tx.insert_policy(&policy).await?;
    tx.commit().await?;
    Ok(policy)
}

#[expect(clippy::disallowed_methods, reason = "the data must be recent by the server's clock")]
fn now() -> Result<Timestamp> {
    let micros = SystemTime::now().duration_since(UNIX_EPOCH)?.as_micros();
    Ok(Timestamp::from_unix_micros(i64::try_from(micros)?))
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let bytes: Option<Vec<u8>> =
        text.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_parsed() {
        let secret: [u8; 32] = std::array::from_fn(|at| u8::try_from(at).expect("small") * 7);
        assert_eq!(from_hex(&crate::population::hex(&secret)), Some(secret));
        assert!(from_hex("00ff").is_none() && from_hex(&"zz".repeat(32)).is_none());
    }
}
