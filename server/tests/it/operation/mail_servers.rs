//! Sending mail through SMTP servers that refuse, defer or do not respond.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use latchkey_server::{
    adapters::{Relay, SmtpMailer},
    workers,
};
use latchkey_service::Delivery;
use latchkey_testkit::Backend;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::support::app::{TestApp, eventually, location, run};

/// What the server does at a command that starts with this, in one session. Silence lasts until the client hangs up.
#[derive(Clone, Debug)]
enum Answer {
    Say(&'static str, &'static str),
    BeSilentAt(&'static str),
}

/// A mail server. Each session takes the next plan; without one, everything is accepted.
#[derive(Clone, Debug, Default)]
struct MailServer(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    port: u16,
    plans: VecDeque<Answer>,
    /// The plan of all sessions, if it is set.
    always: Option<Answer>,
    received: Vec<String>,
    accepted: Vec<String>,
}

impl MailServer {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let server = Self::default();
        server.0.lock().expect("no panic").port = listener.local_addr().expect("an address").port();
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = accepting.clone();
                let plan = server.change(|state| state.always.clone().or_else(|| state.plans.pop_front()));
                // The end of a session without a goodbye is part of the tests.
                tokio::spawn(async move { server.serve(stream, plan).await.unwrap_or_default() });
            }
        });
        server
    }

    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().expect("no panic"))
    }

    fn accepted(&self) -> usize {
        self.change(|state| state.accepted.len())
    }

    /// Sessions with one responding as planned, and all others as usual.
    async fn serve(&self, stream: TcpStream, plan: Option<Answer>) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut say_next = Some("CONNECT".to_owned());
        let mut mail = String::new();
        let mut is_mail = false;
        loop {
            let line = match say_next.take() {
                Some(line) => line,
                None => match lines.next_line().await? {
                    Some(line) => line,
                    None => return Ok(()),
                },
            };
            if is_mail && line != "." {
                mail.push_str(&line);
                mail.push('\n');
                continue;
            }
            self.change(|state| state.received.push(line.clone()));
            let answer = match &plan {
                Some(Answer::BeSilentAt(at)) if line.starts_with(at) => {
                    while lines.next_line().await?.is_some() {}
                    return Ok(());
                }
                Some(Answer::Say(at, answer)) if line.starts_with(at) => (*answer).to_owned(),
                _ => match line.split(' ').next().unwrap_or_default() {
                    "CONNECT" => "220 mail.test".to_owned(),
                    "EHLO" => "250-mail.test\r\n250 AUTH PLAIN".to_owned(),
                    "AUTH" => "235 fine".to_owned(),
                    "DATA" => {
                        is_mail = true;
                        "354 go on".to_owned()
                    }
                    "." => {
                        is_mail = false;
                        let mail = std::mem::take(&mut mail);
                        self.change(|state| state.accepted.push(mail));
                        "250 queued".to_owned()
                    }
                    "QUIT" => "221 bye".to_owned(),
                    _ => "250 fine".to_owned(),
                },
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
            if line == "QUIT" {
                return Ok(());
            }
        }
    }

    fn mailer(&self) -> SmtpMailer {
        let port = self.change(|state| state.port);
        let url = format!("smtp://ada:secret@127.0.0.1:{port}");
        let from = "Acme <licenses@example.com>".parse().expect("a sender");
        SmtpMailer::new(Relay::new(&url, "portal.example.com").expect("a relay"), from)
    }
}

async fn ask(app: &TestApp, email: &str) {
    let answer = app.browser().submit("/fn/request_sign_in", &[("email", email)]).await;
    assert_eq!(location(&answer), "/login/code");
}

/// ML-07: what fails before the recipient is named is the session's fault, so the mail is tried again. What a server refuses
/// afterwards for good is given up.
#[test]
fn ml_07_only_refusals_of_the_mail_are_final() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        app.issue("ada@example.com").await;
        let server = MailServer::start().await;
        for (plan, is_final) in [
            (Answer::Say("CONNECT", "554 no service"), false),
            (Answer::Say("EHLO", "550 who are you?"), false),
            (Answer::Say("AUTH", "535 wrong password"), false),
            (Answer::Say("MAIL", "550 not this sender"), false),
            (Answer::Say("RCPT", "451 greylisted"), false),
            (Answer::Say("RCPT", "530 sign in first"), false),
            (Answer::Say("RCPT", "550 no such user"), true),
            (Answer::Say("DATA", "451 later"), false),
            (Answer::Say("DATA", "554 no mails"), true),
        ] {
            server.change(|state| state.plans = [plan.clone()].into());
            // With a session of its own.
            let mailer = server.mailer();
            ask(&app, "ada@example.com").await;
            let first = app.service().deliver_one(&mailer).await.expect("the outbox works");
            match first {
                Delivery::GivenUp(_) => assert!(is_final, "{plan:?}: {first:?}"),
                Delivery::Retry(ref why) => {
                    assert!(!is_final && !why.contains("such"), "{plan:?}: {first:?}");
                    app.kit.clock.advance(Duration::from_secs(5));
                    let second = app.service().deliver_one(&mailer).await.expect("the outbox works");
                    assert_eq!(second, Delivery::Sent, "{plan:?}");
                }
                other => panic!("{plan:?}: {other:?}"),
            }
            app.kit.clock.advance(Duration::from_hours(1));
        }
        let received = server.change(|state| state.received.clone());
        assert!(received.iter().any(|line| line == "EHLO portal.example.com"), "{received:?}");
    });
}

/// A server that refuses the password for a while: nothing is lost.
#[test]
fn a_wrong_password_loses_no_mail() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        app.issue("ada@example.com").await;
        let server = MailServer::start().await;
        let mailer = server.mailer();
        server.change(|state| state.always = Some(Answer::Say("AUTH", "535 wrong password")));
        ask(&app, "ada@example.com").await;
        for _ in 0..20 {
            let step = app.service().deliver_one(&mailer).await.expect("the outbox works");
            assert!(matches!(step, Delivery::Idle | Delivery::Retry(_)), "{step:?}");
            app.kit.clock.advance(Duration::from_secs(1));
        }
        server.change(|state| state.always = None);
        app.kit.clock.advance(Duration::from_mins(1));
        assert_eq!(app.service().deliver_one(&mailer).await.expect("the outbox works"), Delivery::Sent);
        assert_eq!(server.accepted(), 1);
    });
}

/// A server that says nothing to one client: others do not wait for it.
#[test]
fn a_silent_server_delays_only_one_mail() {
    run(async {
        for silent_at in ["CONNECT", "RCPT"] {
            let app = TestApp::start(Backend::Sqlite).await;
            app.issue("ada@example.com").await;
            app.issue("bob@example.com").await;
            let server = MailServer::start().await;
            server.change(|state| state.plans = [Answer::BeSilentAt(silent_at)].into());
            let (stop, stopped) = watch::channel(false);
            let worker = tokio::spawn(workers::send_mail(app.service().clone(), Arc::new(server.mailer()), stopped));
            ask(&app, "ada@example.com").await;
            eventually(true, async || {
                server.change(|state| state.received.iter().any(|line| line.starts_with(silent_at)))
            })
            .await;
            let began = Instant::now();
            ask(&app, "bob@example.com").await;
            eventually(1, async || server.accepted()).await;
            assert!(began.elapsed() < Duration::from_secs(5), "{silent_at}: {:?}", began.elapsed());
            // The first mail is tried again. The clock of the tests runs slower than that of the computer.
            eventually(2, async || {
                app.kit.clock.advance(Duration::from_millis(20));
                server.accepted()
            })
            .await;
            assert!(began.elapsed() < Duration::from_secs(30), "{silent_at}: {:?}", began.elapsed());
            stop.send_replace(true);
            worker.await.expect("the worker ends");
        }
    });
}

/// ML-11: a decoy never reaches the mail server.
#[test]
fn ml_11_decoys_do_not_reach_the_mail_server() {
    run(async {
        let app = TestApp::start(Backend::Sqlite).await;
        let server = MailServer::start().await;
        ask(&app, "nobody@example.com").await;
        assert_eq!(app.service().deliver_one(&server.mailer()).await.expect("the outbox works"), Delivery::Decoy);
        assert!(server.change(|state| state.received.is_empty()));
        assert!(server.mailer().check().await.is_ok());
    });
}
