//! The requests, and the checks of their responses.

use std::{
    io::Write,
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Result, bail, ensure};
use clap::{Args, ValueEnum};
use hmac::{Hmac, KeyInit, Mac};
use latchkey_licensing::{hex, time::Timestamp};
use sha2::Sha256;

use crate::{
    http::{Answer, Connection, contains},
    population::Population,
};

/// The secret that the server's settings have for webhooks.
const WEBHOOK_SECRET: &str = "whsec_BenchBenchBenchBenchBenchBench";

/// A documentation page that every instance has.
const DOCS_PAGE: &str = "/docs";

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// A random license validates its key with the fingerprint of a machine
    Validation,
    /// A random license activates a new machine
    Activation,
    /// A random customer views the page of a license
    LicensePage,
    /// Stripe sends an event about a customer, which the worker then reads and finds nothing to do
    Webhook,
    /// A documentation page
    Docs,
    /// An admin opens a list
    List,
    /// The five bytes of the floor
    Hello,
}

/// Where to send requests, and which.
#[derive(Clone, Debug, Args)]
pub(crate) struct Target {
    /// The server's address, such as 127.0.0.1:3000
    #[arg(long)]
    pub(crate) address: String,
    /// The file with the description of the data, written by `seed`
    #[arg(long)]
    population: PathBuf,
    /// What to request
    #[arg(long)]
    kind: Kind,
    /// The list with its query, such as `licenses?status=active`. `{…}` stands for something of a random license: `account`,
    /// `license`, `number`, `fingerprint`, or `object` of its order. `{day}` is the day before the population was created
    #[arg(long, default_value = "licenses")]
    list: String,
    /// Whether to open the list's 1,000th page instead of the first
    #[arg(long)]
    deep: bool,
    /// A number that no other run on the same database has, which makes fingerprints new
    #[arg(long, default_value_t = 1)]
    run: u64,
}

/// The requests of one client.
#[derive(Debug)]
pub(crate) struct Requests {
    population: Population,
    kind: Kind,
    address: String,
    name: String,
    count: u64,
    random: u64,
    request: Vec<u8>,
    wanted: Option<String>,
    list: String,
    /// The place of the 1,000th page, for requests of it.
    cursor: String,
}

/// The number of the page that is far from the start, and the number of rows of a page.
const DEEP_PAGE: u64 = 1_000;
const PAGE_SIZE: u64 = 25;

/// The number of rows of the pages through which that page is found.
const STRIDE: u64 = 100;

impl Target {
    /// Follows the links to the next page until the one that is far from the start, or the last one. Returns its cursor.
    pub(crate) async fn find_cursor(&self) -> Result<String> {
        let mut cursor = String::new();
        if !self.deep {
            return Ok(cursor);
        }
        let cookie = Population::admin_cookie()?;
        let mut connection = Connection::open(&self.address).await?;
        for _ in 0..(DEEP_PAGE - 1) * PAGE_SIZE / STRIDE {
            let mut request = Vec::new();
            let place = if cursor.is_empty() { String::new() } else { format!("&after={cursor}") };
            let path = with_query(&self.list, &format!("page_size={STRIDE}{place}"));
            list(&mut request, &path, &self.address, &cookie)?;
            let answer = connection.exchange(&request).await?;
            ensure!(answer.status == 200, "the list {} got the response {}", self.list, answer.status);
            let body = String::from_utf8_lossy(&answer.body).into_owned();
            match next_cursor(&body) {
                Some(next) => cursor = next,
                None => break,
            }
        }
        Ok(cursor)
    }

    /// `cursor` is what [`Self::find_cursor`] found.
    pub(crate) fn clients(&self, count: u64, cursor: &str) -> Result<Vec<Requests>> {
        let population = Population::read(&self.population)?;
        Ok((0..count)
            .map(|client| Requests {
                population,
                kind: self.kind,
                address: self.address.clone(),
                name: format!("{}-{client}", self.run),
                count: 0,
                random: self.run << 32 | client,
                request: Vec::with_capacity(1_024),
                wanted: None,
                list: self.list.clone(),
                cursor: cursor.to_owned(),
            })
            .collect())
    }
}

impl Requests {
    pub(crate) fn next(&mut self) -> Result<&[u8]> {
        self.request.clear();
        self.count += 1;
        let host = &self.address;
        match self.kind {
            Kind::Hello => write!(self.request, "GET /hello HTTP/1.1\r\nhost: {host}\r\n\r\n")?,
            Kind::Docs => {
                write!(self.request, "GET {DOCS_PAGE} HTTP/1.1\r\nhost: {host}\r\naccept: text/html\r\n\r\n")?;
            }
            Kind::Validation => {
                let random = draw(&mut self.random);
                let resident = self.population.resident(random % self.population.licenses)?;
                let machine = u32::try_from(random >> 32)? % self.population.machines_each;
                let body = format!(r#"{{"meta":{{"scope":{{"fingerprint":"{}"}}}}}}"#, resident.fingerprint(machine));
                let path = format!("/v1/licenses/{}/actions/validate", resident.license);
                post(&mut self.request, &path, host, resident.key.expose(), &body)?;
                self.wanted = Some(r#""code":"VALID""#.to_owned());
            }
            Kind::Activation => {
                let resident = self.population.resident(draw(&mut self.random) % self.population.licenses)?;
                let body = format!(
                    r#"{{"data":{{"type":"machines","attributes":{{"fingerprint":"bench-{}-{}","name":"New PC","platform":"Windows 11","cores":8}}}}}}"#,
                    self.name, self.count
                );
                post(&mut self.request, "/v1/machines", host, resident.key.expose(), &body)?;
            }
            Kind::Webhook => {
                let now = unix_seconds()?;
                let body = format!(
                    r#"{{"id":"evt_bench_{}_{}","object":"event","api_version":"2026-09-30.endive","created":{now},"data":{{"object":{{"id":"cus_bench","object":"customer","email":"ada@example.com","metadata":{{}}}}}},"livemode":false,"pending_webhooks":1,"request":{{"id":null,"idempotency_key":null}},"type":"customer.updated"}}"#,
                    self.name, self.count
                );
                let mut mac = Hmac::<Sha256>::new_from_slice(WEBHOOK_SECRET.as_bytes())?;
                mac.update(format!("{now}.{body}").as_bytes());
                let signature = hex::encode(&mac.finalize().into_bytes());
                write!(
                    self.request,
                    "POST /webhooks/stripe HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n\
                     stripe-signature: t={now},v1={signature}\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )?;
            }
            Kind::LicensePage => {
                let number = self.population.viewer(draw(&mut self.random) % self.population.viewers());
                let resident = self.population.resident(number)?;
                write!(
                    self.request,
                    "GET /portal/licenses/{} HTTP/1.1\r\nhost: {host}\r\naccept: text/html\r\ncookie: latchkey-session={}\r\n\r\n",
                    resident.license,
                    resident.cookie()?
                )?;
                self.wanted = Some(resident.license.to_string());
            }
            Kind::List => {
                let path = fill(&self.list, &self.population, draw(&mut self.random), self.count)?;
                let path =
                    if self.cursor.is_empty() { path } else { with_query(&path, &format!("after={}", self.cursor)) };
                list(&mut self.request, &path, host, &Population::admin_cookie()?)?;
                // A random license may have none of it.
                self.wanted = (!self.list.contains('{')).then(|| "data-row".to_owned());
            }
        }
        Ok(&self.request)
    }

    /// Checks that the response to the last request is the expected one.
    pub(crate) fn check(&self, answer: &Answer<'_>) -> Result<()> {
        let status = if self.kind == Kind::Activation { 201 } else { 200 };
        let is_good =
            answer.status == status && self.wanted.as_ref().is_none_or(|wanted| contains(&answer.body, wanted));
        if !is_good {
            let body = String::from_utf8_lossy(&answer.body);
            bail!("{:?} got the response {}: {}", self.kind, answer.status, body.chars().take(600).collect::<String>());
        }
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the server compares the time of a signature with its own clock")]
fn unix_seconds() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())
}

fn post(request: &mut Vec<u8>, path: &str, host: &str, key: &str, body: &str) -> Result<()> {
    write!(
        request,
        "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: License {key}\r\ncontent-type: application/vnd.api+json\r\n\
         accept: application/vnd.api+json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    Ok(())
}

/// A list with the values of a random license.
fn fill(list: &str, population: &Population, random: u64, count: u64) -> Result<String> {
    if !list.contains('{') {
        return Ok(list.to_owned());
    }
    let resident = population.resident(random % population.licenses)?;
    let day = Timestamp::from_unix_micros(population.made_at).minus(Duration::from_hours(24)).rfc3339();
    // Beginnings of addresses, of which there are few or thousands.
    let length = 1 + usize::try_from(count % 4)?;
    let number: String = resident.owner_number().to_string().chars().take(length).collect();
    Ok(list
        .replace("{account}", &resident.account.to_string())
        .replace("{license}", &resident.license.to_string())
        .replace("{number}", &number)
        .replace("{fingerprint}", &resident.fingerprint(0))
        .replace("{object}", &format!("pi_bench_{}", random % (population.licenses / 3).max(1)))
        .replace("{day}", day.get(..10).unwrap_or_default()))
}

fn with_query(path: &str, query: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}{query}")
}

/// A list in the admin portal.
fn list(request: &mut Vec<u8>, path: &str, host: &str, cookie: &str) -> Result<()> {
    write!(
        request,
        "GET /admin/{path} HTTP/1.1\r\nhost: {host}\r\naccept: text/html\r\ncookie: latchkey-session={cookie}\r\n\r\n"
    )?;
    Ok(())
}

/// The cursor in the link to the next page.
fn next_cursor(body: &str) -> Option<String> {
    let (_, rest) = body.split_once("&amp;after=")?;
    Some(rest.split(['"', '&']).next()?.to_owned())
}

/// The next number of a pseudorandom sequence (SplitMix64).
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_in_a_page() {
        let page = r#"<a href="/admin/licenses?page_size=100&amp;before=x">P</a><a href="/admin/licenses?page_size=100&amp;after=Ab_-9" rel="next">"#;
        assert_eq!(next_cursor(page).as_deref(), Some("Ab_-9"));
        assert_eq!(next_cursor("<p>none</p>"), None);
    }

    /// Compared with the output of the reference implementation for the seed 1234567.
    #[test]
    fn numbers_match_the_reference_implementation() {
        let mut state = 1_234_567;
        let drawn: Vec<u64> = (0..3).map(|_| draw(&mut state)).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn a_list_is_filled_with_values_that_exist() {
        let population = Population { licenses: 10, machines_each: 2, made_at: 1_795_435_200_000_000 };
        let filled = fill("orders?account={account}&q=customer-{number}&to={day}", &population, 7, 1).expect("filled");
        let account = population.resident(7).expect("made").account;
        assert_eq!(filled, format!("orders?account={account}&q=customer-2&to=2026-11-22"));
        assert_eq!(with_query("orders", "a=b"), "orders?a=b");
        assert_eq!(with_query("orders?a=b", "c=d"), "orders?a=b&c=d");
    }

    #[test]
    fn only_the_expected_response_passes() {
        let population = Population { licenses: 10, machines_each: 2, made_at: 1_795_435_200_000_000 };
        let mut requests = Requests {
            population,
            kind: Kind::Validation,
            address: "127.0.0.1:1".to_owned(),
            name: "1-0".to_owned(),
            count: 0,
            random: 1,
            request: Vec::new(),
            wanted: None,
            list: String::new(),
            cursor: String::new(),
        };
        let text = String::from_utf8(requests.next().expect("made").to_vec()).expect("text");
        assert!(text.starts_with("POST /v1/licenses/") && text.contains("authorization: License BENCH-"), "{text}");
        let answer = |status, body: &'static str| Answer { status, headers: "", body: body.as_bytes().into() };
        assert!(requests.check(&answer(200, r#"{"meta":{"code":"VALID"}}"#)).is_ok());
        assert!(requests.check(&answer(200, r#"{"meta":{"code":"EXPIRED"}}"#)).is_err());
        assert!(requests.check(&answer(429, r#"{"meta":{"code":"VALID"}}"#)).is_err());
    }
}
