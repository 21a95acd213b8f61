//! Forwards methods to queries.

/// Forwards each method to the query of the same name, compiled for the database in use. Methods that read
/// become methods of `Conn`, and those that write become methods of `Tx`. Each call runs in a span and is
/// timed.
macro_rules! methods {
    ($(
        $table:ident {
            read { $($(#[$read_doc:meta])* $read:ident($($read_arg:ident: $read_ty:ty),*) -> $read_out:ty;)* }
            write { $($(#[$write_doc:meta])* $write:ident($($write_arg:ident: $write_ty:ty),*) -> $write_out:ty;)* }
        }
    )+) => {
        impl crate::connection::Conn {$($(
            methods! { @method $table $(#[$read_doc])* $read($($read_arg: $read_ty),*) -> $read_out }
        )*)+}

        impl crate::connection::Tx {$($(
            methods! { @method $table $(#[$write_doc])* $write($($write_arg: $write_ty),*) -> $write_out }
        )*)+}

        pub(super) const METHODS: &[crate::stats::Method] = &[$(
            $(crate::stats::Method { table: stringify!($table), name: stringify!($read) },)*
            $(crate::stats::Method { table: stringify!($table), name: stringify!($write) },)*
        )+];
    };
    (@method $table:ident $(#[$doc:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $out:ty) => {
        $(#[$doc])*
        pub async fn $name(&mut self, $($arg: $ty),*) -> crate::error::Result<$out> {
            const METHOD: crate::stats::Method =
                crate::stats::Method { table: stringify!($table), name: stringify!($name) };
            let conn: &mut crate::connection::Conn = self;
            let started = conn.start()?;
            let span = tracing::debug_span!(target: "latchkey_store", stringify!($name), table = stringify!($table));
            let query = async {
                match conn.raw()? {
                    crate::connection::RawConn::Sqlite(conn) => {
                        crate::sqlite::queries::$table::$name(conn, $($arg),*).await
                    }
                    crate::connection::RawConn::Postgres(conn) => {
                        crate::postgres::queries::$table::$name(conn, $($arg),*).await
                    }
                }
            };
            let result = tracing::Instrument::instrument(query, span).await;
            conn.finish(METHOD, started, &result);
            result
        }
    };
}
pub(super) use methods;
