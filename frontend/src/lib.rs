//! Entry.
use latchkey_app as _;
