//! The documented database role that may only append to the audit log.

use latchkey_service::{Operator, Options, Ports, Service, Vault};
use latchkey_store::Store;
use latchkey_testkit::{Backend, SeededEntropy, TestClock, TestDatabase, UNLIMITED};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use std::sync::Arc;

use crate::support::app::run;

const PAGE: &str = include_str!("../../../../content/docs/operators/audit-log.md");

/// The blocks of SQL on the page, with the names of this test instead of those on the page.
fn documented_sql(database: &str, owner: &str, app: &str) -> Vec<Vec<String>> {
    let block = |block: &str| {
        let statements = block.split(';').map(str::trim).filter(|sql| !sql.is_empty());
        let named = statements.map(|sql| {
            let sql = sql.replace("CREATE DATABASE latchkey OWNER", &format!("ALTER DATABASE {database} OWNER TO"));
            let words =
                sql.split_inclusive([' ', '\n', ',']).map(|word| match word.trim_end_matches([' ', '\n', ',']) {
                    "latchkey_owner" => word.replace("latchkey_owner", owner),
                    "latchkey" => word.replace("latchkey", app),
                    _ => word.to_owned(),
                });
            words.collect::<String>()
        });
        named.collect()
    };
    PAGE.split("```sql\n").skip(1).filter_map(|rest| rest.split("```").next()).map(block).collect()
}

async fn run_all(connection: &mut PgConnection, statements: &[String]) {
    for sql in statements {
        connection.execute(AssertSqlSafe(sql.clone())).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}

/// The server's role on the test's database.
fn url_of(url: &str, role: &str) -> String {
    let (start, rest) = url.split_once("//").expect("a URL");
    let host = rest.split_once('@').map_or(rest, |(_, host)| host);
    format!("{start}//{role}@{host}")
}

async fn open(store: &Store) -> Service {
    let options: Options = latchkey_testkit::options("http://localhost", UNLIMITED);
    let ports =
        Ports { clock: Arc::new(TestClock::default()), entropy: Arc::new(SeededEntropy::new(5)), payments: None };
    Service::open(store.clone(), ports, Vault::new(&[42; 32]), options, None).await.expect("the use cases open")
}

#[test]
fn the_documented_role_serves_and_cannot_change_the_audit_log() {
    run(async {
        let database = TestDatabase::create_empty(Backend::Postgres).await;
        let url = database.url();
        let name = url.rsplit('/').next().expect("a name");
        let (owner, app) = (format!("{name}_owner"), format!("{name}_app"));
        let blocks = documented_sql(name, &owner, &app);
        let [roles, grants] = blocks.as_slice() else { panic!("two blocks: {blocks:?}") };
        let mut superuser = PgConnection::connect(url).await.expect("connected");
        run_all(&mut superuser, roles).await;

        let migrating = Store::open(&url_of(url, &owner), 2).await.expect("opens");
        migrating.migrate().await.expect("the owner migrates");
        migrating.close().await;
        let mut as_owner = PgConnection::connect(&url_of(url, &owner)).await.expect("connected");
        run_all(&mut as_owner, grants).await;
        // A table of a later migration.
        as_owner.execute("CREATE TABLE later (id BIGINT)").await.expect("created");

        let store = Store::open(&url_of(url, &app), 4).await.expect("opens");
        store.migrate().await.expect("there is nothing to migrate");
        let service = open(&store).await;
        let admin = service.admin(Operator::Host);
        let email = latchkey_licensing::email::EmailAddress::parse("ada@example.com").expect("an address");
        admin.add_customer(&email, None).await.expect("added");
        admin.sign_in_link(&email, &Operator::Host.fresh()).await.expect("a link");
        let report = admin.verify_audit_log(None).await.expect("verified");
        assert!(report.entries >= 2 && report.problem_count == 0, "{report:?}");

        let mut as_app = PgConnection::connect(&url_of(url, &app)).await.expect("connected");
        as_app.execute("INSERT INTO later VALUES (1)").await.expect("default privileges");
        for sql in [
            "UPDATE audit_log SET detail = '{}'",
            "DELETE FROM audit_log",
            "TRUNCATE audit_log CASCADE",
            "UPDATE audit_chain SET position = position + 1",
            "DELETE FROM audit_chain",
            "ALTER TABLE audit_log DISABLE TRIGGER ALL",
            "DROP TRIGGER tr_audit_log_no_change ON audit_log",
            "DROP TABLE audit_log CASCADE",
            "SET session_replication_role = replica",
            "CREATE TABLE mine (id BIGINT)",
            "DELETE FROM _sqlx_migrations",
        ] {
            let refused = as_app.execute(AssertSqlSafe(sql.to_owned())).await.expect_err(sql);
            let code = refused.as_database_error().and_then(sqlx::error::DatabaseError::code).map(String::from);
            assert_eq!(code.as_deref(), Some("42501"), "{sql}: {refused}");
        }
        // Roles belong to the whole server.
        store.close().await;
        drop((as_app, as_owner));
        for role in [&app, &owner] {
            let sql = format!("REASSIGN OWNED BY {role} TO CURRENT_USER; DROP OWNED BY {role}; DROP ROLE {role}");
            superuser.execute(AssertSqlSafe(sql)).await.expect("dropped");
        }
    });
}
