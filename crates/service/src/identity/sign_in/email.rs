//! Signing in by mail: a person asks, receives a link and a code, and confirms with either in the same browser.
//!
//! The database contains nothing that could be used to sign in. Each step that must happen only once is one
//! conditional update. The results for known and unknown addresses are the same. This module meets the security
//! requirements ML-01 to ML-12.

use std::{net::IpAddr, time::Duration};

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::SignInRequestId,
    portal_paths,
    time::Timestamp,
};
use latchkey_store::{NewSignInRequest, SignInRequestKind, StoredSignInRequest, Tx};
use subtle::ConstantTimeEq;

use crate::{
    audit::{
        actor::Actor,
        event::{AccountEvent, AuditEvent, SignInMeans, SignInRequestEvent},
        network::CoarseNetwork,
    },
    error::{Internal, internal_errors},
    identity::sign_in::{
        known_browser::KnownBrowser,
        secrets::{BrowserSecret, HostLink, LinkToken, SessionToken, SignInCode},
        sessions::NewSignIn,
    },
    mail::{
        messages::sign_in::SignInMail,
        outbox::{OutgoingMail, OutgoingSignIn},
    },
    operation::rate_limit::{
        bucket::{address_bucket, address_in_network_bucket, browser_bucket, network_bucket},
        exact::{SIGN_IN_PER_ADDRESS, SIGN_IN_PER_ADDRESS_AND_DAY, SIGN_IN_PER_NETWORK},
        gcra::{Limit, Throttled},
    },
    service::Service,
};

/// How long a mailed link and its code can be used after the mail was handed over (ML-07).
pub(crate) const SENT_LIFETIME: Duration = Duration::from_mins(10);

/// How long a mailed link and its code can be used after they were asked for, however late the mail was handed over (ML-07).
const ASKED_LIFETIME: Duration = Duration::from_mins(30);

/// How long attempts to hand over the mail continue. What arrives after that would not last for a minute.
const MAIL_LIFETIME: Duration = Duration::from_mins(29);

/// How long a link that was created on the host can be used.
const HOST_LIFETIME: Duration = Duration::from_mins(15);

/// How long after signing in with a link from the host a support agent or admin may create the first passkey (SU-05).
const ENROLLMENT_LIFETIME: Duration = Duration::from_mins(15);

/// The rate-limit bucket of the requests to sign in of this instance.
const MAIL_BUDGET: &str = "mail:all";

/// The rate-limit bucket of the part of the budget that only browsers which have signed in before can use.
const MAIL_RESERVE: &str = "mail:known";

/// The browser that a request to sign in or a confirmation comes from.
#[derive(Clone, Copy, Debug)]
pub struct SignInOrigin<'a> {
    /// The browser's IP address.
    pub ip: IpAddr,
    /// The browser's name, such as `Firefox on Windows`.
    pub agent: &'a str,
    /// The browser's proof of the addresses that it signed in to before.
    pub known: Option<&'a KnownBrowser>,
}

/// A request to sign in by mail.
#[derive(Clone, Copy, Debug)]
pub struct SignInRequest<'a> {
    /// The e-mail address that the person typed.
    pub email: &'a EmailAddress,
    /// The page to go to after signing in: a path that the caller has validated.
    pub next_path: Option<&'a str>,
    /// The browser's cookie from an earlier request, which this one replaces.
    pub browser: Option<&'a BrowserSecret>,
    /// The browser that the request comes from.
    pub origin: SignInOrigin<'a>,
}

/// Why a request to sign in was rejected.
#[derive(Debug, thiserror::Error)]
pub enum RequestSignInError {
    /// There were too many. Known and unknown addresses count in the same way.
    #[error(transparent)]
    Throttled(#[from] Throttled),
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

internal_errors!(RequestSignInError, ConfirmError);

/// What a person presents to confirm a sign-in.
#[derive(Clone, Copy, Debug)]
pub enum Proof<'a> {
    /// A mailed link, in the browser that made the request.
    Link {
        /// The link's last path segment.
        token: &'a str,
        /// The browser's cookie.
        browser: &'a BrowserSecret,
    },
    /// A mailed code, in the browser that made the request.
    Code {
        /// The code as the person typed it.
        code: &'a str,
        /// The browser's cookie.
        browser: &'a BrowserSecret,
    },
    /// A link that was created on the host, in any browser.
    Host {
        /// The link's last path segment.
        token: &'a str,
    },
}

/// A request to sign in that may still be confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingSignIn {
    /// The e-mail address of the request.
    pub email: EmailAddress,
    /// The page to go to after signing in.
    pub next_path: Option<String>,
}

/// What became of the request to which a mailed link belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInLink {
    /// This browser made the request, and can confirm it.
    Open(PendingSignIn),
    /// The account that it signs in to is signed in.
    SignedIn {
        /// The page of the request.
        next_path: Option<String>,
    },
    /// This browser asked again since. The newer mail counts.
    Superseded,
    /// This browser made the request, which was used, or ended when another one was.
    Used,
    /// This browser made the request, which has expired.
    TooOld,
    /// To a stranger, all links are the same (ML-07).
    Unknown,
}

/// A confirmed sign-in.
#[derive(Clone, Debug)]
pub struct ConfirmedSignIn {
    /// The session's token, for the browser's cookie.
    pub token: SessionToken,
    /// The longest time that the session can last.
    pub lifetime: Duration,
    /// The page to go to.
    pub next_path: Option<String>,
    /// The account's role.
    pub role: Role,
    /// The browser's new proof that it has signed in to the account's address.
    pub known_browser: KnownBrowser,
}

/// Why a sign-in was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The proof is expired, used, unknown, malformed or wrong. These are not distinguished (ML-07).
    #[error("this sign-in cannot be confirmed")]
    Refused,
    /// The code is right, but it has expired. Only somebody who has the mail can learn this.
    #[error("this code has expired")]
    TooOld,
    /// The server failed.
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl Service {
    /// Accepts a request to sign in, and mails a link and a code if the address may sign in. Returns the cookie that
    /// the browser needs to confirm. What happens is the same for all addresses, up to the handing over of the mail (ML-10).
    pub async fn request_sign_in(&self, request: SignInRequest<'_>) -> Result<BrowserSecret, RequestSignInError> {
        let now = self.now();
        let browser = BrowserSecret::new(self.random()?);
        let token = LinkToken::new(self.random()?);
        let code = SignInCode::new(self.random()?);
        let id = SignInRequestId::new(now, self.random()?);

        let mut tx = self.store().write().await?;
        if let Some(throttled) = self.throttle(&mut tx, &request, now).await? {
            // Commits the tokens that were taken: a request that one limit rejects still counts for the others.
            tx.commit().await?;
            return Err(throttled.into());
        }
        if let Some(earlier) = request.browser {
            tx.supersede_sign_in_request(&earlier.hash(), now).await?;
        }
        let account = tx.find_account_by_email(request.email).await?;
        let may_sign_in = match &account {
            Some(account) => account.is_in_use(),
            None => self.0.options.allow_signup,
        };
        tx.insert_sign_in_request(&NewSignInRequest {
            id,
            kind: SignInRequestKind::Browser,
            account: account.as_ref().map(|account| account.id),
            email: request.email,
            token_hash: token.hash(),
            code_hash: Some(self.0.vault.sign_in_code(id, code.expose())),
            browser_hash: Some(browser.hash()),
            next_path: request.next_path,
            created_at: now,
            expires_at: now.plus(ASKED_LIFETIME),
        })
        .await?;
        let event = SignInRequestEvent::Requested {
            agent: request.origin.agent.to_owned(),
            network: CoarseNetwork::from(request.origin.ip).to_string(),
        };
        self.record(&mut tx, now, Actor::Visitor.on(request.origin.ip), AuditEvent::OpenSignInRequest(id, event))
            .await?;
        self.mail_sign_in(&mut tx, &request, &NewSecrets { id, token, code }, may_sign_in, now).await?;
        tx.commit().await?;
        self.wake_mail_worker();
        Ok(browser)
    }

    /// Takes a token from each bucket, in the same way for all addresses. A browser that has signed in to the address before
    /// has buckets of its own, so that strangers cannot lock its owner out.
    async fn throttle(
        &self,
        tx: &mut Tx,
        request: &SignInRequest<'_>,
        now: Timestamp,
    ) -> Result<Option<Throttled>, Internal> {
        let SignInOrigin { ip, known, .. } = request.origin;
        let name = known.and_then(|browser| browser.name_for(&self.0.vault, request.email));
        let (asker, day) = match name {
            Some(name) => (browser_bucket("sign_in", name), address_bucket("sign_in:known", request.email)),
            None => (address_in_network_bucket("sign_in", request.email, ip), address_bucket("sign_in", request.email)),
        };
        let network = network_bucket("sign_in", ip);
        for (limit, bucket) in
            [(SIGN_IN_PER_NETWORK, &network), (SIGN_IN_PER_ADDRESS, &asker), (SIGN_IN_PER_ADDRESS_AND_DAY, &day)]
        {
            if let Some(throttled) = limit.take(tx, bucket, now).await? {
                return Ok(Some(throttled));
            }
        }
        self.spend_mail_budget(tx, name.is_some(), now).await
    }

    /// Spends one mail of the instance's hourly budget. Requests for unknown addresses spend it as well: otherwise, what is
    /// left would reveal who has an account. So a part is reserved for browsers that have signed in before.
    async fn spend_mail_budget(
        &self,
        tx: &mut Tx,
        is_known: bool,
        now: Timestamp,
    ) -> Result<Option<Throttled>, Internal> {
        let budget = self.0.options.hourly_mail_budget;
        let reserve = if budget > 1 { (budget / 5).max(1) } else { 0 };
        let Some(throttled) = Limit::per_hour(budget - reserve).take(tx, MAIL_BUDGET, now).await? else {
            return Ok(None);
        };
        if is_known && reserve > 0 {
            return Limit::per_hour(reserve).take(tx, MAIL_RESERVE, now).await;
        }
        Ok(Some(throttled))
    }

    /// Queues the mail, or a decoy if nobody may sign in with the address.
    async fn mail_sign_in(
        &self,
        tx: &mut Tx,
        request: &SignInRequest<'_>,
        secrets: &NewSecrets,
        may_sign_in: bool,
        now: Timestamp,
    ) -> Result<(), Internal> {
        let letterhead = self.letterhead();
        let mail = SignInMail {
            link: format!("{}{}", self.0.options.pages_url, portal_paths::sign_in_link(secrets.token.expose())),
            code: secrets.code.spelled(),
            agent: request.origin.agent,
            network: CoarseNetwork::from(request.origin.ip).to_string(),
            at: now,
            minutes: SENT_LIFETIME.as_secs() / 60,
        };
        let content = mail.letter(&letterhead).render(&letterhead)?;
        let mail = OutgoingMail {
            recipient: request.email,
            account: None,
            content: &content,
            now,
            expires_at: now.plus(MAIL_LIFETIME),
            dedupe_key: None,
        };
        self.queue_sign_in(tx, &OutgoingSignIn { request: secrets.id, mail, is_decoy: !may_sign_in }).await
    }

    /// Creates a one-time sign-in link for an account, to be shown on the host's console.
    pub(crate) async fn host_link(&self, tx: &mut Tx, account: &Account, now: Timestamp) -> Result<HostLink, Internal> {
        let token = LinkToken::new(self.random()?);
        let id = SignInRequestId::new(now, self.random()?);
        tx.insert_sign_in_request(&NewSignInRequest {
            id,
            kind: SignInRequestKind::Host,
            account: Some(account.id),
            email: &account.email,
            token_hash: token.hash(),
            code_hash: None,
            browser_hash: None,
            next_path: None,
            created_at: now,
            expires_at: now.plus(HOST_LIFETIME),
        })
        .await?;
        self.record(tx, now, Actor::Host, AccountEvent::SignInLinkCreated.of(account.id)).await?;
        let options = &self.0.options;
        let origin = if account.role == Role::Customer { &options.portal_url } else { &options.admin_url };
        let url = format!("{origin}{}", portal_paths::host_link(token.expose())).into();
        Ok(HostLink { url, minutes: HOST_LIFETIME.as_secs() / 60 })
    }

    /// The request of this browser for which a code can be entered, if there is one. How long it is shown does not depend on
    /// when the mail was handed over, which would reveal who gets one (ML-10).
    pub async fn pending_sign_in(&self, browser: &BrowserSecret) -> Result<Option<PendingSignIn>, Internal> {
        let now = self.now();
        let found =
            self.store().read_without_snapshot().await?.find_sign_in_request_of_browser(&browser.hash()).await?;
        let shown = found.filter(|request| is_unused(request) && now < request.created_at.plus(ASKED_LIFETIME));
        Ok(shown.map(PendingSignIn::from))
    }

    /// What became of the request to which a mailed link belongs. `browser` is the browser's cookie, and `signed_in` the
    /// address that is signed in there. Reading it changes nothing (ML-02).
    pub async fn sign_in_link(
        &self,
        token: &str,
        browser: Option<&BrowserSecret>,
        signed_in: Option<&EmailAddress>,
    ) -> Result<SignInLink, Internal> {
        let now = self.now();
        let Some(token) = LinkToken::parse(token) else { return Ok(SignInLink::Unknown) };
        let mut reader = self.store().read().await?;
        let found = reader.find_sign_in_request_by_token(&token.hash()).await?;
        let newest = match browser {
            Some(browser) => reader.find_sign_in_request_of_browser(&browser.hash()).await?,
            None => None,
        };
        drop(reader);
        let Some(request) = found.filter(|request| request.kind == SignInRequestKind::Browser) else {
            return Ok(SignInLink::Unknown);
        };
        let is_asker = newest.as_ref().is_some_and(|newest| newest.id == request.id);
        let is_open = is_unused(&request) && now < request.expires_at;
        Ok(if is_asker && is_open {
            SignInLink::Open(PendingSignIn::from(request))
        } else if signed_in == Some(&request.email) {
            SignInLink::SignedIn { next_path: request.next_path }
        } else if is_asker {
            if is_unused(&request) { SignInLink::TooOld } else { SignInLink::Used }
        } else if request.superseded_at.is_some() && newest.is_some_and(|newest| is_unused(&newest)) {
            SignInLink::Superseded
        } else {
            SignInLink::Unknown
        })
    }

    /// Confirms a sign-in and starts a session. The request cannot be used again. On failure, only the count of
    /// attempts changes. `earlier` is the browser's previous session, which ends.
    pub async fn confirm_sign_in(
        &self,
        proof: Proof<'_>,
        origin: SignInOrigin<'_>,
        earlier: Option<&SessionToken>,
    ) -> Result<ConfirmedSignIn, ConfirmError> {
        let now = self.now();
        let request = self.check_proof(proof, now).await?;
        let mut tx = self.store().write().await?;
        tx.lock_sign_in_requests_of(request.email.as_str(), now).await?;
        if !tx.use_sign_in_request(request.id, now).await? {
            return Err(ConfirmError::Refused);
        }
        let account = self.account_of(&mut tx, &request, now).await?.ok_or(ConfirmError::Refused)?;
        tx.supersede_sign_in_requests_of(account.email.as_str(), now).await?;
        let (means, may_enroll_until) = match proof {
            Proof::Link { .. } => (SignInMeans::Link, None),
            Proof::Code { .. } => (SignInMeans::Code, None),
            Proof::Host { .. } => (SignInMeans::HostLink, Some(now.plus(ENROLLMENT_LIFETIME))),
        };
        let new = NewSignIn { means, second_factor_at: None, may_enroll_until };
        let confirmed = self.open_session(&mut tx, &account, new, origin, earlier).await?;
        tx.commit().await?;
        self.wake_mail_worker();
        Ok(ConfirmedSignIn { next_path: request.next_path, ..confirmed })
    }

    async fn check_proof(&self, proof: Proof<'_>, now: Timestamp) -> Result<StoredSignInRequest, ConfirmError> {
        let found = match proof {
            Proof::Link { token, browser } => {
                let Some(token) = LinkToken::parse(token) else { return Err(ConfirmError::Refused) };
                let mut reader = self.store().read_without_snapshot().await?;
                let found = reader.find_sign_in_request_of_browser(&browser.hash()).await?;
                found.filter(|request| is_equal(&request.token_hash, &token.hash()))
            }
            Proof::Code { code, browser } => {
                // The attempt is counted before the code is compared, in its own transaction (ML-08).
                let mut tx = self.store().write().await?;
                let found = tx.count_sign_in_attempt(&browser.hash()).await?;
                tx.commit().await?;
                let Some(code) = SignInCode::parse(code) else { return Err(ConfirmError::Refused) };
                let right = found.filter(|request| {
                    let expected = request.code_hash.unwrap_or_default();
                    request.code_hash.is_some()
                        && is_equal(&expected, &self.0.vault.sign_in_code(request.id, code.expose()))
                });
                if right.as_ref().is_some_and(|request| now >= request.expires_at) {
                    return Err(ConfirmError::TooOld);
                }
                right
            }
            Proof::Host { token } => {
                let Some(token) = LinkToken::parse(token) else { return Err(ConfirmError::Refused) };
                let mut reader = self.store().read_without_snapshot().await?;
                let found = reader.find_sign_in_request_by_token(&token.hash()).await?;
                found.filter(|request| request.kind == SignInRequestKind::Host)
            }
        };
        let open = found.filter(|request| is_unused(request) && now < request.expires_at);
        open.ok_or(ConfirmError::Refused)
    }

    /// The account that a request signs in to. If sign-up is allowed, an unknown address gets an account: only now
    /// is it proven that it belongs to the person.
    async fn account_of(
        &self,
        tx: &mut Tx,
        request: &StoredSignInRequest,
        now: Timestamp,
    ) -> Result<Option<Account>, Internal> {
        let found = match request.account {
            // A request for an address that the account no longer has cannot be confirmed.
            Some(id) => tx.find_account(id).await?.filter(|account| account.email == request.email),
            None => tx.find_account_by_email(&request.email).await?,
        };
        if found.is_some() || request.account.is_some() || !self.0.options.allow_signup {
            return Ok(found.filter(Account::is_in_use));
        }
        let account = self.new_account(&request.email, None, Role::Customer, now)?;
        if !tx.insert_account(&account).await? {
            // The account was created in the meantime.
            let found = tx.find_account_by_email(&request.email).await?;
            return Ok(found.filter(Account::is_in_use));
        }
        self.record(tx, now, Actor::Visitor, AccountEvent::Created { role: None }.of(account.id)).await?;
        Ok(Some(account))
    }
}

/// The secrets of a new request.
struct NewSecrets {
    id: SignInRequestId,
    token: LinkToken,
    code: SignInCode,
}

impl From<StoredSignInRequest> for PendingSignIn {
    fn from(request: StoredSignInRequest) -> Self {
        Self { email: request.email, next_path: request.next_path }
    }
}

/// Whether a request was neither used nor superseded. It may have expired.
fn is_unused(request: &StoredSignInRequest) -> bool {
    request.used_at.is_none() && request.superseded_at.is_none()
}

/// Compares in constant time.
fn is_equal(left: &[u8; 32], right: &[u8; 32]) -> bool {
    left.ct_eq(right).into()
}
