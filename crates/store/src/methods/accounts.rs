//! Accounts, sign-in requests, sessions, and changes of addresses.

use latchkey_licensing::{
    account::{Account, Role},
    email::EmailAddress,
    ids::{AccountId, EmailChangeId, PasskeyId, SessionId, SignInRequestId},
    time::Timestamp,
};

use super::dispatch::methods;
use crate::tables::accounts::{
    email_changes::{EmailChangeRow, EmailChangeSide},
    passkeys::{CeremonyBinding, NewCeremony, PasskeyRow},
    sessions::{NewSession, SessionRow},
    sign_in_requests::{NewSignInRequest, StoredSignInRequest},
};

methods! {
    accounts {
        read {
            find_account(id: AccountId) -> Option<Account>;
            find_account_by_email(email: &EmailAddress) -> Option<Account>;
            get_account(id: AccountId) -> Account;
            list_accounts(accounts: &[AccountId]) -> Vec<Account>;
            /// Lists the accounts with these addresses.
            list_accounts_by_email(emails: &[EmailAddress]) -> Vec<Account>;
            count_accounts() -> i64;
            /// Counts the admins who are not disabled.
            count_enabled_admins() -> i64;
            /// Lists support agents and admins, oldest first.
            list_staff() -> Vec<Account>;
        }
        write {
            /// `false` if the address is taken.
            insert_account(account: &Account) -> bool;
            /// Locks an account until the transaction ends.
            lock_account(id: AccountId) -> ();
            set_account_name(id: AccountId, name: Option<&str>, now: Timestamp) -> ();
            /// A conflict if another account has the address.
            set_account_email(id: AccountId, email: &EmailAddress, now: Timestamp) -> ();
            /// Replaces the address of a deleted account, and erases the name.
            set_account_erased(id: AccountId, pseudonym: &EmailAddress, now: Timestamp) -> ();
            set_account_role(id: AccountId, role: Role, now: Timestamp) -> ();
            /// Disables an account, or enables it again with `None`.
            set_account_disabled(id: AccountId, disabled_at: Option<Timestamp>, now: Timestamp) -> ();
        }
    }

    email_changes {
        read {
            /// Finds a change by the hash of either token, whatever became of it, and the address whose token it is.
            find_email_change(token_hash: &[u8; 32]) -> Option<(EmailChangeRow, EmailChangeSide)>;
            /// Finds an account's change that can still be confirmed.
            find_open_email_change(account: AccountId, now: Timestamp) -> Option<EmailChangeRow>;
        }
        write {
            insert_email_change(change: &EmailChangeRow) -> ();
            /// Records that one of the addresses has confirmed a change. `false` if it had, or if the change is not open.
            confirm_email_change(id: EmailChangeId, side: EmailChangeSide, now: Timestamp) -> bool;
            /// Marks a change that both addresses have confirmed as done. Of any number of callers, exactly one gets `true`.
            finish_email_change(id: EmailChangeId, now: Timestamp) -> bool;
            /// Cancels an account's open change, expired or not. `false` if there is none.
            cancel_email_change_of(account: AccountId, now: Timestamp) -> bool;
            delete_email_changes_of(account: AccountId) -> u64;
            /// Deletes changes that expired before `instant`.
            delete_email_changes_before(instant: Timestamp) -> u64;
        }
    }

    known_browsers {
        read {
            count_known_browsers(account: AccountId) -> i64;
        }
        write {
            /// Records that an account was used in a browser. `false` if it had been used there before.
            note_browser(account: AccountId, browser_hash: &[u8; 32], now: Timestamp) -> bool;
            delete_known_browsers_of(account: AccountId) -> u64;
            /// Deletes browsers that were last used before `instant`.
            delete_known_browsers_before(instant: Timestamp) -> u64;
        }
    }

    sign_in_requests {
        read {
            /// Finds a browser's request, whatever became of it.
            find_sign_in_request_of_browser(browser_hash: &[u8; 32]) -> Option<StoredSignInRequest>;
            /// Finds the request with this token, whatever became of it.
            find_sign_in_request_by_token(token_hash: &[u8; 32]) -> Option<StoredSignInRequest>;
        }
        write {
            insert_sign_in_request(new: &NewSignInRequest<'_>) -> ();
            /// Supersedes a browser's open request before the browser makes another.
            supersede_sign_in_request(browser_hash: &[u8; 32], now: Timestamp) -> ();
            /// Locks an address's open requests until the transaction ends.
            lock_sign_in_requests_of(email: &str, now: Timestamp) -> ();
            /// Supersedes all open requests of an address.
            supersede_sign_in_requests_of(email: &str, now: Timestamp) -> ();
            /// Counts an attempt to enter the code. `None` if no attempt is left, or the request was used or superseded.
            count_sign_in_attempt(browser_hash: &[u8; 32]) -> Option<StoredSignInRequest>;
            /// Makes a request expire at this time, unless it expires earlier.
            set_sign_in_request_end(id: SignInRequestId, expires_at: Timestamp) -> ();
            /// Marks a request as used. Of any number of callers, exactly one gets `true`.
            use_sign_in_request(id: SignInRequestId, now: Timestamp) -> bool;
            /// Deletes the requests of an account, and those for its address.
            delete_sign_in_requests_of(account: AccountId, email: &EmailAddress) -> u64;
            /// Deletes requests that expired before `instant`.
            delete_sign_in_requests_before(instant: Timestamp) -> u64;
        }
    }

    passkeys {
        read {
            /// Lists an account's passkeys, oldest first.
            list_passkeys_of(account: AccountId) -> Vec<PasskeyRow>;
            /// Finds a passkey by the id by which authenticators know it.
            find_passkey(credential_id: &[u8]) -> Option<PasskeyRow>;
        }
        write {
            insert_passkey(passkey: &PasskeyRow) -> ();
            /// Records a use. `false` if the counter did not grow since the last use, or the passkey was deleted.
            note_passkey_used(id: PasskeyId, credential: &str, sign_count: u32, now: Timestamp) -> bool;
            /// `false` if the account has no such passkey.
            set_passkey_name(account: AccountId, id: PasskeyId, name: &str) -> bool;
            /// `false` if the account has no such passkey.
            delete_passkey(account: AccountId, id: PasskeyId) -> bool;
            delete_passkeys_of(account: AccountId) -> u64;
        }
    }

    recovery_codes {
        read {
            /// Counts an account's unused codes.
            count_recovery_codes(account: AccountId) -> i64;
        }
        write {
            insert_recovery_codes(account: AccountId, hashes: &[[u8; 32]], now: Timestamp) -> ();
            /// Marks a code as used. `false` if the account has no such unused code.
            use_recovery_code(account: AccountId, hash: &[u8; 32], now: Timestamp) -> bool;
            delete_recovery_codes_of(account: AccountId) -> u64;
        }
    }

    passkey_ceremonies {
        read {}
        write {
            /// Stores a ceremony. It replaces the session's earlier one for the same purpose.
            insert_ceremony(new: &NewCeremony<'_>) -> ();
            /// Deletes a ceremony and returns its state. Of any number of callers, exactly one gets it, and none after it
            /// has expired.
            take_ceremony(binding: CeremonyBinding, now: Timestamp) -> Option<String>;
            delete_ceremonies_of(account: AccountId) -> u64;
            /// Deletes ceremonies that expired before `instant`.
            delete_ceremonies_before(instant: Timestamp) -> u64;
        }
    }

    portal_views {
        read {
            /// The account whose portal a session sees at `now`, if there is one.
            find_portal_view(session: SessionId, now: Timestamp) -> Option<Account>;
        }
        write {
            /// Lets a session see an account's portal until `expires_at`.
            set_portal_view(session: SessionId, account: AccountId, expires_at: Timestamp) -> ();
            /// Ends a session's view of an account's portal. Returns the account. `None` if there is no such view.
            delete_portal_view(session: SessionId) -> Option<AccountId>;
        }
    }

    sessions {
        read {
            /// Finds a session by the hash of its cookie, even if it has expired.
            find_session(token_hash: &[u8; 32]) -> Option<SessionRow>;
            /// Finds a session and its account by the hash of the cookie, even if the session has expired.
            find_session_with_account(token_hash: &[u8; 32]) -> Option<(SessionRow, Account)>;
            /// Lists an account's sessions, most recently used first.
            list_sessions_of(account: AccountId) -> Vec<SessionRow>;
        }
        write {
            insert_session(new: &NewSession<'_>) -> ();
            /// Records when sessions were last used. Never moves a time back.
            note_sessions_seen(seen: &[(SessionId, Timestamp)]) -> ();
            /// Gives a session another token and the second factor. `false` if the session has ended.
            raise_session(id: SessionId, token_hash: &[u8; 32], now: Timestamp) -> bool;
            /// Deletes one of an account's sessions. `false` if the account has no such session.
            delete_session(account: AccountId, id: SessionId) -> bool;
            delete_sessions_of(account: AccountId) -> u64;
            /// Deletes sessions that expired before `instant`.
            delete_sessions_before(instant: Timestamp) -> u64;
        }
    }
}
