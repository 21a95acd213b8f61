//! The files: links that expire, ranges, and what happens if a file is not as it is listed.

use std::{fs, os::unix::fs::symlink, time::Duration};

use latchkey_testkit::{Backend, on_both};
use reqwest::{Client, Response, StatusCode, header, redirect};

use super::{serve, with_shelf};
use crate::support::{
    app::{TestApp, location, run},
    shelf::Shelf,
};

on_both!(with_shelf: a_link_needs_no_account_and_expires, a_link_is_for_one_file);

/// A link to the file of a license that may have it.
async fn link(app: &TestApp, key: &str, version: &str, file: &str) -> String {
    let path = format!("/v1/releases/{version}/artifacts/{file}");
    let (status, headers, _) = app.desktop(Some(key)).text(&path).await;
    assert_eq!(status, 303, "{path}");
    // The test's client reaches the server by its address.
    headers["location"].to_str().expect("text").replace(&app.portal_origin(), &app.origin())
}

async fn fetch(url: &str, headers: &[(&str, &str)]) -> Response {
    let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
    let request = headers.iter().fold(client.get(url), |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("an answer")
}

async fn a_link_needs_no_account_and_expires(app: &TestApp, _: &Shelf) {
    let issued = app.issue("ada@example.com").await;
    let url = link(app, issued.key.expose(), "1.1.0", "acme-1.1.0.exe").await;
    assert!(!url.contains(issued.key.expose()), "{url}");
    let answer = fetch(&url, &[]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let head = |name: header::HeaderName| answer.headers()[name].to_str().expect("text").to_owned();
    assert_eq!(head(header::CONTENT_DISPOSITION), "attachment; filename=\"acme-1.1.0.exe\"");
    assert_eq!(head(header::CONTENT_TYPE), "application/octet-stream");
    assert_eq!((head(header::CONTENT_LENGTH), head(header::ACCEPT_RANGES)), ("11".to_owned(), "bytes".to_owned()));
    assert_eq!(head(header::CACHE_CONTROL), "private, no-store");
    assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
    assert_eq!(answer.bytes().await.expect("a body"), "one and one");
    app.kit.clock.advance(Duration::from_hours(24) - Duration::from_secs(1));
    assert_eq!(fetch(&url, &[]).await.status(), StatusCode::OK);
    app.kit.clock.advance(Duration::from_secs(1));
    let expired = fetch(&url, &[]).await;
    assert_eq!(expired.status(), StatusCode::GONE);
    assert!(expired.text().await.expect("text").starts_with("This link has expired."));
}

async fn a_link_is_for_one_file(app: &TestApp, _: &Shelf) {
    let issued = app.issue("ada@example.com").await;
    let url = link(app, issued.key.expose(), "1.1.0", "acme-1.1.0.exe").await;
    let token = url.split('/').nth(4).expect("a token").to_owned();
    let mut forged = token.clone();
    let last = if forged.ends_with('A') { 'Q' } else { 'A' };
    forged.pop();
    forged.push(last);
    let later = format!("AAY{}", &token[3..]);
    for path in [
        format!("/downloads/{token}/1.0.0/acme-1.0.0.exe"),
        format!("/downloads/{token}/1.1.0/acme-1.1.0.AppImage"),
        format!("/downloads/{forged}/1.1.0/acme-1.1.0.exe"),
        format!("/downloads/{later}/1.1.0/acme-1.1.0.exe"),
        format!("/downloads/{token}/1.1.0/acme-1.1.0.exe/"),
        format!("/downloads/{token}/1.1.0/..%2freleases.toml"),
        format!("/downloads/{token}/1.1.0/%2e%2e"),
        format!("/downloads/{token}/x/acme-1.1.0.exe"),
        "/downloads/public/1.1.0/acme-1.1.0.exe".to_owned(),
        "/downloads//1.1.0/acme-1.1.0.exe".to_owned(),
        "/downloads/x/1.1.0/acme-1.1.0.exe".to_owned(),
    ] {
        let answer = fetch(&format!("{}{path}", app.origin()), &[]).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    let public = fetch(&format!("{}/downloads/public/1.1.0/acme-1.1.0-viewer.zip", app.origin()), &[]).await;
    assert_eq!(public.headers()[header::CACHE_CONTROL], "public, max-age=3600");
    assert_eq!(public.bytes().await.expect("a body"), "a viewer");
}

#[test]
fn parts_of_a_file_are_sent() {
    with_shelf(Backend::Sqlite, async |app, _| {
        let url = format!("{}/downloads/public/1.1.0/acme-1.1.0-viewer.zip", app.origin());
        let whole = fetch(&url, &[]).await;
        let tag = whole.headers()[header::ETAG].to_str().expect("text").to_owned();
        for (headers, status, range, body) in [
            (&[("range", "bytes=2-5")][..], 206, Some("bytes 2-5/8"), "view"),
            (&[("range", "bytes=2-")], 206, Some("bytes 2-7/8"), "viewer"),
            (&[("range", "bytes=-3")], 206, Some("bytes 5-7/8"), "wer"),
            (&[("range", "bytes=2-5"), ("if-range", &tag)], 206, Some("bytes 2-5/8"), "view"),
            (&[("range", "bytes=2-5"), ("if-range", "\"other\"")], 200, None, "a viewer"),
            (&[("range", "bytes=8-")], 416, Some("bytes */8"), ""),
            (&[("range", "bytes=0-1,4-5")], 200, None, "a viewer"),
            (&[("range", "nonsense")], 200, None, "a viewer"),
        ] {
            let answer = fetch(&url, headers).await;
            let found =
                answer.headers().get(header::CONTENT_RANGE).map(|value| value.to_str().expect("text").to_owned());
            assert_eq!((answer.status().as_u16(), found.as_deref()), (status, range), "{headers:?}");
            assert_eq!(answer.headers()[header::CONTENT_LENGTH], body.len().to_string().as_str());
            assert_eq!(answer.bytes().await.expect("a body"), body, "{headers:?}");
        }
        let client = Client::new();
        let head = client.head(&url).send().await.expect("an answer");
        assert_eq!(
            (head.status(), &head.headers()[header::CONTENT_LENGTH]),
            (StatusCode::OK, &"8".parse().expect("a value"))
        );
        let posted = client.post(&url).header("sec-fetch-site", "same-origin").send().await.expect("an answer");
        assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
    });
}

/// A file that is longer than what is read at once.
#[test]
fn long_files_arrive_whole() {
    let content: Vec<u8> = (0..3_000_017_u32).map(|number| number.to_le_bytes()[0] ^ number.to_le_bytes()[1]).collect();
    let mut shelf = Shelf::new();
    shelf.release("1.0.0", "2026-10-01", "").file("big.bin", "any", &content, "public = true");
    run(async {
        let app = serve(&shelf, Backend::Sqlite).await;
        let url = format!("{}/downloads/public/1.0.0/big.bin", app.origin());
        assert_eq!(fetch(&url, &[]).await.bytes().await.expect("a body"), content.as_slice());
        let part = fetch(&url, &[("range", "bytes=1000000-2000000")]).await;
        assert_eq!(part.bytes().await.expect("a body"), &content[1_000_000..=2_000_000]);
    });
}

/// A file that was removed, replaced or turned into a link since the server started is not sent.
#[test]
fn files_that_are_not_as_listed_are_not_sent() {
    with_shelf(Backend::Sqlite, async |app, shelf| {
        let url = format!("{}/downloads/public/1.1.0/acme-1.1.0-viewer.zip", app.origin());
        let path = shelf.path("acme-1.1.0-viewer.zip");
        let said = async || {
            let answer = fetch(&url, &[]).await;
            (answer.status().as_u16(), answer.text().await.expect("text"))
        };
        assert_eq!(said().await.0, 200);
        let missing = "This file is listed, but it is not on the server at the moment. Please try again later.\n";
        fs::write(&path, "a longer viewer").expect("written");
        assert_eq!(said().await, (404, missing.to_owned()));
        fs::remove_file(&path).expect("removed");
        assert_eq!(said().await, (404, missing.to_owned()));
        let secret = shelf.folder.path().join("secret");
        fs::write(&secret, "a secret").expect("written");
        symlink(&secret, &path).expect("linked");
        assert_eq!(said().await, (404, missing.to_owned()), "it has the right size, but is outside");
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("a folder");
        assert_eq!(said().await.0, 404);
        fs::remove_dir(&path).expect("removed");
        fs::write(&path, "a viewer").expect("written");
        assert_eq!(said().await, (200, "a viewer".to_owned()));
    });
}

/// The portal's own link leads to one that is valid for an hour.
#[test]
fn links_of_the_portal_are_valid_for_an_hour() {
    with_shelf(Backend::Sqlite, async |app, _| {
        let issued = app.issue("ada@example.com").await;
        let browser = app.customer("ada@example.com").await;
        let path = format!("/portal/licenses/{}/downloads/1.1.0/acme-1.1.0.exe", issued.view.license.id);
        let answer = browser.get(&path).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        let url = format!("{}{}", app.origin(), location(&answer));
        assert_eq!(fetch(&url, &[]).await.bytes().await.expect("a body"), "one and one");
        app.kit.clock.advance(Duration::from_hours(1));
        assert_eq!(fetch(&url, &[]).await.status(), StatusCode::GONE);
    });
}
