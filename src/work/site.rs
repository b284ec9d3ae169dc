//! A folder served to the browsers of this machine, to try a site.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use http::header::{CACHE_CONTROL, CONTENT_TYPE, HOST, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tower::ServiceExt as _;
use tower_http::services::ServeDir;

type Body = UnsyncBoxBody<bytes::Bytes, std::io::Error>;

/// Serves what is below `folder` until the future is dropped. Only those are answered who ask by a name of this
/// machine: a page from elsewhere whose own name was made to mean this address must not read along. No link leads
/// out of the folder, since whoever made it may be somebody else.
pub async fn serve_folder(listener: TcpListener, folder: PathBuf) {
    loop {
        let Ok((connection, _)) = listener.accept().await else {
            // Out of file descriptors: some are free again soon.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let folder = folder.clone();
        let service = hyper::service::service_fn(move |request| {
            let folder = folder.clone();
            async move { Ok::<_, Infallible>(answer(&folder, request).await) }
        });
        let serving = hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(connection), service);
        // A browser that goes away in the middle of an answer is nobody's trouble.
        tokio::spawn(serving);
    }
}

async fn answer(folder: &Path, request: Request<Incoming>) -> Response<Body> {
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    if !is_this_machine(host) {
        return told(
            StatusCode::FORBIDDEN,
            "only asked by a name of this machine: 127.0.0.1 or localhost",
        );
    }
    let path = request.uri().path();
    let asked = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    if leads_out(folder, &asked) {
        return told(StatusCode::NOT_FOUND, "there is no such file in the folder");
    }
    let request = request.map(|_| Full::<bytes::Bytes>::default());
    let mut response = match ServeDir::new(folder).oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let headers = response.headers_mut();
    // Whoever makes the site anew sees the new one.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response.map(BodyExt::boxed_unsync)
}

fn told(status: StatusCode, words: &'static str) -> Response<Body> {
    let body = Full::from(words).map_err(|never| match never {}).boxed_unsync();
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    response
}

/// Whether the name by which a server is asked is one of this machine.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

/// Whether what is asked for really lies elsewhere. What isn't there leads nowhere.
fn leads_out(folder: &Path, asked: &str) -> bool {
    let (Ok(root), Ok(real)) =
        (folder.canonicalize(), folder.join(asked.trim_start_matches('/')).canonicalize())
    else {
        return false;
    };
    !real.starts_with(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_machine_are_served() {
        for host in ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "LOCALHOST"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in ["", "example.org", "example.org:80", "192.168.1.2:8000", "127.0.0.1.nip.io"] {
            assert!(!is_this_machine(host), "{host}");
        }
    }

    #[test]
    fn no_link_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let site = folder.path().join("site");
        fs_err::create_dir(&site).unwrap();
        fs_err::write(folder.path().join("secret"), "x").unwrap();
        fs_err::write(site.join("a"), "x").unwrap();
        fs_err::os::unix::fs::symlink("../secret", site.join("b")).unwrap();
        fs_err::os::unix::fs::symlink("a", site.join("c")).unwrap();
        let out: Vec<bool> = ["/a", "/b", "/c", "/../secret", "/none"]
            .iter()
            .map(|path| leads_out(&site, path))
            .collect();
        assert_eq!(out, [false, true, false, true, false]);
    }
}
